"""The analysis's further named numbers as tables: budgets, convergence, transfer, importances and their agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ssc_tune.report.numbers import UNDEFINED, compact

_TITLES = {
    "budget": (
        "Tuning budgets",
        "leader: method with the larger expected best of n points from from_n on; "
        "probability_first_better: that the best of n points of the first method beats the second's",
    ),
    "convergence": (
        "Convergence",
        "steps: difference of steps to the target, first minus second; area: of the accuracy curve, likewise",
    ),
    "transfer": ("Transfer over settings", "phi: mean tuned score in each setting minus the best fixed point's"),
    "importance": (
        "Importance of hyperparameters",
        "shares of the variance of point means by each evaluator, not normalized: total is what they explain together",
    ),
    "importance_agreement": ("Agreement of the two evaluators of importance", "tau: Kendall's rank correlation"),
    "surrogate": ("Surrogate", "r2: cross-validated; effects and shares by the surrogate are refused below 0.5"),
    "near_optimal_volume": (
        "Near-optimal volume",
        "area under the curve of the share of points within delta of the best",
    ),
    "tolerance_width": ("Tolerance width", "share of a parameter's range within 0.02 of the best level"),
}


class Further(NamedTuple):
    """One table."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[str]]


def tables(facts: Mapping[str, Any]) -> list[Further]:
    """A table a topic; nested values become columns ``outer inner``, and columns without any content are left out."""
    found = []
    for topic in [*(t for t in _TITLES if t in facts), *(t for t in facts if t not in _TITLES)]:
        rows = [_flat(row) for row in _rows(facts[topic])]
        columns = [c for c in dict.fromkeys(key for row in rows for key in row) if any(row.get(c, "") for row in rows)]
        if rows and columns:
            title, note = _TITLES.get(topic, (topic.replace("_", " ").capitalize(), ""))
            texts = [[row.get(column, "") for column in columns] for row in rows]
            found.append(Further(title, note, [column.replace("_", " ") for column in columns], texts))
    return found


def _rows(content: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(content, Mapping):
        return [content]
    return [row for row in content if isinstance(row, Mapping)] if isinstance(content, list | tuple) else []


def _flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            found.update(_flat(value, f"{prefix}{key} "))
        else:
            found[f"{prefix}{key}"] = _text(value)
    return found


def _text(value: Any) -> str:
    if value is None:
        return UNDEFINED
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return compact(value)
