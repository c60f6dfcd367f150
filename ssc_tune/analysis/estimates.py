"""From intervals to the stored :class:`~ssc_tune.analysis.result.Estimate`: NaN becomes None with its reason."""

from __future__ import annotations

import math
import zlib

import numpy as np

from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.result import Estimate


def generator(seed: int, *names: str) -> np.random.Generator:
    """A stream of its own for everything that has a name: what is added beside it changes none of its draws."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def number(value: float) -> float | None:
    """``value``, or None where it is not finite."""
    return float(value) if math.isfinite(value) else None


CONFIDENCE = 0.95
"""Of every interval that is no claim's."""


def estimate(found: Interval, *, how: str, confidence: float = CONFIDENCE, note: str = "") -> Estimate:
    """The stored form of an interval; the reason why something is undefined goes into ``note``."""
    low, high = number(found.low), number(found.high)
    return Estimate(
        value=number(found.estimate),
        low=low,
        high=high,
        confidence=None if low is None and high is None else confidence,
        how=how,
        note=joined(found.reason, note),
    )


def cut(found: Estimate, low: float, high: float) -> Estimate:
    """Its interval cut to what can be true, where it reaches beyond, with a note that says so.

    It takes away nothing that could be true, so that the interval covers exactly as often as before.
    """
    if found.low is None or found.high is None or (found.low >= low and found.high <= high):
        return found
    kept = {"low": min(max(found.low, low), high), "high": max(min(found.high, high), low)}
    return found.model_copy(update={**kept, "note": joined(found.note, cut_to(low, high))})


def joined(*notes: str) -> str:
    """Notes as one, of those that say something."""
    return "; ".join(filter(None, notes))


def cut_to(low: float, high: float, what: str = "interval") -> str:
    """What the note says."""
    return f"the {what} is cut to [{low:g}, {high:g}]"


def missing(why: str, *, how: str = "") -> Estimate:
    """An estimate that there is not."""
    return Estimate(value=None, how=how, note=why)
