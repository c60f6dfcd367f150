"""No gradient takes the way through the weak view: it decides pseudo-labels, and nothing else."""

from __future__ import annotations

from typing import NamedTuple

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from ssc_tune.methods.base import StepLoss, Views
from ssc_tune.training.network import make_method
from tests.making.cells import make_config

NUM_CLASSES, DIM = 5, 8


class Gradients(NamedTuple):
    loss: StepLoss
    weak: Tensor | None
    others: list[Tensor]  # head, labelled, strong


def _gradients(method: str, head: nn.Module, weak: Tensor, labelled: Tensor, strong: Tensor) -> Gradients:
    labels = torch.arange(len(labelled)) % NUM_CLASSES
    leaves = [t.detach().clone().requires_grad_() for t in (labelled, strong)]
    watched = weak.detach().clone().requires_grad_()
    head.zero_grad(set_to_none=True)
    trained = make_method(make_config(method, hyperparameters={"tau": 0.6}), NUM_CLASSES)
    loss = trained.loss(head, Views(leaves[0], watched, leaves[1]), labels)
    torch.autograd.backward(loss.total)
    grads = [t.grad for t in (*head.parameters(), *leaves)]
    return Gradients(loss, watched.grad, [torch.zeros(()) if g is None else g for g in grads])


def _same_decisions(method: str, head: nn.Module, loss: StepLoss) -> Tensor:
    """Other weak outputs with the same pseudo-labels where they count: sure of those, undecided elsewhere."""
    directions = head.get_parameter("prototypes").detach() if method == "ssc" else 30.0 * torch.eye(NUM_CLASSES)
    undecided = torch.zeros_like(directions[0])  # of equal logits, or of cosine 0 to every prototype
    return torch.where(loss.confident.unsqueeze(1), directions[loss.pseudo_labels], undecided)


@given(
    method=st.sampled_from(["fixmatch", "ssc"]),
    num_labelled=st.integers(1, 6),
    num_unlabelled=st.integers(1, 8),
    sharpness=st.sampled_from([0.1, 1.0, 4.0]),
    seed=st.integers(0, 2**16),
)
def test_nothing_flows_into_the_weak_view(
    method: str, num_labelled: int, num_unlabelled: int, sharpness: float, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    options = {"prototype_init": "simplex"} if method == "ssc" else {}
    made = make_method(make_config(method, hyperparameters=options), NUM_CLASSES)
    head = made.head(DIM, generator=draw)
    width = DIM if method == "ssc" else NUM_CLASSES
    weak = sharpness * torch.randn(num_unlabelled, width, generator=draw)
    labelled = torch.randn(num_labelled, width, generator=draw)
    strong = torch.randn(made.num_strong_views, num_unlabelled, width, generator=draw)
    found = _gradients(method, head, weak, labelled, strong)
    assert found.weak is None or not found.weak.any()
    # Nor through the head's own parameters, which the weak view's scores are made with.
    other = _gradients(method, head, _same_decisions(method, head, found.loss), labelled, strong)
    assert torch.equal(other.loss.confident, found.loss.confident)
    for mine, theirs in zip(found.others, other.others, strict=True):
        assert torch.equal(mine, theirs)
