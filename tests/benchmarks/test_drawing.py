"""The benchmark of drawings draws what a report draws, in both ways."""

from __future__ import annotations

from pathlib import Path

import drawing
import pytest

from ssc_tune.report import drawers
from tests.pipeline.test_stored import STORED, survey


@pytest.mark.slow
def test_every_drawing_is_measured_in_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, folder, progress = survey(tmp_path)
    assert progress.records
    given = ["drawing.py", str(STORED / "study.yaml"), "--storage", str(folder.storage), "--rounds", "1"]
    monkeypatch.setattr("sys.argv", given)
    monkeypatch.setattr(drawers, "MEASURED", drawers.MEASURED)  # put back
    drawing.main()
    lines = capsys.readouterr().out.splitlines()
    assert "drawings, 1 rounds" in lines[0]
    assert [float(line.split("|")[2].split()[0]) > 0 for line in lines[4:]] == [True, True]
