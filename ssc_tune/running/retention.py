"""Which checkpoints stay once their cells have ended: they are nearly all of what a long study puts on a disk."""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, get_args

from ssc_tune.design.cells import Cell, Placement
from ssc_tune.execution.listening import Listener
from ssc_tune.records import Record, StudyFolder
from ssc_tune.training.result import CHECKPOINT

Keep = Literal["none", "best", "all"]
"""Checkpoints that stay: none, of the best cell of each method in each block and setting, or all."""

FINISHED = ("ok", "diverged")
"""Cells that are not run again. One that failed, or was lost with its machine, may go on from its checkpoint."""


def most(*wanted: Keep) -> Keep:
    """What keeps the most."""
    return max(wanted, key=get_args(Keep).index)


class Best:
    """The best cells so far by validation: of each method in each block and setting, up to each look.

    The same as :meth:`ssc_tune.analysis.tables.Tables.best_cells` of all records up to a look.

    Args:
        looks: points of the study's looks; it may stop at any of them, and what came later counts no more.
    """

    def __init__(self, looks: Sequence[int] = ()) -> None:
        self._looks = looks
        self._found: dict[tuple[str, str, str, int], tuple[tuple[float, int, int], str]] = {}

    def take(self, record: Record, places: Iterable[Placement]) -> None:
        """Counts a record in."""
        accuracy = record.result.validation_accuracy
        if record.result.status != "ok" or accuracy is None:
            return
        for place in places:
            key = (place.block, place.setting, place.method, bisect_left(self._looks, place.point))
            ranked = ((-accuracy, place.point, place.seed), record.cell_id)
            self._found[key] = min(self._found.get(key, ranked), ranked)

    @property
    def cell_ids(self) -> set[str]:
        """The best cells."""
        return {cell_id for _, cell_id in self._found.values()}


class Retention(Listener):
    """Removes checkpoints as cells end; those of cells that had ended before this run are left alone.

    Args:
        folder: of the study.
        keep: what stays while the study runs.
        looks: of the study.
        records: that were there before, by cell id.
        places: of each cell in the design, by its id.
    """

    what = "checkpoints that are not to stay (`ssc-tune clean` shows them)"

    def __init__(
        self,
        folder: StudyFolder,
        keep: Keep,
        *,
        looks: Sequence[int],
        records: Mapping[str, Record],
        places: Mapping[str, Sequence[Placement]],
    ) -> None:
        self._folder, self._keep, self._places = folder, keep, places
        self._best = Best(looks)
        self._kept: set[str] = set()
        for cell_id, record in records.items():
            self._best.take(record, places.get(cell_id, ()))

    def finished(self, cell: Cell, record: Record) -> None:
        """Removes what is not to stay: the cell's own checkpoint, or that of the cell that was the best until now."""
        self._best.take(record, self._places.get(cell.cell_id, [cell.placement]))
        if record.result.status in FINISHED:
            self._kept.add(cell.cell_id)
            self._remove(self._keep, self._best.cell_ids)

    def end(self, keep: Keep, best: Collection[str]) -> None:
        """Removes what is not to stay after the run, once models are logged; ``best`` are those of the whole study."""
        self._remove(keep, best)

    def _remove(self, keep: Keep, best: Collection[str]) -> None:
        if keep == "all":
            return
        for cell_id in self._kept - (set(best) if keep == "best" else set()):
            remove_checkpoint(self._folder, cell_id)
            self._kept.discard(cell_id)


def remove_checkpoint(folder: StudyFolder, cell_id: str) -> None:
    """Removes a cell's checkpoint, and its folder if nothing else is there; what cannot be removed stays."""
    directory = folder.cell(cell_id)
    if directory.is_symlink():
        return
    with contextlib.suppress(OSError):
        folder.files.remove(folder.name_of(cell_id, CHECKPOINT))
        directory.rmdir()
