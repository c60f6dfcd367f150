"""Looks of a study as it runs: what each found, whether the next is run, and where the study has stopped.

Everything is found anew from the records, so that it makes no difference when, how often, or after what interruption a
study is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune import analysis, presentation
from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.design.fixed_source import Score
from ssc_tune.design.look_source import LookSource
from ssc_tune.records import Record
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.analysis.judge.looks import Judged
    from ssc_tune.presentation.live import LiveView


class Stop(NamedTuple):
    """Where a study has stopped before its last look."""

    points: int
    words: str  # "stopped at 32 of 64 points: every claim is decided"


def stop_of(study: Study, cells: Sequence[Cell], records: Mapping[str, Record]) -> Stop | None:
    """Where a study has stopped, every claim being decided; none if it is to run to its end.

    Where a later look is complete as well, because its cells were trained before or by another study, it is that one:
    nothing that is known is left out.
    """
    judged = _judge(study, cells, records) if study.stops_when_decided else None
    if judged is None:
        return None
    last = max(look.points for look in judged.looks if look.judged)
    over = analysis.judge.looks.decided(judged) and last < study.looks[-1]
    return Stop(last, presentation.looks.stopped(study, judged.looks)) if over else None


def until(cells: Iterable[Cell], points: int) -> list[Cell]:
    """The cells of the defaults and of the first ``points`` points."""
    return [cell for cell in cells if cell.placement.point <= points]


def outlook(study: Study, cells: Sequence[Cell]) -> list[str]:
    """What a study's looks need and may spend, a line each; nothing where it declares none."""
    if not study.looks:
        return []
    percent = analysis.judge.sentences.percent
    fractions = [points / study.looks[-1] for points in study.looks]
    alphas = sorted({round(1 - claim.confidence, 12) for claim in study.claims})
    spent = [analysis.estimators.sequential.spending(alpha, fractions) for alpha in alphas]
    lines = []
    for k, points in enumerate(study.looks):
        needs = len({cell.cell_id for cell in until(cells, points)})
        shares = ", ".join(f"{percent(s[k])} of {percent(alpha)}" for s, alpha in zip(spent, alphas, strict=True))
        lines.append(
            f"look {k + 1} of {len(study.looks)}: {points} points, {needs} cells; error spent by then {shares}"
        )
    if study.stops_when_decided:
        lines.append("the study stops at the look at which every claim is decided")
    return lines


class Follower:
    """Judges each look when its last cell is in, says what was found, and tells whether the next look is run.

    Args:
        study: a study with looks.
        records: those there are; new ones are put in as they come.
        score: of a cell by these records, for its source.
        stop: where the study has stopped already.
    """

    def __init__(self, study: Study, records: Mapping[str, Record], score: Score, stop: Stop | None) -> None:
        self._study, self._records = study, records
        self._cells = fixed_cells(study)
        self._live: LiveView | None = None
        self.source = LookSource(study, score, self.go_on, None if stop is None else stop.points)

    @property
    def cells(self) -> list[Cell]:
        """Those up to the look that is being run."""
        return until(self._cells, self.source.points)

    def watch(self, live: LiveView) -> None:
        """Shows there what is found."""
        self._live = live
        self._aim(self.source.points)

    def _aim(self, points: int) -> None:
        number = self._study.looks.index(points) + 1
        title = f"look {number} of {len(self._study.looks)}, {points} points"
        if self._live is not None:
            self._live.aim(until(self._cells, points), self._records, title)

    def _say(self, lines: Sequence[str]) -> None:
        if self._live is not None:
            self._live.say(lines)

    def go_on(self, points: int) -> bool:
        """Whether to run the look after that at ``points``, whose cells have all ended.

        A look that cannot be judged, since cells were lost to their machine, ends a study that stops when decided: the
        next run tries them again, and nothing is spent before it is known whether it is needed.
        """
        study, index = self._study, self._study.looks.index(points)
        judged = _judge(study, until(self._cells, points), self._records)
        if judged is None or not judged.looks[index].judged:
            self._say([presentation.looks.unjudged(study, points)])
            return not study.stops_when_decided and self._next(index)
        self._say(presentation.looks.block(study, judged.looks[index]))
        if study.stops_when_decided and analysis.judge.looks.decided(judged):
            self._say([presentation.looks.stopped(study, judged.looks)])
            return False
        return self._next(index)

    def _next(self, index: int) -> bool:
        self._aim(self._study.looks[index + 1])
        return True


def _judge(study: Study, cells: Sequence[Cell], records: Mapping[str, Record]) -> Judged | None:
    """Verdicts and looks by the records; none before the first look is complete, which is seen without judging."""
    lacking = [
        cell.placement.point
        for cell in cells
        if cell.cell_id not in records or records[cell.cell_id].result.status == "infrastructure"
    ]
    complete = [points for points in study.looks if not any(point <= points for point in lacking)]
    if not complete:
        return None
    tables = analysis.build.build_tables(study, until(cells, complete[-1]), records)
    return analysis.judge.looks.judge(analysis.material.Materials(study, tables))
