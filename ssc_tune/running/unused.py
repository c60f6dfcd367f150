"""Records of a study's last run that it no longer uses, because methods, settings, seeds or points were taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from ssc_tune.design.cells import Cell, Placement
from ssc_tune.design.points import fixed_points, search_of
from ssc_tune.errors import InputError
from ssc_tune.records import StudyFolder
from ssc_tune.study.model.space import Value
from ssc_tune.study.model.study import Study

_Values = Mapping[str, Value]


class Unused(NamedTuple):
    """What was taken out of a study, and how many records it leaves behind."""

    what: str
    num_records: int

    def __str__(self) -> str:
        return f"{self.what}: {records(self.num_records)}"


def records(number: int) -> str:
    """``1 record``, ``2 records``."""
    return f"{number} record{'s' * (number != 1)}"


def last_study(before: Mapping[str, Any]) -> Study | None:
    """The study as it was last run; none if it never was, or another version of this program has stored it."""
    try:
        return Study.model_validate(before.get("study"))
    except ValidationError:
        return None


def find(
    study: Study,
    before: Mapping[str, Any],
    folder: StudyFolder,
    now: Collection[str],
    cells_of: Callable[[Study], Sequence[Cell]],
) -> list[Unused]:
    """What was taken out of a study since its last run, where there are records of it.

    Args:
        study: as it is now.
        before: what :func:`ssc_tune.running.changes.stored_study` kept of its last run; empty if it never ran.
        folder: of its records.
        now: ids of its cells.
        cells_of: the cells of a study.
    """
    earlier = last_study(before)
    if earlier is None or before["study"] == study.model_dump(mode="json", by_alias=True):
        return []
    there = {path.stem for path in folder.records.directory.glob("*.json")} - set(now)
    if not there:
        return []
    why = _Why(study, earlier)
    first = {cell.cell_id: cell for cell in reversed(cells_of(earlier)) if cell.cell_id in there}
    found = Counter(why.taken_out(cell.placement) for cell in reversed(first.values()))
    return [Unused(what, number) for what, number in found.items() if what]


class _Why:
    """Why a cell of the last run is none of the study any more."""

    def __init__(self, study: Study, earlier: Study) -> None:
        self._study, self._design = study, study.design
        self._same_design = study.design.name() == earlier.design.name()
        self._values, self._earlier = self._points(study), self._points(earlier)

    @staticmethod
    def _points(study: Study) -> dict[str, dict[int, _Values]]:
        if study.design.named_levels is None:
            return {}
        return {block: {p.number: p.values for p in fixed_points(study, block)} for block in study.blocks}

    def taken_out(self, place: Placement) -> str:
        """What was taken out, in words; nothing where the cell was changed instead."""
        study = self._study
        if place.method not in study.methods:
            return f"method {place.method}"
        if place.setting not in study.setting_names:
            return f"setting {place.setting}"
        if place.block not in study.blocks:
            return f"block {place.block}"
        if place.method not in study.block_methods(place.block):
            return f"method {place.method} of block {place.block}"
        if place.seed >= study.seeds:
            return f"seeds from {study.seeds} on"
        return self._point(place) if self._same_design else ""

    def _point(self, place: Placement) -> str:
        design = self._design
        if design.adaptive:
            beyond = search_of(place.point) >= design.num_searches  # every point that a search has reached is kept
            return f"searches beyond {design.num_searches}" if beyond else ""
        if design.num_points is not None:
            return f"points beyond {design.num_points}" if place.point > design.num_points else ""
        values = self._earlier.get(place.block, {}).get(place.point)
        gone = values is not None and values not in self._values.get(place.block, {}).values()
        return f"points of block {place.block}" if gone else ""


def confirm(study: str, unused: Sequence[Unused], *, yes: bool) -> None:
    """That whoever runs a study knows which records it no longer uses.

    Raises:
        InputError: there are such records, and ``yes`` has not been said.
    """
    if unused and not yes:
        number = records(sum(one.num_records for one in unused))
        each = "; ".join(map(str, unused))
        raise InputError(
            f"study {study}: {number} of its last run would no longer be used ({each}); --yes goes on without them, "
            "and they stay where they are"
        )
