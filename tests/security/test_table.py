"""Every row of the table of threats names tests that exist, or its reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"


def rows() -> list[list[str]]:
    """The cells of each row of the table of threats."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index("| threat | what is done | test |") + 2
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:] if line.startswith("|")]
    assert len(found) > 20
    return found


def functions(path: Path) -> set[str]:
    return {n.name for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.FunctionDef)}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:60])
def test_a_threat_has_its_test_or_its_reason(row: list[str]) -> None:
    threat, done, proof = row
    assert threat
    if proof.startswith("Reason: "):
        return
    assert done
    named = re.findall(r"`([\w/.]+)::(\w+)`", proof)
    assert named
    assert re.fullmatch(r"`[\w/.:]+`(, `[\w/.:]+`)*", proof)
    for path, name in named:
        assert name.startswith("test_")
        assert name in functions(ROOT / path), f"{path}::{name}"
