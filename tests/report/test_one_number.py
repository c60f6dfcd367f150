"""One word, one number: what is said of a study on any surface has the same value and direction on all others.

Pages, figures' data, tables, terminal and MLflow of one study are read as a user reads them, and held against numbers
that plain loops over results.csv give.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple

import numpy as np
import pytest
from rich.console import Console

from ssc_tune import notebook
from ssc_tune.analysis.analyze import analyze
from ssc_tune.analysis.result import Estimate, StudyAnalysis
from ssc_tune.presentation.csvs import results_csv, summary_csv, verdicts_csv
from ssc_tune.presentation.terminal import terminal_summary
from ssc_tune.report import render
from ssc_tune.report.context import context
from ssc_tune.report.figures import Figure, figures
from ssc_tune.study.model.study import Study
from ssc_tune.tracking import content, notes
from tests.making import tables as synthetic

CLAIMS = [
    {"name": "stability", "less": "ssc", "than": "fixmatch", "in": "std"},
    {"name": "level", "more": "ssc", "than": "fixmatch", "in": "mean"},
    {"name": "floor", "more": "fixmatch", "than": "ssc", "in": "cvar"},
    {"name": "speed", "less": "ssc", "than": "fixmatch", "in": "steps_to_target"},
    {"name": "area", "more": "ssc", "than": "fixmatch", "in": "area_under_curve"},
]
METHODS = ("fixmatch", "ssc")
NUMBER = re.compile(r"(?<![\w.])[+-]?\d+\.?\d*(?:e[+-]?\d+)?")
LOST = {**dict.fromkeys((("ssc", 3, seed) for seed in range(3)), "diverged"), ("fixmatch", 5, 0): "missing"}
"""Cells at chance, and a point that does not count since it lacks one."""


class Cells(HTMLParser):
    """Rows of all tables of a page, and all of its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.text, self._in_cell, self._quiet = "", False, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet = self._quiet or tag in ("style", "script", "small")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._quiet = self._quiet and tag not in ("style", "script", "small")
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.text += data
            if self._in_cell:
                self.rows[-1][-1] += data


class Surfaces(NamedTuple):
    """Everything that is said of the study."""

    study: Study
    analysis: StudyAnalysis
    page: Cells
    markdown: str
    terminal: str
    figures: Mapping[str, Figure]
    results: list[dict[str, str]]
    summary: list[dict[str, str]]
    verdicts: dict[str, dict[str, str]]


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def said() -> Surfaces:
    study = synthetic.make_study(CLAIMS, points=16)
    surface = synthetic.surface(scale={"fixmatch": 0.2, "ssc": 0.1}, level={"fixmatch": 0.7, "ssc": 0.72}, noise=0.02)
    tables = synthetic.make_tables(study, surface, statuses=LOST)
    found = analyze(study, tables, num_bootstrap=100)
    made = list(figures(study, tables, found))
    filled = context(study, tables, found)
    terminal = Console(file=io.StringIO(), width=200, color_system=None)
    terminal_summary(study, found, console=terminal)
    return Surfaces(
        study,
        found,
        Cells(render.html(study, filled, [], {})),
        re.sub(r"\\(.)", r"\1", render.markdown(filled, made)),
        terminal.file.getvalue(),
        {figure.name: figure for figure in made},
        _rows(results_csv(study, tables)),
        _rows(summary_csv(found)),
        {row["claim"]: row for row in _rows(verdicts_csv(found))},
    )


def numbers(text: str) -> list[float]:
    return [float(found) for found in NUMBER.findall(text)]


def agree(text: str, values: list[float]) -> None:
    """The numbers of a text are these, as far as they are written out."""
    found = NUMBER.findall(text)[: len(values)]
    assert len(found) == len(values), text
    for shown, value in zip(found, values, strict=True):
        digits = len(shown.partition(".")[2]) if "e" not in shown else 0
        assert float(shown) == pytest.approx(value, abs=0.5001 * 10**-digits, rel=6e-3 if "e" in shown else 0), text


