"""Where cells run, decided before Ray is imported."""

from __future__ import annotations

import fcntl
import importlib
import os
import stat
from pathlib import Path

import pytest

from ssc_tune.errors import InputError
from ssc_tune.execution import place as places
from ssc_tune.execution.place import HERE, JOB, Place, place_of
from ssc_tune.study.model.resources import ADDRESSES
from tests.making.studies import study
from tests.ports import free_port

IN_A_JOB = {JOB[0]: "{}", JOB[1]: "192.0.2.7:6379"}
AUTO = {"cluster": {"address": "auto"}}


@pytest.mark.parametrize(
    ("option", "declared", "environment", "address"),
    [
        (None, {}, {}, None),
        (None, {}, {"RAY_ADDRESS": "192.0.2.7:6379"}, None),  # left from anything
        (None, {}, {"RAY_ADDRESS": "", JOB[0]: "{}"}, None),
        (None, {}, IN_A_JOB, "192.0.2.7:6379"),
        (None, AUTO, IN_A_JOB, "auto"),
        ("head.example.org:6379", AUTO, IN_A_JOB, "head.example.org:6379"),
        ("[2001:db8::7]:6379", {}, {}, "[2001:db8::7]:6379"),
        ("local", AUTO, IN_A_JOB, None),
        (None, {"cluster": {"address": "local"}}, IN_A_JOB, None),
    ],
)
def test_the_nearest_word_counts(
    option: str | None, declared: dict[str, object], environment: dict[str, str], address: str | None
) -> None:
    assert place_of(study(**declared), option, environment=environment).address == address


@pytest.mark.parametrize(
    "text", ["ray://head:10001", "ray://", "head", "http://head:8265", "", "head:port", "a b:1", "head:99999"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--address: ") as refused:
        place_of(study(), text)
    (line,) = refused.value.problems
    assert ("ray job submit" if text.startswith("ray://") else ADDRESSES) in line
    with pytest.raises(ValueError, match="address"):
        study(cluster={"address": text})


def test_a_machine_has_one_type_of_gpu_and_a_cluster_is_asked_later() -> None:
    typed = study(resources={"gpus": 0.5, "gpu_type": "H100"})
    assert HERE.need(typed).gpu_type is None
    assert Place("auto").need(typed).gpu_type == "H100"
    assert Place("auto").workers(study(resources={"cpus": 10_000})) is None


def test_what_has_no_room_here_is_refused_and_noted() -> None:
    of = study(resources={"cpus": 10_000})
    with pytest.raises(InputError, match=r"resources.cpus: a cell needs 10000, this machine has"):
        HERE.workers(of)
    assert len(places.notes(of)) == 1
    assert places.notes(of.model_copy(update={"cluster": study(**AUTO).cluster})) == places.notes(study()) == []


@pytest.mark.parametrize("gpus", [1.5, 2.25])
def test_a_part_of_a_second_gpu_cannot_be_had(gpus: float) -> None:
    with pytest.raises(ValueError, match="cannot be had; allowed: a share up to 1, or a whole number"):
        study(resources={"gpus": gpus})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_token_is_made_and_kept_for_its_owner_alone(home: Path) -> None:
    assert not places.has_token()
    places.keep_token_private(make=False)
    assert not places.has_token()
    places.keep_token_private(make=True)
    token = home / ".ray" / "auth_token"
    first = token.read_text()
    assert len(first) == 64
    assert mode(token) == 0o600
    token.chmod(0o644)  # as Ray makes it
    places.keep_token_private(make=True)
    assert (mode(token), token.read_text()) == (0o600, first)


def test_where_no_file_can_be_written_the_token_stays_in_the_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".ray").write_text("a file")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "")
    places.keep_token_private(make=True)
    assert places.has_token()
    assert (home / ".ray").read_text() == "a file"


def test_who_does_without_a_token_gets_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    places.keep_token_private(make=True)
    assert not places.has_token()


def test_rays_folder_is_private_and_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 60)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    private = Path(importlib.import_module("ssc_tune.execution.start")._place())
    assert mode(private) == 0o700
    assert len(os.fsencode(private)) < 45
    private.rmdir()


def test_what_a_killed_run_has_left_goes_and_what_a_living_one_holds_stays(tmp_path: Path) -> None:
    start = importlib.import_module("ssc_tune.execution.start")
    for name in ("killed", "living", "new"):
        (tmp_path / f"ssc-tune-{name}" / "ray").mkdir(parents=True)
        lock = tmp_path / f"ssc-tune-{name}" / "lock"
        lock.touch()
        if name != "new":
            os.utime(lock, (1.0, 1.0))
    (tmp_path / "ssc-tune-mine").mkdir()  # of somebody who knows nothing of locks
    with open(tmp_path / "ssc-tune-living" / "lock", "rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        start.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ssc-tune-living", "ssc-tune-mine", "ssc-tune-new"]


@pytest.mark.parametrize(
    ("address", "is_loopback"),
    [("127.0.0.1:6379", True), ("localhost:1", True), ("[::1]:1", True), ("192.0.2.7:1", False), ("head:1", False)],
)
def test_who_reaches_an_address(address: str, is_loopback: bool) -> None:
    assert places.is_loopback(address) == is_loopback


@pytest.mark.parametrize(
    ("held", "grows", "limit", "pending"),
    [(2, False, None, 3), (2, False, 8, 3), (0, True, None, 100), (0, True, 8, 8), (200, True, None, 201)],
)
def test_cells_wait_for_what_a_growing_cluster_may_start(
    held: int, grows: bool, limit: int | None, pending: int
) -> None:
    room = importlib.import_module("ssc_tune.execution.cluster").Room(lambda: held, {}, grows, limit)
    assert room.pending() == pending


@pytest.mark.parametrize(
    ("place", "has_token", "mode"),
    [
        (Place("head:1"), True, "token"),
        (Place("head:1"), False, None),
        (Place("head:1", insecure=True), True, "disabled"),
        (HERE, True, None),
    ],
)
def test_driver_and_cluster_agree_on_a_token(
    place: Place, has_token: bool, mode: str | None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {"RAY_AUTH_TOKEN": "f" * 64} if has_token else {})
    monkeypatch.setattr(places, "token_file", lambda: home / "none")
    places.set_environment(place)
    assert os.environ.get("RAY_AUTH_MODE") == mode


def test_a_head_that_does_not_answer_is_one_line_at_once() -> None:
    cluster = importlib.import_module("ssc_tune.execution.cluster")
    nobody = f"127.0.0.1:{free_port()}"
    with pytest.raises(InputError, match=f"address {nobody}: .*Connection refused; is there a cluster"):
        cluster._connect(Place(nobody))
