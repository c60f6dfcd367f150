"""The words that a newcomer stumbles over, explained once for every place where they first appear."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "point": "one choice of values for the hyperparameters that vary; point 0 is the defaults",
    "cell": "one training run: a method at a point with a seed",
    "block": "a part of the design: which hyperparameters vary, for which methods",
    "setting": "one data set, label budget or net; every point is run in each",
}
"""As the README, ``docs/concepts.md``, help, terminal and MLflow's notes have them. Nothing here is slow to load."""


def explained(*names: str) -> str:
    """``cell: one training run: a method at a point with a seed. block: ...``, of these words or of all."""
    return " ".join(f"{name}: {WORDS[name]}." for name in names or WORDS)
