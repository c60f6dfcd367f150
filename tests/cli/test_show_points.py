"""``show`` says how many points of a design are distinct."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ssc_tune.commands import pages
from tests.making.studies import DISCRETE, study


def test_show_counts_distinct_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = study(DISCRETE)
    pages.show_study(made, tmp_path, as_json=True, all_cells=False)
    rows = {row["method"]: row for row in json.loads(capsys.readouterr().out)["methods"]}
    assert (rows["fixmatch"]["distinct_points"], rows["fixmatch"]["points"]) == (2, 8)
    assert (rows["ssc"]["distinct_points"], rows["ssc"]["points"]) == (8, 8)
    assert (rows["fixmatch"]["cells"], rows["ssc"]["cells"]) == (4, 18)  # the defaults are one of the two
    pages.show_study(made, tmp_path, as_json=False, all_cells=False)
    assert "2 distinct of 8" in capsys.readouterr().out
