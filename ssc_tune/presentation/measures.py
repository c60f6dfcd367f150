"""The table of measures: one row a measure, one column a method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ssc_tune.analysis.result import Estimate, MethodSummary, Score
from ssc_tune.design.points import label
from ssc_tune.presentation import places
from ssc_tune.presentation.numbers import UNDEFINED, duration, interval, megabytes, number
from ssc_tune.study.model.study import Study


class Measure(NamedTuple):
    """A row: ``help`` says what the measure is."""

    name: str
    help: str
    text: Callable[[MethodSummary], str]
    short: str = ""  # its name in the terminal's table, if it stands there too


def _score(score: Score | None) -> str:
    return UNDEFINED if score is None else f"{number(score.test)} (point {label(score.point)})"


def _default(summary: MethodSummary) -> str:
    return _score(summary.default) if summary.default_accuracy.value is None else interval(summary.default_accuracy)


def _failures(summary: MethodSummary) -> str:
    count = f"{summary.num_diverged} diverged, {summary.num_failed} failed"
    rate = summary.failure_rate
    if rate.value is None or rate.low is None or rate.high is None:
        return count
    return "; ".join([count, f"rate {interval(rate)}", *([rate.note] if rate.note else [])])


def _points(summary: MethodSummary) -> str:
    equal = summary.num_distinct < summary.num_drawn
    of = f" ({summary.num_distinct} distinct of {summary.num_drawn})" if equal else ""
    return f"{summary.num_points}{of}, {summary.num_seeds}"


def _of(name: str, digits: int = 3) -> Callable[[MethodSummary], str]:
    def text(summary: MethodSummary) -> str:
        value = getattr(summary, name)
        return interval(value, digits) if isinstance(value, Estimate) else number(value, digits)

    return text


def _whole(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:,.0f}"


MEASURES: tuple[Measure, ...] = (
    Measure(
        "Best point",
        "test accuracy of the point chosen on validation, on the same seeds: it flatters",
        lambda s: _score(s.best),
        "best",
    ),
    Measure("Default point", "test accuracy at the defaults, over seeds", _default, "default"),
    Measure("Median point", "test accuracy of the median point on validation", lambda s: _score(s.median), "median"),
    Measure("Worst point", "lowest test accuracy of a point", lambda s: _score(s.worst), "worst"),
    Measure("Mean", "test accuracy over points and seeds", _of("mean"), "mean"),
    Measure("CVaR10", "mean of the worst 10% of points", _of("cvar"), "CVaR10"),
    Measure("Standard deviation", "over points, seed noise removed", _of("std", 4), "sd"),
    Measure("Standard deviation, raw", "of point means, seed noise included", _of("std_uncorrected", 4)),
    Measure("Interquartile range", "over points", _of("iqr", 4), "IQR"),
    Measure(
        "Range",
        "highest minus lowest test accuracy of a point; the best point above is the one that validation chose",
        _of("range", 4),
    ),
    Measure("Seed noise", "standard deviation of one cell about its point and seed", _of("seed_std", 4)),
    Measure(
        "Tunability", "gain over the defaults to expect of the best of a quarter of the points", _of("tunability", 4)
    ),
    Measure(
        "Default's regret",
        "gain over the defaults to expect of the best of half the points (of a search: of all it tried)",
        _of("default_regret", 4),
    ),
    Measure("Failures", "cells that diverged or failed; they count at chance", _failures, "failed"),
    Measure("Missing cells", "cells of the design without a record", lambda s: str(s.num_missing)),
    Measure("Points, seeds", "complete points without the defaults, equal ones once; seeds a point", _points),
    Measure("Time of a cell", "median inside training", lambda s: duration(s.seconds, measured=True)),
    Measure(
        "Images a second",
        "through the net while training, all views counted; median",
        lambda s: _whole(s.images_per_second),
    ),
    Measure("Parameters", "of the net with its head", lambda s: _whole(s.num_parameters)),
    Measure(
        "Peak memory",
        "at most held while training: on CUDA by tensors, elsewhere by a whole process; median",
        lambda s: megabytes(s.peak_memory),
    ),
)


class MeasureTable(NamedTuple):
    """``rows`` hold name, help and a text a method, in the order of ``methods``."""

    heading: str
    methods: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    how: tuple[str, ...]

    @property
    def first(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """The rows that are read first; all, where hardly any other is left."""
        found = tuple(row for row in self.rows if row[0] in FIRST)
        return found if len(self.rows) > len(found) + 2 else self.rows

    @property
    def rest(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """The others."""
        return tuple(row for row in self.rows if row not in self.first)


def shown(summaries: Sequence[MethodSummary]) -> list[Measure]:
    """The measures that these methods can have: without points beside the defaults, those of the defaults alone."""
    if any(s.num_points for s in summaries):
        return list(MEASURES)
    return [m for m in MEASURES if not all(m.text(s).startswith(UNDEFINED) for s in summaries)]


FIRST = ("Best point", "Default point", "Mean", "CVaR10", "Standard deviation", "Failures")
"""Names of the measures that are read first."""

SCORES = ("best", "median", "worst", "default")
"""Those of a method's measures that are scores of one point."""


def by_place(summaries: Iterable[MethodSummary]) -> dict[tuple[str, str], list[MethodSummary]]:
    """The methods of each block and setting."""
    found: dict[tuple[str, str], list[MethodSummary]] = {}
    for summary in summaries:
        found.setdefault((summary.block, summary.setting), []).append(summary)
    return found


def estimates(summary: MethodSummary) -> dict[str, Estimate]:
    """Those of its measures that are estimates, by name."""
    values = {name: getattr(summary, name) for name in type(summary).model_fields}
    return {name: value for name, value in values.items() if isinstance(value, Estimate)}


def tables(study: Study, summaries: Iterable[MethodSummary]) -> tuple[MeasureTable, ...]:
    """A table a block and setting; the heading is empty where there is only one."""
    made = []
    for where, here in by_place(summaries).items():
        rows = tuple((m.name, m.help, tuple(m.text(s) for s in here)) for m in shown(here))
        made.append(MeasureTable(places.told(study, *where), tuple(s.method for s in here), rows, _how(here)))
    return tuple(made)


def _how(summaries: Sequence[MethodSummary]) -> tuple[str, ...]:
    """How intervals were made, and the notes of estimates that have one; the rate of failures says it itself."""
    found: dict[str, None] = {}
    for summary in summaries:
        for name, estimate in estimates(summary).items():
            if name == "failure_rate" or estimate.value is None:
                continue
            if estimate.how:
                found[f"{name.replace('_', ' ')}: {estimate.how}"] = None
            if estimate.note:
                found[f"{name.replace('_', ' ')} of {summary.method}: {estimate.note}"] = None
    return tuple(found)
