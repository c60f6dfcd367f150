"""SSC: one contrastive loss for labelled, pseudo-labelled and unconfident images. Source: arXiv 2409.07292."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from ssc_tune.methods.base import Hyperparameters, Method, Positive, Starter, StepLoss, Views, Weight
from ssc_tune.prototypes.names import STRATEGIES

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from ssc_tune.methods.parts import PrototypeHead


class SSCHyperparameters(Hyperparameters):
    """SSC's own hyperparameters beside the shared ones, at the authors' final values."""

    temperature: Positive = Field(0.1, description="T of the contrastive loss.")
    pseudo_temperature: Positive = Field(0.08, description="T_pseudo of softmax(cos / T_pseudo) for pseudo-labels.")
    prototype_weight: Weight = Field(1.0, description="lambda_proto, weight of prototypes as anchors.")
    confident_weight: Weight = Field(1.0, description="lambda_conf, weight of confident images.")
    unconfident_weight: Weight = Field(0.2, description="lambda_unconf, weight of unconfident images.")
    prototype_init: str = Field(
        "random", description="How prototypes start.", json_schema_extra={"enum": list(STRATEGIES)}
    )

    @field_validator("prototype_init")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in STRATEGIES:
            raise ValueError(f"unknown prototype initialization {value!r}; allowed: {', '.join(STRATEGIES)}")
        return value


class SSC(Method):
    """One supervised contrastive loss over prototypes, labelled embeddings and two strong views of each image.

    A confident image carries its pseudo-label argmax softmax(cos(z_weak, prototypes) / T_pseudo), an unconfident one a
    label of its own. The weighted loss is sum(w_i l_i) / sum(w_i) over anchors with at least one positive; unlike the
    authors' code it is continuous in every weight.
    """

    name = "ssc"
    Hyperparameters = SSCHyperparameters
    hyperparameters: SSCHyperparameters

    @property
    def num_strong_views(self) -> int:
        """Always 2."""
        return 2

    def head(self, num_features: int, *, generator: torch.Generator) -> PrototypeHead:
        """A projection with prototypes."""
        from ssc_tune.methods.parts import PrototypeHead

        return PrototypeHead(
            num_features,
            self.num_classes,
            prototype_init=self.hyperparameters.prototype_init,
            generator=generator,
        )

    @property
    def needs_start(self) -> bool:
        """True for the strategies that place prototypes by embeddings of images."""
        from ssc_tune.prototypes.names import NEEDS_EMBEDDINGS

        return self.hyperparameters.prototype_init in NEEDS_EMBEDDINGS

    def start(self, head: nn.Module, features: Starter, *, generator: torch.Generator) -> None:
        """Places the prototypes by embeddings, for the strategies that need them."""
        import torch

        from ssc_tune import prototypes
        from ssc_tune.methods.parts import PrototypeHead

        assert isinstance(head, PrototypeHead)
        placed = prototypes.initialize(
            self.hyperparameters.prototype_init,
            num_classes=self.num_classes,
            dim=head.prototypes.shape[1],
            generator=generator,
            embeddings=features.labelled,
            labels=features.labels,
            unlabelled=features.unlabelled,
        )
        with torch.no_grad():
            head.prototypes.copy_(placed)

    def loss(self, head: nn.Module, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        from ssc_tune.losses import ssc_terms
        from ssc_tune.methods.parts import PrototypeHead, fixed_threshold

        assert isinstance(head, PrototypeHead)
        hp = self.hyperparameters
        pseudo = fixed_threshold(head.cosines(views.weak) / hp.pseudo_temperature, tau=hp.tau)
        terms = ssc_terms(
            head.prototypes,
            views.labelled,
            labels,
            views.strong,
            pseudo.labels,
            pseudo.confident,
            temperature=hp.temperature,
            prototype_weight=hp.prototype_weight,
            confident_weight=hp.confident_weight,
            unconfident_weight=hp.unconfident_weight,
        )
        parts = {
            "prototypes": terms.prototypes,
            "labelled": terms.labelled,
            "confident": terms.confident,
            "unconfident": terms.unconfident,
        }
        return StepLoss(terms.total, parts, pseudo.labels, pseudo.confident)

    def scores(self, head: nn.Module, outputs: Tensor) -> Tensor:
        """Cosines to the prototypes."""
        from ssc_tune.methods.parts import PrototypeHead

        assert isinstance(head, PrototypeHead)
        return head.cosines(outputs)

    def embeddings(self, head: nn.Module, features: Tensor) -> Tensor:
        """What the projection makes of the features."""
        embeddings: Tensor = head(features)
        return embeddings

    def prototypes(self, head: nn.Module) -> Tensor:
        """The prototypes (K, D)."""
        from ssc_tune.methods.parts import PrototypeHead

        assert isinstance(head, PrototypeHead)
        return head.prototypes
