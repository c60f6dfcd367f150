"""The measurement of a report sees figures that are there, and waits for those that are not yet."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LATE = """<!doctype html><style>div {{ height: 700px; }}</style><article class="card">c</article>
<section id="measures"></section><div class="draw"><svg><path d="M0 0h9"/></svg></div><div class="draw" id="late"></div>
<script>setTimeout(() => {{ document.getElementById("late").innerHTML = '<svg><path d="M0 0h9"/></svg>'; }}, {wait});
</script>"""


def _measured(monkeypatch: pytest.MonkeyPatch, out: Path, *arguments: str) -> dict[str, list[float]]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    spec = importlib.util.spec_from_file_location("benchmark_of_reports", ROOT / "benchmarks" / "report.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(sys, "argv", ["report.py", *arguments, "--json", str(out), "--chromium", chromium])
    script.main()
    found: dict[str, list[float]] = json.loads(out.read_text())
    return found


@pytest.mark.slow
def test_a_figure_that_comes_late_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    page.write_text(LATE.format(wait=2000))
    found = _measured(monkeypatch, tmp_path / "out.json", str(page), "--rounds", "2", "--height", "600")
    dom, cards, first, present, everything = (found[key][0] for key in ("dom", "cards", "first", "present", "all"))
    assert 0 < dom < 2000 <= present <= everything
    assert max(cards, first) < 2000  # the late one is below the window
    assert "| all seen |" in capsys.readouterr().out


@pytest.mark.slow
def test_a_synthetic_study_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _measured(monkeypatch, tmp_path / "out.json", "--cells", "30", "--rounds", "1")
    assert found["all"][0] > found["dom"][0] > 0
    assert found["elements"] > 1000
