"""``ssc-tune clean`` shows what nothing needs, and removes that alone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune.presentation.numbers import size
from ssc_tune.records.lease import Lease
from tests.making.files import FAILED, Bench

Call = Callable[..., tuple[int, str, str]]
LONG_AGO = time.time() - 7200


def put(path: Path, content: bytes = b"0123456789", *, old: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if old:
        for one in (path, path.parent):
            os.utime(one, (LONG_AGO, LONG_AGO))
    return path


def files(folder: Path) -> set[str]:
    """All but the lock of leases, which a run leaves too."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.endswith(".lease.lock")}


class Stored:
    """A study with everything that may lie in its folder; ``needless`` may go, all else must stay."""

    def __init__(self, bench: Bench) -> None:
        self.bench, folder = bench, bench.folder
        bench.fill(bench.cells[2:])
        bench.fill(bench.cells[1:2], **FAILED)
        self.storage = folder.storage
        checkpoints = {cell.cell_id: put(folder.cell(cell.cell_id) / "checkpoint.pt") for cell in bench.cells}
        kept = [
            max((c for c in bench.cells[2:] if c.placement.method == m), key=self._rank) for m in ("ssc", "fixmatch")
        ]
        self.best = {checkpoints[cell.cell_id] for cell in kept}
        put(folder.cell(bench.cells[0].cell_id) / "attempts.jsonl")
        put(folder.cell(bench.cells[2].cell_id) / "geometry.json")
        put(folder.records.directory / f"{bench.cells[0].cell_id}.json.retried")  # its cell is to be tried again
        (folder.path / "report.html").write_text("page")
        (folder.path / "registrations.jsonl").write_text("")
        put(folder.path / ".tune" / "launch-2" / "state.json", old=False)
        put(folder.path / ".fresh.json.12ab34cd.partial", old=False)
        self.before = files(self.storage)
        self.needless = {
            put(folder.records.directory / f"{bench.cells[3].cell_id}.json.retried"),
            put(folder.records.directory / f"{bench.cells[4].cell_id}.json.damaged"),
            put(folder.cell(bench.cells[5].cell_id) / "checkpoint.pt.damaged"),
            put(folder.path / ".study.json.12ab34cd.partial"),
            put(self.storage / "pretrained" / "0123456789abcdef.pt"),
            put(self.storage / "pretrained" / "0123456789abcdef.partial.pt"),
        }
        self.checkpoints = {checkpoints[cell.cell_id] for cell in bench.cells[2:]}

    @staticmethod
    def _rank(cell: object) -> tuple[float, ...]:
        place = cell.placement  # type: ignore[attr-defined]
        return (place.point, place.seed)

    def must_stay(self) -> set[str]:
        return self.before - {str(path.relative_to(self.storage)) for path in self.checkpoints}


def test_looking_changes_nothing_and_shows_every_kind(bench: Bench, call: Call) -> None:
    stored = Stored(bench)
    whole = files(stored.storage)
    code, out, err = call("clean")
    assert (code, err) == (0, "")
    for kind in ("checkpoints of finished cells", "tried again: 1", "set aside: 2", "half written: 1", "names: 2"):
        assert kind in out
    assert "--yes removes it" in out
    assert files(stored.storage) == whole
    shown = json.loads(call("clean", "--json")[1])
    assert shown["bytes"] == sum(Path(row["path"]).stat().st_size for row in shown["files"])
    assert not any(row["removed"] for row in shown["files"])


def test_only_what_nothing_needs_is_removed(bench: Bench, call: Call) -> None:
    stored = Stored(bench)
    assert call("clean", "--yes", "--keep-checkpoints", "none")[0] == 0
    assert files(stored.storage) == stored.must_stay()
    assert not bench.folder.cell(bench.cells[6].cell_id).exists()
    assert call("clean", "--keep-checkpoints", "none")[1] == "nothing that could go\n"
    assert json.loads(call("show", "small", "--json")[1])["ok"] == len(bench.cells) - 2


def test_the_best_cells_keep_their_checkpoints_unless_told_otherwise(bench: Bench, call: Call) -> None:
    stored = Stored(bench)
    assert call("clean", "small", "--yes")[0] == 0
    left = {path for path in stored.checkpoints if path.exists()}
    assert left >= stored.best
    assert len(left) <= 4  # of two methods in two blocks
    assert {path.exists() for path in stored.needless if "pretrained" in path.parts} == {True}  # other studies' too
    whole = files(stored.storage)
    assert call("clean", "small", "--yes", "--keep-checkpoints", "all")[0] == 0
    assert files(stored.storage) == whole


def test_nothing_is_removed_while_a_run_is_under_way(bench: Bench, call: Call) -> None:
    stored = Stored(bench)
    whole = files(stored.storage)
    with Lease(bench.folder.path).held(lambda _: None, lambda _: None):
        code, out, err = call("clean", "--yes")
        assert (code, out) == (2, "")
        assert "another run of this study is under way" in err
        assert files(stored.storage) == whole | {"small/lease.json"}
        assert call("clean")[0] == 0  # looking is allowed
    assert call("clean", "--yes")[0] == 0
    assert files(stored.storage) < whole


def test_nothing_is_removed_through_a_link(bench: Bench, call: Call, tmp_path: Path) -> None:
    bench.fill()
    mine = put(tmp_path / "mine" / "checkpoint.pt")
    bench.folder.cell(bench.cells[0].cell_id).parent.mkdir(parents=True)
    bench.folder.cell(bench.cells[0].cell_id).symlink_to(mine.parent)
    (bench.folder.path / ".tune").symlink_to(mine.parent)
    (bench.folder.storage / "pretrained").symlink_to(mine.parent)
    assert call("clean", "--yes", "--keep-checkpoints", "none")[1] == "nothing that could go\n"
    assert mine.exists()


def test_of_a_study_that_cannot_be_read_nothing_is_touched(bench: Bench, call: Call) -> None:
    stored = Stored(bench)
    (bench.folder.path / "study.json").write_text("{")
    whole = files(stored.storage)
    code, out, err = call("clean", "--yes")
    assert (code, out) == (0, "nothing that could go\n")
    assert "nothing of small is touched" in err
    assert files(stored.storage) == whole
    code, _, err = call("clean", "smal")
    assert code == 2
    assert "no study in runs; there: small" in err


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"), (2.5e12, "2.5 TB")],
)
def test_a_size_has_three_digits(count: float, text: str) -> None:
    assert size(count) == text
