"""The comparison of two trees sees the smallest change of arithmetic, and none where there is none."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_changed_tree_differs_and_a_copied_one_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    script = importlib.import_module("bit_identity")
    for name in ("copied", "changed"):
        shutil.copytree(ROOT / "ssc_tune", tmp_path / name / "ssc_tune")
    schedule = tmp_path / "changed" / "ssc_tune" / "training" / "optimization.py"
    text = schedule.read_text()
    assert text.count("7 * math.pi") == 1
    schedule.write_text(text.replace("7 * math.pi", "7.0001 * math.pi"))

    @contextmanager
    def tree(name: str) -> Iterator[Path]:
        yield tmp_path / name if name != "." else ROOT

    monkeypatch.setattr(script, "checked_out", tree)
    configs = [cell for name, cell in script.cells(3).items() if name in ("fixmatch", "ssc")]
    here, copied, changed = (script.digests(name, configs) for name in (".", "copied", "changed"))
    assert len(here) == 2
    assert here == copied
    assert all(a != b for a, b in zip(here, changed, strict=True))
