"""The study as an object: its parts, search space, claims and the table of measures. No torch, no numpy."""