def scores(said: Surfaces, method: str) -> np.ndarray:
    """(N, R) of the complete points without the defaults; what diverged is at chance."""
    by_point: dict[str, list[float]] = {}
    for row in said.results:
        if row["method"] == method and row["point"] != "0":
            score = float(row["test_accuracy"]) if row["status"] == "ok" else 0.1
            by_point.setdefault(row["point"], []).append(score)
    return np.array([own for own in by_point.values() if len(own) == said.study.seeds])


def point_sd(y: np.ndarray) -> float:
    """Over points, the noise of the seeds taken off; nested loops."""
    n, r = y.shape
    rows, columns, mean = y.mean(axis=1), y.mean(axis=0), y.mean()
    error = sum((y[i, j] - rows[i] - columns[j] + mean) ** 2 for i in range(n) for j in range(r)) / ((n - 1) * (r - 1))
    points = r * sum((row - mean) ** 2 for row in rows) / (n - 1)
    return math.sqrt((points - error) / r)


def oracles(y: np.ndarray) -> dict[str, float]:
    means = sorted(y.mean(axis=1))
    quartiles = np.quantile(means, (0.25, 0.75))
    return {
        "mean": float(y.mean()),
        "std": point_sd(y),
        "std_uncorrected": float(np.std(means, ddof=1)),
        "iqr": float(quartiles[1] - quartiles[0]),
        "range": means[-1] - means[0],
        "worst": means[0],
    }


NAMES = {
    "Mean": "mean", "Standard deviation": "std", "Standard deviation, raw": "std_uncorrected",
    "Interquartile range": "iqr", "Range": "range", "Worst point": "worst",
}  # fmt: skip


@pytest.mark.parametrize("column", [0, 1])
def test_a_measure_is_the_same_in_tables_figures_terminal_and_mlflow(said: Surfaces, column: int) -> None:
    method = METHODS[column]
    y = scores(said, method)
    expected = oracles(y)
    (summary,) = [s for s in said.analysis.summaries if s.method == method]
    logged = content.summary_metrics(summary)
    (kept,) = [row for row in said.summary if row["method"] == method]
    page = {row[0]: row[1:] for row in said.page.rows if len(row) == 3}
    markdown = {cells[0]: cells[1:] for cells in _table_rows(said.markdown) if len(cells) == 4}
    for name, key in NAMES.items():
        for shown in (page[name], markdown[name]):
            agree(shown[column], [expected[key]])
        assert float(kept["worst_test" if key == "worst" else key]) == pytest.approx(expected[key])
        if key != "std_uncorrected":
            logged_as = "worst_point" if key == "worst" else key
            assert logged[f"summary/{logged_as}"] == pytest.approx(expected[key])
    for short, key in (("mean", "mean"), ("sd", "std"), ("IQR", "iqr"), ("worst", "worst")):
        lines = (re.split(r"\s{2,}", text.strip()) for text in said.terminal.splitlines())
        (cells,) = [found for found in lines if found[0] == short and len(found) == 3]
        agree(cells[1 + column], [expected[key]])
    note = notes.study_note(said.study, "v", said.analysis)
    (line,) = [text for text in note.splitlines() if text.startswith(f"| {method} | shared")]
    agree(line.split("|")[4], [float(f"{expected['mean']:.3g}")])
    agree(line.split("|")[5], [float(f"{expected['std']:.3g}")])
    found = notes.spread_found(summary)
    agree(found, [float(f"{expected['std']:.3g}")])
    agree(found.partition("mean")[2], [float(f"{expected['mean']:.3g}")])
    assert page["Points, seeds"][column] == f"{len(y)}, {y.shape[1]}"
    box = next(row for row in said.figures["spread"].datasets["boxes"] if row["m"] == method)
    assert (box["hi"] - box["lo"], box["q3"] - box["q1"]) == pytest.approx(
        (expected["range"], expected["iqr"]), abs=3e-6
    )
    for name in ("spread", "steps"):
        drawn = [row["y"] for row in said.figures["spread"].datasets[name] if row["m"] == method]
        drawn = drawn[1:-1] if name == "steps" else sorted(drawn)  # a step curve has two ends beside its points
        assert drawn == pytest.approx(sorted(y.mean(axis=1)), abs=1e-6)


