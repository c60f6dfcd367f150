"""Figures: which there are, what they hold, and that they can be drawn."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from ssc_tune.presentation.colours import colours, shapes
from ssc_tune.report import drawers
from ssc_tune.report.cells import MAX_POINTS
from ssc_tune.report.figures import Figure, figures
from ssc_tune.report.figures.specification import page, picture
from tests.making.analyses import case
from tests.making.studies import REPORTED, study
from tests.report.drawn import svg


@pytest.fixture(scope="module")
def made() -> dict[str, Figure]:
    one = case()
    return {figure.name: figure for figure in figures(one.study, one.tables, one.analysis, one.records)}


def _inside(value: Any, key: str) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _inside(item, key)]
    if isinstance(value, dict):
        own = [value[key]] if key in value else []
        return own + [found for item in value.values() for found in _inside(item, key)]
    return []


def test_every_figure_with_data_is_there(made: dict[str, Figure]) -> None:
    assert list(made) == [
        "parameters", "seeds", "spread", "interactions", "shares", "budget", "volume", "training", "pseudo-labels",
        "geometry",
    ]  # fmt: skip


def test_figures_without_data_are_left_out() -> None:
    small = case(study(REPORTED, points=4), history=1)
    bare = small.analysis.model_copy(update={"curves": (), "shares": ()})
    names = [figure.name for figure in figures(small.study, small.tables, bare)]
    assert names == ["parameters", "seeds", "spread", "pseudo-labels"]


def test_one_panel_a_hyperparameter_and_one_a_pair_and_method(made: dict[str, Figure]) -> None:
    assert [panel.name for panel in made["parameters"].panels] == ["tau", "learning_rate", "mu"]
    assert len(made["interactions"].panels) == 3 * 2


def test_every_panel_is_valid_vega_lite(made: dict[str, Figure]) -> None:
    panels = [panel for figure in made.values() for panel in figure.panels]
    assert len(panels) > 20
    for panel in panels:
        assert panel.specification == panel.chart.to_dict(validate=True), panel.name  # raises what the schema forbids


def test_the_colour_of_a_method_is_the_same_everywhere(made: dict[str, Figure]) -> None:
    scales = [
        encoding["scale"]
        for figure in made.values()
        for panel in figure.panels
        for encoding in _inside(panel.chart.to_dict(), "color")
        if isinstance(encoding, dict) and encoding.get("field") == "m"
    ]
    assert len(scales) > 15
    assert all(scale == {"domain": ["fixmatch", "ssc"], "range": ["#d55e00", "#0072b2"]} for scale in scales)


def test_colours_and_markers_do_not_depend_on_the_order_of_methods() -> None:
    one, other = (
        study(REPORTED, methods=["fixmatch", "ssc"]),
        study(REPORTED, methods=["ssc", "fixmatch", "supervised"]),
    )
    for chosen in (colours, shapes):
        assert chosen(one).items() <= chosen(other).items()
        assert len(set(chosen(other).values())) == 3


def test_panels_in_the_page_have_no_legend_of_their_own(made: dict[str, Figure]) -> None:
    for figure in made.values():
        for panel in figure.panels:
            spec = page(panel, figure.datasets)
            coded = [item for channel in ("color", "shape", "strokeDash") for item in _inside(spec, channel)]
            assert all(item["legend"] is None for item in coded if isinstance(item, dict) and "field" in item)


def test_every_name_a_panel_asks_for_is_a_data_set(made: dict[str, Figure]) -> None:
    for figure in made.values():
        for panel in figure.panels:
            spec = page(panel, figure.datasets)
            names = {data["name"] for data in _inside(spec, "data")}
            assert names
            assert names == set(spec["datasets"]) <= set(figure.datasets)


def test_bins_of_a_heat_map_hold_the_means_of_their_points(made: dict[str, Figure]) -> None:
    figure = made["interactions"]
    points = [row for row in figure.datasets["points"] if row["m"] == "fixmatch"]
    bins = figure.datasets["heat-0-1-0"]
    assert sum(row["n"] for row in bins) == len(points)
    for row in bins:
        held = [p["y"] for p in points if row["a"] <= p["x0"] < row["b"] and row["c"] <= p["x1"] < row["d"]]
        assert row["v"] == pytest.approx(sum(held) / len(held), abs=1e-5)


def test_alternatives_in_words_name_every_method_with_numbers(made: dict[str, Figure]) -> None:
    for figure in made.values():
        for panel in figure.panels:
            assert any(character.isdigit() for character in panel.alt)
            of_one = figure.ramp or figure.name == "seeds"
            assert len({m for m in ("ssc", "fixmatch") if m in panel.alt}) == (1 if of_one else 2)


def test_marks_are_limited_and_the_caption_says_so() -> None:
    large = case(study(REPORTED, points=256, seeds=3), history=1)
    found = next(figures(large.study, large.tables, large.analysis))
    assert max(len(rows) for rows in found.datasets.values()) <= 2 * MAX_POINTS
    assert f"at most {MAX_POINTS} marks" in found.caption


def test_a_choice_keeps_methods_side_by_side() -> None:
    blocks = {"own": {"parameters": ["prototypes"], "methods": ["ssc", "supervised"]}}
    space = {"prototypes": {"type": "choice", "default": "a", "choices": ["a", "b"]}}
    made = study(REPORTED, methods=["ssc", "supervised"], claims=[], blocks=blocks, search_space={"parameters": space})
    one = case(made)
    rows = next(figures(one.study, one.tables, one.analysis)).datasets["points"]
    lanes = {(row["m"], row["v"]): row["x0"] for row in rows}
    assert lanes["ssc", "prototypes a"] < 0.25 < lanes["supervised", "prototypes a"] < 0.5
    assert 0.5 < lanes["ssc", "prototypes b"] < 0.75 < lanes["supervised", "prototypes b"]


def test_a_figure_becomes_svg_and_png_without_a_browser(made: dict[str, Figure]) -> None:
    drawn = svg(made["parameters"])
    texts = [element.text for element in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert {"Accuracy against each hyperparameter", "test accuracy", "mu", "fixmatch", "ssc"} <= set(texts)
    assert drawn == svg(made["parameters"])
    assert drawers.to_png(drawn).startswith(b"\x89PNG")
    assert json.loads(json.dumps(picture(made["parameters"]), allow_nan=False))["columns"] == 3


@pytest.mark.parametrize(("name", "lines"), [("parameters", False), ("spread", False), ("training", True)])
def test_a_key_of_the_legend_is_a_marker_or_a_line_as_drawn(made: dict[str, Figure], name: str, lines: bool) -> None:
    """A marker with a dashed edge is neither."""
    space = "{http://www.w3.org/2000/svg}"
    groups = [g for g in ET.fromstring(svg(made[name])).iter(f"{space}g") if "legend-symbol" in g.get("class", "")]
    keys = [path for group in groups for path in group.iter(f"{space}path")]
    assert len(keys) == 2
    assert any(key.get("stroke-dasharray", "1,0") != "1,0" for key in keys)
    for key in keys:
        visible = float(key.get("stroke-width", "1")) > 0
        assert visible == lines
        assert ("Z" in key.get("d", "") or "A" in key.get("d", "")) != lines


def test_the_step_curve_is_the_empirical_distribution_function(made: dict[str, Figure]) -> None:
    figure = made["spread"]
    for method in ("fixmatch", "ssc"):
        scores = [row["y"] for row in figure.datasets["spread"] if row["m"] == method]
        steps = [row for row in figure.datasets["steps"] if row["m"] == method]
        assert (steps[0]["share"], steps[-1]["share"]) == (0, 1)
        assert steps[0]["y"] < min(scores) <= max(scores) < steps[-1]["y"]
        for row in steps:
            assert row["share"] == pytest.approx(sum(y <= row["y"] for y in scores) / len(scores), abs=1e-6)


def test_panels_of_curves_share_one_scale_of_accuracy() -> None:
    made = case()
    low = made.analysis.curves[0].model_copy(update={"kind": "relative", "y_name": "below best"})
    high = low.model_copy(update={"x_name": "learning_rate", "x": (0.02, 0.03), "y": (5.0, 6.0), "low": (), "high": ()})
    analysis = made.analysis.model_copy(update={"curves": (low, high)})
    (figure,) = [f for f in figures(made.study, made.tables, analysis) if f.name == "relative"]
    assert len(figure.panels) == 2
    domains = [d for panel in figure.panels for d in _inside(_inside(panel.chart.to_dict(), "y"), "domain")]
    assert len(domains) >= 2
    assert all(domain == domains[0] for domain in domains)
    assert domains[0][0] < min(low.low)
    assert domains[0][1] > 6.0


def test_only_pairs_that_a_method_has_are_counted_and_the_rest_is_said() -> None:
    one = case(study(REPORTED, points=32, blocks={"own": {"parameters": [*study(REPORTED).search_space.parameters]}}))
    figure = next(f for f in figures(one.study, one.tables, one.analysis) if f.name == "interactions")
    pairs = {panel.name.rsplit("-", 1)[0] for panel in figure.panels}
    assert len(pairs) == 6
    assert "The first 6 of 10 pairs" in figure.caption


def test_the_most_important_pairs_come_first_and_no_colour_rests_on_one_or_two_points() -> None:
    """Importance by numpy, from the points and the edges of the bins that are drawn."""
    one = case(study(REPORTED, points=32, blocks={"own": {"parameters": [*study(REPORTED).search_space.parameters]}}))
    figure = next(f for f in figures(one.study, one.tables, one.analysis) if f.name == "interactions")
    ranks: dict[tuple[str, str], float] = {}
    for key, rows in figure.datasets.items():
        if not key.startswith("heat"):
            continue
        assert min(row["n"] for row in rows) >= 3
        _, i, j, k = key.split("-")
        method = ("fixmatch", "ssc")[int(k)]
        points = [row for row in figure.datasets["points"] if row["m"] == method and f"x{i}" in row and f"x{j}" in row]
        across, up = (round(1 / (rows[0][end] - rows[0][start])) for start, end in ("ab", "cd"))
        assert across * up * 4 <= len(points)
        bins: dict[tuple[int, int], list[float]] = {}
        for row in points:
            place = min(int(row[f"x{i}"] * across), across - 1), min(int(row[f"x{j}"] * up), up - 1)
            bins.setdefault(place, []).append(row["y"])
        y = np.concatenate([*bins.values()])
        within = sum(((np.array(group) - np.mean(group)) ** 2).sum() for group in bins.values()) / (len(y) - len(bins))
        between = ((y - y.mean()) ** 2).sum() - within * (len(y) - 1)
        ranks[i, j] = max(ranks.get((i, j), -math.inf), between / ((y - y.mean()) ** 2).sum())
    assert len(ranks) == 6
    shown = [ranks[pair] for pair in ranks]  # in the order of the panels
    assert shown == sorted(shown, reverse=True)
    assert next(iter(ranks)) == ("0", "1")  # learning rate and tau, of which the accuracies are made


def test_without_a_surrogate_to_trust_there_is_no_line_and_the_caption_says_why(made: dict[str, Figure]) -> None:
    assert "Lines are" in made["parameters"].caption
    one = case()
    rows = [
        {"block": "shared", "setting": "main", "method": method, "reason": "R2 is -0.11"}
        for method in one.study.methods
    ]
    kept = tuple(c for c in one.analysis.curves if c.kind != "partial_dependence")
    found = one.analysis.model_copy(update={"curves": kept, "facts": {"surrogate": rows}})
    figure = next(f for f in figures(one.study, one.tables, found) if f.name.startswith("parameters"))
    assert "No line for ssc: R2 is -0.11" in figure.caption
    for panel in figure.panels:
        marks = _inside(panel.chart.to_dict(), "mark")
        assert {mark["type"] for mark in marks} == {"point"}


def test_interactions_that_explain_nothing_get_no_bar_and_what_is_refused_is_said() -> None:
    made = case()
    shares = [s for s in made.analysis.shares if s.method == "ssc"]
    assert {s.source for s in shares} > {"tau"}
    tiny = shares[0].model_copy(
        update={"source": "tau x mu", "share": shares[0].share.model_copy(update={"value": 0.001})}
    )
    large = tiny.model_copy(update={"source": "tau x learning_rate", "share": shares[0].share})
    note = shares[0].share.model_copy(update={"note": "R2 is 0.31, below 0.5"})
    refused = shares[0].model_copy(update={"method": "fixmatch", "source": "hyperparameters together", "share": note})
    analysis = made.analysis.model_copy(update={"shares": (*shares, tiny, large, refused)})
    figure = next(f for f in figures(made.study, made.tables, analysis) if f.name == "shares")
    sources = {row["s"] for rows in figure.datasets.values() for row in rows}
    assert "tau x learning_rate" in sources
    assert "tau x mu" not in sources
    assert (
        f"{shares[0].evaluator} for fixmatch: R2 is 0.31, below 0.5, so hyperparameters are not told apart."
        in figure.caption
    )
