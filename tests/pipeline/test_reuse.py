"""A run that trains nothing leaves its report alone, exactly where it would be written again as it is."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ssc_tune import running
from ssc_tune.records import StudyFolder
from ssc_tune.running import reuse
from ssc_tune.study.model.study import Study
from tests.making import fake_records, records, studies

MADE = studies.study(studies.FAKE, design={"type": "defaults"}, claims=[], seeds=2)


class Bench:
    """A study with all its records and the report of a first run."""

    def __init__(self, storage: Path) -> None:
        self.options = running.Options(storage=storage, tracking_uri="none", command="the command")
        self.folder = running.folder_of(MADE, self.options)
        self.records = fake_records.fill(MADE, self.folder)
        self.first = self.run()

    def run(self, study: Study = MADE, **changes: str) -> running.Finished:
        """A run, which has nothing to train."""
        options = replace(self.options, **changes)  # type: ignore[arg-type]
        found = running.train_and_judge(study, options, out=io.StringIO(), err=io.StringIO())
        assert isinstance(found, running.Finished)
        return found

    def states(self) -> dict[str, tuple[int, int]]:
        """Inode and time of the report's files."""
        found = {path.name: path.stat() for path in self.first.files}
        return {name: (state.st_ino, state.st_mtime_ns) for name, state in found.items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("reuse"))


def test_nothing_is_written_and_the_same_is_found(made: Bench) -> None:
    before = made.states()
    found = made.run()
    assert made.states() == before
    assert found.files == made.first.files
    assert found.analysis == made.first.analysis
    for table, first in zip(found.tables, made.first.tables, strict=True):
        assert table.equals(first)


def edited_record(bench: Bench) -> None:
    """An accuracy changes, and nothing else."""
    record = next(iter(bench.records.values()))
    result = record.result.model_copy(update={"test_accuracy": 0.123})
    bench.folder.records.path(record.cell_id).unlink()
    bench.folder.records.write(record.model_copy(update={"result": result}))


def touched_record(bench: Bench) -> None:
    """The same bytes, written anew in place: a restored copy."""
    path = bench.folder.records.path(next(iter(bench.records)))
    content = path.read_bytes()
    path.write_bytes(content)
    os.utime(path, (1, 1))


def lost_file(bench: Bench) -> None:
    """A file of the report was deleted."""
    (bench.folder.path / "results.csv").unlink()


def edited_file(bench: Bench) -> None:
    """A file of the report was edited."""
    with open(bench.folder.path / "report.md", "a") as file:
        file.write("mine\n")


def torn_note(bench: Bench) -> None:
    """The note is no JSON."""
    (bench.folder.path / reuse.NOTE).write_text('{"made_of": "')


def other_note(bench: Bench) -> None:
    """The note is another version's."""
    (bench.folder.path / reuse.NOTE).write_text('{"made_of": "x", "files": ["report.html"]}')


def other_plan(bench: Bench) -> None:
    """Another study below the storage registers a plan, which the report may have to name."""
    other = studies.study(studies.FAKE, name="other", claims=[], seeds=2)
    running.registration.register(other, StudyFolder(bench.options.storage, "other"))


MORE = [touched_record, lost_file, edited_file, other_note, other_plan]


@pytest.mark.parametrize(
    "change", [edited_record, torn_note, *(pytest.param(one, marks=pytest.mark.slow) for one in MORE)]
)
def test_what_has_changed_is_written_again(made: Bench, change: Callable[[Bench], None]) -> None:
    made.run()
    before = made.states()
    change(made)
    found = made.run()
    assert {name for name, state in made.states().items() if before[name] == state} == set()
    now = made.states()
    assert made.run().analysis == found.analysis
    assert made.states() == now  # and then left alone


@pytest.mark.slow
def test_another_command_or_study_is_written_again(made: Bench) -> None:
    made.run()
    before = made.states()
    made.run(command="another command")
    after = made.states()
    assert all(before[name] != state for name, state in after.items())
    made.run(MADE.model_copy(update={"description": "Said otherwise."}), command="another command")
    assert all(after[name] != state for name, state in made.states().items())


def test_a_record_that_is_gone_is_not_in_it(made: Bench) -> None:
    cell = next(c for c in running.survey(MADE, made.options).cells if c.placement.seed == 1)
    ids = list(made.records)
    before = reuse.made_of(MADE, made.folder, ids, [])
    made.folder.records.path(cell.cell_id).unlink()
    assert reuse.made_of(MADE, made.folder, ids, []) != before
    made.folder.records.write(records.record(cell, study=MADE.name))
    assert reuse.made_of(MADE, made.folder, ids, []) != before
