"""Coverage of the intervals that reports print of surfaces, grids, levels and pairs, shortened from the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import coverage_further
import coverage_pairs
import coverage_surfaces
import coverage_table
import numpy as np
import pytest
from coverage_surfaces import Row
from scipy import stats


def least(rate: float, number: int) -> float:
    """The share that a true rate falls short of in one of ten thousand simulations."""
    return float(stats.binom.ppf(0.0001, number, rate)) / number


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "repeats", "rate"),
    [
        (coverage_pairs.pairs, 60, 0.92),
        (coverage_pairs.defaults, 200, 0.94),
        (coverage_surfaces.grids, 12, 0.85),
        (coverage_surfaces.surfaces, 6, 0.85),
        (coverage_further.ranges, 40, 0.88),
        (coverage_further.gains, 60, 0.89),
        (coverage_further.replicated, 100, 0.95),
        (coverage_further.sensitivities, 40, 0.89),
    ],
)
def test_printed_intervals_cover(part: Callable[[int], Iterator[Row]], repeats: int, rate: float) -> None:
    """Where a curve or a set of shares is counted by its parts, these are no independent trials: studies are."""
    rows = list(part(repeats))
    for row in rows:
        if row.none < 1:
            known = max(1, round(repeats * (1 - row.none)))
            assert row.covered >= least(rate, known), row
    for what in {row.what for row in rows}:
        every = [row.covered for row in rows if row.what == what and np.isfinite(row.covered)]
        assert np.mean(every) >= 0.88, what


@pytest.mark.slow
def test_a_cliff_leaves_no_share_of_a_minor_parameter_uncovered() -> None:
    """Without what the surrogate leaves unexplained, about half of the intervals of the share of c miss it."""
    rows = [row for row in coverage_surfaces.surfaces(12) if row.law == "cliff, 4 parameters, c"]
    known = [round(row.repeats * (1 - row.none)) for row in rows]
    held = sum(row.covered * number for row, number in zip(rows, known, strict=True) if number)
    assert held / sum(known) >= least(0.93, sum(known))


def test_every_interval_of_the_table_has_a_place_and_the_lowest_is_named() -> None:
    rows = [
        Row("sd of a method", "normal", "16 x 3", 0.9, 0.1, 50),
        Row("sd of a method", "skewed", "32 x 3", 0.8, 0.0, 40),
        Row("claim in: iqr", "normal", "16 x 3", float("nan"), 1.0, 5),
    ]
    assert list(coverage_table.lines(rows))[2:] == [
        "| sd of a method | table of methods | 0.850 | 0.800 (skewed, 32 x 3) | 0.10 | 40 |",
        "| claim in: iqr | verdict |  |  | 1.00 | 5 |",
    ]
    assert coverage_table.where("tunability of a method") == "table of methods"
    assert coverage_table.where("tunability, n = N/4") == "verdict"


@pytest.mark.slow
def test_levels_hold_together_and_widths_are_shown_without_an_interval() -> None:
    rows = list(coverage_surfaces.levels(100))
    for row in rows:
        if row.what == "one at a time, all levels":
            assert row.covered >= least(0.94, 100), row
    # Why the width has no interval in reports: by the jackknife over a few seeds it covers less.
    assert np.mean([row.covered for row in rows if row.what == "tolerance width"]) < 0.94


def test_the_shares_of_a_law_are_those_of_a_very_large_table() -> None:
    rng = np.random.default_rng(0)
    for law in coverage_surfaces.SURFACES:
        y = coverage_surfaces.measured(law, rng.random((4000, 2)), 200, rng)
        means = y.mean(axis=1)
        residual = (y - means[:, None] - y.mean(axis=0) + y.mean()).var()
        expected = coverage_surfaces.true_shares(law)
        total = means.var() + y.mean(axis=0).var() + residual
        assert residual / total == pytest.approx(expected["residual"], rel=0.15)
        point = expected["a"] + expected["b"] + expected["a x b"]
        assert means.var() / total == pytest.approx(point, abs=0.03)
