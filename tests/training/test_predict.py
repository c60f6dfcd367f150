"""A predictor gives the test accuracy that the cell was scored with, and refuses images of another kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssc_tune import data, methods
from ssc_tune.training import CellConfig, RunResult, train
from ssc_tune.training.predict import Predictor


def config(method: str, seed: int = 0) -> CellConfig:
    return CellConfig.model_validate(
        {
            "data": {"name": "digits"},
            "model": {"name": "wrn-10-1"},
            "training": {"steps": 4, "evaluations": 2},
            "method": method,
            "hyperparameters": {"batch_size": 8, "mu": 1},
            "seed": seed,
        }
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, RunResult]]:
    found = {}
    for method in methods.names:
        folder = tmp_path_factory.mktemp(method)
        result = train(config(method), directory=folder, device="cpu")
        found[method] = folder / "checkpoint.pt", result
    return found


@pytest.mark.parametrize("method", methods.names)
def test_predictions_are_those_that_were_scored(trained: dict[str, tuple[Path, RunResult]], method: str) -> None:
    path, result = trained[method]
    predictor = Predictor.load(path, config(method), device="cpu")
    digits = data.load("digits")
    images, labels = digits.test_images.numpy(), digits.test_labels.numpy()
    predicted = predictor.predict(images)
    assert predicted.shape == (500,)
    assert np.mean(predicted == labels) == result.test_accuracy
    assert np.array_equal(predicted, predictor.predict(images[:, 0]))  # (N, H, W)
    assert np.array_equal(predicted[:30], predictor.predict(images[:30], batch_size=7))
    scores = predictor.scores(images[:5])
    assert scores.shape == (5, 10)
    assert np.array_equal(scores.argmax(axis=1), predicted[:5])
    assert predictor.predict(images[:0]).shape == (0,)


def test_ssc_scores_are_cosines(trained: dict[str, tuple[Path, RunResult]]) -> None:
    predictor = Predictor.load(trained["ssc"][0], config("ssc"), device="cpu")
    scores = predictor.scores(data.load("digits").test_images.numpy())
    assert np.abs(scores).max() <= 1 + 1e-5


def test_other_images_and_other_cells_are_refused(trained: dict[str, tuple[Path, RunResult]], tmp_path: Path) -> None:
    path, _ = trained["fixmatch"]
    predictor = Predictor.load(path, config("fixmatch"), device="cpu")
    for wrong in (np.zeros((2, 1, 8, 8)), np.zeros((2, 3, 8, 8), np.uint8), np.zeros((8, 8), np.uint8)):
        with pytest.raises(ValueError, match=r"expected uint8 images of shape \(N, 1, 8, 8\)"):
            predictor.predict(wrong)
    with pytest.raises(ValueError, match="not of"):
        Predictor.load(path, config("fixmatch", seed=1), device="cpu")
    with pytest.raises(ValueError, match="no such checkpoint"):
        Predictor.load(tmp_path / "checkpoint.pt", config("fixmatch"))
