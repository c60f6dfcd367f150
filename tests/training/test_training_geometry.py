"""The picture of prototypes and images at the end of training."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ssc_tune.training import train
from ssc_tune.training.geometry import MAX_IMAGES, geometry
from ssc_tune.training.result import Geometry
from tests.making.cells import make_config


def test_cosines_and_axes_agree_with_numpy() -> None:
    generator = torch.Generator().manual_seed(0)
    prototypes = torch.randn(4, 6, generator=generator)
    embeddings = torch.randn(200, 6, generator=generator) * torch.tensor([5.0, 3, 1, 1, 1, 1])
    labels = torch.arange(200) % 4
    found = geometry(prototypes, embeddings, labels)

    p, e = prototypes.double().numpy(), embeddings.double().numpy()
    for i in range(4):
        for j in range(4):
            expected = float(p[i] @ p[j] / math.sqrt(p[i] @ p[i]) / math.sqrt(p[j] @ p[j]))
            assert found.cosines[i][j] == pytest.approx(expected, abs=1e-4)
    unit = e / np.linalg.norm(e, axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(np.cov(unit.T, bias=True))
    assert found.share == pytest.approx(values[-2:].sum() / values.sum(), abs=1e-6)
    first = (unit[:MAX_IMAGES] - unit.mean(0)) @ vectors[:, -1]
    shown = np.array(found.images)[:, 0]
    assert np.allclose(np.abs(shown), np.abs(first), atol=2e-4)
    assert len(found.images) == len(found.labels) == MAX_IMAGES


@pytest.mark.parametrize("method", ["fixmatch", "ssc"])
def test_a_finished_cell_leaves_its_picture(method: str, tmp_path: Path) -> None:
    train(make_config(method), directory=tmp_path, device="cpu")
    found = Geometry.model_validate(json.loads((tmp_path / "geometry.json").read_text(encoding="utf-8")))
    assert len(found.cosines) == len(found.prototypes) == 10
    assert all(found.cosines[k][k] == pytest.approx(1) for k in range(10))
