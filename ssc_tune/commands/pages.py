"""What ``ssc-tune list``, ``show`` and ``check`` print: how far studies are, and what they found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from ssc_tune.commands import state, stored
from ssc_tune.commands.stored import Stored
from ssc_tune.design.distinct import Count
from ssc_tune.design.points import label
from ssc_tune.errors import InputError
from ssc_tune.presentation import colours, places
from ssc_tune.presentation.console import Console, folding_table
from ssc_tune.presentation.numbers import duration
from ssc_tune.presentation.terminal import terminal_summary
from ssc_tune.running.registration import registration_of
from ssc_tune.storage import named
from ssc_tune.study import Study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssc_tune.records import Record

MOST_CELLS = 40
"""Cells that ``show`` prints unasked."""

_STYLES = {**colours.VERDICTS, "failed": "red", "diverged": "yellow"}


def list_studies(storage: Path, *, as_json: bool) -> int:
    """Every study in the storage folder with its state and verdicts. One that cannot be read says why."""
    rows = [_listed(path, storage) for path in stored.study_files(storage)]
    if as_json:
        print(json.dumps(rows))
        return 0
    if not rows:
        print(f"no studies in {named(storage)}")
        return 0
    table = folding_table("study", "state", "cells", "verdicts")
    for row in rows:
        cells = "" if "problem" in row else _counts(row)
        verdicts = Text(row["problem"], style="red") if "problem" in row else _verdict_counts(row)
        table.add_row(Text(row["study"]), Text(row["state"]), Text(cells), verdicts)
    Console().print(table)
    return 0


def _listed(path: Path, storage: Path) -> dict[str, Any]:
    try:
        found = stored.look(stored.read(path), storage)
    except InputError as error:
        return {"study": path.parent.name, "state": "unreadable", "problem": error.problems[0], "verdicts": {}}
    written = stored.written_analysis(found)
    rows = state.verdicts(written)
    return {
        "study": path.parent.name,
        **state.state(found),
        "verdicts": {row["claim"]: row["verdict"] for row in rows},
        "post_hoc": [row["claim"] for row in rows if row["post_hoc"]],
        "command": found.command,
    }


def _counts(row: dict[str, Any]) -> str:
    """``10 of 12; 1 failed``: results of all cells, then what is not as it should be."""
    done = row["ok"] + row["diverged"] + row["failed"]
    more = {"diverged": row["diverged"], "failed": row["failed"], "lost": row["infrastructure"]}
    more["under way"] = row.get("under_way", 0)
    return "; ".join([f"{done} of {row['cells']}", *(f"{count} {word}" for word, count in more.items() if count)])


def _verdict_counts(row: dict[str, Any]) -> Text:
    verdicts = row["verdicts"]
    names = [name for name in _STYLES if name in verdicts.values()]
    parts = [(f"{sum(v == name for v in verdicts.values())} {name}", _STYLES[name]) for name in names]
    text = Text()
    for i, part in enumerate(parts):
        text.append("; " if i else "").append(*part)
    if row["post_hoc"]:
        text.append(f" ({len(row['post_hoc'])} of them post hoc)")
    return text


def show_study(study: Study, storage: Path, *, as_json: bool, all_cells: bool) -> int:
    """State, cells by method, verdicts and measures, and the cells themselves where they are few or asked for."""
    found, analysis = stored.judged(study, storage, explore=as_json)
    registered = registration_of(study, found.folder, found.progress.cells, found.progress.records)
    if as_json:
        content = {
            "study": study.name,
            "folder": str(found.folder.path),
            "command": found.command,
            **state.state(found),
            "registration": registered.model_dump(mode="json"),
            "methods": state.methods(found),
            "verdicts": state.verdicts(analysis),
            "cell_list": state.cells(found),
            "analysis": analysis.model_dump(mode="json", by_alias=True) if analysis else None,
        }
        print(json.dumps(content))
        return 0
    console = Console()
    summary = state.state(found)
    console.print(Text(f"{study.name}: {summary['state']}; cells: {_counts(summary)}", style="bold"))
    console.print(_methods_table(found))
    console.print(Text(places.explained(found.study), style="dim"))
    _print_cells(console, found, all_cells=all_cells)
    if analysis is not None:
        terminal_summary(study, analysis, console=console)
    else:
        console.print(Text(registered.line, style="dim"))
    for line in _ways_on(found, summary):
        console.print(Text(line), soft_wrap=True)
    return 0


def _ways_on(found: Stored, summary: dict[str, Any]) -> list[str]:
    lines = [f"folder:  {found.folder.path}"]
    page = found.folder.path / "report.html"
    if page.is_file():
        lines.append(f"report:  {page}")
    if found.command:
        word = "go on:" if summary["state"] != "complete" else "ran as:"
        lines.append(f"{word:<8} {found.command}")
    return lines


def _methods_table(found: Stored) -> Table:
    rows = state.methods(found)
    where = state.several(rows)
    table = folding_table(*where, "method", "points", "cells", "best validation", "a cell")
    for row in rows:
        best, seconds = row["best_validation_accuracy"], row["median_seconds"]
        table.add_row(
            *(Text(row[name]) for name in where),
            Text(row["method"]),
            str(Count(row["distinct_points"], row["points"])).removesuffix(" points"),
            Text(_counts(row)),
            "" if best is None else f"{best:.3f}",
            "" if seconds is None else f"{seconds:.1f} s" if seconds < 60 else duration(seconds),
        )
    return table


def _print_cells(console: Console, found: Stored, *, all_cells: bool) -> None:
    rows = state.cells(found)
    chosen = rows if all_cells else [r for r in rows if r["status"] not in ("ok", "missing") or r["warnings"]]
    if not chosen:
        console.print(Text("every cell: --cells", style="dim"))
        return
    shown = chosen if all_cells else chosen[:MOST_CELLS]
    several = state.several(rows)
    table = folding_table("cell", *several, "method", "point", "seed", "status", "validation", "test")
    table.collapse_padding = True
    if console.width >= 80:
        table.columns[0].min_width = 16  # a whole cell id, to copy
    for row in shown:
        status = Text(row["status"] + (" (!)" if row["warnings"] else ""), style=_STYLES.get(row["status"], ""))
        scores = [_accuracy(row[name]) for name in ("validation_accuracy", "test_accuracy")]
        where = [Text(row[name]) for name in several]
        place = (Text(row["method"]), label(row["point"]), str(row["seed"]))
        table.add_row(row["cell_id"], *where, *place, status, *scores)
    if not all_cells:
        console.print(Text("cells that failed, diverged or were warned about (!); every cell: --cells", style="dim"))
    console.print(table)
    if len(shown) < len(chosen):
        console.print(Text(f"... and {len(chosen) - len(shown)} more", style="dim"))


def show_cell(study: Study, storage: Path, cell: str, *, as_json: bool) -> int:
    """One cell's record; a part of its id from the start is enough where only one cell begins with it."""
    found = stored.look(study, storage)
    cell_id = stored.only_cell(cell, (c.cell_id for c in found.progress.cells), of=study.name)
    if cell_id is None:
        raise InputError(f"{cell}: no cell of {study.name} has this id; ssc-tune show {study.name} --cells")
    record = stored.whole_record(found, cell_id) if cell_id in found.progress.records else None
    if record is None:
        raise InputError(f"{cell}: this cell of {study.name} has no record yet")
    if as_json:
        print(record.model_dump_json())
    else:
        _print_record(Console(), found, record)
    return 0


