"""Every file beside the records may be torn: looking says so and changes nothing, a run makes anew what it can."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ssc_tune import report
from ssc_tune.analysis import analyze
from ssc_tune.analysis.explore.extras import Extras
from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.analysis.tables import Tables
from ssc_tune.atomic import write_atomically
from ssc_tune.design.fixed_source import FixedSource
from ssc_tune.design.storage import open_source
from ssc_tune.errors import InputError
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import Geometry
from tests.making.fewer import fewer_bootstraps
from tests.making.files import Bench
from tests.making.studies import study

Call = Callable[..., tuple[int, str, str]]

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[: len(content) * 2 // 3],
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "another kind": lambda content: b"[1, 2]\n",
    "not text": lambda content: b"\xff\xfe\x00garbage" + content[:100],
    "deep": lambda content: b"[" * 100_000,
    "folder": lambda content: content,  # see _damage
}


MOST = [how if how == "truncated" else pytest.param(how, marks=pytest.mark.slow) for how in DAMAGES]


class Row(NamedTuple):
    """A file below the study's folder, and whether a run makes it anew; one it cannot make is named."""

    name: str
    anew: bool = True


FILES = (Row("study.json"), Row("analysis.json"), Row("optuna.db"), Row("cells/{best}/geometry.json", anew=False))
LOOKS = (
    ("list",),
    ("list", "--json"),
    ("show", "small.yaml"),
    ("show", "small.yaml", "--json"),
    ("check", "small.yaml"),
    ("run", "small.yaml", "--dry-run"),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a study has been run to its end, as a run leaves it."""
    from ssc_tune.cli import main

    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as changed:
        changed.chdir(folder)
        _hasten(changed)
        bench = Bench(folder)
        bench.fill()
        assert main(["run", "small.yaml", "--tracking-uri", "none"]) == 0
    best = {cell.placement.method: cell for cell in bench.cells}["ssc"]
    _geometry(folder / "runs" / "small" / "cells" / best.cell_id / "geometry.json")
    return folder


def _geometry(path: Path) -> None:
    circle = tuple((float(k), 1.0) for k in range(10))
    picture = Geometry(
        cosines=tuple(tuple(float(i == j) for j in range(10)) for i in range(10)),
        prototypes=circle,
        images=circle,
        labels=tuple(range(10)),
        share=0.5,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture.model_dump_json(), encoding="utf-8")


def _damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    path.unlink()
    if how == "folder":
        path.mkdir()
    else:
        path.write_bytes(DAMAGES[how](content))


def _content(folder: Path) -> dict[str, str]:
    """Every file and folder by what is in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return found


@pytest.fixture
def place(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, as the working directory."""
    shutil.copytree(finished, tmp_path / "place", copy_function=shutil.copy2)
    monkeypatch.chdir(tmp_path / "place")
    monkeypatch.setenv("COLUMNS", "300")
    _hasten(monkeypatch)
    return Path("runs") / "small"


def _hasten(changed: pytest.MonkeyPatch) -> None:
    """Of analysis and report only what is read again: files are tested, not statistics and figures."""
    fewer_bootstraps(changed, 20)
    changed.setattr(analyze, "extras", lambda *_, **__: Extras())
    changed.setattr(report, "write", _written)


def _written(study: Study, tables: Tables, found: StudyAnalysis, directory: Path, **_: object) -> list[Path]:
    write_atomically(directory / "analysis.json", found.model_dump_json(by_alias=True))
    return []


def _file(place: Path, row: Row) -> Path:
    (best,) = (path.parent.name for path in place.glob("cells/*/geometry.json"))
    return place / row.name.format(best=best)


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Exit code, standard output and standard error of a command, whoever writes them."""
    from ssc_tune.cli import main

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(arguments)
        return code, *capfd.readouterr()

    return call


@pytest.mark.fault(
    "a torn study.json, analysis.json, geometry.json or optuna.db", "looking says so and changes nothing"
)
@pytest.mark.parametrize("how", MOST)
@pytest.mark.parametrize("row", FILES, ids=lambda row: row.name)
def test_looking_says_what_is_damaged_and_changes_nothing(row: Row, how: str, place: Path, call: Call) -> None:
    path = _file(place, row)
    _damage(path, how)
    before = _content(place)
    for arguments in LOOKS:
        code, out, err = call(*arguments)
        assert code in (0, 1), (arguments, err)
        assert "Traceback" not in out + err, arguments
        assert _content(place) == before, arguments
        if row.name == "study.json":
            assert str(path) in out + err, arguments
    if row.name == "study.json":  # by its name a study is known by this file alone
        code, _, err = call("show", "small")
        assert (code, len(err.splitlines())) == (2, 1)
        assert err.startswith(f"{path}: ")


@pytest.mark.fault(
    "a torn study.json, analysis.json, geometry.json or optuna.db",
    "a run sets it aside and makes it anew, or names it; records identical",
)
@pytest.mark.parametrize("how", MOST)
@pytest.mark.parametrize("row", FILES, ids=lambda row: row.name)
def test_a_run_makes_anew_what_it_can_and_names_the_rest(
    row: Row, how: str, place: Path, call: Call, finished: Path
) -> None:
    path = _file(place, row)
    _damage(path, how)
    code, out, err = call("run", "small.yaml", "--tracking-uri", "none")
    assert "Traceback" not in out + err
    if (row.name, how) == ("analysis.json", "folder"):  # a folder of somebody's own is not thrown away
        assert (code, err.splitlines()) == (
            2,
            [f"{path}: Is a directory: a file of this name is to be written there; move the folder away"],
        )
        return
    assert code == 0, err
    assert _records(place) == _records(finished / "runs" / "small")
    if not row.anew:
        assert f"{path}: damaged" in err
        return
    assert path.is_file()
    call("run", "small.yaml", "--tracking-uri", "none")
    again, _, err = call("run", "small.yaml", "--tracking-uri", "none")
    assert (again, err) == (0, "")  # nothing is left to be said
    assert call("show", "small")[0] == 0
    if how != "empty" and row.name != "analysis.json":
        assert path.with_name(f"{path.name}.damaged").exists()


def _records(place: Path) -> dict[str, str]:
    return _content(place / "records")


BROKEN: dict[str, bytes] = {
    "zeros": bytes(3000),
    "text": b"what I wrote down\nand did not end",
    "torn in the middle": b'{"op_code": 0, "worker_id": "x", "stu\n{"op_code": 0}\n',
    "another kind": b"[1, 2]\n",
}


@pytest.mark.fault("a journal or database of points that was named is damaged", "one line with the cure; it is left")
@pytest.mark.parametrize("kind", ["sqlite", "journal"])
@pytest.mark.parametrize("how", BROKEN)
def test_a_storage_of_ones_own_that_is_damaged_is_named_and_left(how: str, kind: str, tmp_path: Path) -> None:
    """It may hold what other studies wrote."""
    file = tmp_path / ("points.log" if kind == "journal" else "points.db")
    file.write_bytes(BROKEN[how])
    location = str(file) if kind == "journal" else f"sqlite:///{file}"
    source = FixedSource(study(), lambda cell_id: None)
    with pytest.raises(InputError) as caught:
        open_source(source, location, tmp_path)
    (line,) = caught.value.problems
    assert line.startswith("--optuna-storage ")
    assert "moved away" in line
    assert file.read_bytes() == BROKEN[how]


@pytest.mark.fault("a journal's last line was torn", "it is cut off, and nothing else")
def test_a_torn_last_line_of_a_journal_is_cut_off(tmp_path: Path) -> None:
    location, source = str(tmp_path / "points.log"), FixedSource(study(), lambda cell_id: None)
    assert open_source(source, location, tmp_path) == []
    whole = Path(location).read_bytes()
    Path(location).write_bytes(whole + b'{"op_code": 4, "wor')
    assert open_source(FixedSource(study(), lambda cell_id: None), location, tmp_path) == []
    assert Path(location).read_bytes().startswith(whole)


@pytest.mark.fault("MLflow's database is damaged", "one line with the cure; it is left, and the study goes on")
@pytest.mark.slow
@pytest.mark.parametrize("how", ["truncated", "zeros", "not text", "folder"])
def test_a_damaged_store_of_mlflow_is_one_line(how: str, place: Path, call: Call) -> None:
    Path("mlflow.db").write_bytes(b"SQLite format 3\0" + bytes(5000))
    _damage(Path("mlflow.db"), how)
    before = _content(Path("mlflow.db").parent).get("mlflow.db")
    code, out, err = call("run", "small.yaml")
    assert code == 0
    (line,) = {line for line in err.splitlines() if line.startswith("MLflow at ")}
    assert "ssc-tune sync small" in line
    if how != "folder":
        assert "the file is damaged: move it away, and ssc-tune sync makes each study's view anew" in line
    assert "Traceback" not in out + err
    assert call("sync", "small")[0] == 1
    assert _content(Path("mlflow.db").parent).get("mlflow.db") == before
