"""What a node says of itself, and what the driver makes of it; without Ray."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ssc_tune
from ssc_tune.data import cache
from ssc_tune.execution import preflight
from ssc_tune.execution.preflight import FOLDER, Driver, Facts, differences, facts, is_answered, look, marked
from ssc_tune.storage import FolderStorage

PACKAGE = Path(ssc_tune.__file__).parent


def test_a_node_that_is_alike_has_nothing_to_say(tmp_path: Path) -> None:
    with marked(tmp_path / "study") as driver:
        found = look(driver)
        assert found.problems == []
        assert is_answered(driver, found)
    assert not (tmp_path / "study" / FOLDER).exists()


def test_a_storage_of_its_own_is_seen_from_either_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "PATIENCE", 0.0)
    with marked(tmp_path / "study") as driver, marked(tmp_path / "other" / "study") as theirs:
        elsewhere = driver._replace(folder=theirs.folder)  # the same path, another disk with an earlier run's marker
        (problem,) = look(elsewhere).problems
        assert problem.startswith("does not see the storage")
        answered = look(theirs._replace(marker=theirs.marker))
        assert is_answered(theirs, answered)
        assert not is_answered(driver, answered)
    (problem,) = look(driver).problems
    assert problem.startswith("does not see the storage")


def test_a_storage_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(storage: FolderStorage, name: str, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with marked(tmp_path / "study") as driver:
        monkeypatch.setattr(FolderStorage, "write", full)
        found = look(driver)
    assert found.problems == ["cannot write to the storage: [Errno 28] No space left on device"]


def test_versions_and_code_that_differ_are_named() -> None:
    own = facts()
    older = own._replace(versions={**own.versions, "torch": "2.11.0"})
    assert list(differences(own, older)) == [f"has torch 2.11.0, the driver {own.versions['torch']}"]
    edited = own._replace(source="0" * 16)
    (line,) = differences(own, edited)
    assert line.startswith("has other code under the same version of ssc_tune: 0000000000000000, the driver ")
    another = edited._replace(versions={**own.versions, "ssc_tune": "0.0.1"})
    assert len(list(differences(own, another))) == 1  # other code goes without saying
    assert list(differences(own, own._replace(host="other", processor="other"))) == []
    missing = Facts("h", own.source, {k: v for k, v in own.versions.items() if k != "numpy"}, "")
    assert list(differences(own, missing)) == [f"has numpy None, the driver {own.versions['numpy']}"]


def test_two_checkouts_with_one_version_are_told_apart(tmp_path: Path) -> None:
    script = "from ssc_tune.execution import preflight; import sys; print(preflight.source(), 'torch' in sys.modules)"

    def source(place: Path) -> str:
        done = subprocess.run([sys.executable, "-c", script], cwd=place, capture_output=True, text=True, check=True)
        return done.stdout

    shutil.copytree(PACKAGE, tmp_path / "ssc_tune", ignore=shutil.ignore_patterns("__pycache__"))
    assert source(tmp_path) == source(PACKAGE.parent) == f"{preflight.source()} False\n"
    with open(tmp_path / "ssc_tune" / "losses" / "ssc.py", "a") as file:
        file.write("\n# one line more\n")
    assert source(tmp_path) != source(PACKAGE.parent)


def test_a_worker_compares_its_node_before_its_first_cell(tmp_path: Path) -> None:
    trainable = ssc_tune.execution.tuning.CellTrainable  # type: ignore[attr-defined]
    with marked(tmp_path / "study") as driver:
        other = Driver(driver.facts._replace(source="0" * 16), driver.folder, driver.marker)
        with pytest.raises(RuntimeError, match=r"node \S+ has other code under the same version"):
            trainable.setup(trainable.__new__(trainable), {"task": {}}, driver=other)
        trainable.setup(trainable.__new__(trainable), {"task": {}}, driver=driver)
        trainable.setup(trainable.__new__(trainable), {"task": {}})


def test_a_node_keeps_data_where_the_driver_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainable = ssc_tune.execution.tuning.CellTrainable  # type: ignore[attr-defined]
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "data"))
    with marked(tmp_path / "study") as driver:
        monkeypatch.setenv(cache.VARIABLE, "elsewhere")
        trainable.setup(trainable.__new__(trainable), {"task": {}}, driver=driver)
    assert cache.folder() == tmp_path / "data"
