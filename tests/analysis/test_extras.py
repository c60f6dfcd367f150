"""Curves, shares and facts of whole studies with known truth, small, odd and broken ones included."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ssc_tune.analysis.estimators import budget
from ssc_tune.analysis.explore.extras import Extras, extras
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.tables import Tables
from tests.making.studies import ALIKE
from tests.making.tables import defaults, make_study, sampled_tables, sobol_points

SPACE = ALIKE["search_space"]["parameters"]


def accuracy(method: str, setting: str, unit: np.ndarray) -> float:
    """tau is a bowl, the learning rate a slope that only fixmatch feels, the third does nothing."""
    slope = 0.15 if method == "fixmatch" else 0.0
    return 0.9 - 0.4 * (unit[0] - 0.5) ** 2 - slope * unit[1]


def run(study: Any, tables: Tables, seed: int = 0) -> Extras:
    found = extras(Materials(study, tables, seed=seed, num_bootstrap=50))
    json.dumps(found.facts, allow_nan=False)  # plain, and free of NaN
    for curve in found.curves:
        assert len(curve.x) == len(curve.y)
        assert (curve.low is None) == (curve.high is None)
        assert curve.low is None or len(curve.low) == len(curve.x)
    return found


@pytest.fixture(scope="module")
def sobol_extras() -> tuple[Any, Tables, Extras]:
    study = make_study(base=ALIKE, points=32)
    tables = sampled_tables(study, sobol_points(study, 32), accuracy)
    return study, tables, run(study, tables)


def test_every_kind_for_both_methods(sobol_extras: tuple[Any, Tables, Extras]) -> None:
    _, _, found = sobol_extras
    assert found.warnings == []
    kinds = {(c.kind, c.method) for c in found.curves}
    expected = ("convergence", "budget", "volume", "partial_dependence", "relative", "exploratory_profile")
    assert kinds == set(itertools.product(expected, ("fixmatch", "supervised")))
    names = {c.x_name for c in found.curves if c.kind == "partial_dependence"}
    assert names == set(SPACE)


def test_partial_dependence_in_the_parameters_own_values(sobol_extras: tuple[Any, Tables, Extras]) -> None:
    study, _, found = sobol_extras
    slope = next(
        c for c in found.curves if (c.kind, c.method, c.x_name) == ("partial_dependence", "fixmatch", "learning_rate")
    )
    assert (slope.x[0], slope.x[-1]) == (0.01, 0.1)
    parameter = study.search_space.parameters["learning_rate"]
    truth = [0.9 - 0.4 / 12 - 0.15 * parameter.to_unit(x) for x in slope.x]
    np.testing.assert_allclose(slope.y, truth, atol=0.02)
    assert slope.low is not None
    number = next(c for c in found.curves if c.kind == "partial_dependence" and c.x_name == "randaugment_n")
    assert number.x == (1, 2, 3, 4)


def test_no_loss_is_above_0_and_the_least_is_0(sobol_extras: tuple[Any, Tables, Extras]) -> None:
    """Of each method, over all of its lines: what is drawn is called a loss."""
    _, _, found = sobol_extras
    for method in ("fixmatch", "supervised"):
        lines = {c.x_name: c for c in found.curves if (c.kind, c.method) == ("partial_dependence", method)}
        losses = {c.x_name: c for c in found.curves if (c.kind, c.method) == ("relative", method)}
        highest = max(y for line in lines.values() for y in line.y)
        assert max(y for loss in losses.values() for y in loss.y) == 0.0
        assert losses.keys() == lines.keys()
        for name, loss in losses.items():
            np.testing.assert_allclose(loss.y, np.array(lines[name].y) - highest, atol=1e-12)


def test_a_surrogate_that_explains_too_little_is_refused_in_all_that_rests_on_it() -> None:
    """Accuracies are noise but for one method: of the other no curve, share, path or dimension is told."""
    study = make_study(base=ALIKE, points=32)

    def noise(method: str, setting: str, unit: np.ndarray) -> float:
        return accuracy(method, setting, unit) if method == "fixmatch" else 0.6 + 0.1 * math.sin(1e4 * unit[0])

    found = run(study, sampled_tables(study, sobol_points(study, 32), noise))
    r2 = {row["method"]: row for row in found.facts["surrogate"]}
    assert r2["supervised"]["r2"] < 0.5 < r2["fixmatch"]["r2"]
    assert not r2["fixmatch"]["reason"]
    rests = {(c.kind, c.method) for c in found.curves if c.kind in ("partial_dependence", "relative")}
    assert rests == {("partial_dependence", "fixmatch"), ("relative", "fixmatch")}
    parts = {s.source for s in found.shares if s.method == "supervised" and "Gaussian" in s.evaluator}
    assert parts == {"hyperparameters together", "seed", "residual"}
    reasons = {row.get("reason") for t in ("exploratory_shapley", "exploratory_ablation") for row in found.facts[t]}
    assert reasons - {"", None} == {r2["supervised"]["reason"]}
    assert any(r2["supervised"]["reason"] in warning for warning in found.warnings)


def test_shares_say_of_what_they_are(sobol_extras: tuple[Any, Tables, Extras]) -> None:
    """The evaluators share out different variances: each is computed anew from the cells."""
    _, tables, found = sobol_extras
    wholes = {s.evaluator: s.whole for s in found.shares}
    assert set(wholes.values()) == {"variance of single cells", "variance of point means"}
    cells = tables.cells[(tables.cells["method"] == "fixmatch") & (tables.cells["point"] > 0)]
    y = cells.pivot(index="point", columns="seed", values="test_accuracy").to_numpy()
    noise = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0) + y.mean()
    error = (noise**2).sum() / ((y.shape[0] - 1) * (y.shape[1] - 1))
    seeds = (y.mean(axis=0).var(ddof=1) * y.shape[0] - error) / y.shape[0]
    points = (y.mean(axis=1).var(ddof=1) * y.shape[1] - error) / y.shape[1]
    own = {s.source: s.share.value for s in found.shares if s.method == "fixmatch" and s.whole.endswith("cells")}
    assert own["residual"] == pytest.approx(error / (points + seeds + error))
    means = [s for s in found.shares if s.method == "fixmatch" and s.whole.endswith("means")]
    assert {s.source for s in means} == set(SPACE)  # neither seeds nor residual: what they make is within the means


def test_budget_curve_leaves_the_defaults_out(sobol_extras: tuple[Any, Tables, Extras]) -> None:
    _, tables, found = sobol_extras
    curve = next(c for c in found.curves if (c.kind, c.method) == ("budget", "fixmatch"))
    rows = tables.cells[(tables.cells["method"] == "fixmatch") & (tables.cells["point"] > 0)]
    tests, choosers = (
        rows.pivot(index="point", columns="seed", values=f"{split}_accuracy").to_numpy()
        for split in ("test", "validation")
    )
    oracle = budget.held_out_best(tests, 4, choose_by=choosers)
    assert curve.y[3] == pytest.approx(oracle)
    assert curve.x == tuple(range(1, 17))


def test_shares_sum_to_one_with_the_right_order(sobol_extras: tuple[Any, Tables, Extras]) -> None:
    _, _, found = sobol_extras
    for method in ("fixmatch", "supervised"):
        own = [s for s in found.shares if s.method == method and "Gaussian" in s.evaluator]
        assert sum(s.share.value or 0 for s in own) == pytest.approx(1)
        assert {"tau", "learning_rate", "seed", "residual", "tau x learning_rate"} <= {s.source for s in own}
    shares = {(s.method, s.source): s.share.value for s in found.shares if "Gaussian" in s.evaluator}
    assert shares["fixmatch", "learning_rate"] > 0.3
    assert shares["supervised", "learning_rate"] < 0.1


def test_facts_name_the_leader_and_the_speed(sobol_extras: tuple[Any, Tables, Extras]) -> None:
    _, _, found = sobol_extras
    row = found.facts["budget"][0]
    assert (row["first"], row["second"], row["leader"]) == ("fixmatch", "supervised", "supervised")
    assert row["probability_first_better"]["1"] < 0.3
    speed = found.facts["convergence"][0]
    assert speed["area"]["value"] < 0  # first minus second, and supervised, the second, is higher throughout
    assert {row["method"] for row in found.facts["importance_agreement"]} == {"fixmatch", "supervised"}


def test_same_seed_same_numbers_in_any_row_order(sobol_extras: tuple[Any, Tables, Extras]) -> None:
    study, tables, found = sobol_extras
    shuffled = Tables(*(frame.sample(frac=1, random_state=1).reset_index(drop=True) for frame in tables))
    assert run(study, shuffled) == found


def test_a_tiny_study_gets_warnings_not_zeros() -> None:
    study = make_study(base=ALIKE, points=3, seeds=1)
    found = run(study, sampled_tables(study, sobol_points(study, 3), accuracy))
    assert any("too few points" in w for w in found.warnings)
    assert any("2 seeds" in w for w in found.warnings)
    assert found.shares == []
    assert all(c.low is None for c in found.curves if c.kind in ("budget", "convergence"))


def test_failed_cells_score_at_chance_and_missing_ones_drop_their_point() -> None:
    study = make_study(base=ALIKE, points=16)
    tables = sampled_tables(study, sobol_points(study, 16), accuracy)
    cells = tables.cells.copy()
    lost = (cells["method"] == "fixmatch") & (cells["point"] == 3)
    cells.loc[lost, ["test_accuracy", "validation_accuracy"]] = np.nan
    cells.loc[lost, "status"] = "diverged"
    history = tables.history[
        ~(tables.history["cell_id"].isin(cells.loc[lost, "cell_id"]) & (tables.history["step"] > 50))
    ]
    gone = (cells["method"] == "fixmatch") & (cells["point"] == 5) & (cells["seed"] == 1)
    found = run(study, Tables(cells[~gone], history, tables.expected))
    curve = next(c for c in found.curves if (c.kind, c.method) == ("budget", "fixmatch"))
    means = (
        cells[(cells["method"] == "fixmatch") & ~cells["point"].isin([0, 5])].groupby("point")["test_accuracy"].mean()
    )
    assert curve.y[0] == pytest.approx(means.fillna(0.1).mean())
    assert any(c.kind == "convergence" and c.method == "fixmatch" for c in found.curves)


def test_no_records_at_all() -> None:
    study = make_study(base=ALIKE, points=4)
    tables = sampled_tables(study, sobol_points(study, 4), accuracy)
    found = run(study, Tables(tables.cells.iloc[:0], tables.history.iloc[:0], tables.expected))
    assert found.curves == []
    assert len(found.warnings) == 2


def test_constant_scores_are_refused_with_reasons() -> None:
    study = make_study(base=ALIKE, points=32)
    found = run(study, sampled_tables(study, sobol_points(study, 32), lambda *_: 0.5, noise=0.0))
    assert any("do not vary" in w for w in found.warnings)
    assert all(s.share.value is not None for s in found.shares)


def test_categories_and_parameters_of_one_method() -> None:
    space = {**SPACE, "cutout": {"type": "choice", "default": 0.5, "choices": [0.5, 0.0, 0.25]}}
    space["randaugment_n"] = {**SPACE["randaugment_n"], "applies_to": ["fixmatch"]}
    study = make_study(
        base=ALIKE,
        points=48,
        search_space={"parameters": space},
        blocks={"all": {"parameters": list(space), "methods": None}},
    )
    jump = {0: 0.0, 1: 0.2, 2: 0.02}

    def with_category(method: str, setting: str, unit: np.ndarray) -> float:
        return 0.6 + jump[min(int(unit[3] * 3), 2)] + 0.05 * unit[0]

    tables = sampled_tables(study, sobol_points(study, 48), with_category, block="all")
    tables.cells.loc[tables.cells["method"] == "supervised", "randaugment_n"] = np.nan
    found = run(study, tables)
    curves = {(c.method, c.x_name): c for c in found.curves if c.kind == "partial_dependence"}
    assert ("supervised", "randaugment_n") not in curves
    curve = curves["supervised", "cutout"]
    assert curve.x == (0.5, 0.0, 0.25)
    np.testing.assert_allclose(curve.y, [0.625, 0.825, 0.645], atol=0.02)


def test_grid_is_analysed_exactly() -> None:
    levels = {"tau": [0.7, 0.9, 0.95], "learning_rate": [0.01, 0.03, 0.1]}
    study = make_study(base=ALIKE, design={"type": "grid", "levels": levels})
    points = [{**defaults(study), "tau": t, "learning_rate": r} for t, r in itertools.product(*levels.values())]
    found = run(study, sampled_tables(study, [defaults(study), *points], accuracy))
    exact = [s for s in found.shares if s.evaluator == "ANOVA, omega squared" and s.method == "fixmatch"]
    assert {s.source for s in exact} == {"tau", "learning_rate", "tau x learning_rate", "seed", "residual"}
    assert sum(s.share.value or 0 for s in exact) == pytest.approx(1)


def test_one_at_a_time_curves_and_widths() -> None:
    levels = {"tau": [0.7, 0.9, 0.98], "learning_rate": [0.01, 0.1]}
    study = make_study(base=ALIKE, design={"type": "one-at-a-time", "levels": levels})
    points = [defaults(study)] + [{**defaults(study), k: v} for k, values in levels.items() for v in values]
    found = run(study, sampled_tables(study, points, accuracy))
    curves = {(c.method, c.x_name): c for c in found.curves if c.kind == "one_at_a_time"}
    assert curves["fixmatch", "learning_rate"].x == (0.01, 0.03, 0.1)
    assert sorted(curves["fixmatch", "tau"].x) == [0.7, 0.9, 0.95, 0.98]
    assert curves["fixmatch", "tau"].low is not None
    widths = {(r["method"], r["parameter"]): r["value"] for r in found.facts["tolerance_width"]}
    assert widths["fixmatch", "learning_rate"] < widths["supervised", "learning_rate"]
    assert not any(c.kind in ("budget", "volume") for c in found.curves)


def test_adaptive_points_give_convergence_only() -> None:
    study = make_study(base=ALIKE, design={"type": "search", "points": 8})
    found = run(study, sampled_tables(study, sobol_points(study, 8), accuracy))
    assert {c.kind for c in found.curves} == {"convergence"}
    assert found.shares == []


def test_transfer_over_settings() -> None:
    settings = {"few": {"data": {"labels_per_class": 1}}, "many": {"data": {"labels_per_class": 10}}}
    study = make_study(base=ALIKE, points=48, settings=settings)

    def moving(method: str, setting: str, unit: np.ndarray) -> float:
        best = {"few": 0.1, "many": 0.9}[setting] if method == "fixmatch" else 0.5
        return 0.9 - 0.5 * (unit[0] - best) ** 2

    found = run(study, sampled_tables(study, sobol_points(study, 48), moving, noise=0.005))
    rows = {row["method"]: row for row in found.facts["transfer"]}
    assert rows["fixmatch"]["sensitivity"] > 0.2
    assert abs(rows["supervised"]["sensitivity"]) < 0.05
    assert (rows["fixmatch"]["effective_dimension"], rows["fixmatch"]["retuned"]) == (1, ["tau"])
    assert rows["supervised"]["effective_dimension"] == 0
    assert len({(c.setting, c.method) for c in found.curves if c.kind == "volume"}) == 4


def test_defaults_alone_are_not_asked_about_points() -> None:
    settings = {"few": {"data": {"labels_per_class": 1}}, "many": {"data": {"labels_per_class": 10}}}
    study = make_study(base=ALIKE, design={"type": "defaults"}, settings=settings)
    found = run(study, sampled_tables(study, [defaults(study)], lambda *_: 0.8))
    assert (found.warnings, found.facts) == ([], {})


@pytest.mark.slow
def test_twenty_thousand_records() -> None:
    study = make_study(base=ALIKE, points=2000, seeds=5)
    tables = sampled_tables(study, sobol_points(study, 2000), accuracy)
    assert len(tables.cells) == 20_010
    found = run(study, tables)
    assert found.warnings == []
    assert isinstance(tables.cells, pd.DataFrame)
