"""Studies and records are made in one place, and what tests share is imported in one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
MADE = {"Study.model_validate", "Record", "RunResult", "Evaluation", "Attempt"}
ELSEWHERE = {
    ("test_live.py", "Attempt"): "logs the beginning of an attempt, which belongs to no record yet",
}
"""Where one of them is called all the same, with the reason."""


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(TESTS.rglob("*.py")):
        yield path.relative_to(TESTS).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Each imported module by its name, leading dots included, and whether single names are taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), True
        if isinstance(node, ast.Import):
            yield from ((name.name, False) for name in node.names)


def test_studies_and_records_are_made_in_one_place() -> None:
    found = {
        (path, ast.unparse(node.func))
        for path, tree in trees()
        if not path.startswith("making/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in MADE
    }
    assert found == set(ELSEWHERE)


def test_what_tests_share_is_imported_by_its_name_below_tests() -> None:
    own = {path.stem for path in TESTS.rglob("*.py")} | {path.name for path in TESTS.iterdir() if path.is_dir()}
    own -= {path.stem for path in (ROOT / "benchmarks").glob("*.py")}  # scripts are imported by their bare names
    wrong = [
        f"{path}: {name}"
        for path, tree in trees()
        for name, single in imports(tree)
        if name.startswith(".")
        or "conftest" in name
        or (name.split(".")[0] == "tests" and not single)
        or name.split(".")[0] in own
    ]
    assert wrong == []
