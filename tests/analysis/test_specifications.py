"""Claims over other ranges and priors: what a study's points say of them, and what a robust claim makes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import pytest
import simulated

from ssc_tune.analysis.arrays import coordinates, load
from ssc_tune.analysis.estimators.multiverse import MINIMUM_EFFECTIVE, Prior, inside
from ssc_tune.analysis.estimators.variance import point_variance
from ssc_tune.analysis.judge.specifications import called, natural_density, objection
from ssc_tune.analysis.judge.verdicts import judge_claims
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.result import Estimate, Specification, Verdict
from ssc_tune.study.model.claims import read_claim
from ssc_tune.study.model.measures import with_
from ssc_tune.study.model.space import ChoiceParameter, FloatParameter, IntParameter
from tests.making.tables import Accuracy, make_study, make_tables, surface

STABLE = {"fixmatch": 0.2, "ssc": 0.06}
SOBOL = {"type": "sobol", "points": 64}


def judged(claim: Mapping[str, Any], accuracy: Accuracy | None = None, **changes: Any) -> Verdict:
    """The verdict on one claim, of a study in which ssc is far the more stable on every box."""
    study = make_study([{"margin": 0.1, **claim}], **{"design": SOBOL, "seeds": 5, **changes})
    return judge_claims(Materials(study, make_tables(study, accuracy or surface(scale=STABLE))))[0]


def ranges_line(verdict: Verdict) -> str:
    """What is said of the ranges beside a verdict."""
    (line,) = [line for line in verdict.sensitivity if line.startswith("ranges: ")]
    return line


def less(measure: str = "std", **more: Any) -> dict[str, Any]:
    """ssc has less of a measure than fixmatch."""
    return {"less": "ssc", "than": "fixmatch", "in": measure, **more}


def edges(near: Mapping[str, float], far: Mapping[str, float], noise: float = 0.002) -> Accuracy:
    """A slope in tau for each method within 0.19 of the default, which lies in the middle, and another beyond it."""
    rng = np.random.default_rng(0)

    def accuracy(method: str, unit: Mapping[str, float], _: int) -> float:
        tau = unit["tau"] - 0.5
        inner = float(np.clip(tau, -0.19, 0.19))
        return 0.8 + near[method] * inner + far[method] * (tau - inner) + noise * float(rng.standard_normal())

    return accuracy


@pytest.mark.parametrize("measure", with_(weighted=True))
def test_the_first_is_the_verdicts_own_and_the_others_lie_about_it(measure: str) -> None:
    found = judged(less(measure))
    first, *others = found.specifications
    assert (first.box, first.prior, first.num_points, first.effective_points) == (1.0, "own scale", 64, 64.0)
    assert first.effect.model_dump(exclude={"how"}) == found.effect.model_dump(exclude={"how"})
    assert first.same_sign is True
    assert len(others) == 11
    assert {s.prior for s in others} == set(get_args(Prior))
    for s in others:
        if s.effective_points >= MINIMUM_EFFECTIVE:
            assert s.effect.low is not None
            assert s.effect.low < s.effect.value < s.effect.high
        else:
            assert s.effect.low is None
            assert s.effect.note.startswith("too few: ")


def test_an_effect_in_a_box_is_that_of_its_points_and_turned_to_the_claimed_side() -> None:
    study = make_study([less(), less("mean")], design=SOBOL, seeds=5)
    tables = make_tables(study, surface(scale=STABLE, level={"fixmatch": 0.7, "ssc": 0.8}))
    spread, mean = (verdict.specifications for verdict in judge_claims(Materials(study, tables)))
    a, b = (load(study, tables, block="shared", setting="main", method=m) for m in ("ssc", "fixmatch"))
    held = inside(coordinates(study, tables, block="shared", setting="main", points=a.points), 0.5)
    (box,) = [s for s in spread if (s.box, s.prior) == (0.5, "own scale")]
    ratio = 0.5 * math.log(float(point_variance(b.test[held]) / point_variance(a.test[held])))
    assert box.effect.value == pytest.approx(ratio)
    assert (box.num_points, box.effective_points) == (held.sum(), pytest.approx(held.sum()))
    (box,) = [s for s in mean if (s.box, s.prior) == (0.5, "own scale")]
    assert box.effect.value == pytest.approx(b.test[held].mean() - a.test[held].mean())


def test_the_natural_scale_weighs_values_as_they_are() -> None:
    study = make_study([less("mean")], design=SOBOL, seeds=5)
    tables = make_tables(study, surface(scale=STABLE))
    (found,) = judge_claims(Materials(study, tables))
    (natural,) = [s for s in found.specifications if (s.box, s.prior) == (1.0, "natural scale")]
    means = tables.cells[tables.cells["point"] > 0].pivot_table(
        "test_accuracy", "point", "method", "mean"
    )  # weighted with what is uniform in 1 - tau and in the learning rate
    values = tables.cells[tables.cells["point"] > 0].groupby("point")[["tau", "learning_rate"]].first()
    weights = (1 - values["tau"]) * values["learning_rate"]
    expected = float(((means["fixmatch"] - means["ssc"]) * weights).sum() / weights.sum())
    assert natural.effect.value == pytest.approx(expected)
    assert natural.effective_points == pytest.approx(float(weights.sum() ** 2 / (weights**2).sum()))


def test_natural_densities() -> None:
    unit = (np.arange(2**14) + 0.5) / 2**14
    log = FloatParameter(type="float", default=0.03, low=0.01, high=0.1, log=True)
    complement = FloatParameter(type="float", default=0.95, low=0.6, high=0.99, log=True, complement=True)
    for parameter in (log, complement):
        values = np.array([parameter.from_unit(float(u)) for u in unit])
        weights = natural_density(parameter, unit)
        moments = [float((weights * values**k).sum() / weights.sum()) for k in (1, 2)]
        low, high = parameter.low, parameter.high
        uniform = [(low + high) / 2, (low**2 + low * high + high**2) / 3]
        assert moments == pytest.approx(uniform, rel=1e-3)
    whole = IntParameter(type="int", default=4, low=1, high=32, log=True)
    drawn = np.array([whole.from_unit(float(u)) for u in unit])
    places = np.array([whole.to_unit(int(v)) for v in drawn])
    totals = np.bincount(drawn, weights=natural_density(whole, places))[1:]
    assert totals / totals.sum() == pytest.approx(np.full(32, 1 / 32), rel=0.02)
    linear = FloatParameter(type="float", default=0.5, low=0, high=1)
    choice = ChoiceParameter(type="choice", default="a", choices=("a", "b"))
    for flat in (linear, choice, IntParameter(type="int", default=2, low=1, high=3)):
        assert (natural_density(flat, unit) == 1).all()


def test_the_line_beside_the_verdict_counts_signs_and_names_those_that_differ() -> None:
    stable = judged(less())
    few = sum(s.effective_points < MINIMUM_EFFECTIVE for s in stable.specifications)
    assert 1 < few < 6
    line = f"same sign in {12 - few} of {12 - few} specifications with 8 or more effective points; {few} have fewer"
    assert ranges_line(stable) == f"ranges: {line}"
    found = judged(less(), edges({"ssc": 0.3, "fixmatch": 0.05}, {"ssc": 0.0, "fixmatch": 0.6}))
    assert found.effect.value > 0
    assert "; other sign in box " in ranges_line(found)
    kept = [s for s in found.specifications if s.effective_points >= MINIMUM_EFFECTIVE]
    same = sum(s.same_sign is True for s in kept)
    assert ranges_line(found).startswith(f"ranges: same sign in {same} of {len(kept)} ")
    assert 0 < same < len(kept)


def test_what_is_not_varied_says_why() -> None:
    assert judged(less("iqr")).sensitivity == (
        "ranges: not varied, there is no weighted form of iqr (there is of std, mean, cvar)",
    )
    space = {"parameters": {"cutout": {"type": "choice", "default": 0.5, "choices": [0.25, 0.5]}}}
    chosen = judged(
        less("mean"), lambda method, unit, seed: 0.5 + 0.1 * unit["cutout"] + 0.01 * seed, search_space=space
    )
    assert chosen.sensitivity == ("ranges: not varied, no parameter of the block has an order",)
    grid = judged(less("mean"), design={"type": "grid", "levels": {"tau": [0.9, 0.95, 0.98]}})
    assert (grid.specifications, grid.sensitivity) == ((), ())


def test_a_robust_claim_is_supported_where_the_sign_holds_everywhere() -> None:
    found = judged(less(robust=True))
    assert found.verdict == "supported", found.reason
    turned = judged({"less": "fixmatch", "than": "ssc", "in": "std", "robust": True})
    assert turned.verdict == "refuted", turned.reason


def test_a_robust_claim_whose_sign_turns_near_the_defaults_is_inconclusive() -> None:
    near, far = {"ssc": 0.3, "fixmatch": 0.05}, {"ssc": 0.0, "fixmatch": 0.6}
    assert judged(less(), edges(near, far)).verdict == "supported"
    found = judged(less(robust=True), edges(near, far))
    assert found.verdict == "inconclusive"
    assert found.reason.startswith("not robust: the sign changes in box ")
    turned = [s for s in found.specifications if s.same_sign is False and s.effective_points >= MINIMUM_EFFECTIVE]
    assert turned
    assert all(called(s) in found.reason for s in turned)


def test_undefined_somewhere_is_no_agreement() -> None:
    beyond = edges({"ssc": 0.0, "fixmatch": 0.0}, {"ssc": 0.1, "fixmatch": 0.6})

    def accuracy(method: str, unit: Mapping[str, float], seed: int) -> float:
        return 0.8 + 0.01 * seed if abs(unit["tau"] - 0.5) < 0.19 else beyond(method, unit, seed)

    found = judged(less(robust=True), accuracy)
    assert found.verdict == "inconclusive"
    assert found.reason.startswith("not robust: undefined in box 0.35 (own scale): the spread over points is within")
    assert "; undefined in box 0.35 (own scale)" in ranges_line(found)


def test_with_few_points_a_robust_claim_says_that_ranges_cannot_be_varied() -> None:
    few = {"type": "sobol", "points": 8}
    assert judged(less(), design=few).verdict == "supported"
    found = judged(less(robust=True), design=few)
    assert (found.verdict, found.reason) == ("inconclusive", "ranges cannot be varied: too few points")


def test_robust_equivalence_is_about_the_margin() -> None:
    pair = {"equivalent": ["ssc", "fixmatch"], "in": "std", "within": 0.02, "robust": True}
    alike = edges({"ssc": 0.1, "fixmatch": 0.1}, {"ssc": 0.1, "fixmatch": 0.1})
    assert judged(pair, alike).verdict == "supported"
    apart = edges({"ssc": 0.3, "fixmatch": 0.04}, {"ssc": 0.3, "fixmatch": 0.61})  # of one spread, over the whole space
    assert judged({**pair, "robust": False}, apart).verdict == "supported"
    found = judged(pair, apart)
    assert found.verdict == "inconclusive"
    assert {s.same_sign for s in found.specifications} == {True, False}
    assert "the side of the margin changes in box" in found.reason


def test_a_simulated_study_has_no_ranges_to_vary() -> None:
    study = make_study([less(robust=True)], design=SOBOL, seeds=5)
    rng = np.random.default_rng(0)
    effects = rng.standard_normal((64, 1))
    first, second = (0.8 + scale * effects + 0.003 * rng.standard_normal((64, 5)) for scale in (0.01, 0.03))
    finding = simulated.find(study, study.claims[0], first, second)
    assert simulated.judge([finding]) == ["supported"]


def test_failed_cells_dropped_or_at_zero_are_held_to_the_same_rule() -> None:
    study = make_study([less(robust=True, margin=0.1)], design=SOBOL, seeds=5)
    failed = {("fixmatch", point, seed): "diverged" for point in (3, 4) for seed in range(5)}
    found = judge_claims(Materials(study, make_tables(study, surface(scale=STABLE), statuses=failed)))[0]
    lines = [line for line in found.sensitivity if line.startswith("failed cells")]
    assert [line.split(":")[1].split(",")[0] for line in lines] == [" supported", " supported"]


# The rule alone.


def specification(box: float, effective: float, same: bool | None, prior: str = "own scale") -> Specification:
    """A specification with an effect of 1, or none."""
    value = None if same is None else 1.0 if same else -1.0
    effect = Estimate(value=value, note="why" if same is None else "")
    return Specification(box=box, prior=prior, num_points=20, effective_points=effective, effect=effect, same_sign=same)


def test_the_rule() -> None:
    claim = read_claim({"name": "c", **less(robust=True)})
    whole, half = specification(1, 32, True), specification(0.5, 8, True)
    assert objection(claim, [whole, half]) == ""
    assert objection(claim, [whole, half, specification(0.35, 7.9, False)]) == ""
    assert objection(claim, [whole, half, specification(0.35, 8, False)]) == (
        "not robust: the sign changes in box 0.35 (own scale)"
    )
    assert objection(claim, [whole, half, specification(0.35, 8, None)]) == (
        "not robust: undefined in box 0.35 (own scale): why"
    )
    assert objection(claim, [whole, half, specification(1, 20, False, "natural scale")]) == (
        "not robust: the sign changes in whole space (natural scale)"
    )
    for few in (
        [],
        [whole],
        [whole, specification(0.5, 7.9, True)],
        [whole, specification(1, 20, True, "natural scale")],
    ):
        assert objection(claim, few) == "ranges cannot be varied: too few points"
