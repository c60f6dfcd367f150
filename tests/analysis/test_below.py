"""Claims about the share of the space below an accuracy, and about what no failure leaves open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ssc_tune.analysis import unseen
from ssc_tune.analysis.estimators.crossed_shares import crossed_share, crossed_share_difference
from ssc_tune.analysis.judge.sentences import sentence
from ssc_tune.analysis.judge.verdicts import judge_claims
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.result import MethodSummary, Verdict
from ssc_tune.analysis.summaries import summarize
from ssc_tune.analysis.tables import Tables
from ssc_tune.presentation.measures import tables as measure_tables
from tests.making.tables import NUM_CLASSES, Accuracy, make_study, make_tables, surface

STABLE = {"fixmatch": 0.2, "ssc": 0.06}


def below(accuracy: float, **claim: Any) -> dict[str, Any]:
    """A claim in below."""
    return {"in": "below", "accuracy": accuracy, **claim}


def cliff(share: Mapping[str, float], *, noise: float = 0.02, seed: int = 0) -> Accuracy:
    """0.9 but for the lowest share of tau, where it is 0.4."""
    rng = np.random.default_rng(seed)

    def accuracy(method: str, unit: Mapping[str, float], _: int) -> float:
        return (0.4 if unit["tau"] < share[method] else 0.9) + noise * float(rng.standard_normal())

    return accuracy


def judged(claims: list[dict[str, Any]], accuracy: Accuracy, **study: Any) -> tuple[Verdict, ...]:
    """Verdicts on 64 points and 5 seeds unless said otherwise."""
    made = make_study(claims, **{"seeds": 5, "design": {"type": "sobol", "points": 64}, **study})
    return judge_claims(Materials(made, make_tables(made, accuracy), num_bootstrap=99))


def indicator(claims: list[dict[str, Any]], accuracy: Accuracy, limit: float) -> dict[str, np.ndarray]:
    """Which cells of the same study are below, (64, 5) a method, read from the table by loops."""
    made = make_study(claims, seeds=5, points=64)
    cells = make_tables(made, accuracy).cells
    found = {method: np.zeros((64, 5), dtype=bool) for method in ("ssc", "fixmatch")}
    for row in cells[cells["point"] > 0].itertuples():
        found[row.method][row.point - 1, row.seed] = row.test_accuracy < limit
    return found


def test_a_difference_is_supported_and_its_opposite_refuted() -> None:
    law = cliff({"fixmatch": 0.5, "ssc": 0.1})
    claims = [
        below(0.6, less="ssc", than="fixmatch"),
        below(0.6, more="ssc", than="fixmatch"),
        below(0.6, equivalent=["ssc", "fixmatch"], within=0.1),
    ]
    less, more, alike = judged(claims, law)
    assert [v.verdict for v in (less, more, alike)] == ["supported", "refuted", "refuted"], less.reason
    assert less.effect_name == "share of fixmatch below 0.6 minus that of ssc"
    assert less.gates == ()
    where = indicator(claims, cliff({"fixmatch": 0.5, "ssc": 0.1}), 0.6)
    expected = crossed_share_difference(where["fixmatch"], where["ssc"])
    assert less.effect.value == pytest.approx(expected.estimate) == pytest.approx(0.4, abs=0.02)
    assert more.effect.value == pytest.approx(-less.effect.value)
    assert (less.effect.low, less.effect.high) == pytest.approx((expected.low, expected.high), abs=0.02)


@pytest.mark.parametrize(
    ("share", "bound", "verdict"),
    [
        (0.0, {"at_most": 0.1}, "supported"),
        (0.5, {"at_most": 0.1}, "refuted"),
        (0.1, {"at_most": 0.1}, "inconclusive"),
        (0.5, {"at_least": 0.2}, "supported"),
        (0.0, {"at_least": 0.2}, "refuted"),
    ],
)
def test_one_method_is_held_against_a_share(share: float, bound: dict[str, float], verdict: str) -> None:
    law = cliff({"fixmatch": 0.0, "ssc": share})
    claims = [below(0.6, method="ssc", **bound)]
    found = judged(claims, law)[0]
    assert found.verdict == verdict, found.reason
    where = indicator(claims, cliff({"fixmatch": 0.0, "ssc": share}), 0.6)["ssc"]
    assert found.effect.value == where.mean() == pytest.approx(share, abs=0.02)
    assert found.effect_name == "share of ssc below 0.6"
    threshold = next(iter(bound.values()))
    assert (found.p_value < 0.05) == (not found.effect.low <= threshold <= found.effect.high)


def test_without_a_cell_below_interval_and_p_are_the_binomial_tests_of_the_points() -> None:
    # No seed effects in these scores, so that 64 points count 64.
    def flat(method: str, unit: Mapping[str, float], seed: int) -> float:
        return 0.8 + 0.1 * unit["tau"]

    found = judged([below(0.6, method="ssc", at_most=0.1)], flat)[0]
    assert found.effect.high == pytest.approx(stats.binomtest(0, 64).proportion_ci(0.95).high)
    one_sided = stats.binomtest(0, 64, 0.1, alternative="less").pvalue
    assert found.p_value == pytest.approx(2 * one_sided, rel=1e-4)
    assert found.verdict == "supported"


def test_failed_cells_are_below_any_accuracy() -> None:
    claims = [below(0.05, method="ssc", at_most=0.5), below(0.05, less="fixmatch", than="ssc")]
    study = make_study(claims, seeds=5)
    gone = {("ssc", point, seed): "diverged" for point in (3, 4, 5, 6) for seed in range(5)}
    tables = make_tables(study, cliff({"fixmatch": 0, "ssc": 0}), statuses=gone)
    one, two = judge_claims(Materials(study, tables, num_bootstrap=99))
    assert one.effect.value == two.effect.value == pytest.approx(4 / 32)
    # Chance, 0.1, is not below 0.05: it is the failure that counts. With failed cells dropped there is none.
    assert any(line.startswith("failed cells dropped: inconclusive, +0 ") for line in two.sensitivity)
    assert two.verdict == "inconclusive"


def test_sentences_of_all_forms() -> None:
    claims = [
        below(0.5, less="ssc", than="fixmatch"),
        below(0.5, equivalent=["ssc", "fixmatch"], within=0.1),
        below(0.5, method="ssc", at_most=0.025),
        below(0.5, method="ssc", at_least=0.1),
    ]
    study = make_study(claims)
    assert [sentence(claim, study) for claim in study.claims] == [
        "ssc has a smaller share of the search space with accuracy below 0.5 than fixmatch.",
        "ssc and fixmatch differ by less than 0.1 in share of the search space with accuracy below 0.5.",
        "At most 2.5% of the search space gives ssc an accuracy below 0.5.",
        "At least 10% of the search space gives ssc an accuracy below 0.5.",
    ]


def test_points_of_a_grid_are_no_draws() -> None:
    grid = {"type": "grid", "levels": {"tau": [0.9, 0.95, 0.98], "learning_rate": [0.01, 0.03]}}
    found = judged([below(0.6, method="ssc", at_most=0.1)], cliff({"fixmatch": 0, "ssc": 0}), design=grid)[0]
    assert "grid points are no draws from the space: the share is that over these points" in found.warnings


@pytest.mark.parametrize("points", [16, 32, 64])
def test_a_summary_says_what_no_failure_leaves_open(points: int) -> None:
    study = make_study(points=points)
    summary = summaries(study, make_tables(study, surface(scale=STABLE)))["ssc"]
    share = {16: "17.1%", 32: "8.94%", 64: "4.57%"}[points]
    note = f"no failure at {points} points: with these seeds up to {share} of the space may still fail (95%)"
    assert summary.failure_rate.note == note
    rows = {name: texts for table in measure_tables(study, [summary]) for name, _, texts in table.rows}
    assert rows["Failures"][0].endswith(f"; {note}")


def summaries(study: Any, tables: Tables) -> dict[str, MethodSummary]:
    """By method."""
    return {method: summarize(Materials(study, tables), "shared", "main", method) for method in study.methods}


def test_a_failure_or_a_cell_at_chance_leaves_nothing_to_say_of_no_failure() -> None:
    study = make_study()
    diverged = make_tables(study, surface(scale=STABLE), statuses={("ssc", 2, 1): "diverged"})
    assert summaries(study, diverged)["ssc"].failure_rate.note == ""
    assert "no failure" in summaries(study, diverged)["fixmatch"].failure_rate.note

    def collapsed(method: str, unit: Mapping[str, float], seed: int) -> float:
        return 0.12 if method == "ssc" and unit["tau"] < 0.1 else 0.5 + 0.1 * unit["tau"]

    note = summaries(study, make_tables(study, collapsed))["ssc"].failure_rate.note
    assert note.endswith("cells ended at chance")
    # The defaults are no draw: a failure there says nothing of the points, nor do they count as one.
    at_default = make_tables(study, surface(scale=STABLE), statuses={("ssc", 0, 1): "diverged"})
    assert "no failure at 32 points" in summaries(study, at_default)["ssc"].failure_rate.note


def test_chance_is_what_a_test_of_this_size_cannot_tell_from_it() -> None:
    limit = unseen.at_chance(10, 500)
    assert limit == pytest.approx(0.1 + 1.95996 * math.sqrt(0.09 / 500), abs=1e-6)
    # Of 500 images a guesser gets more right than that with probability 2.5% or so.
    assert 0.01 < stats.binom.sf(math.floor(limit * 500), 500, 0.1) < 0.04
    assert unseen.at_chance(NUM_CLASSES, None) == 0.1


def test_equal_points_count_once() -> None:
    study = make_study(points=16)
    tables = make_tables(study, surface(scale=STABLE))
    # Points 9 to 16 are copies of 1 to 8: the same cells, hence the same ids.
    original = tables.cells.set_index(["method", "point", "seed"])["cell_id"]
    copies = [
        original[method, point - 8 if point > 8 else point, seed]
        for method, point, seed in zip(tables.cells["method"], tables.cells["point"], tables.cells["seed"], strict=True)
    ]
    copied = Tables(tables.cells.assign(cell_id=copies), tables.history, tables.expected)
    found = unseen.seen(study, copied, "shared", "main", "ssc")
    assert found.num_points == 8
    assert unseen.bound(study, found, 0.95) == pytest.approx(1 - 0.05 ** (1 / 8))
    assert unseen.seen(study, tables, "shared", "main", "ssc").num_points == 16


def test_points_with_a_missing_cell_do_not_count() -> None:
    study = make_study()
    tables = make_tables(study, surface(scale=STABLE), statuses={("ssc", 2, 1): "missing", ("ssc", 5, 0): "missing"})
    assert unseen.seen(study, tables, "shared", "main", "ssc").num_points == 30


@pytest.mark.parametrize("points", [16, 32])
def test_more_stable_on_few_points_carries_the_bound(points: int) -> None:
    design = {"type": "sobol", "points": points}
    claims = [
        {"less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.05},
        {"less": "fixmatch", "than": "ssc", "in": "std", "margin": 0.05},
        {"more": "fixmatch", "than": "ssc", "in": "std", "margin": 0.05},
        {"more": "ssc", "than": "fixmatch", "in": "mean"},
    ]
    less, refuted, more, mean = judged(claims, surface(scale=STABLE), design=design)
    assert [v.verdict for v in (less, refuted, more)] == ["supported", "refuted", "supported"]
    warning = "16 points without a failure of ssc: up to 17.1% of the space may still make it fail (95%)"
    for verdict in (less, refuted, more):
        assert (warning in verdict.warnings) == (points == 16)
    assert not any("without a failure" in line for line in mean.warnings)


def test_the_bound_is_that_of_the_stable_method_alone() -> None:
    claims = [{"less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.5}]
    for method, expected in (("ssc", False), ("fixmatch", True)):
        study = make_study(claims, seeds=5, points=16)
        failed = {(method, 1, 0): "diverged"}
        tables = make_tables(study, surface(scale={"fixmatch": 0.9, "ssc": 0.06}), statuses=failed)
        found = judge_claims(Materials(study, tables, num_bootstrap=99))[0]
        if found.verdict == "supported":
            assert any("without a failure of ssc" in line for line in found.warnings) == expected
        else:
            assert method == "ssc", found.reason


def test_a_difference_with_unequal_scales_is_unchanged_by_renaming_points_and_seeds() -> None:
    claims = [below(0.6, less="ssc", than="fixmatch")]
    study = make_study(claims, seeds=5)
    tables = make_tables(study, cliff({"fixmatch": 0.5, "ssc": 0.2}, noise=0.2))
    cells = tables.cells
    points = np.concatenate([[0], 1 + np.random.default_rng(0).permutation(32)])
    renamed = cells.assign(point=points[cells["point"]], seed=(cells["seed"] + 2) % 5)
    first, second = (
        judge_claims(Materials(study, Tables(frame, tables.history, tables.expected), num_bootstrap=9))[0].effect
        for frame in (cells, pd.DataFrame(renamed))
    )
    assert (first.value, first.low, first.high) == pytest.approx((second.value, second.low, second.high))


def test_the_share_is_the_one_of_the_estimator() -> None:
    law = cliff({"fixmatch": 0.3, "ssc": 0.3}, noise=0.25)
    claims = [below(0.6, method="ssc", at_most=0.9)]
    made = make_study(claims, seeds=5, points=64)
    tables = make_tables(made, law)
    cells = tables.cells[(tables.cells["method"] == "ssc") & (tables.cells["point"] > 0)]
    scores = cells.pivot_table(index="point", columns="seed", values="test_accuracy").to_numpy()
    expected = crossed_share(scores < 0.6, scores=scores)
    found = judge_claims(Materials(made, tables, num_bootstrap=9))[0].effect
    assert (found.value, found.low, found.high) == pytest.approx(tuple(expected[:3]))
