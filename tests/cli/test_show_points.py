"""``show`` says how many points of a design are distinct."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ssc_tune.commands import pages
from ssc_tune.study.model.study import Study


def test_show_counts_distinct_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = Study.model_validate(
        {
            "name": "discrete",
            "methods": ["fixmatch", "ssc"],
            "search_space": {
                "parameters": {
                    "batch_size": {"type": "int", "default": 8, "low": 8, "high": 9},
                    "temperature": {"type": "float", "default": 0.1, "factor": 3, "applies_to": ["ssc"]},
                }
            },
            "blocks": {"all": {"parameters": ["batch_size", "temperature"]}},
            "design": {"type": "sobol", "points": 8},
            "seeds": 2,
        }
    )
    pages.show_study(study, tmp_path, as_json=True, all_cells=False)
    rows = {row["method"]: row for row in json.loads(capsys.readouterr().out)["methods"]}
    assert (rows["fixmatch"]["distinct_points"], rows["fixmatch"]["points"]) == (2, 8)
    assert (rows["ssc"]["distinct_points"], rows["ssc"]["points"]) == (8, 8)
    assert (rows["fixmatch"]["cells"], rows["ssc"]["cells"]) == (4, 18)  # the defaults are one of the two
    pages.show_study(study, tmp_path, as_json=False, all_cells=False)
    assert "2 distinct of 8" in capsys.readouterr().out
