"""What ``ssc-tune compare`` prints."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from ssc_tune.analysis.result import Estimate
from ssc_tune.commands.state import several
from ssc_tune.presentation import colours
from ssc_tune.presentation.console import Console, folding_table
from ssc_tune.presentation.numbers import interval, p_value
from ssc_tune.study.registration import SHOWN

MOST_LINES = 12
"""Differences of plans, and cells, that are printed; ``--json`` has all."""
_DIGITS = {"std": 4, "mean": 3}
"""Decimals of the estimates, as ``show`` has them."""


def show(found: dict[str, Any]) -> None:
    """Prints what :func:`ssc_tune.commands.between.compared` has found."""
    console = Console()
    for which in ("first", "second"):
        one = found[which]
        text = f"{which}: {one['study']} in {one['folder']}, plan {one['plan'][:SHOWN]}, {one['state']}"
        console.print(Text(text), soft_wrap=True)
    for line in [*_plan_lines(found), *_cell_lines(found["cells"])]:
        console.print(Text(line))
    if found["claims"]:
        console.print(_claims(found["claims"]))
    for row in found["claims"]:
        if row["claim_differs"]:
            lines = "; ".join(row["claim_differs"])
            console.print(Text(f"{row['first']['claim']}: the claim itself differs: {lines}"))
    if found["methods"]:
        console.print(_methods(found["methods"]))


def _plan_lines(found: dict[str, Any]) -> list[str]:
    if found["same_plan"]:
        return ["plans: the same"]
    lines = found["plan"]
    more = [f"  ... and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return ["plans differ, first -> second:", *(f"  {line}" for line in lines[:MOST_LINES]), *more]


def _cell_lines(cells: dict[str, Any]) -> list[str]:
    lines = [
        f"cells: {cells['shared']} in both, {cells['only_first']} in the first alone, "
        f"{cells['only_second']} in the second alone"
    ]
    unlike = cells["unlike"]
    if unlike:
        some = ", ".join(unlike[:MOST_LINES]) + (", ..." if len(unlike) > MOST_LINES else "")
        of = cells["shared_with_records"]
        lines.append(f"{len(unlike)} of {of} cells that both have records of differ in test accuracy: {some}")
    return lines


def _claims(rows: list[dict[str, Any]]) -> Table:
    """Two lines a claim, so that the table stays narrow."""
    table = folding_table("claim", "", "verdict", "effect", "p")
    for row in rows:
        sides = row["first"], row["second"]
        names = dict.fromkeys(one["claim"] for one in sides if one is not None)
        changed = ("changed", row["verdict_changed"]), ("another claim", bool(row["claim_differs"]))
        notes = ", ".join(text for text, there in changed if there)
        table.add_row(Text(" = ".join(names)), "first", *_verdict(sides[0]))
        table.add_row(Text(notes, style="yellow"), "second", *_verdict(sides[1]))
    return table


def _verdict(one: dict[str, Any] | None) -> tuple[Text, Text, Text]:
    if one is None or one["verdict"] is None:
        return Text("no such claim" if one is None else "not judged", style="dim"), Text(), Text()
    word = Text(one["verdict"] + (" (post hoc)" if one["post_hoc"] else ""), style=colours.VERDICTS[one["verdict"]])
    return word, Text(f"{one['title']}: {one['text']}"), Text(p_value(one["p_adjusted"], none=""))


def _methods(rows: list[dict[str, Any]]) -> Table:
    where = several(rows)
    table = folding_table(*where, "method", "", "first", "second")
    for row in rows:
        place = [Text(row[name]) for name in (*where, "method")]
        sides = [row["first"], row["second"]]
        table.add_row(*place, "points, seeds", *(_size(one) for one in sides))
        for name, label in (("std", "sd over points"), ("mean", "mean")):
            table.add_row(*([""] * len(place)), label, *(_estimate(one, name) for one in sides))
    return table


def _size(one: dict[str, Any] | None) -> str:
    return "" if one is None else f"{one['points']}, {one['seeds']}"


def _estimate(one: dict[str, Any] | None, name: str) -> Text:
    return Text("" if one is None else interval(Estimate.model_validate(one[name]), _DIGITS[name]))
