"""The analysis's further named numbers as tables: budgets, convergence, transfer, importances and their agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ssc_tune.presentation.numbers import UNDEFINED, compact

_TITLES = {
    "budget": (
        "Tuning budgets",
        "leader: method with the larger expected best of n points, from the n beside it on; probability first better "
        "n: that the best of n points of the first beats the best of n of the second",
    ),
    "convergence": (
        "Convergence",
        "target: a validation accuracy; steps: to the target; area: under the accuracy curve; both as differences, "
        "turned as claims on them are; p: of no difference, two-sided, of this row alone. The verdict on a claim rests "
        "on its p after Holm over all claims, and can be inconclusive beside a small p here",
    ),
    "transfer": (
        "Transfer over settings",
        "sensitivity: mean tuned score in each setting minus the best fixed point's; scores are normalized in each "
        "setting over all methods of the block, those of a claim over its two methods",
    ),
    "importance": (
        "Importance of hyperparameters",
        "shares of the variance of point means by each evaluator, not normalized: total is what they explain together",
    ),
    "importance_agreement": ("Agreement of the two evaluators of importance", "tau: Kendall's rank correlation"),
    "surrogate": ("Surrogate", "r2: cross-validated; effects and shares by the surrogate are refused below 0.5"),
    "near_optimal_volume": (
        "Near-optimal volume",
        "area under the curve of the share of points within delta of the best of all methods",
    ),
    "tolerance_width": ("Tolerance width", "share of a parameter's range within 0.02 of the best level"),
    "exploratory_iqm": (
        "Exploratory: interquartile mean",
        "iqm: mean test accuracy of the middle half of the cells, 95% interval over points and seeds",
    ),
    "exploratory_shapley": (
        "Exploratory: Shapley shares",
        "shares of the surrogate's variance over the space, interactions divided among those that take part; they sum "
        "to 1. No interval: none is known to hold. r2: cross-validated",
    ),
    "exploratory_ablation": (
        "Exploratory: from the defaults to the best point",
        "the change with the highest predicted accuracy first, to the best point on validation; predicted: by the "
        "surrogate; shapley gain: the same gain shared over all orders of the changes. No intervals",
    ),
    "exploratory_plane": (
        "Exploratory: performance and sensitivity over settings",
        "normalized scores: 0 and 1 are the 5th and 95th percentile of a setting; sensitivity: Phi, 95% interval over "
        "points and seeds; best fixed: of one point for all settings; dimensions: hyperparameters to be retuned for "
        "95% of the score, as 95% of resamples of points and seeds give it; dimension shares: how many resamples each",
    ),
}

_PLACES = ("block", "setting")
_INTERVAL = {"value", "low", "high"}


class Further(NamedTuple):
    """One table."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[str]]


def tables(facts: Mapping[str, Any]) -> list[Further]:
    """A table a topic; nested values become columns, and columns that tell nothing are left out."""
    found = []
    for topic in [*(t for t in _TITLES if t in facts), *(t for t in facts if t not in _TITLES)]:
        rows = [_flat(row) for row in _rows(facts[topic])]
        columns = _columns(rows)
        if rows and columns:
            title, note = _TITLES.get(topic, (topic.replace("_", " ").capitalize(), ""))
            texts = [[row.get(column, "") for column in columns] for row in rows]
            found.append(Further(title, note, [_heading(column) for column in columns], texts))
    return found


def _columns(rows: Sequence[Mapping[tuple[str, ...], str]]) -> list[tuple[str, ...]]:
    """Every key with a content, those of one nested value together; a place only where there are several of it."""
    keys = dict.fromkeys(key for row in rows for key in row)
    order = list(dict.fromkeys(key[0] for key in keys))
    contents = {key: {row.get(key, "") for row in rows} for key in keys}
    told = [key for key in keys if contents[key] - {""} and (key[0] not in _PLACES or len(contents[key]) > 1)]
    return sorted(told, key=lambda key: order.index(key[0]))


def _heading(column: tuple[str, ...]) -> str:
    """``probability first better 4``; the values of hyperparameters are named by these alone."""
    kept = column[1:] if column[0] == "values" and len(column) > 1 else column
    return " ".join(kept) if column[0] == "values" else " ".join(kept).replace("_", " ")


def _rows(content: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(content, Mapping):
        return [content]
    return [row for row in content if isinstance(row, Mapping)] if isinstance(content, list | tuple) else []


def _flat(row: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Texts by the path of their keys; a value with its interval is one text."""
    found: dict[tuple[str, ...], str] = {}
    for key, value in row.items():
        if isinstance(value, Mapping) and value.keys() >= _INTERVAL:
            found[*prefix, key] = f"{_text(value['value'])} [{_text(value['low'])}, {_text(value['high'])}]"
            value = {name: item for name, item in value.items() if name not in _INTERVAL}
        if isinstance(value, Mapping):
            found.update(_flat(value, (*prefix, key)))
        else:
            found[*prefix, key] = _text(value)
    return found


def _text(value: Any) -> str:
    if value is None:
        return UNDEFINED
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return compact(value)
