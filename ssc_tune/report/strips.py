"""The points behind a verdict as a small strip a method, on one axis for all cards of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.analysis.result import Verdict
from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import View, dicts, thin
from ssc_tune.report.forest import axis

MOST = 120
"""Marks of a method in a strip; beyond it every k-th is drawn."""


class Row(NamedTuple):
    """One method: positions in percent of the strip's width."""

    method: str
    dots: tuple[float, ...]


class Strip(NamedTuple):
    """Test accuracy of each point, a mean over seeds."""

    rows: tuple[Row, ...]
    low: str
    high: str
    alt: str


class Strips:
    """The strips of a page.

    Args:
        views: its blocks and settings.
    """

    def __init__(self, views: Sequence[View]) -> None:
        self._counted = {(view.block, view.setting): thin(view.counted, MOST) for view in views}
        scores = [float(s) for frame in self._counted.values() for s in frame["score"]] or [0.0]
        self._low, self._high = min(scores), max(scores)
        self._place = axis((self._low, self._high), padding=1 / 48)  # two percent of the strip at either end

    def of(self, verdict: Verdict, settings: Sequence[str]) -> Strip | None:
        """The points that a verdict rests on; none where it rests on more, or on something else than their accuracy.

        Args:
            verdict: the verdict.
            settings: names of the study's settings; a claim that names none is about the first.
        """
        claim = verdict.claim
        found = self._counted.get((claim.block, claim.setting or settings[0]))
        elsewhere = claim.over is not None or claim.kind.over_all_settings or claim.kind.unit == "steps"
        if found is None or elsewhere or self._low == self._high:
            return None
        scores = {
            method: [float(r["score"]) for r in dicts(found[found["method"] == method])] for method in claim.methods
        }
        rows = tuple(Row(m, tuple(self._place(s) for s in values)) for m, values in scores.items() if values)
        told = "; ".join(f"{m} from {number(min(v))} to {number(max(v))}" for m, v in scores.items() if v)
        if sum(len(row.dots) for row in rows) < 2:
            return None
        return Strip(rows, number(self._low), number(self._high), f"Test accuracy of each point: {told}")
