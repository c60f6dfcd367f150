"""From files and overrides to a study, and back: every value knows where it was written."""
