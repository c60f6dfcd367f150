"""CoMatch, with cross-entropy and with SSC. Source: Li, Xiong, Hoi, ICCV 2021, arXiv 2011.11183."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ssc_tune import losses, methods
from ssc_tune.methods.base import Hyperparameters, Method, Positive, Share, StepLoss, Views, Weight
from ssc_tune.methods.linear import LinearMethod
from ssc_tune.methods.ssc import SSC, SSCHyperparameters

if TYPE_CHECKING:
    from typing import Any

    import torch
    from torch import Tensor

    from ssc_tune.methods.parts import LinearHead, PrototypeHead
    from ssc_tune.methods.thresholds import Policy


class GraphHyperparameters(Hyperparameters):
    """Those of the memory and of the graphs, at the authors' values for CIFAR."""

    smoothing: Share = Field(0.9, description="alpha, the share of an image's own probabilities in its pseudo-label.")
    memory_batches: Annotated[int, Field(ge=1)] = Field(5, description="Steps whose images the memory holds.")
    alignment_window: Annotated[int, Field(ge=1)] = Field(32, description="Steps over which alignment averages.")
    graph_weight: Weight = Field(1.0, description="lambda_c, weight of the contrast of graphs.")
    graph_threshold: Share = Field(0.8, description="T, least agreement of two pseudo-labels that makes an edge.")
    graph_temperature: Positive = Field(0.2, description="t of the similarities in memory and graph.")


class CoMatchHyperparameters(GraphHyperparameters):
    """CoMatch's own hyperparameters beside the shared ones."""

    unlabelled_weight: Weight = Field(1.0, description="lambda_u, weight of the unlabelled term.")
    embedding_width: Annotated[int, Field(ge=0)] = Field(
        64, description="Width of the projections; 0 is the encoder's number of features."
    )


class CoMatchSSCHyperparameters(GraphHyperparameters, SSCHyperparameters):
    """SSC's, and those of the memory and of the graphs."""

    pseudo_labels: Literal["smoothed", "plain"] = Field(
        "smoothed", description="Whether SSC's pseudo-labels are the memory's, or plain ones as in the authors' code."
    )


def _policy(method: Method[Any], hyperparameters: GraphHyperparameters, *, judged_by: str = "smoothed") -> Policy:
    numbers = methods.memory.Smoothing(
        tau=hyperparameters.tau,
        alpha=hyperparameters.smoothing,
        temperature=hyperparameters.graph_temperature,
        size=hyperparameters.memory_batches * (hyperparameters.batch_size + method.num_unlabelled),
        window=hyperparameters.alignment_window,
        judged_by=judged_by,
    )
    return methods.memory.MemorySmoothing(numbers, num_classes=method.num_classes)


def _graph_term(hyperparameters: GraphHyperparameters, strong: Tensor, targets: Tensor | None) -> Tensor:
    assert targets is not None
    return hyperparameters.graph_weight * losses.graph_loss(
        strong[0],
        strong[1],
        targets,
        threshold=hyperparameters.graph_threshold,
        temperature=hyperparameters.graph_temperature,
    )


class CoMatch(LinearMethod):
    """Cross-entropy with soft pseudo-labels that a memory smooths, and a contrast of their graph with embeddings'.

    loss = CE(labelled, y) + lambda_u (1/U) sum_i [max q_i >= tau] H(q_i, strong_i) + lambda_c graph(z, z', q), with
    q of :class:`ssc_tune.methods.memory.MemorySmoothing`, the first strong view in the second term, and
    :func:`ssc_tune.losses.graph_loss` of the projections of both. The projection (Linear, ReLU, Linear) stands beside
    a linear classifier; outputs are logits, then projections. The original's has LeakyReLU with slope 0.1.
    """

    name = "comatch"
    sources = ("li2021comatch",)
    Hyperparameters = CoMatchHyperparameters
    hyperparameters: CoMatchHyperparameters
    num_strong_views = 2

    def head(self, num_features: int, *, generator: torch.Generator) -> LinearHead:
        """A linear classifier with the policy, and a projection beside it."""
        return methods.parts.ProjectedLinearHead(
            num_features,
            self.num_classes,
            generator=generator,
            policy=self.policy(),
            out_width=self.hyperparameters.embedding_width,
        )

    def policy(self) -> Policy:
        """Smoothed pseudo-labels; see :class:`ssc_tune.methods.memory.MemorySmoothing`."""
        return _policy(self, self.hyperparameters)

    def loss(self, head: LinearHead, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        hp, k = self.hyperparameters, self.num_classes
        seen = methods.thresholds.Seen(
            views.weak[:, :k],
            labels=labels,
            embeddings=views.weak[:, k:],
            labelled_embeddings=views.labelled[:, k:],
        )
        pseudo = head.policy(seen)
        assert pseudo.targets is not None
        labelled = losses.supervised_loss(views.labelled[:, :k], labels)
        unlabelled = hp.unlabelled_weight * losses.soft_cross_entropy(
            views.strong[0, :, :k], pseudo.targets, pseudo.confident
        )
        graph = _graph_term(hp, views.strong[..., k:], pseudo.targets)
        parts = {"labelled": labelled, "unlabelled": unlabelled, "graph": graph}
        return StepLoss(labelled + unlabelled + graph, parts, pseudo.labels, pseudo.confident)


class CoMatchSSC(SSC):
    """SSC in the place of both cross-entropies, and CoMatch's contrast of graphs on the same embeddings.

    p = softmax(cos / T_pseudo) is aligned and smoothed as in :class:`CoMatch`. In the published code of arXiv
    2409.07292 SSC's pseudo-labels are plain ones and the smoothed probabilities make the graph alone: that is
    ``pseudo_labels: plain``.
    """

    name = "comatch-ssc"
    sources = ("li2021comatch", "gauffre2024unified")
    Hyperparameters = CoMatchSSCHyperparameters
    hyperparameters: CoMatchSSCHyperparameters

    def policy(self) -> Policy:
        """Smoothed pseudo-labels; see :class:`ssc_tune.methods.memory.MemorySmoothing`."""
        return _policy(self, self.hyperparameters, judged_by=self.hyperparameters.pseudo_labels)

    def loss(self, head: PrototypeHead, views: Views, labels: Tensor) -> StepLoss:
        """See the class."""
        pseudo = head.policy(self.seen(head, views, labels))
        found = self.loss_of(head, views, labels, pseudo)
        graph = _graph_term(self.hyperparameters, views.strong, pseudo.targets)
        return found._replace(total=found.total + graph, terms={**found.terms, "graph": graph})
