"""Tables for other programs: every cell, every method's measures, every verdict."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ssc_tune.analysis.result import COST, Estimate, Score, StudyAnalysis, Verdict
from ssc_tune.frozen import LATER
from ssc_tune.presentation.measures import SCORES
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from ssc_tune.analysis.tables import Tables

_FIRST = ("study", "method", "point", "seed", "status")
_LAST = (
    "validation_accuracy",
    "test_accuracy",
    "steps",
    "seconds",
    "cell_id",
    "block",
    "setting",
    "steps_to_90",
    *COST,
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a formula may begin, in full width too, as some spreadsheets take it."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-](?:inf|nan)")
_WHOLE = ("point", "seed", "steps", "steps_to_90", "num_parameters", "peak_memory")


def results_csv(study: Study, tables: Tables) -> str:
    """A row a cell: study, method, point, seed, status, the hyperparameters, results, cell_id, block, setting.

    After a search there is a column ``search`` beside ``point``.

    Hyperparameters stand in the order of the search space, further ones after them by name, those of later versions
    only where a cell uses them. What a cell lacks is empty;
    accuracies of cells that are not ``ok`` are empty too. Real numbers are written so that they read back unchanged.
    """
    cells = tables.cells
    space = [name for name in study.search_space.parameters if name in cells.columns]
    others = sorted(set(cells.columns) - {*_FIRST, *_LAST, *space, *_unused(study, cells), "num_classes", "search"})
    searched = ["search"] if "search" in cells.columns else []
    chosen = cells.reindex(columns=[*_FIRST, *searched, *space, *others, *_LAST])
    order = {name: rank for rank, name in enumerate(study.methods)}
    places = chosen.assign(_rank=[order.get(method, len(order)) for method in chosen["method"]])
    ranked = places.sort_values(["block", "setting", "_rank", "point", "seed"], kind="stable").drop(columns="_rank")
    whole = [name for name in (*_WHOLE, *_integers(ranked, [*space, *others])) if name in ranked]
    shown = ranked.astype(dict.fromkeys(whole, "Int64")).rename(columns=plain)
    texts = [name for name in shown.columns if shown[name].dtype.kind not in "biufc"]
    text: str = shown.assign(**{n: shown[n].map(plain) for n in texts}).to_csv(index=False, lineterminator="\n")
    return text


def plain(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what would begin one.

    Numbers stay as they are, written as text too.
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def _unused(study: Study, cells: pd.DataFrame) -> set[str]:
    """Hyperparameters of later versions that every cell has at its default."""
    models = [study.hyperparameters_of(method) for method in study.methods]
    fields = {name: field for model in models for name, field in model.model_fields.items()}
    later = {name: field for name, field in fields.items() if LATER in field.metadata and name in cells.columns}
    return {name for name, field in later.items() if (cells[name].dropna() == field.get_default()).all()}


def _integers(frame: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Columns of whole numbers that a missing value turned into real ones keep their integer spelling."""
    kept = []
    for name in names:
        values = frame[name].dropna()
        if frame[name].dtype == object and len(values) and all(type(value) is int for value in values):
            kept.append(name)
    return kept


def summary_csv(analysis: StudyAnalysis) -> str:
    """A row a method, block and setting; an estimate takes the columns ``<name>``, ``<name>_low``, ``<name>_high``."""
    rows = []
    for summary in analysis.summaries:
        row: dict[str, object] = {}
        for name in type(summary).model_fields:
            row.update(_columns(name, getattr(summary, name)))
        rows.append(row)
    return _csv(rows)


def verdicts_csv(analysis: StudyAnalysis) -> str:
    """A row a claim: verdict, effect with interval, p values, gates and warnings."""
    return _csv([_verdict(verdict) for verdict in analysis.verdicts])


def _verdict(v: Verdict) -> dict[str, object]:
    return {
        "claim": v.claim.name,
        "sentence": v.sentence,
        "verdict": v.verdict,
        "expected": v.claim.expected,
        "effect_name": v.effect_name,
        **_columns("effect", v.effect),
        "prediction_low": None if v.pooled is None else v.pooled.prediction_low,
        "prediction_high": None if v.pooled is None else v.pooled.prediction_high,
        "confidence": v.claim.confidence,
        "p_value": v.p_value,
        "p_sequential": v.p_sequential,
        "p_adjusted": v.p_adjusted,
        "look": v.look,
        "gates_passed": "; ".join(gate.name for gate in v.gates if gate.passed),
        "gates_failed": "; ".join(gate.name for gate in v.gates if not gate.passed),
        "reason": v.reason,
        "sensitivity": "; ".join(v.sensitivity),
        "warnings": "; ".join(v.warnings),
        "post_hoc": v.post_hoc,
        "known": v.known,
    }


def _columns(name: str, value: object) -> dict[str, object]:
    if isinstance(value, Estimate):
        return {name: value.value, f"{name}_low": value.low, f"{name}_high": value.high}
    if isinstance(value, Score):
        return {f"{name}_point": value.point, f"{name}_validation": value.validation, f"{name}_test": value.test}
    if value is None and name in SCORES:
        return {f"{name}_point": None, f"{name}_validation": None, f"{name}_test": None}
    return {name: value}


def _csv(rows: Sequence[dict[str, object]]) -> str:
    return written(rows[0], (row.values() for row in rows)) if rows else ""


def written(header: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Lines as CSV, each cell as :func:`plain` has it, None empty."""
    text = io.StringIO()
    lines = (["" if value is None else plain(value) for value in line] for line in (header, *rows))
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
