"""Power of the whole rule: against the rule itself, closed forms, and what must grow and hold."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator

import numpy as np
import pytest
import simulated
from scipy import stats

from ssc_tune.analysis.estimators import comparison, multiplicity
from ssc_tune.analysis.judge import law, power
from ssc_tune.analysis.judge.law import Law
from ssc_tune.analysis.judge.power import Look, Question, largest_ratio, recommend_split, simulate
from ssc_tune.study.model.claims import read_claim
from tests.making.studies import study

QUIET = Law(0.0016, 0.0001, 0.0002, slope_cv=0.0)
WIDE = Question(QUIET, margin=0.05)


def at(points: int, level: float = 0.05) -> list[Look]:
    return [Look(points, 0.05, level)]


@pytest.fixture
def quick_holm() -> Iterator[None]:
    """statsmodels collects garbage at every correction: what is there already need not be looked at again."""
    multiplicity.holm([0.5])  # loads it
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("quick_holm")
def test_shares_are_counts_of_the_rules_own_verdicts() -> None:
    """The same draws, judged one study after the other by the rule of :mod:`ssc_tune.analysis.judge.verdicts`."""
    question = Question(law.skewed(Law(0.0009, 0.0001, 0.0002, point_correlation=0.3)), 0.03, 0.005)
    found = simulate(at(24, 0.025), 4, 0.5, question, num_simulations=60, seed=3)
    rng = np.random.default_rng([3, 0])
    of = study()
    claim = read_claim({"name": "c", "less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.03})
    verdicts, gates = [], []
    for first, second in zip(*law.draw(question.law, 0.5, 0.005, (60, 24, 4), rng), strict=True):
        one = simulated.find(of, claim, first, second)
        verdicts.append(simulated.judge([one, one._replace(p_value=1.0)])[0])
        mean = comparison.mean_difference(second, first)
        gates.append((one.p_value < 0.025 and one.effect.interval.high < 0, mean.low > -0.03))
    shares = np.mean(gates, axis=0)
    assert found.whole == pytest.approx(verdicts.count("supported") / 60)
    assert found.against == pytest.approx(verdicts.count("refuted") / 60)
    assert (found.test, found.mean) == pytest.approx(tuple(shares))
    assert 0.05 < found.whole < found.test
    low, high = stats.binomtest(verdicts.count("supported"), 60).proportion_ci(method="wilson")
    assert (found.interval().low, found.interval().high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("points", "margin", "gain"), [(16, 0.01, 0.0), (32, 0.02, 0.0), (32, 0.01, 0.01), (64, 0.01, 0.0)]
)
def test_the_gate_on_the_mean_has_the_power_of_a_t_test(points: int, margin: float, gain: float) -> None:
    """Effects alone: D has variance 2 V, and the gate asks that mean(D) + margin exceeds t times its error."""
    question = Question(Law(0.0009, error=1e-12, slope_cv=0.0), margin, gain)
    found = simulate(at(points), 3, 0.5, question, num_simulations=2000)
    shift = (margin + gain) * math.sqrt(points / (2 * 0.0009))
    expected = stats.nct.sf(stats.t.ppf(0.975, points - 1), points - 1, shift)
    assert found.mean == pytest.approx(expected, abs=0.03)


def test_equal_means_and_a_narrow_margin_leave_little_of_the_power() -> None:
    """At 32 x 3 to 64 x 5 the test alone promises 70 to 99%, the whole rule 5 to 15%."""
    for points, seeds in ((32, 5), (64, 3), (64, 5)):
        found = simulate(at(points), seeds, 0.5, Question(Law(0.0025, 0.0001, 0.0006, slope_cv=0.0)))
        assert found.test > 0.7
        assert 0.03 < found.whole < 0.2
        assert found.mean < 0.2
        assert found.whole <= min(found.mean, found.cvar, found.logit, found.test)


def test_power_grows_with_margin_seeds_and_points_and_falls_with_noise_and_slopes() -> None:
    noisy = Question(QUIET._replace(error=0.002), 0.05)
    shares = [simulate(at(24), 3, 0.5, noisy._replace(margin=m)).whole for m in (0.0, 0.01, 0.02, 0.05, 0.1)]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]
    seeds = [simulate(at(24), s, 0.5, noisy).whole for s in (3, 5, 8)]
    assert seeds[0] < seeds[1] < seeds[2]
    assert simulate(at(24), 5, 0.5, noisy).whole < simulate(at(48), 5, 0.5, noisy).whole
    assert simulate(at(24), 5, 0.5, noisy).whole < simulate(at(24), 5, 0.5, WIDE).whole
    sloped = WIDE._replace(law=QUIET._replace(slope_cv=0.4))
    assert simulate(at(48), 5, 0.5, sloped).whole < simulate(at(48), 5, 0.5, WIDE).whole - 0.1
    assert (
        simulate(at(48), 5, 0.5, WIDE._replace(law=law.skewed(QUIET))).whole
        < simulate(at(48), 5, 0.5, WIDE).whole - 0.1
    )


def test_a_better_mean_is_a_wider_margin() -> None:
    better = simulate(at(24), 5, 0.5, Question(QUIET, 0.01, 0.02), num_simulations=500)
    wider = simulate(at(24), 5, 0.5, Question(QUIET, 0.03, 0.0), num_simulations=500)
    assert (better.mean, better.cvar, better.test) == pytest.approx((wider.mean, wider.cvar, wider.test))
    assert better.whole == pytest.approx(wider.whole, abs=0.01)  # logit alone may differ


def test_the_margin_that_gives_the_power_back() -> None:
    found = simulate(at(64), 5, 0.5, Question(QUIET, 0.01))
    assert found.whole < 0.8 <= found.test
    assert simulate(at(64), 5, 0.5, Question(QUIET, found.margin)).whole >= 0.8
    assert simulate(at(64), 5, 0.5, Question(QUIET, found.margin - 0.005)).whole < 0.8
    assert math.isnan(simulate(at(8), 3, 0.9, Question(QUIET)).margin)


LAWS = {
    "normal": Law(0.0016, 0.0001, 0.0006, slope_cv=0.0),
    "skewed": law.skewed(Law(0.0016, 0.0001, 0.0006, slope_cv=0.0)),
    "seed slopes": Law(0.0016, 0.0001, 0.0009, slope_cv=0.4),
    "correlated": Law(0.0016, 0.0001, 0.0006, point_correlation=0.7, seed_correlation=0.5),
    "near the ceiling": law.skewed(Law(0.0016, 0.0001, 0.0006, 0.95)),
}


@pytest.mark.parametrize("name", LAWS)
def test_equal_spreads_are_seldom_called_different(name: str) -> None:
    """At most 2.5% on either side, whatever the margin; 2.5 standard errors of 2,000 repeats beside it."""
    for points, seeds in ((16, 3), (32, 5)):
        found = simulate(at(points), seeds, 1.0, Question(LAWS[name], margin=0.5), num_simulations=2000)
        assert found.whole <= 0.025 + 2.5 * math.sqrt(0.025 * 0.975 / 2000)
        assert found.against <= 0.025 + 2.5 * math.sqrt(0.025 * 0.975 / 2000)


def test_two_seeds_never_speak() -> None:
    found = simulate(at(16), 2, 0.3, WIDE, num_simulations=200)
    assert (found.whole, found.test) == (0, 0)
    assert found.mean > 0


def test_looks_judge_the_first_points_at_their_own_levels() -> None:
    looks = [Look(12, 0.01, 0.002), Look(24, 0.045, 0.02)]
    found = simulate(looks, 4, 0.4, WIDE, num_simulations=80, seed=5)
    tables = law.draw(QUIET, 0.4, 0.0, (80, 24, 4), np.random.default_rng([5, 0]))
    spoken = []
    for first, second in zip(*tables, strict=True):
        crossed, speaks = False, False
        for look in looks:
            one = comparison.stability(first[: look.points], second[: look.points], confidence=1 - look.alpha)
            crossed |= one.p_value < look.level
            speaks |= crossed and one.low > 0
        spoken.append(speaks)
    assert found.test == pytest.approx(np.mean(spoken))
    assert 0.1 < found.whole <= found.test
    alone = simulate(looks[1:], 4, 0.4, WIDE, num_simulations=80, seed=5)
    assert found.whole >= alone.whole  # one more moment to be supported at
    assert simulate([Look(12, 1e-9, 1e-9), looks[1]], 4, 0.4, WIDE, num_simulations=80, seed=5) == alone


def test_the_largest_ratio_has_the_power_and_no_more() -> None:
    ratio = largest_ratio(at(48), 5, WIDE, num_simulations=600)
    assert 0.4 < ratio < 0.8
    assert simulate(at(48), 5, ratio, WIDE, num_simulations=2000, seed=9).whole == pytest.approx(0.8, abs=0.05)
    assert simulate(at(48), 5, ratio + 0.03, WIDE, num_simulations=600).whole < 0.8
    assert math.isnan(largest_ratio(at(16), 3, Question(QUIET), num_simulations=50))


def test_a_budget_buys_five_seeds_where_it_can() -> None:
    split = recommend_split(120, 0.5, WIDE, at, num_simulations=200)
    assert {s.seeds for s in split} == set(range(5, 11))
    assert all(s.points * s.seeds <= 120 for s in split)
    assert [s.power.whole for s in split] == sorted((s.power.whole for s in split), reverse=True)
    assert {s.seeds for s in recommend_split(39, 0.5, WIDE, at, num_simulations=20)} >= {3, 4, 5}
    extra = recommend_split(60, 0.5, WIDE, at, extra_points=1, num_simulations=20)
    assert all((s.points + 1) * s.seeds <= 60 for s in extra)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((at(2), 3, 0.5, WIDE), "3 points"),
        (([Look(2, 0.01, 0.01), *at(8)], 3, 0.5, WIDE), "3 points"),
        ((at(8), 1, 0.5, WIDE), "2 seeds"),
        ((at(8), 3, 1.5, WIDE), "ratio"),
        ((at(8), 3, 0.5, Question(QUIET._replace(point=0))), "variances"),
    ],
)
def test_bad_arguments_are_refused(arguments: tuple, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=message):
        simulate(*arguments)
    with pytest.raises(ValueError, match="12 cells"):
        recommend_split(11, 0.5, WIDE, at, extra_points=1)


def test_simulated_at_once_or_in_parts_the_figures_are_close(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulate(at(24), 5, 0.5, WIDE, num_simulations=1500)
    monkeypatch.setattr(power, "CHUNK", 12_000)
    parts = simulate(at(24), 5, 0.5, WIDE, num_simulations=1500)
    assert parts.whole == pytest.approx(whole.whole, abs=0.05)
    assert parts.whole != whole.whole
