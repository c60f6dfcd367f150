"""The simulation of looks: rates of error as declared, and cells saved, in short."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

LOOKS = (16, 32, 64)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """By its file: other tests have the same name."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "looks.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_looks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_it_prints_its_tables(
    script: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["looks.py", "--repeats", "4", "--looks", "4", "8", "--seeds", "3"])
    script.main()
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ") and "---" not in line]
    heads = [row for row in rows if row.startswith("| law ")]
    assert len(heads) == 2
    assert len(rows) - 2 == len(script.LAWS) * (len(script.MEASURES) + 2)


def test_studies_are_drawn_as_the_law_says(script: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for law in script.LAWS.values():
        a, b = script.draw(rng, 4000, 400, law, 0.5)
        first, second = a.mean(axis=1), b.mean(axis=1)
        assert first.std() / second.std() == pytest.approx(0.5, rel=0.1)
        assert np.corrcoef(first, second)[0, 1] == pytest.approx(law.correlation, abs=0.05)
        slopes = ((second - second.mean()) @ b) / ((second - second.mean()) ** 2).sum()
        assert slopes.std() == pytest.approx(law.slope_cv, abs=0.05)


@pytest.mark.parametrize(
    ("power", "size"), [(0.1, 16), (0.2, 16), (0.35, 24), (0.5, 32), (0.7, 48), (0.9, 64), (0.95, 64)]
)
def test_the_size_of_equal_power_lies_on_the_line_between_sizes(script: ModuleType, power: float, size: float) -> None:
    assert script._size_of(power, np.array([0.2, 0.5, 0.9]), [16, 32, 64]) == pytest.approx(size)


@pytest.mark.slow
@pytest.mark.parametrize("law", ["normal", "seed slopes"])
@pytest.mark.parametrize("measure", ["mean", "std"])
def test_all_looks_together_err_no_more_often_than_one(script: ModuleType, law: str, measure: str) -> None:
    repeats = 400
    (found,) = script.rates(law, measure, [LOOKS], 5, repeats)
    error = math.sqrt(0.05 * 0.95 / repeats)
    assert found.declared <= 0.05 + 3 * error
    assert found.naive > found.declared + error  # what looking costs that is not declared
    if measure == "mean":
        assert found.naive > 0.05 + 2 * error  # std errs less often than 5% at a single look


@pytest.mark.slow
def test_looks_save_cells_where_one_method_is_twice_as_stable(script: ModuleType) -> None:
    few, more = script.savings("normal", 0.5, [LOOKS, (24, 32, 40, 48, 64)], 5, 150)
    for found in (few, more):
        assert found.power > 0.93
        assert found.power > found.power_fixed - 0.03
    assert script.cells(few.points, 5) < 0.85 * script.cells(64, 5)
    assert script.cells(more.points, 5) < 0.7 * script.cells(64, 5)
