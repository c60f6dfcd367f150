"""What every storage promises: a folder, an object store, and a mirror of one; the store is a server on loopback."""

from __future__ import annotations

import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import s3fs
from hypothesis import given, settings
from hypothesis import strategies as st

from ssc_tune.errors import InputError, Unreachable
from ssc_tune.storage import FolderStorage, Mirror, ObjectStorage, Storage
from tests.making.buckets import Server, make_bucket

BUCKET = "contract"


@pytest.fixture(scope="module")
def bucket(bucket_server: Server) -> str:
    make_bucket(BUCKET)
    return BUCKET


@pytest.fixture(params=["folder", "objects", "objects of a bucket", "mirror"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, bucket: str) -> Storage:
    """An empty one of each kind."""
    if request.param == "folder":
        return FolderStorage(tmp_path / "runs")
    if request.param == "objects of a bucket":
        name = f"own-{uuid.uuid4().hex}"
        make_bucket(name)
        return ObjectStorage(f"s3://{name}")
    store = ObjectStorage(f"s3://{bucket}/{uuid.uuid4().hex}/runs")
    return store if request.param == "objects" else Mirror(tmp_path / "mirror", store)


def test_what_was_written_is_read_and_replaced(storage: Storage) -> None:
    with pytest.raises(FileNotFoundError):
        storage.read("a/b.json")
    storage.write("a/b.json", b"1")
    storage.write("a/b.json", b"zwei")
    assert storage.read("a/b.json") == b"zwei"
    storage.write("a/b.json", b"")
    assert storage.read("a/b.json") == b""


def test_who_creates_second_changes_nothing(storage: Storage) -> None:
    assert storage.create("a/records/x.json", b"first")
    assert not storage.create("a/records/x.json", b"second")
    assert storage.read("a/records/x.json") == b"first"


def test_of_several_that_create_at_once_one_succeeds(storage: Storage) -> None:
    for k in range(5):
        barrier = threading.Barrier(6)

        def create(who: int, name: str = f"r/{k}.json", barrier: threading.Barrier = barrier) -> bool:
            barrier.wait()
            return storage.create(name, str(who).encode())

        with ThreadPoolExecutor(6) as pool:
            won = list(pool.map(create, range(6)))
        assert won.count(True) == 1
        assert storage.read(f"r/{k}.json") == str(won.index(True)).encode()


def test_a_log_has_its_lines_in_order(storage: Storage) -> None:
    with pytest.raises(FileNotFoundError):
        storage.read("a/log.jsonl")
    for k in range(12):
        storage.append("a/log.jsonl", f'{{"k": {k}}}')
    assert storage.read("a/log.jsonl").decode().splitlines() == [f'{{"k": {k}}}' for k in range(12)]
    assert list(storage.list("a/")) == ["a/log.jsonl"]
    storage.remove("a/log.jsonl")
    assert storage.list("") == {}


def test_lines_of_several_writers_are_all_there(storage: Storage) -> None:
    def write(who: int) -> None:
        for k in range(5):
            storage.append("a/log.jsonl", f"{who} {k}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    lines = storage.read("a/log.jsonl").decode().splitlines()
    assert sorted(lines) == sorted(f"{who} {k}" for who in range(4) for k in range(5))
    for who in range(4):
        assert [line for line in lines if line.startswith(f"{who} ")] == [f"{who} {k}" for k in range(5)]


def test_names_are_listed_with_size_and_time_and_a_version_that_changes(storage: Storage) -> None:
    storage.write("a/x.json", b"123")
    storage.write("a/deep/y.json", b"12345")
    storage.write("ab/z.json", b"1")
    storage.write("a/.hidden", b"1")
    found = storage.list("a/")
    assert {name: stat.size for name, stat in found.items()} == {"a/x.json": 3, "a/deep/y.json": 5}
    assert set(storage.list("")) == {"a/x.json", "a/deep/y.json", "ab/z.json"}
    assert all(stat.time > 1_700_000_000 for stat in found.values())
    storage.write("a/x.json", b"124")
    assert storage.list("a/")["a/x.json"].version != found["a/x.json"].version
    assert storage.list("a/")["a/deep/y.json"].version == found["a/deep/y.json"].version
    assert storage.list("nothing/") == {}


def test_moving_takes_the_place_of_what_is_there(storage: Storage) -> None:
    storage.write("a/x.json", b"new")
    storage.write("a/x.json.retried", b"old")
    storage.move("a/x.json", "a/x.json.retried")
    storage.move("a/missing", "a/elsewhere")
    assert {name: storage.read(name) for name in storage.list("")} == {"a/x.json.retried": b"new"}
    assert storage.create("a/x.json", b"again")


def test_what_is_removed_is_gone_and_the_rest_is_not(storage: Storage) -> None:
    for name in ("a/x", "a/xy", "a/x.jsonl"):
        storage.append(name, "1") if name.endswith(".jsonl") else storage.write(name, b"1")
    storage.remove("a/x", "a/missing", "a/x.jsonl")
    assert list(storage.list("")) == ["a/xy"]
    storage.remove()


def test_files_of_some_size_go_there_and_back(storage: Storage, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "one").write_bytes(content)
    storage.put(tmp_path / "one", "a/cells/1/checkpoint.pt")
    storage.get("a/cells/1/checkpoint.pt", tmp_path / "folder" / "two")
    assert (tmp_path / "folder" / "two").read_bytes() == content
    with pytest.raises(FileNotFoundError):
        storage.get("a/missing.pt", tmp_path / "three")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["one"]


NAMES = st.sampled_from(["s/a.json", "s/b.json", "s/c/d.json", "t/a.json"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NAMES, st.binary(max_size=8)),
        st.tuples(st.just("create"), NAMES, st.binary(max_size=8)),
        st.tuples(st.just("remove"), NAMES, st.just(b"")),
        st.tuples(st.just("move"), NAMES, st.just(b"")),
    ),
    max_size=8,
)


@settings(max_examples=15)
@given(steps=STEPS)
def test_all_do_the_same(
    steps: list[tuple[str, str, bytes]], bucket: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("same")
    store = ObjectStorage(f"s3://{bucket}/{uuid.uuid4().hex}")
    mirror = Mirror(folder / "mirror", ObjectStorage(f"s3://{bucket}/{uuid.uuid4().hex}"))
    answers: list[list[object]] = []
    for one in (FolderStorage(folder / "runs"), store, mirror):
        said: list[object] = []
        for what, name, content in steps:
            if what == "write":
                one.write(name, content)
            elif what == "create":
                said.append(one.create(name, content))
            elif what == "remove":
                one.remove(name)
            else:
                one.move(name, "s/moved.json")
        said.append({name: one.read(name) for name in one.list("")})
        answers.append(said)
    assert answers[0] == answers[1] == answers[2]
    assert {
        p.relative_to(folder / "mirror").as_posix(): p.read_bytes() for p in (folder / "mirror").rglob("*.json")
    } == (answers[0][-1])


def test_a_bucket_that_is_not_there_is_not_an_empty_one(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")
    store = ObjectStorage("s3://no-such-bucket/runs")
    for act in (
        lambda: store.read("a"),
        lambda: store.read("a.jsonl"),
        lambda: store.write("a", b""),
        lambda: store.create("a", b""),
        lambda: store.append("a.jsonl", ""),
        lambda: store.list(""),
        lambda: store.put(tmp_path / "file", "a"),
        lambda: store.get("a", tmp_path / "b"),
        lambda: store.move("a", "b"),
    ):
        with pytest.raises(Unreachable, match=r"^s3://no-such-bucket/runs.*bucket does not exist|no such object"):
            act()


def test_a_server_that_does_not_answer_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    store = ObjectStorage(f"s3://{bucket}/runs")
    with pytest.raises(Unreachable, match=f"s3://{bucket}/runs/a: Could not connect to the endpoint"):
        store.read("a")
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://example.org/runs", "https:// is not known; allowed: a folder, or s3://BUCKET/... or gs://BUCKET/..."),
        ("file:///tmp/runs", "file:// is not known"),
        ("s3://", "allowed: s3://BUCKET/..., plain names with / between them"),
        ("s3://bucket/../other", "plain names"),
        ("s3://bucket/a//b", "plain names"),
        ("s3://bucket/a?b=c", "plain names"),
        ("s3://key:secret-word@bucket/runs", "s3://***@bucket/runs: keys do not belong in an address"),
        ("s3://key:secret-word/x@bucket/runs", "keys do not belong in an address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(address: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        ObjectStorage(address)
    assert said in str(raised.value)
    assert "secret-word" not in str(raised.value)


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(
        InputError, match=r"--storage gs://bucket/runs: needs the package gcsfs; pip install 'ssc-tune\[gs\]'"
    ):
        ObjectStorage("gs://bucket/runs")
