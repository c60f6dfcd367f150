"""The example of docs/adding_a_method.md is put together in a copy of the package, and its own test passes there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks

PAGE = ROOT / "docs" / "adding_a_method.md"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "ssc_tune", tmp_path / "ssc_tune", ignore=shutil.ignore_patterns("__pycache__"))
    for block in blocks(PAGE):
        if block.path is not None:
            path = tmp_path / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            assert not path.exists(), f"{block.label}: there is such a file already"
            path.write_text(block.text, encoding="utf-8")
        if block.language == "diff":
            apply(block.text, tmp_path)
        if block.language == "yaml":
            (tmp_path / "study.yaml").write_text(block.text, encoding="utf-8")
    return tmp_path


def apply(diff: str, root: Path) -> None:
    """Replaces the lines that a diff of one hunk shows as old by those it shows as new."""
    lines = diff.splitlines(keepends=True)
    path = root / lines[0].split()[1].removeprefix("a/")
    body = lines[3:]
    old = "".join(line[1:] for line in body if not line.startswith("+"))
    new = "".join(line[1:] for line in body if not line.startswith("-"))
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path} is not as the page shows it:\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def call(copy: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_example_passes_its_own_test(copy: Path) -> None:
    out = call(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/methods")
    assert "2 passed" in out


def test_its_study_is_valid_there_and_only_there(copy: Path) -> None:
    assert "valid; study soft_labels" in call(copy, "-m", "ssc_tune.cli", "validate", "study.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "ssc_tune.cli", "validate", str(copy / "study.yaml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "soft_fixmatch" in done.stderr
