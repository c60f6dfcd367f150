"""How far training in this process is, for whoever watches that it does not stand still."""

from __future__ import annotations

_beats = 0


def beat() -> None:
    """Training has moved: called at every step, every part of an evaluation, and every report of a user's method."""
    global _beats
    _beats += 1


def beats() -> int:
    """How often it has moved since the process began."""
    return _beats
