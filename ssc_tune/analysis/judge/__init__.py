"""From effects to verdicts: gates, cautions, several claims, looks; and the power that all of it has."""
