"""Studies in a bucket, piece by piece and without Ray: looking, the lease, what workers write, and what goes wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import s3fs

from ssc_tune import tracking
from ssc_tune.design import Cell
from ssc_tune.design.cells import fixed_cells
from ssc_tune.errors import InputError
from ssc_tune.execution import encoders, preflight
from ssc_tune.execution.task import make_task
from ssc_tune.execution.worker import run_task
from ssc_tune.records import StudyFolder
from ssc_tune.records.lease import EXPIRES, StoredLease, lease_of, me
from ssc_tune.records.mirrored import keep_views, pull
from ssc_tune.running.changes import keep
from ssc_tune.running.options import options_from
from ssc_tune.running.registration import register
from ssc_tune.running.run import train_and_judge
from ssc_tune.storage import Mirror, ObjectStorage, place
from ssc_tune.study import load_study
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import CHECKPOINT, GEOMETRY
from tests.making.buckets import SECRET, Line, Server, make_bucket
from tests.making.cells import without_times
from tests.making.launches import STUDY
from tests.making.records import record
from tests.making.studies import study

Call = Callable[..., tuple[int, str, str]]


class Bucket:
    """A bucket and the machines that use it, each with a mirror of its own."""

    def __init__(self, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address, self._folder, self._patch = f"s3://{name}/runs", folder, monkeypatch
        make_bucket(name)

    def on(self, machine: str) -> Path:
        """From now on this process is that machine; the folder that it works in."""
        self._patch.setenv("SSC_TUNE_MIRRORS", str(self._folder / machine))
        return place(self.address)

    def folder(self, machine: str, name: str = "small") -> StudyFolder:
        return StudyFolder(self.on(machine), name)

    def state(self) -> dict[str, object]:
        """All that is there, and since when."""
        return dict(ObjectStorage(self.address).list(""))


@pytest.fixture
def bucket(bucket_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.chdir(tmp_path)
    return Bucket(f"own-{os.urandom(6).hex()}", tmp_path / "machines", monkeypatch)


def tiny(**changes: object) -> Study:
    content: dict[str, object] = {
        "data": {"name": "digits", "labels_per_class": 1, "validation": 50},
        "training": {"steps": 6, "evaluations": 3},
        "hyperparameters": {"batch_size": 8, "mu": 1},
        "design": {"type": "defaults"},
        "seeds": 1,
    }
    return study(**{**content, **changes})


def begun(bucket: Bucket, of: Study, machine: str = "driver") -> tuple[StudyFolder, list[Cell]]:
    """The study as a run has it before its first cell."""
    folder = bucket.folder(machine, of.name)
    register(of, folder)
    keep(of, folder, "python -m ssc_tune.run ...")
    return folder, fixed_cells(of)


def test_records_go_there_once_and_come_to_every_machine(bucket: Bucket) -> None:
    of = tiny(seeds=3)
    folder, cells = begun(bucket, of)
    assert folder.records.write(record(cells[0], 0.5))
    elsewhere = bucket.folder("worker")
    assert not elsewhere.records.write(record(cells[0], 0.1))
    found = elsewhere.records.read(cells[0].cell_id)
    assert found is not None
    assert found.result.test_accuracy == 0.5  # the first stands, here too
    assert elsewhere.records.write(record(cells[1], 0.2))
    assert folder.records.read(cells[1].cell_id) is None  # nobody has asked yet
    assert folder.records.read_or_set_aside(cells[1].cell_id)[0] is not None
    third = bucket.on("third")
    pull(third)
    assert len(list(StudyFolder(third, "small").records.readable())) == 2


def test_a_copy_follows_what_was_put_aside_and_what_was_changed_in_it(bucket: Bucket) -> None:
    folder, cells = begun(bucket, tiny(seeds=2))
    for cell in cells:
        folder.records.write(record(cell, 0.5))
    other = bucket.folder("other")
    pull(other.storage)
    path = other.records.path(cells[1].cell_id)
    path.write_text("damaged on this machine alone")
    folder.records.put_aside(cells[0].cell_id, "retried")
    pull(other.storage)
    assert other.records.read(cells[0].cell_id) is None
    assert other.records.read(cells[0].cell_id, aside="retried") is not None
    assert other.records.read(cells[1].cell_id) is not None


def test_a_damaged_record_is_set_aside_in_the_bucket(bucket: Bucket) -> None:
    folder, cells = begun(bucket, tiny())
    name = f"small/records/{cells[0].cell_id}.json"
    ObjectStorage(bucket.address).write(name, b"\xff torn")
    found, problem = folder.records.read_or_set_aside(cells[0].cell_id)
    assert found is None
    assert "set aside as" in str(problem)
    assert {n for n in bucket.state() if "records/" in n} == {f"{name}.damaged"}
    assert folder.records.write(record(cells[0]))


def test_looking_writes_nothing(bucket: Bucket, call: Call) -> None:
    Path("tiny.yaml").write_text(STUDY)
    folder, cells = begun(bucket, load_study("tiny.yaml"))
    folder.records.write(record(cells[0], 0.5))
    before = bucket.state()
    bucket.on("laptop")
    given = ("--storage", bucket.address)
    for arguments in (
        ("list",),
        ("show", "tiny"),
        ("show", cells[0].cell_id[:6]),
        ("check", "tiny"),
        ("clean",),
        ("run", "tiny.yaml", "--dry-run", "--tracking-uri", "none", "--set", "resources.max_parallel=1"),
    ):
        code, out, err = call(*arguments, *given)
        assert code == (1 if arguments[0] == "check" else 0), err
        assert out
        assert SECRET not in out + err
    assert bucket.state() == before


@pytest.mark.parametrize("new", [False, True])
def test_an_analysis_is_believed_as_long_as_no_record_came_after_it(bucket: Bucket, new: bool) -> None:
    folder, cells = begun(bucket, tiny(seeds=2))
    folder.records.write(record(cells[0], 0.5))
    (folder.path / "analysis.json").write_text("{}")
    os.utime(folder.path / "analysis.json", (1, 1))  # the clock of this machine is of no account
    keep_views(folder)
    there = ObjectStorage(bucket.address).list("small/")["small/analysis.json"]
    while new:  # the times of a store may be whole seconds
        name = f"small/records/{cells[1].cell_id}.json"
        folder.records.put_aside(cells[1].cell_id, "retried")
        folder.records.write(record(cells[1], 0.5))
        if ObjectStorage(bucket.address).list("small/")[name].time > there.time:
            break
    for machine in ("laptop", "driver"):
        seen = bucket.folder(machine)
        pull(seen.storage)
        for last in (seen.path / "analysis.json", seen.records.directory):  # they are fetched in any order
            os.utime(last)
            pull(seen.storage)
            is_older = seen.records.directory.stat().st_mtime > (seen.path / "analysis.json").stat().st_mtime
            assert is_older == new


def never(text: str) -> None:
    raise AssertionError(text)


def test_one_holds_the_lease_and_leaves_it_free(bucket: Bucket) -> None:
    folder = bucket.folder("here")
    with lease_of(folder).held(never, never) as holder:
        assert StoredLease(folder).holder() == holder
        with pytest.raises(
            InputError, match=f"{bucket.address}/small: another run of this study is under way: process"
        ):
            lease_of(bucket.folder("there")).take(never)
    assert StoredLease(folder).holder() is None
    with lease_of(folder).held(never, never):
        pass


@pytest.mark.fault("a driver on another machine, the study in a bucket", "refused while it lives, else taken over")
@pytest.mark.parametrize("lives", [True, False])
def test_a_run_on_another_machine_is_watched(bucket: Bucket, lives: bool) -> None:
    folder = bucket.folder("here")
    far = me().model_copy(update={"machine": "elsewhere", "host": "elsewhere"})
    name = "small/lease/00000007.json"
    folder.files.write(name, far.model_dump_json().encode())
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if lives and len(waited) == 2:
            folder.files.write(name, f"{far.model_dump_json()}\n1\n".encode())

    said: list[str] = []
    lease = StoredLease(folder, wait=wait)
    if lives:
        with pytest.raises(InputError, match="on elsewhere"):
            lease.take(said.append)
    else:
        mine = lease.take(said.append)
        assert sum(waited) == EXPIRES
        assert lease.holder() == mine
        assert list(folder.files.list("small/lease/")) == ["small/lease/00000008.json"]
    assert "waiting 40 s" in said[0]


@pytest.mark.fault("two drivers take over an expired lease in a bucket at once", "one of them gets it")
def test_of_two_that_take_over_one_gets_it(bucket: Bucket) -> None:
    """Both have seen that the holder is gone, and neither that the other comes."""
    here, there = bucket.folder("here"), bucket.folder("there")
    far = me().model_copy(update={"machine": "elsewhere", "host": "elsewhere"})
    here.files.write("small/lease/00000001.json", far.model_dump_json().encode())
    first: list[str] = []

    def overtaken(seconds: float) -> None:
        if not first:
            first.append(StoredLease(there, wait=lambda s: None).take(lambda text: None).token)

    with pytest.raises(InputError, match=f"under way: process {os.getpid()}"):
        StoredLease(here, wait=overtaken).take(lambda text: None)
    holder = StoredLease(here).holder()
    assert holder is not None
    assert holder.token == first[0]


def test_who_was_thought_dead_learns_so_and_what_it_writes_is_not_read(bucket: Bucket) -> None:
    folder, lost = bucket.folder("here"), []
    lease = StoredLease(folder, beat=0.01)
    mine = lease.take(never)
    taker = mine.model_copy(update={"token": "another", "machine": "elsewhere", "host": "elsewhere"})
    folder.files.create("small/lease/00000002.json", taker.model_dump_json().encode())
    lease._touch()  # it had looked before
    assert StoredLease(folder).holder() == taker
    lost.append(lease.holder())
    assert lost == [taker]


def test_a_lease_whose_answer_was_lost_is_held_all_the_same(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bucket.folder("here")
    create = type(folder.files).create

    def deaf(self: Mirror, name: str, content: bytes) -> bool:
        create(self, name, content)
        return False

    monkeypatch.setattr(Mirror, "create", deaf)
    lease = StoredLease(folder)
    assert lease.take(never) == lease.holder()
    assert list(folder.files.list("small/lease/")) == ["small/lease/00000001.json"]


def test_a_cell_goes_on_elsewhere_from_the_checkpoint_in_the_bucket(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    of = tiny()
    cell = fixed_cells(of)[0]
    plain = StudyFolder(tmp_path / "plain", of.name)
    register(of, plain)
    assert run_task(make_task(of, plain, cell)).status == "ok"
    expected = plain.records.read(cell.cell_id)
    assert expected is not None

    folder, _ = begun(bucket, of)
    task = make_task(of, folder, cell, launch="one")
    assert task.storage == bucket.address
    bucket.on("first node")
    with monkeypatch.context() as changed:
        _at_evaluation(changed, 3, _interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_task(task)
    names = {name.rpartition("/")[2] for name in bucket.state() if "/cells/" in name}
    assert names == {CHECKPOINT, "attempts.jsonl", "progress.json", "registrations.json"}
    second = bucket.folder("second node")
    steps: list[int] = []
    _count_steps(monkeypatch, steps)
    assert run_task(task.model_copy(update={"launch": "two"})).status == "ok"
    assert steps == [6]  # 2 and 4 were in the checkpoint
    found = second.records.read(cell.cell_id)
    assert found is not None
    assert without_times(found.result) == without_times(expected.result)
    assert [a.outcome for a in found.attempts] == ["interrupted", "finished"]
    assert not second.cell(cell.cell_id).exists()  # the node keeps nothing
    left = {name.rpartition("/")[2] for name in bucket.state() if "/cells/" in name}
    assert left == {CHECKPOINT, GEOMETRY}


def _at_evaluation(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Acts at an evaluation, before the worker is told of it."""
    from ssc_tune.execution import worker

    train, seen = worker.train, [0]

    def watched(config: object, *, on_evaluation: Callable[[object], None], **given: object) -> object:
        def evaluated(evaluation: object) -> None:
            seen[0] += 1
            if seen[0] == number:
                act()
            on_evaluation(evaluation)

        return train(config, on_evaluation=evaluated, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "train", watched)


