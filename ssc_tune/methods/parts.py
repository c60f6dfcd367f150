"""Parts that methods are made of: heads, each with the threshold policy that it was given.

A method joins a head (how outputs become class probabilities), a threshold policy (which pseudo-labels count) and a
loss. A new method recombines these or brings its own.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ssc_tune import prototypes as prototype_room
from ssc_tune.methods.base import Starter
from ssc_tune.methods.thresholds import Policy
from ssc_tune.methods.thresholds import PseudoLabels as PseudoLabels
from ssc_tune.methods.thresholds import fixed_threshold as fixed_threshold
from ssc_tune.models import init_linear


class LinearHead(nn.Module):
    """A linear classifier: outputs are logits (N, K). Xavier normal weights, zero bias.

    ``policy`` judges pseudo-labels; its state, where it has one, is part of the head.
    """

    def __init__(
        self, num_features: int, num_classes: int, *, generator: torch.Generator, policy: Policy | None = None
    ) -> None:
        super().__init__()
        self.policy = Policy() if policy is None else policy
        self.classifier = nn.Linear(num_features, num_classes)
        init_linear(self.classifier, generator=generator)

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, F) to logits (N, K)."""
        logits: Tensor = self.classifier(features)
        return logits


class CosineHead(LinearHead):
    """A linear classifier that may follow a projection, be normalized and divided by a temperature, and lack its bias.

    Outputs are logits (N, K): s(z) . s(w_k) / T + b_k, z being the projected features (the features themselves with no
    layers), s dividing by the length where ``normalize`` says so and doing nothing else.
    """

    def __init__(
        self,
        num_features: int,
        num_classes: int,
        *,
        generator: torch.Generator,
        policy: Policy | None = None,
        layers: int,
        normalize: bool,
        temperature: float,
        bias: bool,
    ) -> None:
        super().__init__(num_features, num_classes, generator=generator, policy=policy)
        self.normalize, self.temperature = normalize, temperature
        if not bias:
            self.classifier.register_parameter("bias", None)
        self.projection = projection(num_features, layers=layers, generator=generator) if layers else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, F) to logits (N, K)."""
        z, w = self.projection(features), self.classifier.weight
        if self.normalize:
            z, w = F.normalize(z.float(), dim=-1), F.normalize(w.float(), dim=-1)
        return F.linear(z / self.temperature, w, self.classifier.bias)


class ProjectedLinearHead(LinearHead):
    """A linear classifier and beside it a projection (Linear, ReLU, Linear), as that of prototypes.

    Outputs are logits (N, K), then projections (N, D): (N, K + D). ``out_width`` is D; 0 leaves the width unchanged.
    """

    def __init__(
        self,
        num_features: int,
        num_classes: int,
        *,
        generator: torch.Generator,
        policy: Policy | None = None,
        out_width: int = 0,
    ) -> None:
        super().__init__(num_features, num_classes, generator=generator, policy=policy)
        self.projection = projection(num_features, layers=2, generator=generator, out_width=out_width)
        self.policy.hold(out_width or num_features)

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, F) to logits and projections (N, K + D)."""
        return torch.cat([self.classifier(features), self.projection(features)], dim=-1)


def projection(
    num_features: int, *, layers: int, generator: torch.Generator, width: int = 0, out_width: int = 0
) -> nn.Sequential:
    """Linear layers with a ReLU between any two: (N, num_features) to (N, D). Xavier normal weights, zero biases.

    Args:
        num_features: F, the width of what comes in.
        layers: linear layers, at least 1.
        generator: a CPU generator, the only source of randomness.
        width: of every layer's output; 0 is F.
        out_width: D, the width of the last layer's output; 0 is ``width``.
    """
    width = width or num_features
    widths = [num_features, *[width] * (layers - 1), out_width or width]
    made: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        linear = nn.Linear(inputs, outputs)
        init_linear(linear, generator=generator)
        made += [linear, nn.ReLU()]
    return nn.Sequential(*made[:-1])


class PrototypeHead(nn.Module):
    """A projection and K class prototypes in its output space.

    The projection is :func:`projection`, by default Linear, ReLU, Linear, width unchanged. Outputs are embeddings
    (N, D) that are normalized at use, as the prototypes are. Source: METHOD.md of the study of arXiv 2409.07292
    (projection and prototypes both receive weight decay).
    """

    def __init__(
        self,
        num_features: int,
        num_classes: int,
        *,
        prototype_init: str,
        generator: torch.Generator,
        layers: int = 2,
        width: int = 0,
        policy: Policy | None = None,
    ) -> None:
        super().__init__()
        self.policy = Policy() if policy is None else policy
        self.policy.hold(width or num_features)
        self.projection = projection(num_features, layers=layers, width=width, generator=generator)
        strategy = "random" if prototype_init in prototype_room.NEEDS_EMBEDDINGS else prototype_init
        wanted = prototype_room.Wanted(num_classes, width or num_features, generator)
        self.prototypes = nn.Parameter(prototype_room.initialize(strategy, wanted))

    @torch.no_grad()
    def place(self, strategy: str, images: Starter, *, generator: torch.Generator) -> None:
        """Sets the prototypes by embeddings of images, for strategies that need them."""
        num_classes, dim = self.prototypes.shape
        seen = images.labelled, images.labels, images.unlabelled
        self.prototypes.copy_(
            prototype_room.initialize(strategy, prototype_room.Wanted(num_classes, dim, generator, *seen))
        )

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, F) to embeddings (N, D), not normalized."""
        embeddings: Tensor = self.projection(features)
        return embeddings

    def cosines(self, embeddings: Tensor) -> Tensor:
        """Cosine similarity (N, K) of embeddings (N, D) to the prototypes."""
        return F.normalize(embeddings.float(), dim=-1) @ F.normalize(self.prototypes.float(), dim=-1).T
