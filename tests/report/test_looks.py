"""The ledger of looks in every output of the report."""

from __future__ import annotations

import csv
import io
import math
import re
from html.parser import HTMLParser
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from ssc_tune.analysis.judge.looks import judge, until
from ssc_tune.analysis.material import Materials
from ssc_tune.presentation import looks
from ssc_tune.presentation.csvs import verdicts_csv
from ssc_tune.presentation.terminal import terminal_summary
from ssc_tune.report import render
from ssc_tune.report.context import context
from ssc_tune.report.figures import Figure, figures
from tests.making.analyses import Case, case
from tests.making.studies import REPORTED, study

HOSTILE = "a <b>bold</b> | `claim` & more"


def looking(stop: str = "never") -> Case:
    """Four claims at looks of 4, 8 and 16 points; verdicts and looks are real, the rest of the analysis is made up."""
    design = {"type": "sobol", "points": 16, "looks": [4, 8, 16], "stop": stop}
    claims = [
        {"name": "stability", "less": "ssc", "than": "fixmatch", "in": "std"},
        {"name": HOSTILE, "more": "ssc", "than": "fixmatch", "in": "mean"},
        {"name": "worst case", "equivalent": ["ssc", "fixmatch"], "within": 0.02, "in": "cvar"},
        {"name": "at the defaults", "more": "ssc", "than": "fixmatch", "in": "default"},
    ]
    made = case(study(REPORTED, design=design, claims=claims), history=1)
    judged = judge(Materials(made.study, made.tables, num_bootstrap=50))
    analysis = made.analysis.model_copy(update={"verdicts": judged.verdicts, "looks": judged.looks})
    return made._replace(analysis=analysis)


def stopped() -> Case:
    """One claim that is decided at the second look, where the study ends."""
    design = {"type": "sobol", "points": 16, "looks": [4, 8, 16], "stop": "when_decided"}
    claim = {"name": "alike", "equivalent": ["ssc", "fixmatch"], "within": 0.1, "in": "mean"}
    made = case(study(REPORTED, design=design, claims=[claim]), history=1)
    _, tables = until(made.study, made.tables, 8)
    judged = judge(Materials(made.study, tables, num_bootstrap=50))
    analysis = made.analysis.model_copy(update={"verdicts": judged.verdicts, "looks": judged.looks})
    return made._replace(tables=tables, analysis=analysis)


class Written(NamedTuple):
    """A case and its pages, without figures."""

    case: Case
    page: str
    markdown: str


def written(made: Case) -> Written:
    """The pages of a case."""
    content = context(made.study, made.tables, made.analysis, command="again", records=made.records)
    return Written(made, render.html(made.study, content, [], {}), render.markdown(content, []))


@pytest.fixture(scope="module")
def whole() -> Written:
    return written(looking())


def rows_of(text: str) -> list[list[str]]:
    """The rows of the table below the heading "Looks", as a reader sees them."""
    tokens = MarkdownIt().enable("table").parse(text.split("\n## Looks\n")[1].split("\n## ")[0])
    found: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            found.append([])
        if token.type == "inline" and found:
            found[-1].append("".join(child.content for child in token.children or ()))
    return found[1:]


