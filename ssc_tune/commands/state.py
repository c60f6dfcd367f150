"""How far a study is, as plain data: what ``list`` and ``show`` print, as text or as JSON."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import TYPE_CHECKING, Any

from ssc_tune.commands.stored import Stored
from ssc_tune.training.result import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ssc_tune.analysis.result import StudyAnalysis, Verdict
    from ssc_tune.design import Cell
    from ssc_tune.records import Record
    from ssc_tune.study import Study

_OF_A_RESULT = ("validation_accuracy", "test_accuracy", "steps", "seconds")
STATUSES: tuple[Status, ...] = ("ok", "diverged", "failed", "infrastructure")


def state(stored: Stored) -> dict[str, Any]:
    """Cells by what became of them. A cell that stands in several blocks counts once.

    ``complete``: every cell has a result; ``started``: some have a record or are under way; ``new``: none.
    ``under_way`` are cells with a checkpoint and no record: running now, or interrupted. ``stopped_at`` are the points
    of the look at which every claim was decided, where the study stops then; cells of later looks are not counted.
    """
    records = stored.progress.records.values()
    found = Counter(record.result.status for record in records)
    missing = stored.progress.num_total - len(records)
    under_way = _under_way(stored)
    lost, stopped = found["infrastructure"], stored.progress.stopped
    word = "complete" if not missing and not lost else "started" if records or under_way else "new"
    return {
        "state": word,
        "cells": stored.progress.num_total,
        **_counted(found),
        "missing": missing,
        "under_way": under_way,
        "stopped_at": stopped.points if stopped is not None else None,
    }


def _counted(found: Counter[Status]) -> dict[str, Any]:
    return {name: found[name] for name in STATUSES}


def _under_way(stored: Stored) -> int:
    started = {path.parent.name for path in stored.folder.path.glob("cells/*/attempts.jsonl")}
    return len(started - set(stored.progress.records) - stored.progress.not_needed)


def methods(stored: Stored) -> list[dict[str, Any]]:
    """The same by block, setting and method, with the median seconds of a cell and the best validation accuracy.

    ``points`` are those of the design, the defaults left out where they are no draw of it; ``distinct_points`` those of
    them that differ in their cells.
    """
    groups: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in stored.progress.cells:
        place = cell.placement
        groups.setdefault((place.block, place.setting, place.method), []).append(cell)
    rows = []
    for (block, setting, method), cells in groups.items():
        ids = dict.fromkeys(cell.cell_id for cell in cells)
        records = [stored.progress.records[key] for key in ids if key in stored.progress.records]
        found = Counter(record.result.status for record in records)
        validation = [v for r in records if (v := r.result.validation_accuracy) is not None]
        seconds = [r.result.seconds for r in records if r.result.status == "ok"]
        rows.append(
            {
                "block": block,
                "setting": setting,
                "method": method,
                **_points(stored.study, cells),
                "cells": len(ids),
                **_counted(found),
                "missing": len(ids) - len(records),
                "best_validation_accuracy": max(validation, default=None),
                "median_seconds": statistics.median(seconds) if seconds else None,
            }
        )
    return rows


def _points(study: Study, cells: list[Cell]) -> dict[str, int]:
    """How many points the cells of a method stand at, and how many of them are distinct."""
    ids: dict[int, list[str]] = {}
    for cell in cells:
        if cell.placement.point or study.design.defaults_count:
            ids.setdefault(cell.placement.point, []).append(cell.cell_id)
    distinct = {tuple(sorted(own)) for own in ids.values()}
    searched = study.design.adaptive  # a path, repeats included
    return {"points": len(ids), "distinct_points": len(ids) if searched else len(distinct)}


def verdicts(analysis: StudyAnalysis | None) -> list[dict[str, Any]]:
    """Claim by claim: the verdict, the effect with its interval, and the reason."""
    return [] if analysis is None else [verdict(v) for v in analysis.verdicts]


def verdict(v: Verdict) -> dict[str, Any]:
    """One of them."""
    return {
        "claim": v.claim.name,
        "verdict": v.verdict,
        "expected": v.claim.expected,
        "post_hoc": v.post_hoc,
        "known": v.known,
        "look": v.look,
        "effect_name": v.effect_name,
        "effect": v.effect.value,
        "low": v.effect.low,
        "high": v.effect.high,
        "p_adjusted": v.p_adjusted,
        "reason": v.reason,
    }


def cells(stored: Stored) -> list[dict[str, Any]]:
    """A row a place in the design; the status of a cell without a record is ``missing``."""
    return [_cell(cell, stored.progress.records.get(cell.cell_id)) for cell in stored.progress.cells]


def _cell(cell: Cell, record: Record | None) -> dict[str, Any]:
    told: dict[str, Any] = {"status": "missing", **dict.fromkeys(_OF_A_RESULT), "warnings": 0}
    if record is not None:
        result = record.result
        told = {"status": result.status, **{name: getattr(result, name) for name in _OF_A_RESULT}}
        told["warnings"] = len(result.warnings)
    return {**cell.placement._asdict(), "cell_id": cell.cell_id, **told}


def several(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Whether rows of cells or methods are of several blocks, and of several settings: the names of these columns."""
    return [name for name in ("block", "setting") if len({row[name] for row in rows}) > 1]
