"""FixMatch with a classifier that goes over into prototypes: what arXiv 2409.07292 relates cross-entropy to SSC by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ssc_tune import methods
from ssc_tune.methods.base import Positive
from ssc_tune.methods.fixmatch import FixMatch, FixMatchHyperparameters

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead


class FixMatchCosineHyperparameters(FixMatchHyperparameters):
    """FixMatch's, and those of the classifier, at SSC's values."""

    temperature: Positive = Field(0.1, description="T that logits are divided by.")
    normalize: bool = Field(True, description="Embeddings and class weights have length 1, so that logits are cosines.")
    bias: bool = Field(False, description="A bias for each class.")
    projection_layers: Annotated[int, Field(ge=0, le=3)] = Field(
        2, description="Linear layers of a projection before the classifier, with a ReLU between any two."
    )


class FixMatchCosine(FixMatch):
    """FixMatch whose logits are s(z) . s(w_k) / T + b_k, z projected features, s dividing by the length.

    Its cross-entropy is the contrastive loss with class prototypes w_k in which an image's only positive is its own
    prototype and only prototypes stand in the denominator. With ``normalize: false``, ``bias: true``, T = 1 and no
    projection it is ``fixmatch``, bit for bit.
    """

    name = "fixmatch-cosine"
    sources = ("sohn2020fixmatch", "gauffre2024unified")
    Hyperparameters = FixMatchCosineHyperparameters
    hyperparameters: FixMatchCosineHyperparameters

    def head(self, num_features: int, *, generator: torch.Generator) -> LinearHead:
        """The classifier with the policy."""
        hp = self.hyperparameters
        return methods.parts.CosineHead(
            num_features,
            self.num_classes,
            generator=generator,
            policy=self.policy(),
            layers=hp.projection_layers,
            normalize=hp.normalize,
            temperature=hp.temperature,
            bias=hp.bias,
        )

    def embeddings(self, head: LinearHead, features: Tensor) -> Tensor:
        """What the projection makes of the features."""
        assert isinstance(head, methods.parts.CosineHead)
        embeddings: Tensor = head.projection(features)
        return embeddings
