"""The simulation of the intervals of shares: its table, its laws, and a shortened version of what it shows."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "coverage_shares.py"
SPEC = importlib.util.spec_from_file_location("coverage_shares", SCRIPT)
assert SPEC is not None
assert SPEC.loader is not None
coverage_shares = importlib.util.module_from_spec(SPEC)
sys.modules["coverage_shares"] = coverage_shares
SPEC.loader.exec_module(coverage_shares)


@pytest.mark.parametrize("law", coverage_shares.LAWS)
def test_a_cut_leaves_the_share_below_it(law: str) -> None:
    drawn, _ = coverage_shares.pair(law, np.random.default_rng(1), (40_000, 1, 1))
    assert sum(coverage_shares.LAWS[law]) == pytest.approx(1)
    assert np.mean(drawn < coverage_shares.cut(law, 0.1)) == pytest.approx(0.1, abs=4 * 0.0015)


def test_the_two_methods_are_correlated_by_point() -> None:
    first, second = coverage_shares.pair("points alone", np.random.default_rng(1), (20_000, 1, 1), 0.8)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] == pytest.approx(0.8, abs=0.01)


def test_a_row_a_size() -> None:
    row = coverage_shares.differences("points alone", 16, 3, repeats=4)
    lines = list(coverage_shares.markdown([row], ["a"] * len(row.covered)))
    assert len(lines) == 3
    assert lines[2].startswith("| points alone | 16 x 3 | ")
    assert row.covered == coverage_shares.differences("points alone", 16, 3, repeats=4).covered


@pytest.mark.slow
@pytest.mark.parametrize("law", coverage_shares.LAWS)
def test_coverage_of_shares_and_of_their_differences(law: str) -> None:
    # Two standard errors of 150 repeats at 93% are 4 points.
    for size in ((16, 3), (64, 3), (64, 5)):
        assert min(coverage_shares.shares(law, *size, repeats=150, seed=1).covered) >= 89
        assert min(coverage_shares.differences(law, *size, repeats=150, seed=1).covered) >= 89
