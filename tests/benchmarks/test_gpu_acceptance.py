"""The GPU's acceptance runs on a CPU too, so that it cannot rot, and loses nothing where a part fails."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"
SKIPPED = {"memory", "waits"}
"""Parts that only a GPU can answer."""


@pytest.mark.slow
def test_every_part_reports_a_result_or_says_why_not(tmp_path: Path) -> None:
    path = tmp_path / "cpu.json"
    command = [sys.executable, str(SCRIPTS / "gpu_acceptance.py"), "--device", "cpu", "--json", str(path)]
    command += ["--budget", "240"]  # a loaded machine wants longer than a quiet one
    run = subprocess.run(command, capture_output=True, text=True, timeout=330)
    parts = json.loads(path.read_text())["parts"]
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert list(parts) == list(importlib.import_module("gpu_acceptance").PARTS)
    for name, part in parts.items():
        if name in SKIPPED:
            assert part["status"] == "skipped"
            assert part["reason"]
        else:
            assert part["status"] == "done", name
            assert part["results"]
            assert all(row.get("passed", True) for row in part["results"])
    assert parts["precision"]["results"][0]["steps"] == 4
    assert parts["resume"]["results"][0]["bits_equal"] == {"twice": True, "interrupted": True, "another_process": True}
    assert {row.get("variant") for row in parts["speed"]["results"]} >= {"float32", "reference"}
    assert parts["study"]["results"][0]["records"] == 12


def _fails(context: Any) -> None:
    context.add(number=1)
    raise RuntimeError("broken")


def test_a_part_that_fails_keeps_its_results_and_leaves_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script, context = importlib.import_module("gpu_acceptance"), importlib.import_module("gpu_context")

    def skips(_: Any) -> None:
        raise context.Skipped("nothing here")

    def strays(given: Any) -> None:
        given.add(number=2, passed=False)

    parts = {"facts": (_fails, 1), "views": (skips, 1), "precision": (strays, 1)}
    monkeypatch.setattr(script, "PARTS", parts)
    path = tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", ["gpu_acceptance.py", "--device", "cpu", "--json", str(path)])
    assert script.main() == 1
    found = json.loads(path.read_text())["parts"]
    assert [part["status"] for part in found.values()] == ["failed", "skipped", "outside its bounds"]
    assert found["facts"]["results"] == [{"number": 1}]
    assert "RuntimeError: broken" in found["facts"]["traceback"]
    assert found["views"]["reason"] == "nothing here"
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--go-on", "--parts", "views"])
    script.main()
    assert json.loads(path.read_text())["parts"].keys() == found.keys()
    assert "not well: facts, precision" in capsys.readouterr().out


def test_a_part_that_is_late_says_what_it_left_out() -> None:
    module = importlib.import_module("gpu_context")
    saved: list[list[dict[str, Any]]] = []
    context = module.Context(module.torch.device("cpu"), 0.0, lambda rows: saved.append(list(rows)))
    assert context.late("the rest")
    assert saved[-1][0]["left_out"] == "the rest"