class Tables(HTMLParser):
    """Cells of the table in the section of looks, and every id of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.identifiers: list[str] = []
        self._inside = self._cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.identifiers += [given["id"]] if given.get("id") else []
        if tag == "section":
            self._inside = given.get("id") == "looks"
        self._cell = self._inside and tag in ("td", "th")
        if self._inside and tag == "tr":
            self.rows.append([])
        if self._cell:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._cell &= tag not in ("td", "th")


def test_page_and_markdown_show_every_look_of_every_claim_with_its_numbers(whole: Written) -> None:
    page = Tables(whole.page)
    shown = [rows_of(whole.markdown), page.rows[1:]]
    entries = [(look, one) for look in whole.case.analysis.looks for one in look.claims]
    assert len(entries) == 3 * 4
    for rows in shown:
        assert len(rows) == len(entries)
        for row, (look, one) in zip(rows, entries, strict=True):
            assert row[0] == f"{look.number}: {look.points} points"
            assert row[1] == one.claim
            assert row[3].startswith(one.verdict)
            numbers = [float(text) for text in (row[4], row[5], row[6], row[8])]
            assert numbers == pytest.approx([one.p_value, one.nominal, one.boundary, one.p_sequential], rel=6e-3)
            ends = [float(text) for text in re.findall(r"-?\d+\.?\d*(?:e[+-]\d+)?", row[2])][-3:]
            values = [one.effect.value, one.effect.low, one.effect.high]
            if one.ratio is not None:  # kept as logarithms, told as ratios
                assert ends == pytest.approx([math.exp(x) for x in values if x is not None], rel=6e-3, abs=6e-3)
            else:
                assert ends == pytest.approx(values, abs=6e-4)
    assert len(page.identifiers) == len(set(page.identifiers))


def test_cards_say_at_which_look_they_were_decided(whole: Written) -> None:
    for verdict in whole.case.analysis.verdicts:
        said = looks.decided(whole.case.study, verdict)
        assert re.fullmatch(r"(decided|judged last) at look \d of 3, \d+ (of 16 )?points", said)
        assert f"{said[0].upper()}{said[1:]}." in whole.page


def test_names_of_claims_are_text(whole: Written) -> None:
    assert "<b>bold</b>" not in whole.page
    assert "a &lt;b&gt;bold&lt;/b&gt; | `claim` &amp; more" in whole.page


def test_a_study_without_looks_has_no_section_of_them() -> None:
    made = case(history=1)
    for text in written(made)[1:]:
        assert "repeated interval" not in text
        assert "Looks" not in text
    row = next(csv.DictReader(io.StringIO(verdicts_csv(made.analysis))))
    assert (row["look"], row["p_sequential"]) == ("", "")


def test_where_a_study_stopped_is_said_and_later_looks_were_not_needed() -> None:
    made = stopped()
    words = "stopped at 8 of 16 points: every claim is decided"
    assert looks.stopped(made.study, made.analysis.looks) == words
    assert looks.facts(made.study, made.analysis) == [("Looks", f"at 4, 8 and 16 points; {words}")]
    last = looks.ledger(made.study, made.analysis)[-1]
    assert (last.look, last.claim, last.verdict) == ("3: 16 points", "not needed", "")
    text = io.StringIO()
    terminal_summary(made.study, made.analysis, console=Console(file=text, width=100))
    assert words in text.getvalue()
    assert "decided at look 2 of 3, 8 of 16 points" in text.getvalue()


def test_a_study_that_ran_to_its_end_has_not_stopped() -> None:
    made = looking("when_decided")
    assert looks.stopped(made.study, made.analysis.looks) == ""


def test_a_look_that_is_not_complete_says_what_it_lacks() -> None:
    made = looking()
    cells = made.tables.cells[made.tables.cells["point"] != 7]
    judged = judge(Materials(made.study, made.tables._replace(cells=cells), num_bootstrap=50))
    analysis = made.analysis.model_copy(update={"verdicts": judged.verdicts, "looks": judged.looks})
    rows = looks.ledger(made.study, analysis)
    assert [row.claim for row in rows if not row.verdict] == ["6 cells missing", "6 cells missing"]


def test_a_later_look_is_shown_beside_the_decision() -> None:
    made = stopped()
    whole = case(made.study, history=1)
    judged = judge(Materials(made.study, whole.tables, num_bootstrap=50))
    analysis = whole.analysis.model_copy(update={"verdicts": judged.verdicts, "looks": judged.looks})
    assert [row.verdict for row in looks.ledger(made.study, analysis)] == [
        "inconclusive",
        "supported",
        "supported (decided at look 2)",
    ]


def drawn(made: Case) -> Figure | None:
    """The figure of looks, if there is one."""
    found = list(figures(made.study, made.tables, made.analysis))
    return next((figure for figure in found if figure.name == "effects-by-look"), None)


def test_the_figure_has_a_panel_a_claim_with_effects_and_borders() -> None:
    made = looking()
    figure = drawn(made)
    assert figure is not None
    assert [panel.title for panel in figure.panels] == [claim.name for claim in made.study.claims]
    for number, claim in enumerate(made.study.claims):
        rows = figure.datasets[f"looks-{number}"]
        found = [one for look in made.analysis.looks for one in look.claims if one.claim == claim.name]
        assert [row["x"] for row in rows] == [4, 8, 16]
        assert [(row["y"], row["lo"], row["hi"]) for row in rows] == [
            (one.effect.value, one.effect.low, one.effect.high) for one in found
        ]
        assert [row["d"] for row in rows] == [one.verdict != "inconclusive" for one in found]
    assert figure.datasets["looks-2-lines"] == [{"y": -0.02}, {"y": 0.02}]
    for panel in figure.panels:
        assert panel.specification == panel.chart.to_dict(validate=True)


def test_there_is_no_figure_before_the_second_look() -> None:
    made = looking()
    _, tables = until(made.study, made.tables, 4)
    judged = judge(Materials(made.study, tables, num_bootstrap=50))
    analysis = made.analysis.model_copy(update={"verdicts": judged.verdicts, "looks": judged.looks})
    assert drawn(made._replace(analysis=analysis)) is None
    assert drawn(case(history=1)) is None
