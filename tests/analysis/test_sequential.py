"""Spending of error over looks: published tables, scipy's multivariate normal, simulation, what must always hold."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from ssc_tune.analysis.estimators import sequential

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
DOUBLING = (0.25, 0.5, 1.0)

looks = st.lists(st.integers(4, 200), min_size=1, max_size=4, unique=True).map(
    lambda points: tuple(n / max(points) for n in sorted(points))
)
levels = st.floats(1e-4, 0.5)


def correlation(fractions: tuple[float, ...]) -> np.ndarray:
    """sqrt(t_j / t_k), j < k."""
    at = np.array(fractions)
    return np.sqrt(np.minimum.outer(at, at) / np.maximum.outer(at, at))


def exit_probabilities(bounds: Sequence[float], fractions: Sequence[float]) -> np.ndarray:
    """Chance (K,) that the first look with |Z_k| >= bounds[k] is look k."""
    state, found = sequential._START, []
    for bound, fraction in zip(bounds, fractions, strict=True):
        found.append(state.beyond(fraction, bound))
        state = state.next(fraction, bound)
    return np.array(found)


def test_published_boundaries_of_the_obrien_fleming_shape() -> None:
    # Two-sided 5%, alpha/2 spent on either side, five equal looks: Reboussin, DeMets, Kim and Lan, Controlled Clinical
    # Trials 21 (2000), and the same in gsDesign and ldbounds.
    either_side = 2 * sequential.spending(0.025, FIFTHS)
    found = np.array(sequential._boundaries(tuple(either_side), FIFTHS))
    assert found == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=2e-4)


@pytest.mark.parametrize(("num", "pocock", "obrien_fleming"), [(2, 2.178, 1.977), (3, 2.289, 2.004), (5, 2.413, 2.040)])
def test_published_constants_of_pocock_and_obrien_fleming(num: int, pocock: float, obrien_fleming: float) -> None:
    # Jennison and Turnbull (2000), tables 2.1 and 2.3: equal looks, two-sided 5%.
    fractions = [k / num for k in range(1, num + 1)]
    for bounds in ([pocock] * num, [obrien_fleming / math.sqrt(t) for t in fractions]):
        assert exit_probabilities(bounds, fractions).sum() == pytest.approx(0.05, rel=0.002)


def test_spending_at_half_the_points_is_two_tails_beyond_z_root_two() -> None:
    found = sequential.spending(0.05, (0.5, 1.0))
    assert found == pytest.approx([2 * stats.norm.sf(1.959963984540054 * math.sqrt(2)), 0.05])


@pytest.mark.parametrize("fractions", [DOUBLING, (0.1, 0.98, 0.99, 1.0), (0.06, 0.07, 0.5), FIFTHS])
def test_chance_of_any_crossing_by_the_multivariate_normal(fractions: tuple[float, ...]) -> None:
    alpha = 0.05
    bounds = sequential.boundaries(alpha, fractions)
    for k in range(2, len(fractions) + 1):
        normal = stats.multivariate_normal(cov=correlation(fractions[:k]), seed=0)
        inside = normal.cdf(bounds[:k], lower_limit=-bounds[:k])
        assert 1 - inside == pytest.approx(sequential.spending(alpha, fractions)[k - 1], abs=2e-5)


def test_one_look_is_the_ordinary_test() -> None:
    assert sequential.boundaries(0.05, (1.0,)) == pytest.approx([stats.norm.isf(0.025)])
    assert sequential.nominal_levels(0.01, (1.0,)) == pytest.approx([0.01])


@settings(max_examples=30, deadline=None)
@given(looks, levels)
def test_each_look_spends_what_it_may(fractions: tuple[float, ...], alpha: float) -> None:
    bounds = sequential.boundaries(alpha, fractions)
    spent = np.cumsum(exit_probabilities(bounds, fractions))
    assert spent == pytest.approx(sequential.spending(alpha, fractions), rel=1e-6, abs=1e-300)
    assert spent[-1] == pytest.approx(alpha)
    nominal = sequential.nominal_levels(alpha, fractions)
    assert (nominal <= spent * (1 + 1e-9)).all()  # a look alone errs no more often than all looks so far


@settings(max_examples=30, deadline=None)
@given(looks, levels, st.floats(1.01, 2.0))
def test_nominal_levels_rise_with_alpha(fractions: tuple[float, ...], alpha: float, factor: float) -> None:
    lower, higher = (sequential.nominal_levels(a, fractions) for a in (alpha, min(0.999, alpha * factor)))
    assert (lower < higher * (1 + 1e-9)).all()


@settings(max_examples=20, deadline=None)
@example((1.0,), [1 - 2**-53, 1.0, 1.0, 1.0])
@given(looks, st.lists(st.floats(1e-6, 1.0), min_size=4, max_size=4))
def test_what_a_sequential_p_value_is(fractions: tuple[float, ...], p_values: list[float]) -> None:
    so_far = [sequential.sequential_p(p_values[:k], fractions) for k in range(1, len(fractions) + 1)]
    assert all(later <= earlier for earlier, later in pairwise(so_far))
    for k, found in enumerate(so_far, start=1):
        assert found >= min(p_values[:k]) * (1 - 1e-9)
        if found * (1 + 1e-9) < 1:  # at it, a level that there is, some look crosses; below it none does
            at, below = (sequential.nominal_levels(found * f, fractions)[:k] for f in (1 + 1e-9, 1 - 1e-5))
            assert (np.array(p_values[:k]) <= at).any()
            assert (np.array(p_values[:k]) > below).all()


def test_sequential_p_of_one_look_is_its_p() -> None:
    for p in (0.0, 1e-20, 0.03, 1.0):
        assert sequential.sequential_p([p], (1.0,)) == p
    assert sequential.sequential_p([0.03], (64 / 128, 1.0)) > 0.03


def test_a_boundary_value_has_its_alpha_as_sequential_p() -> None:
    for k in range(3):
        p_values = [1.0] * k + [float(sequential.nominal_levels(0.05, DOUBLING)[k])]
        assert sequential.sequential_p(p_values, DOUBLING) == pytest.approx(0.05, rel=1e-5)


def test_an_undefined_p_counts_as_one() -> None:
    assert sequential.sequential_p([math.nan, 0.01], DOUBLING) == sequential.sequential_p([1.0, 0.01], DOUBLING)
    assert sequential.sequential_p([math.nan], DOUBLING) == sequential.sequential_p([], DOUBLING) == 1.0


def test_tiny_p_values_are_no_trouble() -> None:
    for p_values in ([0.0], [1e-300, 0.0], [0.5, 1e-40], [0.2, 0.3, 1e-17]):
        found = sequential.sequential_p(p_values, DOUBLING)
        assert sequential.LEAST * (1 - 1e-9) <= found < 0.1
    assert np.isfinite(sequential.nominal_levels(1e-12, (4 / 256, 1.0))).all()


def test_sequential_p_values_of_no_effect_are_at_most_uniform() -> None:
    # Sums of independent steps, looked at three times: P(sequential p <= u) = u, whichever look one stops at.
    rng, num = np.random.default_rng(0), 4000
    steps = rng.standard_normal((num, 4))
    sums = np.stack([steps[:, 0], steps[:, :2].sum(axis=1), steps.sum(axis=1)], axis=1) / np.sqrt([1, 2, 4])
    p_values = 2 * stats.norm.sf(np.abs(sums))
    for alpha in (0.05, 0.2):
        rate = (p_values <= sequential.nominal_levels(alpha, DOUBLING)).any(axis=1).mean()
        assert rate == pytest.approx(alpha, abs=3 * math.sqrt(alpha * (1 - alpha) / num))


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_one_sided_p_values_err_no_more_often(alpha: float) -> None:
    # A claim of equivalence is judged by the larger of two one-sided p-values, held to the same nominal levels.
    bounds = stats.norm.isf(sequential.nominal_levels(alpha, DOUBLING))
    outside = 1 - stats.multivariate_normal(cov=correlation(DOUBLING), seed=0).cdf(bounds)
    assert alpha * 0.9 < outside < alpha


@pytest.mark.parametrize("shared", [0.25, 1.0, 4.0])
def test_a_part_that_all_looks_share_makes_crossings_rarer(shared: float) -> None:
    # Error variance 1/t from the points and ``shared`` from the seeds, which do not accrue.
    at = np.array(DOUBLING)
    covariance = 1 / np.maximum.outer(at, at) + shared
    sd = np.sqrt(np.diag(covariance))
    bounds = sequential.boundaries(0.05, DOUBLING)
    inside = stats.multivariate_normal(cov=covariance / np.outer(sd, sd), seed=0).cdf(bounds, lower_limit=-bounds)
    assert 1 - inside < 0.05


def test_the_documented_shares_of_looks_at_16_32_and_64_points() -> None:
    page = (Path(__file__).parents[2] / "docs" / "looks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([\d.]+)% \| ([\d.]+) \| ([\d.]+) \|$", page, flags=re.MULTILINE)
    assert [row[0] for row in rows] == ["16", "32", "64"]
    columns = [np.array([float(row[i]) for row in rows]) for i in (1, 2, 3)]
    assert columns[0] / 100 == pytest.approx(sequential.spending(0.05, DOUBLING), rel=0.01)
    assert columns[1] == pytest.approx(sequential.nominal_levels(0.05, DOUBLING), rel=0.002)
    assert columns[2] == pytest.approx(sequential.boundaries(0.05, DOUBLING), abs=0.005)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sequential.spending(0.0, (1.0,)), "alpha must lie between 0 and 1"),
        (lambda: sequential.spending(0.05, (0.5, 0.5)), "must increase within"),
        (lambda: sequential.spending(0.05, (0.5, 1.2)), "must increase within"),
        (lambda: sequential.spending(0.05, ()), "must increase within"),
        (lambda: sequential.sequential_p([0.1, 0.2], (1.0,)), "at most one a look"),
        (lambda: sequential.sequential_p([1.1], (1.0,)), "must lie in"),
    ],
)
def test_what_is_refused(call, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=words):
        call()
