"""The width and depth of SSC's projection."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ssc_tune.training import train
from ssc_tune.training.network import make_method, make_network
from tests.making.cells import make_config


@pytest.mark.parametrize(
    ("layers", "width", "shapes"),
    [
        (1, 0, [(64, 64)]),
        (2, 0, [(64, 64), (64, 64)]),
        (2, 16, [(16, 64), (16, 16)]),
        (3, 24, [(24, 64), (24, 24), (24, 24)]),
    ],
)
def test_layers_and_width(layers: int, width: int, shapes: list[tuple[int, int]]) -> None:
    config = make_config("ssc", hyperparameters={"projection_layers": layers, "projection_width": width})
    head = make_network(config, make_method(config, 10), in_channels=1).head
    linears = [layer for layer in head.modules() if isinstance(layer, nn.Linear)]
    assert [tuple(layer.weight.shape) for layer in linears] == shapes
    assert head.prototypes.shape == (10, shapes[-1][0])
    assert head(torch.zeros(3, 64)).shape == (3, shapes[-1][0])


def test_a_narrow_projection_trains_with_prototypes_placed_by_embeddings() -> None:
    changes = {"projection_layers": 3, "projection_width": 12, "prototype_init": "class_means"}
    config = make_config("ssc", hyperparameters=changes, steps=2, evaluations=1)
    assert train(config, device="cpu").status == "ok"


def test_the_defaults_leave_the_id_and_others_change_it() -> None:
    plain = make_config("ssc").cell_id
    assert make_config("ssc", hyperparameters={"projection_layers": 2, "projection_width": 0}).cell_id == plain
    assert make_config("ssc", hyperparameters={"projection_width": 64}).cell_id != plain
