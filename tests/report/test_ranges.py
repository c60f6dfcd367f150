"""Specification curves: what is drawn, what is said, and the tables of the same numbers."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import pytest

from ssc_tune.analysis.result import Estimate, Specification
from ssc_tune.report.figures import Figure, Given, figures
from tests.making.analyses import Case, case
from tests.report.drawn import page_svg, svg
from tests.report.written import pages

WITHIN = "the spread over points is within the seed noise"


def specification(box: float, prior: str, effective: float, value: float | None, *, same: bool | None) -> Specification:
    """One with an interval of 0.1 either way where there are enough effective points."""
    banded = value is not None and effective >= 8
    note = "" if banded else WITHIN if value is None else f"too few: {effective:.1f} effective points, 8 are needed"
    limits = {"low": value - 0.1, "high": value + 0.1, "confidence": 0.95} if banded and value is not None else {}
    effect = Estimate.model_validate({"value": value, "note": note, **limits})
    return Specification(
        box=box, prior=prior, num_points=round(64 * box), effective_points=effective, effect=effect, same_sign=same
    )


FOUND = (
    specification(1.0, "own scale", 64, 0.61, same=True),
    specification(1.0, "natural scale", 40.25, 0.2, same=True),
    specification(0.5, "own scale", 16, -0.3, same=False),
    specification(0.5, "natural scale", 11, None, same=None),
    specification(0.35, "own scale", 7.4, 0.9, same=True),
)


@pytest.fixture(scope="module")
def made() -> Case:
    """The usual case with other ranges for its claim about spread and for its claim of equivalence."""
    one = case()
    spread, mean, equal = one.analysis.verdicts
    narrow = tuple(s.model_copy(update={"effect": s.effect.model_copy(update={"note": ""})}) for s in FOUND[:2])
    verdicts = (
        spread.model_copy(update={"specifications": FOUND}),
        mean.model_copy(update={"specifications": FOUND[:1]}),
        equal.model_copy(update={"specifications": narrow}),
    )
    return one._replace(analysis=one.analysis.model_copy(update={"verdicts": verdicts}))


@pytest.fixture(scope="module")
def drawn(made: Case) -> dict[str, Figure]:
    found = figures(Given(made.study, made.tables, made.analysis)).figures
    return {f.name: f for f in found if f.name.startswith("ranges")}


def test_a_claim_has_a_figure_if_two_effects_can_be_seen(drawn: dict[str, Figure]) -> None:
    assert list(drawn) == ["ranges-0", "ranges-2"]
    assert [figure.link for figure in drawn.values()] == ["Ranges: stability", "Ranges: worst case"]


def test_effects_stand_in_order_and_what_is_not_drawn_comes_last(drawn: dict[str, Figure]) -> None:
    rows, marks = drawn["ranges-0"].datasets["ranges-0"], drawn["ranges-0"].datasets["ranges-0-matrix"]
    assert [(row["i"], row["y"], row["k"], row["own"]) for row in rows] == [
        (0, -0.3, "other sign", 0),
        (1, 0.2, "same sign", 0),
        (2, 0.61, "same sign", 1),
    ]
    assert [row["lo"] for row in rows] == pytest.approx([-0.4, 0.1, 0.51])
    assert [row["hi"] for row in rows] == pytest.approx([-0.2, 0.3, 0.71])
    assert [row["i"] for row in marks] == [0, 0, 1, 1, 2, 2, 3.5, 3.5, 4.5, 4.5]
    assert [row["k"] for row in marks[6:]] == ["no effect shown"] * 4
    assert [row["t"] for row in marks[6::2]] == [
        f"undefined ({WITHIN})",
        "2.46, too few: 7.4 effective points, 8 are needed",
    ]


def test_the_matrix_lies_below_the_effects_a_row_a_box_and_a_prior(drawn: dict[str, Figure]) -> None:
    marks = drawn["ranges-0"].datasets["ranges-0-matrix"]
    places = {}
    for i, row in enumerate(marks):
        places.setdefault(row["b"] if i % 2 == 0 else row["p"], set()).add(row["r"])
    assert all(len(found) == 1 for found in places.values())
    order = sorted(places, key=lambda label: -min(places[label]))
    assert order == ["whole space", "box 0.5", "box 0.35", "own scale", "natural scale"]
    assert max(row["r"] for row in marks) < min(row["lo"] for row in drawn["ranges-0"].datasets["ranges-0"])


def _texts(drawing: str) -> list[str | None]:
    return [element.text for element in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]


def test_every_row_and_tick_has_its_label(drawn: dict[str, Figure]) -> None:
    for figure in drawn.values():
        for panel in figure.panels:
            assert panel.specification == panel.chart.to_dict(validate=True)
            for drawing in (svg(figure), page_svg(panel, figure.datasets, name="x")):
                texts = _texts(drawing)
                assert {"whole space", "own scale", "natural scale"} <= set(texts)
    ratios = [float(text) for text in _texts(svg(drawn["ranges-0"])) if text and re.fullmatch(r"[\d.]+", text)]
    assert 1.0 in ratios
    assert len(ratios) >= 3
    assert all(math.exp(-0.5) < ratio < math.exp(0.8) for ratio in ratios)
    assert {"box 0.5", "box 0.35", "same sign", "other sign", "no effect shown"} <= set(_texts(svg(drawn["ranges-0"])))
    assert {"same side", "other side"} <= set(_texts(svg(drawn["ranges-2"])))


def test_the_caption_counts_what_there_is(drawn: dict[str, Figure]) -> None:
    caption = drawn["ranges-0"].caption
    assert "the verdict's own specification, 1.84 [1.34, 2.53]; the effects go from 0.74 to 1.84." in caption
    assert "the same in 2 of 4 specifications with 8 or more effective points." in caption
    assert "In 1 of these the effect is undefined (grey). 1 with fewer is grey" in caption
    assert "robust" not in caption
    assert "The dashes are the margin." in drawn["ranges-2"].caption
    assert "same side of the margin" in drawn["ranges-2"].caption


def test_a_robust_claim_says_that_it_is_judged_by_this(made: Case) -> None:
    first = made.analysis.verdicts[0]
    robust = first.model_copy(update={"claim": first.claim.model_copy(update={"robust": True})})
    analysis = made.analysis.model_copy(update={"verdicts": (robust,)})
    (figure,) = [f for f in figures(Given(made.study, made.tables, analysis)).figures if f.name.startswith("ranges")]
    assert figure.caption.endswith("The claim is judged by it: it asks to be robust.")
    assert figure.link == "Ranges"


def test_both_reports_have_the_numbers_as_a_table(made: Case) -> None:
    html, markdown = pages(made)
    lines = markdown.splitlines()
    start = lines.index("| box | prior | points | effective points | sd of fixmatch / sd of ssc | sign |")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 : start + 7]]
    assert rows == [
        ["whole space", "own scale", "64", "64.0", "1.84 \\[1.67, 2.03\\]", "same"],
        ["whole space", "natural scale", "64", "40.2", "1.22 \\[1.11, 1.35\\]", "same"],
        ["0.5", "own scale", "32", "16.0", "0.74 \\[0.67, 0.82\\]", "other"],
        ["0.5", "natural scale", "32", "11.0", f"undefined ({WITHIN})", "undefined"],
        ["0.35", "own scale", "22", "7.4", "2.46, too few: 7.4 effective points, 8 are needed", "too few"],
    ]
    assert "<td>0.5</td><td>own scale</td><td>32</td><td>16.0</td><td>0.74 [0.67, 0.82]</td><td>other</td>" in html
    assert html.count("<summary>Over other ranges and priors</summary>") == 3
