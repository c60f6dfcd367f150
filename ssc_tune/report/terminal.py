"""The verdicts and the measures as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ssc_tune.analysis.result import MethodSummary, StudyAnalysis, Verdict
from ssc_tune.report import looks, words
from ssc_tune.report.measures import shown
from ssc_tune.report.numbers import p_value
from ssc_tune.report.pooled import one_line
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_MOST_WARNINGS = 4
_STYLES = {"supported": "bold green", "refuted": "bold red", "inconclusive": "bold yellow"}


def terminal_summary(study: Study, analysis: StudyAnalysis, *, console: Console) -> None:
    """Prints a line or more a verdict and the main measures of each method, in the width that there is."""
    from rich.text import Text

    console.print(Text(f"\n{study.name}", style="bold"))
    if analysis.registration is not None:
        console.print(Text(analysis.registration.line, style="dim"))
    for verdict in analysis.verdicts:
        for line in _verdict_lines(study, verdict):
            console.print(line, soft_wrap=False)
    stopped = looks.stopped(study, analysis.looks)
    if stopped:
        console.print(Text(stopped))
    if not analysis.verdicts:
        console.print(Text(words.answer(analysis)))
    places = list(dict.fromkeys((s.block, s.setting) for s in analysis.summaries))
    for block, setting in places:
        here = [s for s in analysis.summaries if (s.block, s.setting) == (block, setting)]
        title = "" if len(places) == 1 else f"block {block}, setting {setting}"
        console.print(_table(here, title))
    for warning in analysis.warnings[:_MOST_WARNINGS]:
        console.print(Text(f"warning: {warning}", style="yellow"))
    hidden = len(analysis.warnings) - _MOST_WARNINGS
    if hidden > 0:
        console.print(Text(f"{hidden} more warnings are in the report", style="yellow"))


def _verdict_lines(study: Study, verdict: Verdict) -> list[Text]:
    from rich.text import Text

    mark = " (post hoc)" if verdict.post_hoc else ""
    head = Text.assemble((f"{verdict.verdict}{mark}", _STYLES[verdict.verdict]), f"  {verdict.sentence}")
    adjusted = "" if verdict.p_adjusted is None else f"; Holm p {p_value(verdict.p_adjusted)}"
    lines = [
        f"{words.effect(verdict)}{adjusted}",
        *filter(None, [one_line(verdict)]),
        *([verdict.reason] if verdict.reason else []),
    ]
    lines += [text for text in [looks.decided(study, verdict)] if text]
    lines += [f"post hoc: {verdict.known}"] if verdict.known else []
    failed = [gate for gate in verdict.gates if not gate.passed]
    lines += [f"gate not passed: {gate.name}: {gate.detail}" for gate in failed]
    lines += [f"warning: {text}" for text in verdict.warnings]
    return [head, *(Text(f"    {line}", style="dim") for line in lines)]


def _table(summaries: Sequence[MethodSummary], title: str) -> Table:
    """Measures as rows, so that the table stays narrow; a long cell folds instead of being cut."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.add_column("test accuracy")
    for summary in summaries:
        table.add_column(Text(summary.method), overflow="fold")
    for measure in shown(summaries):
        if measure.key:
            table.add_row(measure.short, *(Text(measure.text(summary)) for summary in summaries))
    return table
