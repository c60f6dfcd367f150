"""FixMatch's classifier on its way to prototypes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ssc_tune import methods
from ssc_tune.methods.base import Views
from ssc_tune.training import train
from tests.making.cells import make_config, without_times

K, FEATURES = 3, 5
LINEAR = {"normalize": False, "bias": True, "temperature": 1.0, "projection_layers": 0}


def test_without_its_own_parts_it_is_fixmatch_bit_for_bit() -> None:
    ours = train(make_config("fixmatch-cosine", hyperparameters=LINEAR, steps=4, evaluations=2), device="cpu")
    plain = train(make_config("fixmatch", steps=4, evaluations=2), device="cpu")
    assert without_times(ours) == without_times(plain)


def _length(values: list[float]) -> float:
    return math.sqrt(sum(v * v for v in values))


def _loss_by_loops(head: torch.nn.Module, features: Tensor, labels: list[int], temperature: float) -> float:
    """Minus the log of the share of one's own prototype among all, exp(cos / T) each."""
    weights = head.classifier.weight.tolist()
    total = 0.0
    for z, label in zip(head.projection(features).tolist(), labels, strict=True):
        cosines = [sum(a * b for a, b in zip(z, w, strict=True)) / _length(z) / _length(w) for w in weights]
        total -= cosines[label] / temperature - math.log(sum(math.exp(c / temperature) for c in cosines))
    return total / len(labels)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_its_cross_entropy_is_the_contrast_with_prototypes_alone(temperature: float) -> None:
    method = methods.make("fixmatch-cosine", {"temperature": temperature}, num_classes=K)
    head = method.head(FEATURES, generator=torch.Generator().manual_seed(1)).double()
    assert {name for name, _ in head.named_parameters() if "bias" in name} == {
        "projection.0.bias",
        "projection.2.bias",
    }
    features, labels = torch.randn(4, FEATURES, generator=torch.Generator().manual_seed(2)).double(), [0, 1, 2, 0]
    logits = head(features)
    views = Views(logits, logits.detach(), logits.unsqueeze(0))
    found = method.loss(head, views, torch.tensor(labels)).terms["labelled"]
    assert found.item() == pytest.approx(_loss_by_loops(head, features, labels, temperature), rel=1e-6)


def test_the_logits_are_told_with_all_their_parts() -> None:
    given = {"normalize": False, "bias": True, "temperature": 0.5, "projection_layers": 1}
    method = methods.make("fixmatch-cosine", given, num_classes=K)
    head = method.head(FEATURES, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        head.classifier.bias.copy_(torch.tensor([1.0, 2.0, 3.0]))
    features = torch.randn(4, FEATURES, generator=torch.Generator().manual_seed(2))
    embeddings = method.embeddings(head, features)
    expected = torch.einsum("nf,kf->nk", embeddings, head.classifier.weight) / 0.5 + torch.tensor([1.0, 2.0, 3.0])
    torch.testing.assert_close(head(features), expected)
    assert torch.equal(method.prototypes(head), head.classifier.weight)
