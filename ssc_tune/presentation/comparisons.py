"""Two methods against one another: a row a measure, in the direction in which the claims of the study show it."""

from __future__ import annotations

from typing import NamedTuple

from ssc_tune.analysis.direction import leading
from ssc_tune.analysis.result import Comparison, Estimate
from ssc_tune.presentation import places
from ssc_tune.presentation.numbers import exponential, interval, p_value
from ssc_tune.study.model.study import Study


class ComparisonTable(NamedTuple):
    """``rows`` hold the name of a measure, what it is, its estimate and its p value.

    ``heading`` names the block and setting, where a study has several.
    """

    title: str
    rows: tuple[tuple[str, str, str, str], ...]
    heading: str = ""


class _Pair(NamedTuple):
    """Two methods in the order in which a measure is shown."""

    lead: str
    other: str
    turned: bool  # the comparison holds the other order

    def shown(self, estimate: Estimate) -> Estimate:
        """A difference, or a logarithm of a ratio, in this order."""
        return estimate.turned() if self.turned else estimate


def table(study: Study, c: Comparison) -> ComparisonTable:
    """The comparison in words; it says in which block and setting where the study has several."""
    place = places.told(study, c.block, c.setting)
    spread, level = _pair(study, c, "std", c.second), _pair(study, c, "mean", c.first)
    rows = [
        (
            f"sd of {spread.lead} / sd of {spread.other}",
            "ratio of spreads, seed noise removed",
            interval(spread.shown(c.log_std_ratio), how=exponential),
            c.log_std_ratio_p,
        ),
        (
            "the same on logit(accuracy)",
            "not compressed near the ceiling",
            interval(spread.shown(c.log_std_ratio_logit), how=exponential),
            None,
        ),
        (
            f"mean of {level.lead} - mean of {level.other}",
            "difference of test accuracy",
            interval(level.shown(c.mean_difference)),
            c.mean_difference_p,
        ),
        *_failures(c, level),
        (f"P({level.lead} > {level.other})", "share of cells, ties half", interval(_share(c, level)), None),
    ]
    shown = tuple((name, note, text, p_value(p, none="")) for name, note, text, p in rows)
    return ComparisonTable(f"{c.first} against {c.second}" + (f" ({place})" if place else ""), shown, place)


def _pair(study: Study, c: Comparison, measure: str, lead: str) -> _Pair:
    """The two methods as claims on the measure show them, else as the comparison does, where ``lead`` stands first."""
    found = leading(study, measure, c.first, c.second, block=c.block, otherwise=lead)
    return _Pair(found, c.second if found == c.first else c.first, found != lead)


def _share(c: Comparison, pair: _Pair) -> Estimate:
    found = c.probability_better
    if not pair.turned:
        return found
    rest = {name: None if x is None else 1 - x for name, x in (("value", found.value), ("low", found.high))}
    return found.model_copy(update={**rest, "high": None if found.low is None else 1 - found.low})


def _failures(c: Comparison, pair: _Pair) -> list[tuple[str, str, str, float | None]]:
    """Rows on cells that diverged or failed; none where none did."""
    if c.failures_alone is None:
        return []
    alone = dict(zip((c.first, c.second), c.failures_alone, strict=True))
    return [
        (
            f"failure rate of {pair.lead} - failure rate of {pair.other}",
            "share of cells, points and seeds both a sample",
            interval(pair.shown(c.failure_difference)),
            c.failure_difference_p,
        ),
        (
            "cells that failed with one method alone",
            "McNemar's exact test; it takes cells for independent, and those of a point or seed tend to fail together",
            f"{alone[pair.lead]} of {pair.lead}, {alone[pair.other]} of {pair.other}",
            c.mcnemar_p,
        ),
    ]
