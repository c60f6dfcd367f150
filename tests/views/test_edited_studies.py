"""A study from which something was taken out: what its records lose is said, and a run asks first."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ssc_tune
from ssc_tune import running
from ssc_tune.design.cells import Placement, fixed_cells, make_cell
from ssc_tune.design.points import SEARCH_STRIDE
from ssc_tune.errors import InputError
from ssc_tune.running.changes import stored_study
from ssc_tune.study.model.study import Study
from tests.making.files import TEXT, Bench
from tests.making.records import record
from tests.making.studies import study

BLOCK = {"blocks": {"shared": {"parameters": ["learning_rate", "tau"]}}}
GRID = {"design": {"type": "grid", "levels": {"tau": [0.9, 0.95, 0.99]}}, **BLOCK}
ONE = {"design": {"type": "one-at-a-time", "levels": {"tau": [0.9, 0.99], "learning_rate": [0.02]}}, **BLOCK}
SETTINGS = {"settings": {"main": {}, "few": {"data": {"labels_per_class": 1}}}, **BLOCK}
OF_BLOCK = "points of block shared"
SEARCH = {"design": {"type": "search", "points": 2, "searches": 2}, **BLOCK}


def run(of: Study, options: running.Options) -> None:
    """Writes what a run leaves behind, whose training is made up."""
    folder = running.folder_of(of, options)
    for cell in running.survey(of, options).cells if of.design.adaptive else fixed_cells(of):
        folder.records.write(record(cell, study=of.name))
    folder.write_json("study.json", stored_study(of, "command"))


def unused(before: Study, now: Study, storage: Path) -> list[str]:
    """What is said of the records that a change leaves behind."""
    options = running.Options(storage=storage)
    run(before, options)
    return [str(one) for one in running.survey(now, options).changes.unused]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (BLOCK, {"methods": ["fixmatch"], **BLOCK}, ["method ssc: 10 records"]),
        ({"seeds": 3, **BLOCK}, {"seeds": 1, **BLOCK}, ["seeds from 1 on: 20 records"]),
        (SETTINGS, {"settings": {"main": {}}, **BLOCK}, ["setting few: 20 records"]),
        ({"design": {"type": "sobol", "points": 8}, **BLOCK}, BLOCK, ["points beyond 4: 16 records"]),
        (GRID, {**GRID, "design": {"type": "grid", "levels": {"tau": [0.9, 0.95]}}}, [f"{OF_BLOCK}: 4 records"]),
        (ONE, {**ONE, "design": {**ONE["design"], "levels": {"tau": [0.9]}}}, [f"{OF_BLOCK}: 8 records"]),  # type: ignore[dict-item]
        (
            {"seeds": 3, **BLOCK},
            {"seeds": 2, "methods": ["ssc"], **BLOCK},
            ["method fixmatch: 15 records", "seeds from 2 on: 5 records"],
        ),
        ({}, BLOCK, ["block specific: 16 records"]),
    ],
)  # fmt: skip
def test_what_is_taken_out_is_named_with_its_records(
    before: dict[str, Any], now: dict[str, Any], said: list[str], tmp_path: Path
) -> None:
    assert unused(study(**before), study(**now), tmp_path) == said


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (BLOCK, BLOCK),
        (BLOCK, {"seeds": 5, **BLOCK}),
        (BLOCK, {"methods": ["fixmatch", "ssc", "supervised"], **BLOCK}),
        (BLOCK, {"design": {"type": "sobol", "points": 8}, **BLOCK}),
        ({**GRID, "design": {"type": "grid", "levels": {"tau": [0.9]}}}, GRID),
        (BLOCK, SETTINGS),
        (BLOCK, {"description": "in other words", **BLOCK}),
        (BLOCK, {"training": {"steps": 9, "evaluations": 2}, **BLOCK}),  # a change, which is said as such
        (BLOCK, GRID),
    ],
)
def test_enlarging_is_silent(before: dict[str, Any], now: dict[str, Any], tmp_path: Path) -> None:
    assert unused(study(**before), study(**now), tmp_path) == []


def test_what_has_no_record_is_no_loss(tmp_path: Path) -> None:
    options, before = running.Options(storage=tmp_path), study(**BLOCK)
    running.folder_of(before, options).write_json("study.json", stored_study(before, "command"))
    assert running.survey(study(seeds=1, **BLOCK), options).changes.unused == ()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"points": 2, "searches": 1}, ["searches beyond 1: 4 records"]),
        ({"points": 1, "searches": 2}, []),  # a search keeps every point that it has reached
        ({"points": 3, "searches": 3}, []),
    ],
)
def test_a_shorter_search_names_what_it_leaves(now: dict[str, int], said: list[str], tmp_path: Path) -> None:
    before, options = study(**SEARCH), running.Options(storage=tmp_path)
    folder = running.folder_of(before, options)
    for number, rate in ((0, 0.03), (1, 0.02), (2, 0.05), (SEARCH_STRIDE + 1, 0.04)):
        for method in before.methods:
            for seed in range(before.seeds):
                place = Placement("shared", "main", method, number, seed)
                cell = make_cell(before, place, {"learning_rate": rate, "tau": 0.95})
                folder.records.write(record(cell, study=before.name))
    folder.write_json("study.json", stored_study(before, "command"))
    shorter = study(**{**SEARCH, "design": {"type": "search", **now}})
    assert [str(one) for one in running.survey(shorter, options).changes.unused] == said


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A study that was run, whose file has half of its points now."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    bench = Bench(tmp_path)
    bench.fill()
    bench.file.write_text(TEXT.replace("points: 4", "points: 2"), encoding="utf-8")
    return bench


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[running.Options]:
    """The options of each run that got so far; nothing is trained."""
    found: list[running.Options] = []

    def fake(of: Study, options: running.Options, **_: Any) -> running.Unjudged:
        found.append(options)
        return running.Unjudged(0, 0, 0, {}, [])

    monkeypatch.setattr(running, "train_and_judge", fake)
    return found


def files(folder: Path) -> dict[Path, bytes]:
    """Every file but the lock that a launch takes before it looks."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return {path: path.read_bytes() for path in found}


