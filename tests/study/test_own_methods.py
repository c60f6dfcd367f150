"""Own methods in study files: what is found, what is refused, and what makes a cell another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune.design.cells import fixed_cells
from ssc_tune.study import Study, load_study
from ssc_tune.study.registration import plan_hash

OWN = """\
name: mine
own_methods:
  forest: {function: "code:train", hyperparameters: {depth: 8, rate: 0.5, kind: plain, fast: true}}
methods: [forest, fixmatch]
hyperparameters: {batch_size: 16, kind: other}
search_space:
  parameters:
    depth: {type: int, default: 8, low: 1, high: 16, applies_to: [forest]}
    tau: {type: float, default: 0.9, low: 0.6, high: 0.99, log: true, complement: true, applies_to: [fixmatch]}
design: {type: sobol, points: 2}
blocks: {all: {parameters: [depth, tau]}}
seeds: 1
"""
CODE = "def train(hyperparameters):\n    return {}\n"
Write = Callable[..., Path]


def load(write: Write, text: str = OWN, code: str = CODE) -> Study:
    write(code, "code.py")
    return load_study(write(text))


def test_each_method_gets_its_own_values(write: Write) -> None:
    study = load(write)
    cells = [cell for cell in fixed_cells(study) if cell.placement.point == 1]
    forest, fixmatch = (next(c.config for c in cells if c.placement.method == name) for name in study.methods)
    assert set(forest.hyperparameters) == {"depth", "rate", "kind", "fast"}
    assert (forest.hyperparameters["kind"], forest.hyperparameters["rate"]) == ("other", 0.5)
    assert fixmatch.hyperparameters["batch_size"] == 16
    assert fixmatch.own is None
    assert not forest.is_ours_to_train


def test_edited_code_makes_other_cells_and_another_plan(write: Write) -> None:
    before, same, after = load(write), load(write), load(write, code=CODE + "# better\n")
    ids = [{c.placement.method: c.cell_id for c in fixed_cells(study)} for study in (before, same, after)]
    assert ids[0] == ids[1]
    assert ids[0]["forest"] != ids[2]["forest"]
    assert ids[0]["fixmatch"] == ids[2]["fixmatch"]
    assert plan_hash(before) == plan_hash(same) != plan_hash(after)


def test_a_version_stands_for_the_code(write: Write) -> None:
    said = OWN.replace('"code:train",', '"code:train", version: "1",')
    first, edited = load(write, said), load(write, said, CODE + "# comment\n")
    assert plan_hash(first) == plan_hash(edited) != plan_hash(load(write, said.replace('"1"', '"2"')))


def test_where_the_study_lies_is_no_part_of_it(write: Write, tmp_path: Path) -> None:
    first = load(write)
    (tmp_path / "other").mkdir()
    for name in ("code.py", "s.yaml"):
        (tmp_path / "other" / name).write_bytes((tmp_path / name).read_bytes())
    second = load_study(tmp_path / "other" / "s.yaml")
    assert plan_hash(first) == plan_hash(second)
    assert [c.cell_id for c in fixed_cells(first)] == [c.cell_id for c in fixed_cells(second)]
    assert str(tmp_path) not in first.model_dump_json()


REFUSED = {
    "no module": ('"code:train"', '"cod:train"', "own_methods.forest.function: no module 'cod'"),
    "no function": ('"code:train"', '"code:trian"', "code.py has no 'trian' (did you mean 'train'?)"),
    "no colon": ('"code:train"', "code.train", "function must be module:name, not 'code.train'"),
    "two ways": ('"code:train",', '"code:train", command: [a],', "exactly one of method, function and command"),
    "ours": ("forest", "ssc", "own_methods.ssc: is the name of a method that is there already"),
    "not among methods": ("[forest, fixmatch]", "[fixmatch]", "own_methods.forest: is not among methods"),
    "wrong type": ("kind: other", "kind: 3", "hyperparameters.kind: must be text"),
    "unknown value": ("kind: other", "knd: other", "hyperparameters.knd: no hyperparameter of forest or fixmatch"),
    "no program": ('function: "code:train"', "command: [nosuch]", "no program 'nosuch'"),
    "no file": ('"code:train",', '"code:train", files: [x.py],', "files.0: no file 'x.py'"),
    "metric": ('"code:train",', '"code:train", metric: {name: e, best: -1},', "best (-1) must lie above worst (0)"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_is_wrong_is_said_by_file_line_and_key(
    case: str, write: Write, problems: Callable[..., list[str]]
) -> None:
    old, new, told = REFUSED[case]
    write(CODE, "code.py")
    found = problems(OWN.replace(old, new))
    assert any(told in line for line in found), found
    assert all(line.startswith("s.yaml:") for line in found)


def test_a_class_that_cannot_be_imported_is_said(write: Write, problems: Callable[..., list[str]]) -> None:
    write("import nosuchpackage\nclass Mine: pass\n", "broken_class.py")
    text = OWN.replace(
        'function: "code:train", hyperparameters: {depth: 8, rate: 0.5, kind: plain, fast: true}',
        'method: "broken_class:Mine"',
    )
    assert any("broken_class:Mine cannot be imported: ModuleNotFoundError" in line for line in problems(text))


def test_a_class_must_be_a_method(write: Write, problems: Callable[..., list[str]]) -> None:
    write("class Mine: pass\n", "no_method.py")
    text = OWN.replace(
        'function: "code:train", hyperparameters: {depth: 8, rate: 0.5, kind: plain, fast: true}',
        'method: "no_method:Mine"',
    )
    assert any("no_method:Mine is no subclass of ssc_tune.methods.base.Method" in line for line in problems(text))