def _interrupt() -> None:
    raise KeyboardInterrupt


def _count_steps(monkeypatch: pytest.MonkeyPatch, steps: list[int]) -> None:
    from ssc_tune.training.loop import RunningCell

    advance = RunningCell.advance

    def counted(self: RunningCell, stop: int) -> object:
        steps.append(stop)
        return advance(self, stop)

    monkeypatch.setattr(RunningCell, "advance", counted)


@pytest.mark.fault("a damaged checkpoint in a bucket", "set aside; the cell is trained from its start")
def test_a_damaged_checkpoint_counts_as_none(bucket: Bucket) -> None:
    of = tiny()
    folder, (cell, *_) = begun(bucket, of)
    ObjectStorage(bucket.address).write(folder.name_of(cell.cell_id, CHECKPOINT), b"flipped" * 100)
    assert run_task(make_task(of, folder, cell)).status == "ok"


@pytest.mark.fault(
    "the object store does not answer", "the machine's fault; no attempt is charged, a later run goes on"
)
def test_a_store_that_is_lost_in_the_middle_costs_a_cell_nothing(
    bucket_server: Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)  # the test does not wait for what goes on without it
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    line = Line(bucket_server.port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{line.port}")
    s3fs.S3FileSystem.clear_instance_cache()
    of = tiny()
    folder, (cell, *_) = begun(bucket, of)
    task = make_task(of, folder, cell)
    with monkeypatch.context() as changed:
        _at_evaluation(changed, 2, line.cut)
        ended = run_task(task, pause=lambda seconds: None)
    assert ended.status == "infrastructure"
    assert bucket.address in ended.fault
    line.mend()
    steps: list[int] = []
    _count_steps(monkeypatch, steps)
    assert run_task(task.model_copy(update={"launch": "next"})).status == "ok"
    assert steps == [4, 6]  # 2 was in the checkpoint
    found = folder.records.read(cell.cell_id)
    line.cut()
    s3fs.S3FileSystem.clear_instance_cache()
    assert found is not None
    assert [a.outcome for a in found.attempts] == ["interrupted", "finished"]


def test_an_encoder_is_trained_once_and_is_everyones(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    of = tiny(pretrain={"steps": 8, "batch_size": 16})
    folder, (cell, *_) = begun(bucket, of)
    trained: list[Path] = []
    state = encoders.pretrain.encoder_state

    def counted(config: object, *, folder: Path, **given: object) -> object:
        trained.append(folder)
        return state(config, folder=folder, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(encoders.pretrain, "encoder_state", counted)
    encoders.share_encoder(folder, cell.config)
    other = bucket.folder("other")
    encoders.share_encoder(other, cell.config)
    encoders.share_encoder(other, cell.config)
    assert len(trained) == 1
    name = f"pretrained/{cell.config.pretraining_id}.pt"
    assert (folder.storage / name).read_bytes() == (other.storage / name).read_bytes()
    # One that was trained at the same time elsewhere, and came first:
    first = b"the encoder of another machine"
    ObjectStorage(bucket.address).write(name, first)
    monkeypatch.setattr(type(other.files), "get", _nothing_yet)
    late = bucket.folder("late")
    encoders.share_encoder(late, cell.config)
    assert len(trained) == 2
    assert (late.storage / name).read_bytes() == first


def _nothing_yet(self: object, name: str, path: Path) -> None:
    raise FileNotFoundError


def test_nodes_are_asked_by_way_of_the_bucket(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bucket.folder("driver")
    before = bucket.state()
    with preflight.marked(folder.path) as driver:
        assert driver.folder == f"{bucket.address}/small"
        bucket.on("node")
        found = preflight.look(driver)
        assert (found.problems, preflight.is_answered(driver, found)) == ([], True)
        monkeypatch.setattr(preflight, "PATIENCE", 0.0)
        (problem,) = preflight.look(driver._replace(folder="s3://no-such-bucket/small")).problems
        assert "does not see the storage" in problem
        assert "bucket does not exist" in problem
        (problem,) = preflight.look(driver._replace(folder="gs://bucket/small")).problems
        assert problem.startswith("cannot reach the storage: ")
    assert bucket.state() == before


def test_a_bucket_that_is_not_there_is_one_line(bucket: Bucket, call: Call) -> None:
    for arguments in (("list",), ("show", "small"), ("clean",)):
        code, out, err = call(*arguments, "--storage", "s3://no-such-bucket/runs")
        assert (code, out) == (2, "")
        assert err.startswith("s3://no-such-bucket/runs: The specified bucket does not exist")
        assert err.count("\n") == 1
    with pytest.raises(InputError, match=r"--storage s3://no-such-bucket/runs: cannot be written to: .*does not exist"):
        train_and_judge(tiny(), options_from({"storage": "s3://no-such-bucket/runs"}, command=""))


@pytest.mark.parametrize("given", ["s3://bucket/runs", "s3:/bucket/runs", Path("s3://bucket/runs")])
def test_python_takes_an_address_as_the_command_line_does(
    given: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSC_TUNE_MIRRORS", str(tmp_path))
    assert options_from({"storage": given}, command="").storage == place("s3://bucket/runs")


def test_a_copy_is_its_owners(bucket: Bucket) -> None:
    folder = bucket.on("here")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_name_that_leads_elsewhere_is_not_fetched(bucket: Bucket, tmp_path: Path) -> None:
    ObjectStorage(bucket.address).write("small/records/x.json", b"{}")
    files, name = s3fs.S3FileSystem(skip_instance_cache=True), f"{bucket.address[5:]}/small/records/../../../x.json"
    files.pipe_file(name, b"{}")
    assert name in files.find(bucket.address)
    folder = bucket.on("here")
    pull(folder)
    assert {path.name for path in tmp_path.rglob("x.json")} == {"x.json"}
    assert len(list(tmp_path.rglob("x.json"))) == 1


def test_cleaning_removes_what_nothing_needs_and_that_alone(bucket: Bucket, call: Call) -> None:
    folder, cells = begun(bucket, load_study(_written()))
    for k, cell in enumerate(cells[:4]):
        folder.records.write(record(cell, 0.1 * k))
        folder.files.write(folder.name_of(cell.cell_id, CHECKPOINT), bytes(1000))
    under_way, again = cells[4].cell_id, cells[0].cell_id
    needless = {folder.name_of(cells[k].cell_id, CHECKPOINT) for k in (0, 1)} | {
        f"tiny/records/{again}.json.retried",
        f"{folder.name_of(under_way, CHECKPOINT)}.damaged",
    }
    for name in (*needless, folder.name_of(under_way, CHECKPOINT), f"tiny/records/{under_way}.json.retried"):
        folder.files.write(name, bytes(1000))
    before = bucket.state()
    bucket.on("laptop")
    code, out, err = call("clean", "--storage", bucket.address)
    assert (code, err) == (0, "")
    assert "in all; --yes removes it" in out
    assert bucket.state() == before
    code, out, err = call("clean", "--yes", "--storage", bucket.address)
    assert (code, err) == (0, "")
    left = {name for name in bucket.state() if "/lease/" not in name}
    best = {folder.name_of(cells[k].cell_id, CHECKPOINT) for k in (2, 3)}
    assert left == set(before) - needless, (set(before) - left) ^ needless
    assert best <= left


def _written() -> Path:
    Path("tiny.yaml").write_text(STUDY)
    return Path("tiny.yaml")


def test_a_model_is_made_of_the_checkpoint_in_the_bucket(bucket: Bucket) -> None:
    folder, (cell, *_) = begun(bucket, tiny())
    made = record(cell)
    folder.records.write(made)
    folder.files.write(folder.name_of(cell.cell_id, CHECKPOINT), b"as it ended")
    folder.cell(cell.cell_id).joinpath(CHECKPOINT).write_bytes(b"as it was when it went on elsewhere")
    for machine in ("driver", "laptop"):
        there = bucket.folder(machine)
        ((_, path),) = tracking.models_of(there, {cell.cell_id: made}, "all", {}).values()
        assert path.read_bytes() == b"as it ended"


def test_what_a_method_of_ones_own_keeps_goes_on_with_its_cell(bucket: Bucket) -> None:
    folder, (cell, *_) = begun(bucket, tiny())
    directory = folder.cell(cell.cell_id)
    (directory / "states").mkdir(parents=True)
    (directory / "states" / "3.bin").write_bytes(b"third")
    (directory / ".hidden").write_bytes(b"not mine")
    folder.files.keep(folder.name_of(cell.cell_id), lambda name: True)
    other = bucket.folder("other")
    other.files.bring(other.name_of(cell.cell_id))
    found = {path.name: path.read_bytes() for path in other.cell(cell.cell_id).rglob("*") if path.is_file()}
    assert found == {"3.bin": b"third"}
