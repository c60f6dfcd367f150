"""The simulation of claims over settings: its table, its laws, and a shortened version of what it shows."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from ssc_tune.analysis.measures.std import std

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "coverage_settings.py"
SPEC = importlib.util.spec_from_file_location("coverage_settings", SCRIPT)
assert SPEC is not None
assert SPEC.loader is not None
coverage_settings = importlib.util.module_from_spec(SPEC)
sys.modules["coverage_settings"] = coverage_settings
SPEC.loader.exec_module(coverage_settings)


def test_tables_have_the_law_that_is_written() -> None:
    rng = np.random.default_rng(0)
    parts = [coverage_settings.tables(3, 0.8, 0.0, rng) for _ in range(60)]
    means = np.array([[[s.test.mean(axis=1) for s in (p.first, p.second)] for p in study] for study in parts])
    flat = means.transpose(1, 2, 0, 3).reshape(3, 2, -1)  # settings, methods, points of all studies
    assert flat.std(axis=-1) == pytest.approx(
        np.full((3, 2), np.sqrt(1 + 0.3**2 / 5 + 0.3**2 / 5 + 0.4**2 / 5)), rel=0.1
    )
    between_methods = np.corrcoef(flat[0])[0, 1]
    between_settings = np.corrcoef(flat[:, 0])[0, 1]
    assert between_methods == pytest.approx(0.6 / 1.068, abs=0.06)
    assert between_settings == pytest.approx(0.8 / 1.068, abs=0.06)


def test_the_truth_of_tables_is_the_factor() -> None:
    rng = np.random.default_rng(1)
    ratios = [std(part).interval.estimate for _ in range(40) for part in coverage_settings.tables(3, 0.0, 0.5, rng)]
    assert np.mean(ratios) == pytest.approx(0, abs=4 * 0.5 / np.sqrt(120))
    assert np.std(ratios) == pytest.approx(np.hypot(0.5, 0.27), rel=0.2)


def test_a_row_a_size() -> None:
    rows = [
        coverage_settings.drawn(3, 11, 0.2, repeats=50),
        coverage_settings.whole(3, 0.8, 0.2, repeats=1),
        coverage_settings.shares(3, 0.1, 0.2, repeats=1),
    ]
    lines = list(coverage_settings.markdown(rows))
    assert len(lines) == 5
    assert len({line.count("|") for line in lines}) == 1
    assert rows[0] == coverage_settings.drawn(3, 11, 0.2, repeats=50)


@pytest.mark.slow
@pytest.mark.parametrize("tau", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("num", [3, 5, 10])
def test_errors_and_coverage_with_effects_drawn(num: int, tau: float) -> None:
    found = coverage_settings.drawn(num, 11, tau, repeats=1500, seed=1)
    # 2.5% on each side and 1 of Monte Carlo error, which is 0.4.
    assert max(found.supported, found.refuted) <= 3.7
    assert found.covered >= 93


@pytest.mark.slow
def test_shared_points_are_allowed_for() -> None:
    found = coverage_settings.whole(10, 0.8, 0.0, repeats=60, seed=1)
    assert found.alone < 90
    assert found.covered >= 88  # two standard errors below 94
