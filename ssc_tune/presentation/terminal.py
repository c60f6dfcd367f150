"""The verdicts and the measures as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ssc_tune.analysis.result import MethodSummary, StudyAnalysis, Verdict
from ssc_tune.presentation import answers, colours, looks, places, words
from ssc_tune.presentation.measures import by_place, shown
from ssc_tune.presentation.numbers import p_value
from ssc_tune.study.model.study import Study

_MOST_WARNINGS = 4


def terminal_summary(study: Study, analysis: StudyAnalysis, *, console: Console) -> None:
    """Prints a line or more a verdict and the main measures of each method, in the width that there is."""
    console.print(Text(f"\n{study.name}", style="bold"))
    if analysis.registration is not None:
        console.print(Text(analysis.registration.line, style="dim"))
    if analysis.verdicts:
        console.print(Text("; ".join(answers.trust(study, analysis)), style="dim"))
    for verdict in words.strongest_first(analysis.verdicts):
        for line in _verdict_lines(study, verdict):
            console.print(line, soft_wrap=False)
    stopped = looks.stopped(study, analysis.looks)
    if stopped:
        console.print(Text(stopped))
    if not analysis.verdicts:
        console.print(Text(words.answer(analysis)))
    tables = by_place(analysis.summaries)
    for where, here in tables.items():
        console.print(_table(here, places.told(study, *where)))
    for warning in analysis.warnings[:_MOST_WARNINGS]:
        console.print(Text(f"warning: {warning}", style="yellow"))
    hidden = len(analysis.warnings) - _MOST_WARNINGS
    if hidden > 0:
        console.print(Text(f"{hidden} more warnings are in the report", style="yellow"))


def _verdict_lines(study: Study, verdict: Verdict) -> list[Text]:
    style = f"bold {colours.VERDICTS[verdict.verdict]}"
    head = Text.assemble((words.decided(verdict), style), f"  {verdict.sentence}")
    adjusted = "" if verdict.p_adjusted is None else f"; Holm p {p_value(verdict.p_adjusted)}"
    lines = [f"{words.effect(verdict)}{adjusted}", words.settings(verdict), words.reason(verdict)]
    lines += [looks.decided(study, verdict), f"post hoc: {verdict.known}" if verdict.known else ""]
    lines += [f"gate not passed: {gate.name}: {gate.detail}" for gate in verdict.gates if not gate.passed]
    lines += [f"warning: {text}" for text in verdict.warnings]
    return [head, *(Text(f"    {line}", style="dim") for line in lines if line)]


def _table(summaries: Sequence[MethodSummary], title: str) -> Table:
    """Measures as rows, so that the table stays narrow; a long cell folds instead of being cut."""
    table = Table(title=Text(title) if title else None, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.add_column("test accuracy")
    for summary in summaries:
        table.add_column(Text(summary.method), overflow="fold")
    for measure in shown(summaries):
        if measure.short:
            table.add_row(measure.short, *(Text(measure.text(summary)) for summary in summaries))
    return table
