"""What is said of one method: where its intervals hold less than they say, its failure rate, what has no interval."""

from __future__ import annotations

import numpy as np
import pytest
from coverage import PRINTED, generator
from laws import LAWS, SIZES

from ssc_tune.analysis import summaries
from ssc_tune.analysis.analyze import analyze
from ssc_tune.analysis.estimates import cut_to
from ssc_tune.analysis.estimators.intervals import two_way_mean
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.summaries import ENOUGH_POINTS, thin
from tests.making.tables import make_study, make_tables


def normal(num_points: int) -> np.ndarray:
    return np.random.default_rng(num_points).normal(0.7, 0.05, size=(num_points, 3))


def test_below_enough_points_the_interval_of_a_level_carries_a_caution() -> None:
    assert "collapses" in thin(normal(ENOUGH_POINTS - 1))
    assert thin(normal(ENOUGH_POINTS)) == ""


@pytest.mark.parametrize(("level", "spread"), [(0.97, 0.3), (0.05, 0.3), (0.5, 0.4), (0.9, 0.02)])
def test_the_interval_of_an_accuracy_lies_in_0_to_1_and_covers_as_often(level: float, spread: float) -> None:
    """Simulated tables of 4 points and 2 or 3 seeds, of which the true mean is that of the law."""
    rng = np.random.default_rng(3)
    a, b = level / spread, (1 - level) / spread
    covered, cut = np.zeros(2), 0
    for _ in range(200):
        shift = 0.03 * rng.standard_normal((1, rng.integers(2, 4)))
        y = np.clip(rng.beta(a, b, size=(4, 1)) + shift, 0, 1)
        raw, shown = two_way_mean(y), summaries._spreads(y)["mean"]
        if shown.low is None or shown.high is None:
            continue
        assert 0 <= shown.low <= shown.value <= shown.high <= 1
        beyond = raw.low < 0 or raw.high > 1
        assert (cut_to(0, 1) in shown.note) == beyond
        assert beyond or (shown.low, shown.high) == (raw.low, raw.high)
        covered += (raw.low <= level <= raw.high, shown.low <= level <= shown.high)
        cut += beyond
    assert covered[0] == covered[1] > 0
    assert cut > 0 or spread < 0.1


def test_the_defaults_have_an_interval_of_an_accuracy_too() -> None:
    study = make_study(points=4, seeds=2)
    tables = make_tables(study, lambda method, unit, seed: 0.3 + 0.5 * seed)
    found = summaries.summarize(Materials(study, tables), "shared", "main", "ssc").default_accuracy
    assert (found.low, found.high) == (0.0, 1.0)
    assert cut_to(0, 1) in found.note


def test_points_far_from_the_rest_carry_a_caution_at_any_number() -> None:
    y = normal(200)
    y[:6] = 0.1
    assert "far from the rest" in thin(y)
    assert thin(np.full((200, 3), 0.1)) == ""  # nothing varies


def test_every_interval_of_a_methods_own_level_has_its_caution() -> None:
    y = normal(16) + np.linspace(0, 0.4, 16)[:, None]
    found = summaries._spreads(y)
    assert found["mean"].note == found["std"].note == thin(y)
    assert found["mean"].low is not None
    noise = summaries._spreads(normal(16))["std"]
    assert noise.low is None
    assert "collapses" not in noise.note  # a caution about an interval that is not there
    assert found["cvar"].low is None
    assert "no interval" in found["cvar"].note


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mean of a method", "sd of a method"])
@pytest.mark.parametrize("law", ["normal", "collapsing points", "collapsing cells", "near the ceiling", "skewed"])
def test_what_misses_has_said_so(name: str, law: str) -> None:
    """Intervals that miss the truth without a caution: at most 5% and 3 Monte Carlo errors, where they say 95%."""
    repeats = 100
    for num_points, num_seeds in SIZES:
        truth, rng = PRINTED[name].truth(LAWS[law], num_points, num_seeds), generator(law, num_points, num_seeds)
        silent = 0
        for _ in range(repeats):
            pair = LAWS[law](rng, num_points, num_seeds)
            found = PRINTED[name].of(*pair)
            silent += bool(np.isfinite(found.low)) and not found.low <= truth <= found.high and not thin(pair[0])
        assert silent / repeats <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)


def test_a_difference_of_accuracies_lies_in_minus_1_to_1_wherever_it_is_told() -> None:
    """Two points with two seeds tell next to nothing: the interval of t reaches far beyond what can be."""
    claims = [
        {"name": "level", "more": "ssc", "than": "fixmatch", "in": "mean"},
        {"name": "defaults", "more": "ssc", "than": "fixmatch", "in": "default"},
        {"name": "area", "more": "ssc", "than": "fixmatch", "in": "area_under_curve"},
    ]
    study = make_study(claims, points=2, seeds=2)
    tables = make_tables(study, lambda method, unit, seed: abs((method == "ssc") * 0.9 - 0.8 * seed))
    analysis = analyze(study, tables, explore=False)
    told = [verdict.effect for verdict in analysis.verdicts] + [analysis.comparisons[0].mean_difference]
    seen = 0
    for effect in told:
        if effect.low is None or effect.high is None:
            continue
        assert -1 <= effect.low <= effect.high <= 1
        assert (cut_to(-1, 1) in effect.note) == (effect.low == -1 or effect.high == 1)
        seen += cut_to(-1, 1) in effect.note
    assert seen > 0


def test_a_band_that_is_cut_says_so() -> None:
    study = make_study(points=16, seeds=3)
    tables = make_tables(study, lambda method, unit, seed: float(np.clip(0.98 - 0.4 * seed * unit["tau"], 0, 1)))
    banded = [curve for curve in analyze(study, tables).curves if curve.low and curve.high]
    assert banded
    said = {cut_to(0, 1, "band") in curve.note for curve in banded}
    assert said == {True, False}
    for curve in banded:
        low, high = np.asarray(curve.low), np.asarray(curve.high)
        assert cut_to(0, 1, "band") not in curve.note or min(low.min(), 1 - high.max()) == 0
