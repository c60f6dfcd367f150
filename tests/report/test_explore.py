"""What is exploratory: drawn, in tables, and called so wherever it is shown."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from ssc_tune.analysis.explore import further
from ssc_tune.analysis.explore.further import ABLATION, IQM, PLANE, PROFILE, SHAPLEY
from ssc_tune.report.figures import Figure, figures
from ssc_tune.report.further import tables
from tests.making.analyses import Case, case
from tests.report.drawn import svg
from tests.report.written import pages

FACTS: dict[str, list[dict[str, Any]]] = {
    IQM: [{"block": "shared", "method": "ssc", "iqm": {"value": 0.9, "low": 0.875, "high": 0.925}, "reason": ""}],
    SHAPLEY: [
        {"block": "shared", "method": "ssc", "values": {"tau": 0.75, "mu": 0.25}, "r2": 0.875, "reason": ""},
        {"block": "shared", "method": "fixmatch", "values": {}, "reason": "cross-validated R2 is 0.3"},
    ],
    ABLATION: [
        {"method": "ssc", "best_point": 7, "step": 0, "parameter": "(defaults)", "predicted": 0.8},
        {"method": "ssc", "best_point": 7, "step": 1, "parameter": "tau", "old": 0.95, "new": 0.9, "predicted": 0.82}
        | {"gain": 0.02, "shapley_gain": 0.02},
    ],
    PLANE: [
        {"block": "shared", "method": "ssc", "best_fixed": 0.9, "default": 0.8, "num_settings": 3, "reason": ""}
        | {"sensitivity": {"value": 0.05, "low": -0.02, "high": 0.12}, "dimensions": [0, 1]}
        | {"dimension_shares": {"0": 0.5, "1": 0.5}},
        {"block": "shared", "method": "fixmatch", "best_fixed": 0.7, "default": None, "num_settings": 3}
        | {"sensitivity": {"value": 0.3, "low": None, "high": None}, "reason": "fewer than 3 seeds", "dimensions": []},
    ],
}


@pytest.fixture(scope="module")
def made() -> Case:
    one = case()
    place = {"kind": PROFILE, "x_name": "accuracy", "y_name": "share of cells above an accuracy"}
    steep, flat = (
        next(c for c in one.analysis.curves if c.method == method).model_copy(
            update={**place, "x": (0.8, 0.9, 1.0), "y": y, "low": (0.7, 0.2, 0.0), "high": (1.0, 0.8, 0.1), "note": ""}
        )
        for method, y in (("ssc", (1.0, 0.75, 0.0)), ("fixmatch", (1.0, 0.5, 0.0)))
    )
    curves = (*one.analysis.curves, steep, flat)
    return one._replace(analysis=one.analysis.model_copy(update={"curves": curves, "facts": FACTS}))


@pytest.fixture(scope="module")
def drawn(made: Case) -> dict[str, Figure]:
    found = list(figures(made.study, made.tables, made.analysis))
    return {f.name: f for f in found if f.name.startswith("exploratory")}


def _texts(drawing: str) -> set[str | None]:
    return {element.text for element in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")}


def test_every_figure_and_table_says_that_it_is_exploratory(drawn: dict[str, Figure]) -> None:
    assert list(drawn) == ["exploratory_profile", "exploratory_plane"]
    for figure in drawn.values():
        assert figure.title.startswith("Exploratory: ")
        assert figure.caption.startswith("Exploratory, no claim rests on it.")
        assert figure.title in _texts(svg(figure))
    topics = {name for name in vars(further).values() if isinstance(name, str) and name.startswith("explor")}
    assert set(FACTS) | {PROFILE} == topics
    assert all(table.title.startswith("Exploratory: ") and table.note for table in tables(FACTS))


def test_the_profile_has_axes_in_words(drawn: dict[str, Figure]) -> None:
    (panel,) = drawn["exploratory_profile"].panels
    assert panel.title == "Share of cells above an accuracy"
    assert panel.specification == panel.chart.to_dict(validate=True)
    assert "test accuracy" in _texts(svg(drawn["exploratory_profile"]))


def test_the_plane_has_a_place_a_method_with_its_interval(drawn: dict[str, Figure]) -> None:
    figure = drawn["exploratory_plane"]
    assert figure.datasets["exploratory_plane"] == [
        {"m": "ssc", "x": 0.05, "y": 0.9, "k": "best fixed point", "lo": -0.02, "hi": 0.12},
        {"m": "ssc", "x": 0.05, "y": 0.8, "k": "defaults"},
        {"m": "fixmatch", "x": 0.3, "y": 0.7, "k": "best fixed point"},
    ]
    (panel,) = figure.panels
    assert panel.specification == panel.chart.to_dict(validate=True)
    assert "ssc: sensitivity +0.050 [-0.020, +0.120], best fixed point 0.900, defaults 0.800" in panel.alt
    assert "fixmatch: sensitivity +0.300, best fixed point 0.700, defaults undefined" in panel.alt
    assert "Over the 3 settings" in figure.caption
    assert {"sensitivity (Phi)", "normalized score"} <= _texts(svg(figure))


def test_a_method_without_a_sensitivity_has_no_place(made: Case) -> None:
    for rows in ([{"block": "shared", "method": "ssc", "reason": "a setting has no complete point"}], []):
        analysis = made.analysis.model_copy(update={"facts": {PLANE: rows}, "curves": ()})
        names = [figure.name for figure in figures(made.study, made.tables, analysis)]
        assert not [name for name in names if name.startswith("exploratory")]


def test_both_reports_have_the_tables(made: Case) -> None:
    html, markdown = pages(made)
    for title in ("interquartile mean", "Shapley shares", "from the defaults to the best point"):
        assert f"<caption>Exploratory: {title}</caption>" in html
        assert f"### Exploratory: {title}" in markdown
    assert "<td>0.9 [0.875, 0.925]</td>" in html
    assert "<td>0.05 [-0.02, 0.12]</td>" in html
