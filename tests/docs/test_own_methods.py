"""docs/own_methods.md shows the shipped examples as they are, and its class keeps its contract and trains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ssc_tune.design.cells import fixed_cells
from ssc_tune.study import load_study
from tests.docs.blocks import ROOT, blocks

PAGE = ROOT / "docs" / "own_methods.md"
EXAMPLES = ROOT / "examples"
ALL = blocks(PAGE)


def test_the_function_on_the_page_is_the_shipped_one() -> None:
    shown = next(block.text for block in ALL if block.path == "trees.py")
    assert (EXAMPLES / "trees.py").read_text(encoding="utf-8").endswith(shown.removeprefix("# trees.py\n"))
    body = shown.split("def random_forest")[1]
    assert len(body.splitlines()) < 20


@pytest.mark.parametrize("name", ["trees", "command"])
def test_a_part_on_the_page_stands_in_the_shipped_study(name: str) -> None:
    whole = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    parts = [yaml.safe_load(block.text) for block in ALL if block.language == "yaml"]
    assert any(all(whole.get(key) == value for key, value in part.items()) for part in parts)
    study = load_study(EXAMPLES / f"{name}.yaml")
    assert len(study.own_methods) == len(study.methods)


@pytest.fixture
def doubled(tmp_path: Path) -> Path:
    for block in ALL:
        if block.path in ("doubled.py", "test_doubled.py"):
            (tmp_path / block.path).write_text(block.text, encoding="utf-8")
    part = next(block.text for block in ALL if block.language == "yaml" and "Doubled" in block.text)
    rest = """\
name: doubled
training: {steps: 4, evaluations: 1}
hyperparameters: {batch_size: 8, mu: 2}
search_space: {parameters: {tau: {type: float, default: 0.95, low: 0.6, high: 0.99, log: true, complement: true}}}
design: {type: defaults}
"""
    (tmp_path / "study.yaml").write_text(rest + part, encoding="utf-8")
    return tmp_path


def call(where: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=where, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_class_keeps_the_contract(doubled: Path) -> None:
    assert "1 passed" in call(doubled, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_doubled.py")


def test_its_class_is_trained_in_a_study(doubled: Path) -> None:
    study = load_study(doubled / "study.yaml")
    cell = next(cell for cell in fixed_cells(study) if cell.placement.method == "doubled")
    (doubled / "cell.json").write_text(cell.config.model_dump_json(), encoding="utf-8")
    script = (
        "import pathlib; from ssc_tune.training import CellConfig, train;"
        "text = pathlib.Path('cell.json').read_text();"
        "print(train(CellConfig.model_validate_json(text)).status)"
    )
    assert call(doubled, "-c", script).split() == ["ok"]
