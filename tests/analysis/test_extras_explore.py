"""The exploratory pieces on whole studies: against the pure functions, refused with reasons, and marked."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
import pytest

from ssc_tune.analysis.arrays import load
from ssc_tune.analysis.estimators import plane, profiles
from ssc_tune.analysis.explore import further
from ssc_tune.analysis.explore.extras import Extras, extras, pieces
from ssc_tune.analysis.explore.further import ABLATION, IQM, PLANE, PROFILE, SHAPLEY
from ssc_tune.analysis.material import Materials, plain
from ssc_tune.analysis.result import Curve
from ssc_tune.analysis.tables import Tables
from tests.making.studies import ALIKE
from tests.making.tables import make_study, sampled_tables, sobol_points

SPACE = ALIKE["search_space"]["parameters"]

SETTINGS = {"few": {"data": {"labels_per_class": 2}}, "many": {"data": {"labels_per_class": 8}}}


def accuracy(method: str, setting: str, unit: np.ndarray) -> float:
    """tau is a bowl whose lowest point fixmatch moves with the setting, the learning rate a slope."""
    centre = 0.5 if method == "supervised" or setting == "main" else 0.2 if setting == "few" else 0.8
    return 0.9 - 0.4 * (unit[0] - centre) ** 2 - 0.1 * unit[1]


class Explored(NamedTuple):
    """What the exploratory pieces found, without the others."""

    curves: list[Curve]
    facts: dict[str, Any]


def run(study: Any, tables: Tables) -> Explored:
    """The pieces of every method, and the plane where there are several settings."""
    curves, facts = [], defaultdict(list)
    known: dict[str, list[Any]] = {method: [] for method in study.methods}
    materials = Materials(study, tables, num_bootstrap=40)
    exploratory = [piece for name, piece in pieces(study.design) if name.startswith("exploratory")]
    for setting, method in itertools.product(study.setting_names, study.methods):
        material = materials.of("shared", setting, method)
        known[method].append(material)
        for piece in exploratory if material is not None else []:
            found = piece(material)
            curves += found.curves
            for topic, row in found.facts:
                facts[topic].append(plain(row))
    if len(study.setting_names) > 1:
        for method in study.methods:
            for topic, row in further.over_settings(known, method, "shared").facts:
                facts[topic].append(plain(row))
    return Explored(curves, dict(facts))


@pytest.fixture(scope="module")
def single() -> tuple[Any, Tables, Explored]:
    study = make_study(base=ALIKE, points=32)
    tables = sampled_tables(study, sobol_points(study, 32), accuracy)
    return study, tables, run(study, tables)


@pytest.fixture(scope="module")
def several() -> tuple[Any, Tables, Extras]:
    study = make_study(base=ALIKE, points=32, settings=SETTINGS)
    tables = sampled_tables(study, sobol_points(study, 32), accuracy)
    found = extras(Materials(study, tables, seed=0, num_bootstrap=60))
    json.dumps(found.facts, allow_nan=False)
    return study, tables, found


def scores(study: Any, tables: Tables, method: str, setting: str = "main") -> Any:
    return load(study, tables, block="shared", setting=setting, method=method)


def test_profiles_stand_on_the_same_thresholds_and_are_those_of_the_cells(single: tuple[Any, Tables, Explored]) -> None:
    study, tables, found = single
    curves = {c.method: c for c in found.curves if c.kind == PROFILE}
    assert curves["fixmatch"].x == curves["supervised"].x
    for method, curve in curves.items():
        y = scores(study, tables, method).test
        assert curve.y == pytest.approx([float((y > x).mean()) for x in curve.x])
        assert (curve.y[0], curve.y[-1]) == (1, 0)
        expected = profiles.performance_profile(y, np.array(curve.x))
        assert curve.low == pytest.approx(expected.low)
        (row,) = [row for row in found.facts[IQM] if row["method"] == method]
        mean = profiles.interquartile_mean(y)
        assert row["iqm"] == pytest.approx({"value": mean.estimate, "low": mean.low, "high": mean.high})


def test_a_failed_cell_is_in_the_profile_at_chance(single: tuple[Any, Tables, Explored]) -> None:
    study, tables, _ = single
    lost = (tables.cells["method"] == "fixmatch") & (tables.cells["point"] == 3)
    cells = tables.cells.assign(status=tables.cells["status"].mask(lost, "diverged"))
    cells[["test_accuracy", "validation_accuracy"]] = cells[["test_accuracy", "validation_accuracy"]].mask(lost)
    found = run(study, Tables(cells, tables.history, tables.expected))
    curve = next(c for c in found.curves if (c.kind, c.method) == (PROFILE, "fixmatch"))
    assert curve.x[0] == pytest.approx(0.1)
    assert curve.y[0] == pytest.approx(31 / 32)


def test_everything_rests_on_the_surrogate_of_the_other_pieces_and_is_marked(
    several: tuple[Any, Tables, Extras],
) -> None:
    _, _, found = several
    known = {(row["method"], row["setting"]): row["r2"] for row in found.facts["surrogate"]}
    assert {(row["method"], row["setting"]): row["r2"] for row in found.facts[SHAPLEY]} == known
    assert {IQM, SHAPLEY, ABLATION, PLANE} == {topic for topic in found.facts if topic.startswith("exploratory_")}
    assert {c.kind for c in found.curves if c.kind.startswith("exploratory_")} == {PROFILE}
    assert found.warnings == []


def test_shapley_shares_sum_to_one_and_know_what_matters(single: tuple[Any, Tables, Explored]) -> None:
    _, _, found = single
    for row in found.facts[SHAPLEY]:
        assert tuple(row["values"]) == tuple(SPACE)
        assert sum(row["values"].values()) == pytest.approx(1)
        # bowl 0.4 (u - 1/2)^2 and slope 0.1 u: variances 0.16 / 180 and 0.01 / 12
        assert row["values"]["tau"] == pytest.approx((0.16 / 180) / (0.16 / 180 + 0.01 / 12), abs=0.12)


def test_the_path_leads_from_the_defaults_to_the_best_point_on_validation(single: tuple[Any, Tables, Explored]) -> None:
    study, tables, found = single
    space = study.search_space.parameters
    for method in ("fixmatch", "supervised"):
        rows = [row for row in found.facts[ABLATION] if row["method"] == method]
        own = scores(study, tables, method)
        best = int(own.points[own.validation.mean(axis=1).argmax()])
        assert {row["best_point"] for row in rows} == {best}
        assert [row["step"] for row in rows] == list(range(len(rows)))
        values = tables.cells[(tables.cells["method"] == method) & (tables.cells["point"] == best)].iloc[0]
        for before, row in itertools.pairwise(rows):
            assert row["old"] == space[row["parameter"]].default
            assert row["new"] == pytest.approx(values[row["parameter"]])
            assert row["gain"] == pytest.approx(row["predicted"] - before["predicted"])
        total = rows[-1]["predicted"] - rows[0]["predicted"]
        assert sum(row["shapley_gain"] for row in rows[1:]) == pytest.approx(total)
        truth = accuracy(method, "main", np.array([space[n].to_unit(space[n].default) for n in SPACE]))
        assert rows[0]["predicted"] == pytest.approx(truth, abs=0.02)


def test_what_a_surrogate_explains_too_little_of_is_refused_with_the_reason() -> None:
    study = make_study(base=ALIKE, points=32)
    rng = np.random.default_rng(3)
    noise = sampled_tables(study, sobol_points(study, 32), lambda *_: 0.5 + 0.1 * float(rng.standard_normal()))
    found = run(study, noise)
    for topic in (SHAPLEY, ABLATION):
        assert len(found.facts[topic]) == 2
        assert all("cross-validated R2 of the surrogate is" in row["reason"] for row in found.facts[topic])
    assert all(row["values"] == {} for row in found.facts[SHAPLEY])


def test_a_tiny_study_says_why_and_adds_no_warning() -> None:
    study = make_study(base=ALIKE, points=3, seeds=1)
    found = extras(Materials(study, sampled_tables(study, sobol_points(study, 3), accuracy), seed=0, num_bootstrap=60))
    assert all("too few points for a surrogate" in row["reason"] for row in found.facts[SHAPLEY])
    assert found.facts[IQM][0]["iqm"]["low"] is None
    assert found.facts[IQM][0]["reason"] == "one seed: seed noise is unknown"
    assert not any("exploratory" in warning for warning in found.warnings)


def test_points_that_were_not_drawn_are_not_explored() -> None:
    levels = {"tau": [0.9, 0.98]}
    study = make_study(base=ALIKE, design={"type": "one-at-a-time", "levels": levels})
    points = [{"tau": tau, "learning_rate": 0.03, "randaugment_n": 2} for tau in (0.95, 0.9, 0.98)]
    assert run(study, sampled_tables(study, points, accuracy)) == ([], {})


def test_one_setting_has_no_plane(single: tuple[Any, Tables, Explored]) -> None:
    assert PLANE not in single[2].facts


def test_the_plane_has_the_numbers_of_the_transfer_table_with_an_interval(several: tuple[Any, Tables, Extras]) -> None:
    study, tables, found = several
    rows = {row["method"]: row for row in found.facts[PLANE]}
    for row in found.facts["transfer"]:
        mine = rows[row["method"]]
        assert mine["sensitivity"]["value"] == pytest.approx(row["sensitivity"])
        assert mine["best_fixed"] == pytest.approx(row["fixed"])
        assert row["effective_dimension"] in mine["dimensions"]
        assert sum(mine["dimension_shares"].values()) == pytest.approx(1)
    loaded = {m: [scores(study, tables, m, s) for s in SETTINGS] for m in rows}
    means = [np.concatenate([loaded[m][d].test.mean(axis=1) for m in rows]) for d in range(2)]
    limits = np.array([np.percentile(pooled, (5, 95)) for pooled in means])
    for method, own in loaded.items():
        expected = plane.sensitivity_interval(
            np.stack([s.test for s in own]), np.stack([s.validation for s in own]), limits
        )
        assert rows[method]["sensitivity"]["low"] == pytest.approx(expected.low)
        defaults = [(s.default_test.mean() - low) / (high - low) for s, (low, high) in zip(own, limits, strict=True)]
        assert rows[method]["default"] == pytest.approx(np.mean(defaults))
    assert rows["fixmatch"]["sensitivity"]["low"] > 0
    assert rows["fixmatch"]["dimensions"] == [1]
    assert rows["supervised"]["sensitivity"]["low"] < 0 < rows["supervised"]["sensitivity"]["high"]
    assert rows["supervised"]["dimensions"] == [0]


def test_a_setting_without_a_complete_point_has_no_place_in_the_plane(several: tuple[Any, Tables, Extras]) -> None:
    study, tables, _ = several
    gone = (tables.cells["setting"] == "few") & (tables.cells["method"] == "fixmatch")
    found = run(study, Tables(tables.cells[~gone], tables.history, tables.expected))
    rows = {row["method"]: row for row in found.facts[PLANE]}
    assert rows["fixmatch"]["reason"] == "a setting has no complete point"
    assert rows["supervised"]["reason"] == ""