def _print_record(console: Console, found: Stored, record: Record) -> None:
    result = record.result
    found_at = [c.placement for c in found.progress.cells if c.cell_id == record.cell_id]
    console.print(Text(f"cell {record.cell_id}: {result.status}", style=f"bold {_STYLES.get(result.status, '')}"))
    for place in found_at:
        console.print(Text("  " + ", ".join(f"{name} {value}" for name, value in place._asdict().items())))
    facts = {
        "test accuracy": _accuracy(result.test_accuracy),
        "validation accuracy": _accuracy(result.validation_accuracy),
        "steps": f"{result.steps}; {result.steps_to_90} to 90% of the final validation accuracy"
        if result.steps_to_90
        else str(result.steps),
        "training": f"{result.seconds:.1f} s on {record.environment.get('host', 'unknown host')}",
        "attempts": ", ".join(attempt.outcome for attempt in record.attempts),
        **{name: str(value) for name, value in found.study.values_of(record.config).items()},
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts.items():
        if value:
            table.add_row(Text(name, style="dim"), Text(value))
    console.print(table)
    if result.history:
        console.print(_history(record))
    for warning in result.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))
    for attempt in record.attempts:
        if attempt.traceback:
            console.print(Text(attempt.traceback.rstrip(), style="red"))


def _history(record: Record) -> Table:
    table = folding_table("step", "train loss", "validation", "confident", "of them right", "images/s")
    for e in record.result.history:
        right = _accuracy(e.confident_accuracy)
        loss, rate = (
            "-" if x is None else f"{x:{how}}" for x, how in ((e.train_loss, ".4g"), (e.images_per_second, ",.0f"))
        )
        row = (loss, _accuracy(e.validation_accuracy), _accuracy(e.confident_fraction), right, rate)
        table.add_row(str(e.step), *row)
    return table


def _accuracy(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def one_line_verdicts(rows: Sequence[dict[str, Any]]) -> list[str]:
    """``claim: verdict (as expected)`` for each."""
    lines = []
    for row in rows:
        expected = row["expected"]
        agrees = row["verdict"] == expected
        said = "as expected" if agrees else f"expected {expected}" if expected else "the study expects none"
        known = f"; post hoc: {row['known']}" if row["known"] else ""
        lines.append(f"{row['claim']}: {row['verdict']} ({said}){known}")
    return lines