def _table_rows(markdown: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines() if line[:1] == "|"]


def shown_as(said: Surfaces, name: str) -> list[float]:
    """Value and interval of a claim's effect on the scale on which it is told."""
    (verdict,) = [v for v in said.analysis.verdicts if v.claim.name == name]
    values = [verdict.effect.value, verdict.effect.low, verdict.effect.high]
    assert all(x is not None for x in values), (name, verdict.effect.note)
    return [math.exp(x) if verdict.ratio else x for x in values if x is not None]


def paired(said: Surfaces) -> tuple[np.ndarray, np.ndarray]:
    """Both methods at the points that both have complete: point 5 is not one of them."""
    both = []
    for method in METHODS:
        by_point: dict[str, list[float]] = {}
        for row in said.results:
            if row["method"] == method and row["point"] not in ("0", "5"):
                score = float(row["test_accuracy"]) if row["status"] == "ok" else 0.1
                by_point.setdefault(row["point"], []).append(score)
        both.append(np.array(list(by_point.values())))
    return both[0], both[1]


def test_effects_are_those_of_the_results(said: Surfaces) -> None:
    """In the direction of the claim: the sd of the method that is said to have more first, else a difference."""
    fixmatch, ssc = paired(said)
    assert fixmatch.shape == ssc.shape == (15, 3)
    assert shown_as(said, "stability")[0] == pytest.approx(point_sd(fixmatch) / point_sd(ssc))
    assert shown_as(said, "level")[0] == pytest.approx(ssc.mean() - fixmatch.mean())


@pytest.mark.parametrize("name", [str(claim["name"]) for claim in CLAIMS])
def test_an_effect_has_one_value_and_direction_everywhere(said: Surfaces, name: str) -> None:
    (verdict,) = [v for v in said.analysis.verdicts if v.claim.name == name]
    expected = shown_as(said, name)
    first = verdict.ratio[0] if verdict.ratio else verdict.effect_name
    told = " ".join(said.page.text.split())
    places = [told, " ".join(said.markdown.split()), " ".join(said.terminal.split())]
    places.append(notes.study_note(said.study, "v", said.analysis).replace("\\", ""))
    for text in places:
        start = text.index(f"{first} is ") + len(first) + 4
        agree(re.sub(r"\b95% interval", "", text[start : start + 120]), expected)
        assert "ln(" not in text
    assert content.verdict_metrics(said.analysis)[f"effect/{name}"] == pytest.approx(expected[0])
    told_as = notebook.verdict_table(said.analysis).loc[name]
    assert [told_as[key] for key in ("effect", "low", "high")] == pytest.approx(expected)
    row = said.verdicts[name]
    kept = [float(row[key]) for key in ("effect", "effect_low", "effect_high")]
    assert row["effect_name"].startswith("ln(") == bool(verdict.ratio)  # programs get the logarithm, and its name
    assert [math.exp(x) if verdict.ratio else x for x in kept] == pytest.approx(expected)
    drawn = said.figures.get(f"ranges-{[c['name'] for c in CLAIMS].index(name)}")
    if drawn is not None:
        (own,) = [r for r in drawn.datasets[drawn.name] if r.get("own") == 1]
        agree(own["t"], expected)


def test_what_leaving_out_a_seed_changes_is_told_as_the_ratio_is(said: Surfaces) -> None:
    """On the page, in Markdown and beside the logarithm in verdicts.csv: the ratios without each seed in turn."""
    fixmatch, ssc = (np.array(y) for y in paired(said))
    expected = [
        point_sd(np.delete(fixmatch, seed, axis=1)) / point_sd(np.delete(ssc, seed, axis=1))
        for seed in range(said.study.seeds)
    ]
    for text in (said.page.text, said.markdown, said.verdicts["stability"]["sensitivity"]):
        (found,) = re.findall(r"leaving out one seed in turn: ([\d., ]+\d)", text)
        agree(found, expected)


