"""SSC: one contrastive loss for labelled, pseudo-labelled and unconfident images. Source: arXiv 2409.07292."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ssc_tune import losses, methods
from ssc_tune.frozen import LATER
from ssc_tune.methods.base import Hyperparameters, Method, Positive, Starter, StepLoss, Views, Weight
from ssc_tune.prototypes.registry import NEEDS_EMBEDDINGS, STRATEGIES

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ssc_tune.losses import SSCTerms
    from ssc_tune.methods.parts import PrototypeHead
    from ssc_tune.methods.thresholds import Policy, PseudoLabels, Seen

    Initialization = str
else:
    Initialization = Literal[tuple(STRATEGIES)]


class SSCHyperparameters(Hyperparameters):
    """SSC's own hyperparameters beside the shared ones, at the authors' final values."""

    temperature: Positive = Field(0.1, description="T of the contrastive loss.")
    pseudo_temperature: Positive = Field(0.08, description="T_pseudo of softmax(cos / T_pseudo) for pseudo-labels.")
    prototype_weight: Weight = Field(1.0, description="lambda_proto, weight of prototypes as anchors.")
    confident_weight: Weight = Field(1.0, description="lambda_conf, weight of confident images.")
    unconfident_weight: Weight = Field(0.2, description="lambda_unconf, weight of unconfident images.")
    prototype_init: Initialization = Field("random", description="How prototypes start.")
    unconfident: Annotated[Literal["joint", "separate", "absent"], LATER] = Field(
        "joint", description="Unconfident images in the one loss, in an NT-Xent of their own, or in none."
    )
    normalization: Annotated[Literal["ours", "authors"], LATER] = Field(
        "ours", description="By the weights of anchors with a positive, or as the authors' code does."
    )
    projection_layers: Annotated[int, LATER, Field(ge=1, le=3)] = Field(
        2, description="Linear layers of the projection, with a ReLU between any two."
    )
    projection_width: Annotated[int, LATER, Field(ge=0)] = Field(
        0, description="Width of these layers and of the embeddings; 0 is the encoder's number of features."
    )


class SSC(Method["PrototypeHead"]):
    """One supervised contrastive loss over prototypes, labelled embeddings and two strong views of each image.

    A confident image carries its pseudo-label argmax softmax(cos(z_weak, prototypes) / T_pseudo), an unconfident one a
    label of its own. The weighted loss is sum(w_i l_i) / sum(w_i) over anchors with at least one positive; unlike the
    authors' code it is continuous in every weight.
    """

    name = "ssc"
    sources: ClassVar[tuple[str, ...]] = ("gauffre2024unified",)
    Hyperparameters = SSCHyperparameters
    hyperparameters: SSCHyperparameters
    num_strong_views = 2

    def head(self, num_features: int, *, generator: torch.Generator) -> PrototypeHead:
        """A projection with prototypes, and the policy."""
        return methods.parts.PrototypeHead(
            num_features,
            self.num_classes,
            prototype_init=self.hyperparameters.prototype_init,
            layers=self.hyperparameters.projection_layers,
            width=self.hyperparameters.projection_width,
            generator=generator,
            policy=self.policy(),
        )

    def policy(self) -> Policy:
        """Which pseudo-labels count, and how much: those with max p >= tau."""
        return methods.thresholds.FixedThreshold(self.hyperparameters.tau)

    @property
    def needs_start(self) -> bool:
        """True for the strategies that place prototypes by embeddings of images."""
        return self.hyperparameters.prototype_init in NEEDS_EMBEDDINGS

    def start(self, head: PrototypeHead, features: Starter, *, generator: torch.Generator) -> None:
        """Places the prototypes by embeddings, for the strategies that need them."""
        head.place(self.hyperparameters.prototype_init, features, generator=generator)

    def loss(self, head: PrototypeHead, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        return self.loss_of(head, views, labels, head.policy(self.seen(head, views, labels)))

    def loss_of(self, head: PrototypeHead, views: Views, labels: Tensor, pseudo: PseudoLabels) -> StepLoss:
        """The loss of one step whose pseudo-labels are known."""
        parts = self._terms(head, views, labels, pseudo)._asdict()
        total = parts.pop("total")
        if head.policy.regularizes:
            strong = head.cosines(views.strong) / self.hyperparameters.pseudo_temperature
            parts |= (more := head.policy.regularizers(strong, pseudo))
            total = sum(more.values(), total)
        return StepLoss(total, parts, pseudo.labels, pseudo.confident)

    def seen(self, head: PrototypeHead, views: Views, labels: Tensor) -> Seen:
        """What the policy judges by, the logits being cos / T_pseudo."""
        weak = head.cosines(views.weak) / self.hyperparameters.pseudo_temperature
        labelled = None
        if head.policy.reads_labelled:
            labelled = head.cosines(views.labelled.detach()) / self.hyperparameters.pseudo_temperature
        seen = methods.thresholds.Seen(weak, labelled, views.indices, labels)
        if head.policy.reads_embeddings:
            seen = seen._replace(embeddings=views.weak, labelled_embeddings=views.labelled)
        return seen

    def _terms(self, head: PrototypeHead, views: Views, labels: Tensor, pseudo: PseudoLabels) -> SSCTerms:
        hp = self.hyperparameters
        terms = losses.ssc_terms if pseudo.weights is None else losses.soft_ssc_terms
        if (hp.unconfident, hp.normalization) != ("joint", "ours"):
            terms = partial(losses.ssc_variant_terms, unconfident=hp.unconfident, normalization=hp.normalization)
        return terms(
            head.prototypes,
            views.labelled,
            labels,
            views.strong,
            pseudo.labels,
            pseudo.confident if pseudo.weights is None else pseudo.weights,
            temperature=hp.temperature,
            prototype_weight=hp.prototype_weight,
            confident_weight=hp.confident_weight,
            unconfident_weight=hp.unconfident_weight,
        )

    def scores(self, head: PrototypeHead, outputs: Tensor) -> Tensor:
        """Cosines to the prototypes."""
        return head.cosines(outputs)

    def embeddings(self, head: PrototypeHead, features: Tensor) -> Tensor:
        """What the projection makes of the features."""
        embeddings: Tensor = head(features)
        return embeddings

    def prototypes(self, head: PrototypeHead) -> Tensor:
        """The prototypes (K, D)."""
        return head.prototypes
