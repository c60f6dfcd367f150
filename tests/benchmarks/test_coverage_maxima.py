"""The script of coverage rates runs, and its rates hold: a shortened simulation."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("coverage_maxima")


def test_rows_of_every_kind_are_seeded_and_print_as_markdown(script: Any) -> None:
    sizes = [(8, 3)]

    def made() -> list[Any]:
        found = list(script.compared_rows(2, sizes, ["worst (of N/4)", "near_optimal_volume"]))
        return [*found, *script.band_rows(2, sizes), *script.search_rows(1), *script.width_rows(2)]

    rows = made()
    assert [row.text() for row in rows] == [row.text() for row in made()]
    laws = len(script.LAWS)
    assert len(rows) == 2 * laws + 6 * laws + 5 + 3
    assert all(row.text().count("|") == 8 for row in rows)
    assert all(0 <= row.coverage <= 1 or row.undefined == 1 for row in rows)
    *_, last = script.short(rows)
    own = [row for row in rows if row.measure == "tolerance_width"]
    assert last.startswith(f"| tolerance_width | {np.mean([row.coverage for row in own]):.3f} | ")
    assert all(line.count("|") == 8 for line in script.short(rows))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["best_of_n, n = N/4", "best_of_n, n = N/2", "worst (of N/4)", "default_regret (of N/2)", "near_optimal_volume"],
)
def test_intervals_hold_what_they_say(script: Any, name: str) -> None:
    """32 points and 3 seeds, 80 studies a law: a rate is known to 2.5 points, the mean over the 8 laws to 0.9."""
    rows = list(script.compared_rows(80, [(32, 3)], [name]))
    assert np.mean([row.coverage for row in rows]) >= 0.93
    assert min(row.coverage for row in rows) >= 0.87
    assert np.mean([row.size_of_test for row in rows]) <= 0.06
    assert max(row.size_of_test for row in rows) <= 0.12
    assert max(row.undefined for row in rows) <= 0.05


@pytest.mark.slow
def test_bands_hold_what_they_say(script: Any) -> None:
    rows = list(script.band_rows(80, [(16, 3)]))
    for kind in {row.measure for row in rows}:
        own = [row for row in rows if row.measure == kind]
        assert np.mean([row.coverage for row in own]) >= 0.93, kind
        assert min(row.coverage for row in own) >= 0.87, kind
        assert all(row.undefined == 0 for row in own)
