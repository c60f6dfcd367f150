"""What is wrong with the machine or the way a command is called is one line and exit code 2, never a traceback."""

from __future__ import annotations

import io
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune.errors import InputError, of_machine
from ssc_tune.study import load_study
from ssc_tune.study.checking.check_design import MOST_CELLS
from tests.making.files import TEXT, Bench
from tests.making.launches import STUDY, Launches

Call = Callable[..., tuple[int, str, str]]

WITH_STORAGE = (
    ("list",),
    ("show", "small"),
    ("show", "small.yaml"),
    ("check", "small.yaml"),
    ("report", "small.yaml"),
    ("register", "small.yaml"),
    ("sync", "small.yaml"),
    ("run", "small.yaml", "--dry-run"),
    ("run", "small.yaml", "--tracking-uri", "none"),
)


@pytest.mark.parametrize("arguments", WITH_STORAGE, ids=" ".join)
def test_a_storage_that_is_a_file_is_one_line(arguments: tuple[str, ...], bench: Bench, call: Call) -> None:
    Path("taken").write_text("notes")
    code, _, err = call(*arguments, "--storage", "taken")
    assert (code, err) == (2, "--storage taken: is no folder; name another, or move the file away\n")
    assert Path("taken").read_text() == "notes"


@pytest.mark.parametrize("arguments", [("register", "small.yaml"), ("run", "small.yaml", "--tracking-uri", "none")])
@pytest.mark.parametrize("storage", ["/proc/none", "taken/below", "/dev/null/x"])
def test_a_storage_that_cannot_be_made_is_one_line(
    storage: str, arguments: tuple[str, ...], bench: Bench, call: Call
) -> None:
    Path("taken").write_text("notes")
    code, _, err = call(*arguments, "--storage", storage)
    assert (code, len(err.splitlines())) == (2, 1), err
    assert storage.split("/below")[0].removesuffix("/x") in err


def test_a_study_folder_that_is_a_file_is_one_line(bench: Bench, call: Call) -> None:
    Path("runs").mkdir()
    Path("runs/small").write_text("notes")
    for arguments in (("run", "small.yaml", "--tracking-uri", "none"), ("register", "small.yaml")):
        code, _, err = call(*arguments)
        assert (code, len(err.splitlines())) == (2, 1), err
        assert "runs/small" in err


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "socket"])
def test_what_is_no_file_is_no_study_and_no_search_space(kind: str, bench: Bench, call: Call) -> None:
    """And nothing waits for whoever may write into a pipe."""
    path = Path("special")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        os.mknod(path, stat.S_IFSOCK | 0o600)
    space = "\n".join(line for line in TEXT.splitlines() if not line.startswith("  ") or "name:" in line)
    Path("study.yaml").write_text(space.replace("search_space:", "search_space: special"))
    for arguments in (("validate", "special"), ("run", "special"), ("validate", "study.yaml")):
        code, _, err = call(*arguments)
        assert code == 2
        assert any(line.startswith("special: ") for line in err.splitlines()), err
        assert "Traceback" not in err


def test_weights_and_files_that_are_pipes_are_not_waited_for(bench: Bench, call: Call) -> None:
    os.mkfifo("weights.pt")
    Path("small.yaml").write_text(TEXT + "model: {weights: weights.pt}\n")
    code, _, err = call("validate", "small.yaml")
    assert (code, err) == (2, f"small.yaml:18: model.weights: no file 'weights.pt' in {Path.cwd()}\n")


LEVELS = "[" + ", ".join(f"0.{i}" for i in range(600, 950)) + "]"


@pytest.mark.parametrize(
    ("design", "key"),
    [
        ("{type: sobol, points: 1000000}", "design.points"),
        ("{type: random, points: 100000}", "design.points"),
        ("{type: search, points: 100000}", "design.points"),
        (f"{{type: grid, levels: {{tau: {LEVELS}, learning_rate: {LEVELS.replace('0.', '0.0')}}}}}", "design.levels"),
    ],
    ids=["sobol", "random", "search", "grid"],
)
def test_more_cells_than_can_be_made_are_refused_without_making_them(
    design: str, key: str, bench: Bench, call: Call
) -> None:
    Path("small.yaml").write_text(TEXT.replace("{type: sobol, points: 4}", design))
    for arguments in (("run", "small.yaml", "--dry-run"), ("validate", "small.yaml")):
        code, _, err = call(*arguments)
        assert code == 2
        (line,) = [line for line in err.splitlines() if "cells" in line]
        assert line.startswith("small.yaml:")
        assert f": {key}: " in line
        assert line.endswith(f"; at most {MOST_CELLS:,} are allowed")


