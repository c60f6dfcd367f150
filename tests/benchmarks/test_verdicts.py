"""The replays of a study's records: seeds are drawn, it ends where a run would, costs are those of the records."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.errors import InputError
from ssc_tune.records import Record, StudyFolder
from ssc_tune.study.model.study import Study
from tests.making import records, studies

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "verdicts.py"
CONTENT = {
    **studies.FAKE,
    "design": {"type": "sobol", "points": 12, "looks": [6, 12]},
    "seeds": 3,
    "claims": [{"name": "accuracy", "more": "ssc", "than": "fixmatch", "in": "mean"}],
}
AHEAD = {0: 0.2, 1: 0.2, 2: -0.2}
"""How far SSC is ahead, by seed: the three together decide nothing."""


def made(cell: Cell) -> Record:
    """A cell of so many seconds that a sum tells the seeds."""
    place = cell.placement
    noise = np.random.default_rng([place.point, place.seed, len(place.method)]).normal() * 0.003
    accuracy = 0.6 + noise + (AHEAD[place.seed] if place.method == "ssc" else 0.0)
    return records.record(cell, accuracy, study="fake", times=(0.0, 10.0**place.seed))


@pytest.fixture(scope="module")
def study() -> Study:
    return studies.study(CONTENT)


@pytest.fixture(scope="module")
def storage(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for cell in fixed_cells(study):
        StudyFolder(folder, study.name).records.write(made(cell))
    return folder


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_of_verdicts", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("seeds", "verdict", "points"),
    [
        ((0, 1, 2), "inconclusive", 12),
        ((0, 1, 0), "supported", 6),
        ((1, 1, 1), "supported", 6),
        ((2, 2, 2), "refuted", 6),
    ],
)
def test_a_replay_ends_at_the_look_that_decides_its_seeds(
    script: ModuleType, study: Study, storage: Path, seeds: tuple[int, ...], verdict: str, points: int
) -> None:
    outcomes = script.replay(study, script.stored(study, storage), seeds).outcomes
    assert outcomes.keys() == {script.WITH, script.WITHOUT}
    for outcome, size in ((outcomes[script.WITH], points), (outcomes[script.WITHOUT], 12)):
        each = 2 * (size + 1)  # methods by points and the defaults
        assert outcome == (size, 3 * each, each * sum(10.0**seed for seed in seeds), {"accuracy": verdict})


def test_draws_are_of_the_seeds_and_the_same_each_time(script: ModuleType, study: Study, storage: Path) -> None:
    known = script.stored(study, storage)
    found = script.replays(study, known, 3)
    assert found == script.replays(study, known, 3)
    assert found[0].seeds == (0, 1, 2)
    assert {seed for one in found for seed in one.seeds} <= {0, 1, 2}
    assert len({one.seeds for one in found}) > 2


def test_what_is_printed_and_written(
    script: ModuleType,
    study: Study,
    storage: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, path = tmp_path / "study.yaml", tmp_path / "found.json"
    file.write_text(yaml.safe_dump(CONTENT))
    arguments = [str(file), "--storage", str(storage), "--replays", "2", "--json", str(path)]
    monkeypatch.setattr(sys, "argv", ["verdicts.py", *arguments])
    assert script.main() == 0
    content = json.loads(path.read_text())
    ends = [one[script.WITH]["points"] for one in content["replays"]]
    assert content["as_stored"][script.WITHOUT]["verdicts"] == {"accuracy": "inconclusive"}
    output = capsys.readouterr().out
    ended = ", ".join(f"{points}: {ends.count(points)}" for points in sorted(set(ends)))
    assert f"| {script.WITH} | {ended} | " in output
    assert f"| {script.WITHOUT} | 12: 2 | 78 (78-78) | " in output
    decided = sum(one[script.WITH]["verdicts"]["accuracy"] != "inconclusive" for one in content["replays"])
    cells = sum(one[script.WITH]["cells"] for one in content["replays"])
    assert decided
    assert f" | {decided} of 2 | {decided} of 2 | {cells / decided:,.0f} | " in output
    assert "| accuracy | inconclusive | inconclusive | " in output


def test_opposite_verdicts_are_counted(script: ModuleType, study: Study) -> None:
    def found(first: str, second: str) -> object:
        of = {script.WITH: first, script.WITHOUT: second}
        return script.Replay((0,), {name: script.Outcome(12, 78, 1.0, {"accuracy": v}) for name, v in of.items()})

    pairs = [("supported", "refuted"), ("supported", "inconclusive"), ("refuted", "refuted")]
    table = script.table_of_verdicts(study, found("supported", "supported"), [found(*pair) for pair in pairs])
    assert table.splitlines()[-1].endswith("| 2 supported, 1 refuted | 2 refuted, 1 inconclusive | 2 | 1 |")


def test_it_refuses_a_study_that_is_not_all_there(
    script: ModuleType, study: Study, storage: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="78 of 78 cells of 'fake' have no result"):
        script.stored(study, tmp_path)
    with pytest.raises(InputError, match="declares no looks"):
        script.stored(study.first_points(12), storage)
