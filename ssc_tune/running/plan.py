"""What of a study is there and what is missing: made once, and handed to whoever needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.design.cells import Cell, Placement, fixed_cells, make_cell
from ssc_tune.design.points import fixed_points, search_of
from ssc_tune.records import Record, StudyFolder
from ssc_tune.running import looks
from ssc_tune.running.changes import Changes, changes_since, last_run
from ssc_tune.running.options import Options, folder_of
from ssc_tune.running.unused import find
from ssc_tune.study.model.study import Study


class StudyPlan(NamedTuple):
    """What is there and what is missing before a run."""

    cells: list[Cell]  # every placement that is known
    records: dict[str, Record]  # of settled cells: the study's own, and those of equal cells that other studies made
    reused: frozenset[str]  # cell ids of the latter
    num_total: int  # cells of the design, those of points not yet proposed included
    changes: Changes  # since the study's last run
    problems: list[str]
    stopped: looks.Stop | None = None  # the look at which every claim was decided; all above is up to there
    not_needed: frozenset[str] = frozenset()  # cell ids of later looks
    unsettled: frozenset[str] = frozenset()  # cell ids whose record is there and is to be made anew

    @property
    def num_new(self) -> int:
        """Cells that have to be run."""
        return self.num_total - len(self.records)


def survey(study: Study, options: Options, *, adopt: bool = False, whole: bool = True) -> StudyPlan:
    """What of a study is there already, equal cells of other studies included.

    Args:
        study: the study.
        options: where its records are, and whether failed ones count.
        adopt: copy records of other studies' cells, and set damaged ones aside; without it nothing is written or
            renamed.
        whole: read records with their histories; for those who only count cells they can be without
            (:func:`ssc_tune.records.record.brief`), unless looks have to be judged for it.
    """
    folder = folder_of(study, options)
    whole = whole or adopt or study.stops_when_decided
    cells = _cells(study, folder)
    ids = list(dict.fromkeys(cell.cell_id for cell in cells))
    found, problems = folder.records.read_many(ids, set_aside=adopt, whole=whole)
    records = {key: r for key, r in found.items() if r.is_settled(retry_failed=options.retry_failed)}
    reused, stop = {}, looks.stop_of(study, cells, records)
    if stop is None:  # what other studies did after this one had stopped does not start it again
        reused = folder.elsewhere((key for key in ids if key not in records), whole=whole)
        stop = looks.stop_of(study, cells, records | reused) if reused else None
    cells = cells if stop is None else looks.until(cells, stop.points)
    needed = {cell.cell_id for cell in cells}
    records, reused = ({key: r for key, r in of.items() if key in needed} for of in (records, reused))
    if adopt:
        for record in reused.values():
            folder.records.write(record)
    total = _num_total(study, cells)
    before, problem = last_run(folder)
    if problem is not None:
        problems.append(problem)
    unused = find(study, before, folder, ids, lambda of: _cells(of, folder))
    changes = changes_since(study, before)._replace(unused=tuple(unused))
    not_needed = frozenset(ids) - needed
    again = frozenset(key for key in found if key in needed and key not in records)
    return StudyPlan(cells, records | reused, frozenset(reused), total, changes, problems, stop, not_needed, again)


def _num_total(study: Study, cells: Sequence[Cell]) -> int:
    if study.design.adaptive:
        groups = sum(len(study.block_methods(block)) for block in study.blocks) * len(study.setting_names)
        return groups * (study.design.num_proposed + 1) * study.seeds
    return len({cell.cell_id for cell in cells})


def _cells(study: Study, folder: StudyFolder) -> list[Cell]:
    return _search_cells(study, folder) if study.design.adaptive else fixed_cells(study)


def _search_cells(study: Study, folder: StudyFolder) -> list[Cell]:
    """Cells of the points that a search has reached, by the records, which name their point.

    With a pruner, those that have a record: which seeds of a point are still to be run is decided on the way.
    """
    values: dict[tuple[str, str, str, int], dict[str, bool | int | float | str]] = {}
    for block in study.blocks:
        for setting in study.setting_names:
            for method in study.block_methods(block):
                values[block, setting, method, 0] = fixed_points(study, block)[0].values
    for record in folder.records.readable(whole=False):
        if record.study != study.name or record.block not in study.blocks:
            continue
        if search_of(record.point) >= study.design.num_searches:
            continue
        there = study.values_of(record.config)
        kept = {name: there[name] for name in study.block_parameters(record.block) if name in there}
        values.setdefault((record.block, record.setting, record.config.method, record.point), kept)
    cells = [
        make_cell(study, Placement(*key, seed), point)
        for key, point in sorted(values.items(), key=lambda item: item[0])
        for seed in range(study.seeds)
    ]
    if not study.design.prunes:
        return cells
    return [cell for cell in cells if folder.records.path(cell.cell_id).exists()]
