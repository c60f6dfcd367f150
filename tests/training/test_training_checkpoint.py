"""Checkpoints are whole or absent, and a wrong one is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from ssc_tune.training import checkpoint, train
from ssc_tune.training.loop import CHECKPOINT
from tests.making.cells import make_config

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


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_named_with_what_to_do(tmp_path: Path, share: float) -> None:
    config = make_config(steps=1, evaluations=1)
    train(config, directory=tmp_path, device="cpu")
    path = tmp_path / CHECKPOINT
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"checkpoint\.pt: not a readable checkpoint .* remove it"):
        train(config, directory=tmp_path, device="cpu")
    assert train(config, directory=tmp_path, device="cpu", resume=False).status == "ok"


def test_a_file_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"cell_id": "x", "evil": Evil()}, tmp_path / "c.pt")
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        checkpoint.load(tmp_path / "c.pt", cell_id="x", device=CPU)
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_of_another_cell_is_refused(tmp_path: Path) -> None:
    one, other = make_config(steps=1, evaluations=1), make_config(seed=1, steps=1, evaluations=1)
    train(one, directory=tmp_path, device="cpu")
    with pytest.raises(ValueError, match=f"checkpoint of cell {one.cell_id}, not of {other.cell_id}"):
        train(other, directory=tmp_path, device="cpu")


def test_something_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "c.pt")
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        checkpoint.load(tmp_path / "c.pt", cell_id="x", device=CPU)