def test_the_comparison_is_turned_as_the_claims_are(said: Surfaces) -> None:
    rows = {row[0]: row[1:] for row in said.page.rows if row}
    agree(rows["sd of fixmatch / sd of ssc"][0], shown_as(said, "stability"))
    agree(rows["mean of ssc - mean of fixmatch"][0], shown_as(said, "level"))
    fixmatch, ssc = paired(said)
    better = ((ssc > fixmatch) + 0.5 * (ssc == fixmatch)).mean()
    agree(rows["P(ssc > fixmatch)"][0], [better])


def test_the_convergence_table_is_turned_as_the_claims_are_and_explains_its_p(said: Surfaces) -> None:
    (header,) = [row for row in said.page.rows if "steps of" in row]
    row = said.page.rows[said.page.rows.index(header) + 1]
    cells = dict(zip(header, row, strict=True))
    for column, name in (("steps", "speed"), ("area", "area")):
        (verdict,) = [v for v in said.analysis.verdicts if v.claim.name == name]
        assert cells[f"{column} of"] == verdict.effect_name
        assert numbers(cells[column]) == pytest.approx(shown_as(said, name), rel=1e-3)
        assert float(cells[f"{column} p"]) == pytest.approx(verdict.p_value, rel=1e-3)
    assert "p: of no difference, two-sided, of this row alone" in " ".join(said.page.text.split())


def test_a_ratio_is_held_against_1_wherever_it_is_told_as_one(said: Surfaces) -> None:
    """An interval that decides nothing holds no difference: a ratio of 1, a difference of 0."""
    made = said.analysis.verdicts[0]
    assert made.ratio is not None
    wide = Estimate(value=0.1, low=-0.2, high=0.4, confidence=0.95)
    reason = "the 95% interval lies on neither side of 0"
    open_ = made.model_copy(update={"effect": wide, "verdict": "inconclusive", "reason": reason})
    analysis = said.analysis.model_copy(update={"verdicts": (open_,)})
    for text in _all_told(said.study, analysis):
        assert "neither side of 0" not in text
        assert "the 95% interval of the ratio holds 1, which is no difference" in " ".join(text.split()).lower()
    assert reason in verdicts_csv(analysis)  # beside the logarithm


def _all_told(study: Study, analysis: StudyAnalysis) -> list[str]:
    tables: Any = synthetic.make_tables(study, synthetic.surface(scale={"fixmatch": 0.1, "ssc": 0.1}))
    filled = context(study, tables, analysis)
    console = Console(file=io.StringIO(), width=200, color_system=None)
    terminal_summary(study, analysis, console=console)
    note = notes.study_note(study, "v", analysis)
    return [render.html(study, filled, [], {}), render.markdown(filled, []), console.file.getvalue(), note]


def test_the_gate_on_logits_is_told_as_a_ratio_with_an_interval_or_without() -> None:
    """Two seeds give no interval: the number is on the same scale all the same."""
    surface = synthetic.surface(scale={"fixmatch": 0.2, "ssc": 0.1}, noise=0.005)
    for seeds in (2, 3):
        study = synthetic.make_study(CLAIMS[:1], points=16, seeds=seeds)
        tables = synthetic.make_tables(study, surface)
        (verdict,) = analyze(study, tables, num_bootstrap=50, explore=False).verdicts
        (gate,) = [one for one in verdict.gates if "logit" in one.name]
        found = re.match(r"on logit the ratio is (\d+\.\d\d)", gate.detail)
        assert found is not None
        assert 1 < float(found[1]) < 6  # of spreads that are 2 times one another; a logarithm would be some 0.7
        assert ("no interval" in gate.detail) == (seeds == 2)
