"""The rule on many studies at once against the rule itself, number by number and decision by decision."""

from __future__ import annotations

import gc
import math
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import simulated

from ssc_tune.analysis.estimators import comparison, multiplicity
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.judge import batched, power
from ssc_tune.analysis.judge.verdicts import Finding
from ssc_tune.analysis.measures.cvar import cvar_difference
from ssc_tune.study.model.claims import read_claim
from tests.making.studies import study

SHAPES = [(3, 3), (5, 4), (11, 2), (20, 5), (40, 8)]
NUM = 5


def law(name: str, rng: np.random.Generator, num_points: int, num_seeds: int) -> FloatArray:
    """Scores (NUM, N, R) of one method."""
    size = (NUM, num_points, num_seeds)
    point, seed, cell = (rng.normal(size=s) for s in ((*size[:2], 1), (NUM, 1, num_seeds), size))
    if name == "skewed":
        point = 1 - rng.exponential(size=point.shape)
    base = 0.7 + rng.choice([0.01, 0.03, 0.06]) * point * (1 + 0.4 * seed) + 0.01 * seed + 0.01 * cell
    if name == "near the ceiling":
        return np.round(np.clip(base + 0.28, 0, 1), 3)
    if name == "coarse":
        return np.round(base, 2)
    if name == "constant":
        return np.full(size, 0.7) + 1e-17 * cell
    if name == "noise":
        return 0.7 + 0.02 * cell
    return base


LAWS = ["normal", "skewed", "near the ceiling", "coarse", "constant", "noise"]


def tables() -> list[tuple[FloatArray, FloatArray]]:
    rng = np.random.default_rng(3)
    found = []
    for shape in SHAPES:
        for name in LAWS:
            if name == "coarse" and shape[0] < 20:
                continue  # mean squares are exactly equal there now and then: which side of 0 rounding falls on is luck
            first, second = law(name, rng, *shape), law("normal", rng, *shape)
            if name == "coarse":
                second = law("coarse", rng, *shape)
            found += [(first, second), (second + rng.choice([0.0, 0.02]), first), (0.7 + 0.2 * (first - 0.7), second)]
    return found


def same(found: float, expected: float) -> bool:
    return (math.isnan(found) and math.isnan(expected)) or abs(found - expected) <= 1e-10 * max(1.0, abs(expected))


def test_every_number_is_that_of_the_rule() -> None:
    undefined = 0
    for first, second in tables():
        found = batched.find(first, second)
        mean_needed, cvar_needed = found.margin_needed(0.05)
        low = found.ratio.estimate - found.ratio.half(0.05)
        for s in range(NUM):
            ratio = comparison.stability(first[s], second[s])
            undefined += math.isnan(ratio.estimate)
            mean = comparison.mean_difference(second[s], first[s])
            cvar = cvar_difference(first[s], second[s], 0.95)
            for ours, theirs in (
                (found.ratio.estimate[s], ratio.estimate),
                (low[s], ratio.low),
                (found.p_value[s], ratio.p_value),
                (found.mean.estimate[s], mean.estimate),
                (-mean_needed[s], -math.inf if math.isnan(mean.low) else mean.low),
                (found.cvar.estimate[s], cvar.estimate),
                (-cvar_needed[s], -math.inf if math.isnan(cvar.low) else cvar.low),
            ):
                assert same(float(ours), theirs) or ours == theirs, (first.shape, s, ours, theirs)
    assert undefined > 20


@pytest.fixture
def quick_holm() -> Iterator[None]:
    """statsmodels collects garbage at every correction: what is there already need not be looked at again."""
    multiplicity.holm([0.5])  # loads it
    gc.freeze()
    yield
    gc.unfreeze()


CASES = [({"less": "ssc", "than": "fixmatch"}, 0.95, 0.02, 1), ({"more": "fixmatch", "than": "ssc"}, 0.9, 0.05, 4)]


@pytest.mark.usefixtures("quick_holm")
@pytest.mark.parametrize(("form", "confidence", "margin", "num_claims"), CASES)
def test_every_decision_is_that_of_the_rule(
    form: dict[str, str], confidence: float, margin: float, num_claims: int
) -> None:
    """``less: ssc`` and ``more: fixmatch``: in both ssc is the one that may be the more stable."""
    of, claim = (
        study(),
        read_claim({"name": "c", "in": "std", "confidence": confidence, "margin": margin, **form}),
    )
    alpha = round(1 - confidence, 12)
    supported = refuted = 0
    for ssc, fixmatch in tables():
        found = power.judge(ssc, fixmatch, [power.Look(ssc.shape[1], alpha, alpha / num_claims)], margin)
        for s in range(NUM):
            one = simulated.find(of, claim, *((ssc[s], fixmatch[s]) if claim.less else (fixmatch[s], ssc[s])))
            verdict = simulated.judge([one, *[idle(one)] * (num_claims - 1)])[0]
            assert (found.needed[s] < margin, found.against[s] < margin) == (
                verdict == "supported",
                verdict == "refuted",
            )
            supported += verdict == "supported"
            refuted += verdict == "refuted"
    assert supported > 5
    assert refuted >= 2


def idle(finding: Finding) -> Finding:
    """Another claim of which nothing is known."""
    return finding._replace(p_value=1.0)


def test_undefined_numbers_raise_no_warning() -> None:
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = batched.find(law("constant", rng, 8, 2), law("constant", rng, 8, 2))
        assert np.isnan(found.ratio.estimate).all()
        flat = power.judge(law("constant", rng, 8, 2), law("constant", rng, 8, 2), [power.Look(8, 0.05, 0.05)], 1.0)
        assert not (flat.needed < 1).any()


@pytest.mark.parametrize("shape", [(4, 2, 3), (4, 8, 1), (8, 3)])
def test_scores_without_a_verdict_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="3 points or more, 2 seeds or more"):
        batched.find(np.zeros(shape), np.zeros(shape))