LINE = (
    "study small: 16 records of its last run would no longer be used (points beyond 2: 16 records); --yes goes on "
    "without them, and they stay where they are\n"
)


def test_without_a_terminal_a_run_needs_yes(
    edited: Bench, trained: list[running.Options], capsys: pytest.CaptureFixture[str]
) -> None:
    from ssc_tune.cli import main

    before = files(edited.folder.path)
    assert main(["run", "small.yaml", "--tracking-uri", "none"]) == 2
    out, err = capsys.readouterr()
    assert err == LINE
    assert "taken out since the study's last run; 16 records of it are no longer used, and stay:" in out
    assert (trained, files(edited.folder.path)) == ([], before)
    assert main(["run", "small.yaml", "--tracking-uri", "none", "--yes"]) == 0
    (options,) = trained
    assert "--yes" not in options.command  # said once, for what was taken out this time


def test_a_dry_run_shows_it_and_asks_nothing(edited: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    from ssc_tune.cli import main

    assert main(["run", "small.yaml", "--dry-run"]) == 0
    assert "  points beyond 2: 16 records" in capsys.readouterr().out


def test_python_needs_yes_too(edited: Bench) -> None:
    before = files(edited.folder.path)
    with pytest.raises(InputError) as caught:
        ssc_tune.run_study("small.yaml", tracking_uri="none")
    assert str(caught.value) + "\n" == LINE
    assert files(edited.folder.path) == before


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_at_a_terminal_it_is_asked(edited: Bench, tmp_path: Path, answer: str, code: int) -> None:
    script = (
        "import sys; from ssc_tune import running; from ssc_tune.cli import main;"
        "running.train_and_judge = lambda *a, **k: running.Unjudged(0, 0, 0, {}, []);"
        "sys.exit(main(['run', 'small.yaml', '--tracking-uri', 'none']))"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, text=True
    )
    os.write(ours, f"{answer}\n".encode())
    _, err = process.communicate(timeout=120)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == code, err
    assert err == ("" if code == 0 else LINE)
