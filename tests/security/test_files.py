"""Files that somebody else made are read without running anything of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssc_tune.errors import InputError
from ssc_tune.study import load_study


class Runs:
    """What would make a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["train_images", "test_labels"])
def test_an_array_that_runs_code_is_refused(name: str, tmp_path: Path) -> None:
    arrays = {
        "train_images": np.zeros((40, 8, 8), np.uint8),
        "train_labels": np.arange(40) % 2,
        "test_images": np.zeros((10, 8, 8), np.uint8),
        "test_labels": np.arange(10) % 2,
    }
    study = tmp_path / "s.yaml"
    study.write_text(
        "name: s\nmethods: [fixmatch]\ndata: {name: array, path: a.npz, labels_per_class: 1, validation: 4}\n"
        "hyperparameters: {batch_size: 4, mu: 1}\nseeds: 2\ndesign: {type: defaults}\n"
        "search_space: {parameters: {tau: {type: float, default: 0.95, low: 0.6, high: 0.99}}}\n"
    )
    np.savez(tmp_path / "a.npz", **arrays)
    load_study(study)
    made = tmp_path / "made"
    changed: dict[str, Any] = {**arrays, name: np.array([Runs(made)] * len(arrays[name]), dtype=object)}
    np.savez(tmp_path / "a.npz", allow_pickle=True, **changed)
    with pytest.raises(InputError):
        load_study(study)
    assert not made.exists()
