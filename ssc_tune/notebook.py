"""What a notebook shows: results as a table, figures as charts, a bar while cells are trained."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from ssc_tune import running
from ssc_tune.analysis.result import StudyAnalysis, Verdict
from ssc_tune.analysis.tables import Tables
from ssc_tune.errors import InputError
from ssc_tune.presentation import words
from ssc_tune.presentation.live import LiveView
from ssc_tune.records import StudyFolder
from ssc_tune.report.figures import Figure, Given, figures
from ssc_tune.report.figures.specification import picture
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.suggest import unknown

WIDTH = 260
"""Of a panel: three side by side fit into a page of a notebook."""
_STYLE = 'style="text-align:left;vertical-align:top"'


def is_notebook() -> bool:
    """Whether this process shows more than text: the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


def verdict_table(analysis: StudyAnalysis) -> pd.DataFrame:
    """A row a claim, by its name: the effect and its interval on the scale on which they are told, ratios as such."""
    rows = {verdict.claim.name: _row(verdict) for verdict in analysis.verdicts}
    columns = ("sentence", "verdict", "post_hoc", "effect_name", "effect", "low", "high", "confidence", "p_value")
    made = pd.DataFrame.from_dict(rows, orient="index", columns=[*columns, "p_adjusted", "reason"])
    return made.rename_axis("claim")


def _row(verdict: Verdict) -> list[object]:
    effect = verdict.effect
    told = [words.plain_value(verdict, value) for value in (effect.value, effect.low, effect.high)]
    start = [verdict.sentence, verdict.verdict, verdict.post_hoc, words.effect_title(verdict)]
    return [*start, *told, effect.confidence, verdict.p_value, verdict.p_adjusted, words.reason(verdict)]


def result_html(study: Study, analysis: StudyAnalysis, num_rows: int) -> str:
    """The verdicts as a small table; every word of a study file means itself."""
    head = f"<p><b>{html.escape(study.name)}</b>: {html.escape(words.question(study))} {num_rows} rows of records.</p>"
    if not analysis.verdicts:
        return f"{head}<p>{html.escape(words.answer(analysis))}</p>"
    title = _cells("th", ["claim", "verdict", "effect", "why"])
    rows = (_cells("td", _told(verdict)) for verdict in analysis.verdicts)
    return f"{head}<table>{title}{''.join(rows)}</table>"


def _told(verdict: Verdict) -> list[str]:
    return [verdict.sentence, words.decided(verdict), words.effect(verdict), words.reason(verdict)]


def _cells(tag: str, texts: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag} {_STYLE}>{html.escape(text)}</{tag}>' for text in texts)}</tr>"


def figures_of(study: Study, folder: StudyFolder, tables: Tables, analysis: StudyAnalysis) -> dict[str, Figure]:
    """The figures of the report, by name, drawn from the records that are in the folder."""
    found, _ = folder.records.read_many(dict.fromkeys(tables.cells["cell_id"]), set_aside=False)
    pictures, _ = running.judge.geometries(folder, tables)
    made = figures(Given(study, tables, analysis, tables.in_order(found), pictures)).figures
    return {figure.name: figure for figure in made}


def chart(made: dict[str, Figure], name: str) -> alt.ConcatChart:
    """A figure by its name; by the start of it, up to a dash, the first of several.

    Raises:
        InputError: there is no figure of that name.
    """
    chosen = made.get(name) or next((one for key, one in made.items() if key.startswith(f"{name}-")), None)
    if chosen is None:
        raise InputError(unknown(f"plot: no figure {name!r}", name, made))
    return alt.ConcatChart.from_dict(picture(chosen, width=WIDTH), validate=False)


class NotebookView(LiveView):
    """A bar that renews itself in the output of a notebook's cell; IPython's own display, which needs no widgets.

    What is to stay (a cell that failed, a machine that was lost) is printed as elsewhere.
    """

    _SECONDS = 0.5  # between two renewals

    def __enter__(self) -> NotebookView:
        self._handle: Any = None
        self._renewed = 0.0
        self._renew()
        return self

    def close(self) -> None:
        """Leaves the bar as it is, with the last count."""
        self._renew()

    def wait(self, what: str) -> None:
        """Shows what is being waited for, until a worker is at a cell."""
        self._waited_for = what
        self._renew()

    def _line(self) -> None:
        if time.monotonic() - self._renewed >= self._SECONDS:
            self._renew()

    def _renew(self) -> None:
        from IPython import display as shown  # there in a notebook; no dependency of this package

        make: Any = shown  # which has no types
        self._renewed = time.monotonic()
        with self._lock:
            content = make.HTML(self._bar())
        if self._handle is None:
            self._handle = make.display(content, display_id=True)
        else:
            self._handle.update(content)

    def _bar(self) -> str:
        done, total = (sum(getattr(count, name) for _, count in self._items()) for name in ("done", "total"))
        said = self._done(", ")
        if done < total:
            said += f"; {self._waited_for} ..." if self._waited_for else f"; time left {self._time_left()}"
        return f'<progress value="{done}" max="{max(1, total)}"></progress> {html.escape(said)}'