@pytest.mark.parametrize(("validation", "said"), [("1", "not 1"), ("0.0001", "not 1"), ("2", "")])
def test_a_validation_set_that_would_fail_every_cell_is_refused(validation: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(STUDY.replace("validation: 50", f"validation: {validation}"))
    if not said:
        load_study(file)
        return
    with pytest.raises(InputError) as caught:
        load_study(file)
    (line,) = caught.value.problems
    assert "data.validation: must be at least 2 images" in line
    assert line.endswith(said)


def test_a_terminal_without_a_character_shows_a_question_mark(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssc_tune.cli import main

    Path("small.yaml").write_text(TEXT.replace("name: small", "name: small\nnet: größe", 1), encoding="utf-8")
    shown, said = (io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True) for _ in range(2))
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", said)
    assert main(["validate", "größe.yaml", "small.yaml"]) == 2
    err = said.buffer.getvalue()  # type: ignore[attr-defined]
    assert b"gr??e.yaml: no such file" in err
    assert main(["list"]) == 0
    assert main(["show", "small.yaml", "--storage", "größe"]) == 2


@pytest.mark.parametrize(
    "arguments", [("list",), ("show", "small", "--cells"), ("show", "small", "--json"), ("check", "small")]
)
def test_nobody_reading_on_is_no_error(
    arguments: tuple[str, ...], bench: Bench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from ssc_tune.cli import main

    bench.fill()
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        assert main(list(arguments)) in (0, 1)
        monkeypatch.undo()
    assert capfd.readouterr().err == ""


def test_a_full_disk_is_one_line_where_the_output_goes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from ssc_tune.cli import main

    bench.fill()
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["list", "--json"]) == 2
        monkeypatch.undo()
    assert capfd.readouterr().err.splitlines() == [
        "No space left on device; what is recorded is kept: make room, and give the same command again"
    ]


def test_an_error_of_the_machine_names_the_file_and_the_cure() -> None:
    assert of_machine(PermissionError(13, "denied", "a")) == (
        "a: Permission denied; name a place that may be written to, or change its permissions"
    )
    assert of_machine(IsADirectoryError(21, "is", "a", None, "b")) == (
        "b: Is a directory: a file of this name is to be written there; move the folder away"
    )
    assert of_machine(OSError("no number")) is None


@pytest.mark.fault("the disk is full while the report is written", "one line, exit 2; no half file")
@pytest.mark.slow
def test_a_disk_that_is_full_when_the_report_is_written_is_one_line(bench: Bench) -> None:
    bench.fill()

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    command = [sys.executable, "-m", "ssc_tune.cli", "report", "small"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=little, check=False, timeout=300)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("; what is recorded is kept: make room, and give the same command again")
    assert not list(bench.folder.path.glob("**/*.partial"))


@pytest.mark.fault(
    "a long TMPDIR, a HOME that cannot be written to, output in ASCII that nobody reads", "the study runs to its end"
)
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_needs_neither_a_short_tmpdir_nor_a_home_nor_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 20)
    long.mkdir()
    for name, value in {"TMPDIR": str(long), "HOME": "/proc/none", "PYTHONIOENCODING": "ascii"}.items():
        monkeypatch.setenv(name, value)
    launches = Launches(tmp_path)
    process = launches.start()
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()  # as `| head -1` does
    assert process.stderr is not None
    err = process.stderr.read()
    assert process.wait(timeout=300) == 0, err
    assert "Traceback" not in err
    assert {record.result.status for record in launches.records().values()} == {"ok"}
    assert len(launches.records()) == 6
    assert list(long.iterdir()) == []


class TestRay:
    """Its start, made up: what makes it late cannot be had on demand."""

    @pytest.fixture
    def starts(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The places of its starts; each fails while ``fails`` are left."""
        from ssc_tune.execution import start

        found: list[str] = []

        def init(*, _temp_dir: str) -> None:
            place = os.path.dirname(_temp_dir)
            assert stat.S_IMODE(os.stat(place).st_mode) == 0o700
            found.append(place)
            if len(found) <= self.fails:
                raise RuntimeError("The current node timed out during startup.\nThis could happen because ...")

        monkeypatch.setattr(start.ray, "init", init)
        monkeypatch.setattr(start.ray, "shutdown", lambda: None)
        return found

    fails = 0

    @pytest.mark.slow
    @pytest.mark.parametrize("fails", [0, 1])
    def test_a_start_that_fails_once_is_tried_again(
        self, fails: int, starts: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ssc_tune.execution.start import ray_started

        monkeypatch.setattr(self, "fails", fails)
        with ray_started():
            assert len(starts) == fails + 1
            assert os.path.isdir(starts[0])
        assert not os.path.exists(starts[0])

    @pytest.mark.slow
    def test_one_that_fails_twice_is_one_line(self, starts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        from ssc_tune.execution.start import ray_started

        monkeypatch.setattr(self, "fails", 2)
        with pytest.raises(InputError) as caught, ray_started():
            pass
        (line,) = caught.value.problems
        said = (
            "Ray does not start on this machine (RuntimeError: The current node timed out during startup.); its logs: "
        )
        assert line == said + starts[0]
        os.rmdir(starts[0])
