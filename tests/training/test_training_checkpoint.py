"""Checkpoints are whole or absent, and a wrong one is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.training import checkpoint, train
from ssc_tune.training.loop import CHECKPOINT
from tests.making.cells import make_config, without_times

CPU = torch.device("cpu")


def test_content_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "c.pt"
    content = {"cell_id": "x", "tensor": torch.arange(5), "nested": {"number": 1.5}, "text": "[]"}
    checkpoint.save(path, content)
    found = checkpoint.load(path, cell_id="x", device=CPU)
    assert found is not None
    assert torch.equal(found.pop("tensor"), content.pop("tensor"))  # type: ignore[arg-type]
    assert found == content
    assert [p.name for p in path.parent.iterdir()] == ["c.pt"]


def test_no_file_is_no_content(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path / "c.pt", cell_id="x", device=CPU) is None


@pytest.mark.parametrize("failing", ["torch.save", "os.fsync", "os.replace"])
def test_a_failed_write_leaves_the_last_checkpoint_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "c.pt"
    checkpoint.save(path, {"cell_id": "x", "step": 1})

    def full(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    module, _, name = failing.partition(".")
    monkeypatch.setattr({"torch": torch, "os": os}[module], name, full)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save(path, {"cell_id": "x", "step": 2})
    monkeypatch.undo()
    assert checkpoint.load(path, cell_id="x", device=CPU) == {"cell_id": "x", "step": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["c.pt"]


def test_a_checkpoint_of_an_earlier_format_is_not_continued(tmp_path: Path) -> None:
    config = make_config(steps=2, evaluations=2)
    whole = train(config, directory=tmp_path, device="cpu")
    path = tmp_path / CHECKPOINT
    content = checkpoint.load(path, cell_id=config.cell_id, device=CPU)
    assert content is not None
    del content["format"], content["velocities"]
    checkpoint.save(path, {**content, "step": 1})
    again = train(config, directory=tmp_path, device="cpu")
    assert [e.validation_accuracy for e in again.history] == [e.validation_accuracy for e in whole.history]


def damaged(whole: bytes, how: str) -> bytes:
    """A file as a disk may give it back."""
    kind, _, share = how.partition(" ")
    place = int(float(share) * len(whole))
    if kind == "cut":
        return whole[:place]
    if kind == "zeros":
        return whole[:place] + bytes(min(4096, len(whole) - place)) + whole[place + 4096 :]
    return whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :]


@pytest.mark.fault("a checkpoint with flipped, missing or zeroed bytes", "noticed, set aside")
@given(st.sampled_from(["cut", "flip", "zeros"]), st.floats(0, 0.9999))
def test_damage_of_any_kind_and_place_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, kind: str, share: float
) -> None:
    path = tmp_path_factory.mktemp("damage") / "c.pt"
    checkpoint.save(path, {"cell_id": "x", "tensor": torch.arange(2000) + 2**20})
    whole = path.read_bytes()
    changed = damaged(whole, f"{kind} {share}")
    path.write_bytes(changed)
    if changed == whole:
        return
    with pytest.raises(ValueError, match=r"c\.pt: not a readable checkpoint .* remove it"):
        checkpoint.load(path, cell_id="x", device=CPU)
    assert checkpoint.load_or_set_aside(path, cell_id="x", device=CPU) is None
    assert [p.name for p in path.parent.iterdir()] == ["c.pt.damaged"]


@pytest.mark.fault("a checkpoint that is damaged, or another cell's", "the cell starts anew and ends as ever")
@pytest.mark.parametrize("how", ["cut 0.5", "flip 0.3", "flip 0.6", "zeros 0.5", "another"])
def test_a_cell_whose_checkpoint_is_no_good_starts_anew_and_ends_as_ever(tmp_path: Path, how: str) -> None:
    config = make_config(steps=2, evaluations=2)
    whole = train(config, directory=tmp_path, device="cpu")
    path = tmp_path / CHECKPOINT
    if how == "another":
        train(make_config(seed=1, steps=1, evaluations=1), directory=tmp_path / "other", device="cpu")
        (tmp_path / "other" / CHECKPOINT).rename(path)
    else:
        path.write_bytes(damaged(path.read_bytes(), how))
    again = train(config, directory=tmp_path, device="cpu")
    assert without_times(again) == without_times(whole)
    assert (tmp_path / f"{CHECKPOINT}.damaged").exists()


def test_other_programs_read_a_checkpoint_as_any_of_torch(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "c.pt", {"cell_id": "x", "tensor": torch.arange(5)})
    assert torch.equal(torch.load(tmp_path / "c.pt", weights_only=True)["tensor"], torch.arange(5))


def test_a_file_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    checkpoint.save(tmp_path / "c.pt", {"cell_id": "x", "evil": Evil()})
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        checkpoint.load(tmp_path / "c.pt", cell_id="x", device=CPU)
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_of_another_cell_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "c.pt", {"cell_id": "y"})
    with pytest.raises(ValueError, match="checkpoint of cell y, not of x"):
        checkpoint.load(tmp_path / "c.pt", cell_id="x", device=CPU)


def test_something_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "c.pt", [1, 2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        checkpoint.load(tmp_path / "c.pt", cell_id="x", device=CPU)
