"""How the house is built: bounds on its parts, and no list that another list has to agree with by hand."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

import ssc_tune
from ssc_tune import cli
from ssc_tune.design.points import POINTS
from ssc_tune.running.options import Options, declared, options_from
from ssc_tune.study.model.designs import DESIGNS
from ssc_tune.study.model.measures import MEASURES

PACKAGE = Path(ssc_tune.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in FILES:
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text(encoding="utf-8"))


def test_no_function_is_longer_than_fifty_lines_and_no_file_than_three_hundred() -> None:
    long = [
        f"{path}: {node.name}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, Function) and node.end_lineno - node.lineno >= 50  # type: ignore[operator]
    ]
    assert long == []
    assert [path.name for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 300] == []


def test_few_imports_stand_inside_functions() -> None:
    late = {
        (path, inner.lineno)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, Function)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }
    assert len(late) < 30, sorted(late)


def test_reading_the_command_line_loads_nothing_heavy() -> None:
    script = """
import sys
import ssc_tune.cli
ssc_tune.cli.make_parser()
heavy = {"torch", "ray", "mlflow", "optuna", "pandas", "scipy", "numpy", "pydantic", "rich"}
print(sorted(heavy & {name.split(".")[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_option_is_a_field_wherever_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    parameters = inspect.signature(ssc_tune.run_study).parameters
    assert list(parameters) == ["study", *declared()]
    assert {name: parameters[name].default for name in declared()} == {n: f.default for n, f in declared().items()}
    assert all(
        f"{name}: {one.metadata['help']}" in (ssc_tune.run_study.__doc__ or "") for name, one in declared().items()
    )
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    shown = capsys.readouterr().out
    assert all(f"--{name.replace('_', '-')}" in shown for name in declared())
    assert options_from({}, command="c") == Options(command="c")
    with pytest.raises(TypeError, match="run_study has no option trackinguri"):
        ssc_tune.run_study("nowhere.yaml", trackinguri="none")
    with pytest.raises(TypeError, match="log_models: 'some' is not known; allowed: none, best, all"):
        options_from({"log_models": "some"}, command="")


def test_every_command_has_a_file_of_its_own() -> None:
    for name in cli.COMMANDS:
        command = importlib.import_module(f"ssc_tune.commands.{name}")
        assert {one.__module__ for one in (command.add_arguments, command.run)} == {command.__name__}
        assert command.HELP
        assert get_type_hints(command.run) == {"arguments": argparse.Namespace, "return": int}, name
    files = {path.stem for path in (PACKAGE / "commands").glob("*.py") if "\nHELP = " in path.read_text("utf-8")}
    assert files == set(cli.COMMANDS)


def test_designs_are_those_of_a_study_file_and_answer_for_themselves() -> None:
    names = [design.name() for design in DESIGNS]
    assert set(POINTS) == {design.name() for design in DESIGNS if design.varies and not design.adaptive}
    assert {name for row in MEASURES.values() for name in row.designs} <= set(names)


def test_nothing_asks_which_design_it_is() -> None:
    """Where a design is told apart it is by what it says of itself; its own points and source alone know its class."""
    classes, names = {design.__name__ for design in DESIGNS}, {design.name() for design in DESIGNS}
    found = []
    for path, tree in trees():
        if path in ("design/points.py", "design/cell_source.py", "study/model/designs.py"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in classes:
                found.append(f"{path}: {node.id}")
            if isinstance(node, ast.Compare) and any(
                isinstance(side, ast.Attribute) and side.attr == "type" and "design" in ast.unparse(side)
                for side in (node.left, *node.comparators)
            ):
                compared = {
                    c.value
                    for side in (node.left, *node.comparators)
                    for c in ast.walk(side)
                    if isinstance(c, ast.Constant)
                }
                found += [f"{path}: {name}" for name in compared & names]
    assert found == []


OF_REGISTERED = ("methods/", "study/schema.py", "study/reference.py")
"""Where registered methods are meant, and not those that a study declares."""


def test_what_a_method_is_given_is_asked_of_the_study_or_the_cell() -> None:
    """A function or command has no class, so that only the registry may ask for one."""
    asked = []
    for path, tree in trees():
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "ssc_tune"
            for alias in node.names
            if alias.name == "methods"
        }
        for node in ast.walk(tree):
            called = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
            if called and node.attr == "get" and not path.startswith(OF_REGISTERED):
                asked.append(f"{path}:{node.lineno}")
    assert asked == []


def test_what_is_used_of_a_package_is_imported_by_it() -> None:
    """Its stub names it: else it is there only once something else has imported it."""
    stubs = {path.parent.name for path in PACKAGE.glob("*/__init__.pyi")}
    missing = []
    for path, tree in trees():
        taken = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "ssc_tune"
            for alias in node.names
            if alias.name in stubs
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in taken:
                package = importlib.import_module(f"ssc_tune.{taken[node.value.id]}")
                if node.attr not in package.__dir__():
                    missing.append(f"{path}: {node.value.id}.{node.attr}")
    assert stubs
    assert missing == []
