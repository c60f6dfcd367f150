"""The whole analysis on synthetic tables: numbers by hand, determinism, incomplete studies."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ssc_tune.analysis.analyze import analyze
from ssc_tune.analysis.estimators.comparison import stability
from ssc_tune.analysis.estimators.intervals import two_way_mean
from ssc_tune.analysis.estimators.spread import corrected_std, cvar
from ssc_tune.analysis.estimators.variance import components
from ssc_tune.analysis.result import MethodSummary, StudyAnalysis
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.study import Study
from tests.making.tables import make_study, make_tables, surface

CLAIMS = [
    {"less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.03},
    {"more": "ssc", "than": "fixmatch", "in": "mean"},
    {"more": "ssc", "than": "fixmatch", "in": "best_of_n", "n": 4},
]
SCALE = {"fixmatch": 0.2, "ssc": 0.06}


@pytest.fixture(scope="module")
def study() -> Study:
    """32 Sobol points, 3 seeds."""
    return make_study(CLAIMS)


@pytest.fixture(scope="module")
def tables(study: Study) -> Tables:
    """A complete study in which every cell ended well."""
    return make_tables(study, surface(scale=SCALE, noise=0.01))


@pytest.fixture(scope="module")
def analysis(study: Study, tables: Tables) -> StudyAnalysis:
    """Its analysis."""
    return analyze(study, tables, num_bootstrap=200)


def scores(tables: Tables, method: str) -> np.ndarray:
    """Test accuracies (32, 3) without the defaults, by pandas alone."""
    cells = tables.cells[(tables.cells["method"] == method) & (tables.cells["point"] > 0)]
    return cells.pivot(index="point", columns="seed", values="test_accuracy").to_numpy()


def summary(analysis: StudyAnalysis, method: str) -> MethodSummary:
    """The only summary of a method."""
    (found,) = [s for s in analysis.summaries if s.method == method]
    return found


@pytest.mark.parametrize("method", ["fixmatch", "ssc"])
def test_summaries_are_those_of_the_points_without_the_defaults(
    tables: Tables, analysis: StudyAnalysis, method: str
) -> None:
    found, y = summary(analysis, method), scores(tables, method)
    means = y.mean(axis=1)
    mean = two_way_mean(y)
    assert (found.mean.value, found.mean.low, found.mean.high) == pytest.approx((y.mean(), mean.low, mean.high))
    assert found.std.value == pytest.approx(corrected_std(y))
    assert found.std.low < found.std.value < found.std.high
    assert found.std_uncorrected == pytest.approx(means.std(ddof=1))
    assert found.iqr.value == pytest.approx(np.subtract(*np.quantile(means, [0.75, 0.25])))
    assert found.range.value == pytest.approx(np.ptp(means))
    assert found.range.note
    assert found.range.low is None
    assert found.cvar.value == pytest.approx(cvar(means))
    assert found.var_point == pytest.approx(components(y).var_point)
    assert found.seed_std == pytest.approx(math.sqrt(components(y).ms_error))
    assert (found.num_points, found.num_seeds, found.num_missing) == (32, 3, 0)
    assert (found.failure_rate.value, found.failure_rate.low) == (0, 0)


@pytest.mark.parametrize("method", ["fixmatch", "ssc"])
def test_accuracy_at_the_defaults_has_the_t_interval_of_its_seeds(
    tables: Tables, analysis: StudyAnalysis, method: str
) -> None:
    own = tables.cells[(tables.cells["method"] == method) & (tables.cells["point"] == 0)]["test_accuracy"]
    low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
    found = summary(analysis, method).default_accuracy
    assert (found.value, found.low, found.high) == pytest.approx((own.mean(), low, high))


def test_a_study_of_the_defaults_alone_misses_no_curves() -> None:
    study = make_study(design={"type": "defaults"})
    found = analyze(study, make_tables(study, surface(scale=SCALE, noise=0.01)), num_bootstrap=100)
    assert found.summaries[0].default_accuracy.low is not None
    assert not [line for line in found.warnings if "curves" in line]


def test_best_and_median_are_chosen_on_validation_and_worst_on_test(study: Study, tables: Tables) -> None:
    rng = np.random.default_rng(0)
    cells = tables.cells.assign(validation_accuracy=rng.random(len(tables.cells)))
    found = summary(analyze(study, tables._replace(cells=cells), num_bootstrap=100, explore=False), "ssc")
    own = (
        cells[(cells["method"] == "ssc") & (cells["point"] > 0)]
        .groupby("point")[["validation_accuracy", "test_accuracy"]]
        .mean()
    )
    best, worst = own["validation_accuracy"].idxmax(), own["test_accuracy"].idxmin()
    assert best != own["test_accuracy"].idxmax()
    assert (found.best.point, found.best.test) == (best, pytest.approx(own["test_accuracy"][best]))
    assert (found.worst.point, found.worst.test) == (worst, pytest.approx(own["test_accuracy"][worst]))
    assert own["validation_accuracy"].rank()[found.median.point] == 16
    assert found.default.point == 0


def test_regret_is_the_best_of_half_the_points_held_out_by_loops(tables: Tables, analysis: StudyAnalysis) -> None:
    y = scores(tables, "ssc")  # the synthetic validation accuracy is the test accuracy
    default = tables.cells[(tables.cells["method"] == "ssc") & (tables.cells["point"] == 0)]["test_accuracy"].to_numpy()
    gains = []
    for chooses in [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]:
        scores_it = [s for s in range(3) if s not in chooses]
        order = sorted(range(32), key=lambda i: y[i, list(chooses)].mean())
        for rank, point in enumerate(order, start=1):  # the largest of 16 of 32 with probability C(rank - 1, 15) / C
            weight = math.comb(rank - 1, 15) / math.comb(32, 16)
            gains.append(weight * (y[point, scores_it].mean() - default[scores_it].mean()))
    assert summary(analysis, "ssc").default_regret.value == pytest.approx(np.sum(gains) / 6)


def test_comparisons_are_first_minus_second(tables: Tables, analysis: StudyAnalysis) -> None:
    (found,) = analysis.comparisons
    assert (found.first, found.second) == ("fixmatch", "ssc")
    a, b = scores(tables, "fixmatch"), scores(tables, "ssc")
    assert found.mean_difference.value == pytest.approx((a - b).mean())
    assert found.log_std_ratio.value == pytest.approx(math.log(corrected_std(b) / corrected_std(a)))
    assert found.log_std_ratio.low == pytest.approx(stability(a, b).low)
    logits = [np.log(y / (1 - y)) for y in (a, b)]
    assert found.log_std_ratio_logit.value == pytest.approx(stability(*logits).estimate)
    assert found.probability_better.value == pytest.approx((a > b).mean())


def test_verdicts_come_in_the_order_of_the_claims(analysis: StudyAnalysis) -> None:
    assert [v.claim.measure for v in analysis.verdicts] == ["std", "mean", "best_of_n"]
    assert [v.verdict for v in analysis.verdicts] == ["supported", "inconclusive", "refuted"]
    assert not any(v.post_hoc for v in analysis.verdicts)
    assert analysis.verdicts[0].sentence == (
        "ssc has a smaller standard deviation of accuracy over the search space than fixmatch."
    )


def test_curves_and_shares_are_there(analysis: StudyAnalysis) -> None:
    assert {"budget", "partial_dependence"} <= {curve.kind for curve in analysis.curves}
    assert {"tau", "learning_rate"} <= {share.source for share in analysis.shares}


def test_the_same_records_in_any_order_give_the_same_bytes(
    study: Study, tables: Tables, analysis: StudyAnalysis
) -> None:
    shuffled = Tables(*(frame.sample(frac=1, random_state=1) for frame in tables))
    again = analyze(study, shuffled, num_bootstrap=200)
    assert again.model_dump_json() == analysis.model_dump_json()
    json.loads(again.model_dump_json())


def test_another_claim_leaves_the_numbers_of_the_others(study: Study, tables: Tables, analysis: StudyAnalysis) -> None:
    longer = make_study([*CLAIMS, {"less": "ssc", "than": "fixmatch", "in": "range"}])
    again = analyze(longer, tables, num_bootstrap=200, explore=False)
    assert [v.effect for v in again.verdicts[:3]] == [v.effect for v in analysis.verdicts]
    assert again.summaries == analysis.summaries


def test_an_unfinished_study_says_what_is_missing(study: Study, tables: Tables) -> None:
    gone = (tables.cells["method"] == "ssc") & (tables.cells["point"].isin([4, 5])) & (tables.cells["seed"] == 2)
    found = analyze(study, tables._replace(cells=tables.cells[~gone]), num_bootstrap=100)
    assert "2 of 198 cells have no result yet" in found.warnings
    ssc = summary(found, "ssc")
    assert (ssc.num_missing, ssc.num_points) == (2, 30)
    assert summary(found, "fixmatch").num_points == 32


@pytest.mark.parametrize("kept", [0, 1, 7])
def test_a_study_that_has_hardly_begun_has_no_numbers_and_no_error(study: Study, tables: Tables, kept: int) -> None:
    found = analyze(study, tables._replace(cells=tables.cells.iloc[:kept]), num_bootstrap=100)
    assert {v.verdict for v in found.verdicts} == {"inconclusive"}
    assert all(v.reason for v in found.verdicts)
    assert summary(found, "ssc").std.value is None
    assert summary(found, "ssc").std.note


def test_one_seed_gives_no_spread_but_a_reason() -> None:
    study = make_study(CLAIMS[:2], seeds=1)
    found = analyze(study, make_tables(study, surface(scale=SCALE)), num_bootstrap=100)
    ssc = summary(found, "ssc")
    assert ssc.std.value is None
    assert "one seed" in ssc.std.note
    assert ssc.mean.value is not None
    assert ssc.mean.low is None
    assert [v.verdict for v in found.verdicts] == ["inconclusive"] * 2
    assert any("1 seed" in line for line in found.warnings)


def test_failed_cells_are_counted_and_score_at_chance(study: Study) -> None:
    statuses = {("ssc", 2, 0): "failed", ("ssc", 3, 1): "diverged", ("ssc", 3, 2): "diverged"}
    made = make_tables(study, surface(scale=SCALE), statuses=statuses)
    found = analyze(study, made, num_bootstrap=100, explore=False)
    ssc = summary(found, "ssc")
    assert (ssc.num_failed, ssc.num_diverged, ssc.num_missing) == (1, 2, 0)
    assert ssc.failure_rate.value == pytest.approx(3 / 96)  # the defaults are no draw from the space
    assert ssc.worst.point == 3
    assert any("3 of 198 cells diverged or failed" in line for line in found.warnings)


def test_blocks_and_settings_have_their_own_rows() -> None:
    blocks = {"shared": {}, "tau alone": {"parameters": ["tau"], "methods": ["ssc"]}}
    settings: dict[str, Any] = {"few": {}, "many": {"data": {"labels_per_class": 10}}}
    claims = [{**CLAIMS[0], "setting": "many"}, {"less": "ssc", "than": "fixmatch", "in": "transfer_sensitivity"}]
    study = make_study(claims, blocks=blocks, settings=settings, points=8)
    made = make_tables(study, surface(scale=SCALE))
    found = analyze(study, made, num_bootstrap=100, explore=False)
    assert {(s.block, s.setting, s.method) for s in found.summaries} == {
        (b, s, m) for b in blocks for s in settings for m in ("fixmatch", "ssc") if b == "shared" or m == "ssc"
    }
    assert {(c.block, c.setting) for c in found.comparisons} == {("shared", "few"), ("shared", "many")}
    assert "(block shared, setting many)" in found.verdicts[0].sentence
    assert found.verdicts[1].effect.value is not None


def test_a_grid_and_its_defaults() -> None:
    levels = {"tau": [0.85, 0.9, 0.95], "learning_rate": [0.01, 0.03, 0.1]}
    study = make_study(CLAIMS[:1], design={"type": "grid", "levels": levels})
    found = analyze(study, make_tables(study, surface(scale=SCALE)), num_bootstrap=100)
    assert summary(found, "ssc").num_points == 9
    assert any("grid points are no draws" in line for line in found.verdicts[0].warnings)


@pytest.mark.slow
def test_twenty_thousand_records_stay_within_memory() -> None:
    study = make_study(CLAIMS, seeds=5, points=2000)
    made = make_tables(study, surface(scale=SCALE))
    assert len(made.cells) == 20_010
    found = analyze(study, made._replace(history=pd.DataFrame(made.history)), num_bootstrap=2000)
    assert found.verdicts[0].verdict == "supported"
