"""What every method has in common: its hyperparameters and the three questions the training loop asks of it.

Nothing here imports torch at import time: study files are validated through these classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, Literal, NamedTuple, TypeVar

from pydantic import Field

from ssc_tune.data.facts import LAWS
from ssc_tune.frozen import LATER, Frozen

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    StrongView = str
else:
    StrongView = Literal[LAWS]

Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
StatisticsDecay = Annotated[
    Fraction,
    Field(description="Ceiling of the decay of running statistics; at step k it is min(this, (1 + k) / (10 + k))."),
]


class Hyperparameters(Frozen):
    """The hyperparameters that all methods share, at the published defaults of FixMatch.

    Source: Sohn et al., "FixMatch", NeurIPS 2020, and the configuration files of arXiv 2409.07292.
    """

    STRONG_VIEWS: ClassVar[dict[str, tuple[str, ...]]] = {
        "randaugment_n": ("cubuk2020randaugment",),
        "cutout": ("devries2017cutout",),
    }
    """Hyperparameters that turn a part of strong views on, and where it was published (:mod:`ssc_tune.sources`)."""

    learning_rate: Positive = Field(0.03, description="Peak learning rate of SGD.")
    momentum: Fraction = Field(0.9, description="Nesterov momentum.")
    weight_decay: Weight = Field(5e-4, description="L2 decay, not on biases and normalization.")
    ema_decay: Fraction = Field(
        0.999, description="Ceiling of the moving average's decay; at step k it is min(this, (1 + k) / (10 + k))."
    )
    batch_size: Annotated[int, Field(ge=1)] = Field(64, description="B, labelled images a step.")
    mu: Annotated[int, Field(ge=1)] = Field(7, description="Unlabelled images a labelled one: mu * B a step.")
    tau: Share = Field(0.95, description="Confidence threshold of pseudo-labels.")
    randaugment_n: Annotated[int, Field(ge=0)] = Field(2, description="RandAugment operations an image.")
    randaugment_m: Annotated[float, Field(ge=0, le=10)] = Field(10.0, description="RandAugment magnitude, 0 to 10.")
    cutout: Share = Field(0.5, description="Cutout's side as a share of the image's.")
    strong_view: Annotated[StrongView, LATER] = Field(
        "ours",
        description="How strong views are drawn: see [augmentation.md](augmentation.md); the others are those of the "
        "public code of FixMatch and of arXiv 2409.07292.",
    )


_Shared = Hyperparameters
Head = TypeVar("Head", bound="nn.Module")


class Views(NamedTuple):
    """What the net made of one step's images. V is ``Method.num_strong_views``."""

    labelled: Tensor  # (B, ...) outputs of the weakly augmented labelled images
    weak: Tensor  # (U, ...) outputs of the weak views, without gradient unless ``Method.trains_on_weak``
    strong: Tensor  # (V, U, ...) outputs of the strong views
    indices: Tensor | None = None  # (U,) int64, the unlabelled images' places in the training part


class Extent(NamedTuple):
    """How large a cell is, for parts whose state has a row an image or whose weights follow the progress."""

    images: int = 1  # of the training part; ``Views.indices`` are below it
    unlabelled: int = 1  # of these, those that are trained on
    steps: int = 1  # optimizer steps


class StepLoss(NamedTuple):
    """The loss of one step, with what is tracked of it; all on the device."""

    total: Tensor  # ()
    terms: dict[str, Tensor]  # () each
    pseudo_labels: Tensor  # (U,) int64
    confident: Tensor  # (U,) bool


class Method(Generic[Head]):
    """A training algorithm. Subclasses are stateless; the learnt parts live in the module that ``head`` builds."""

    name: ClassVar[str]
    Hyperparameters: ClassVar[type[_Shared]]
    sources: ClassVar[tuple[str, ...]] = ()
    """Where it was published, as keys of :mod:`ssc_tune.sources`."""
    uses_unlabelled: ClassVar[bool] = True
    uses_all_labels: ClassVar[bool] = False
    """Whether every training image but those for validation is a labelled one."""
    trains_on_weak: ClassVar[bool] = False
    """Whether ``Views.weak`` carries gradients."""
    uses_teacher: ClassVar[bool] = False
    """Whether ``Views.weak`` are outputs of the moving average of the weights, normalized by the batch."""

    def __init__(self, hyperparameters: _Shared, *, num_classes: int, extent: Extent | None = None) -> None:
        self.hyperparameters = hyperparameters
        self.num_classes = num_classes
        self.extent = extent or Extent()

    @property
    def num_strong_views(self) -> int:
        """V, strong views of each unlabelled image; a class attribute where all cells have as many."""
        raise NotImplementedError

    @property
    def num_unlabelled(self) -> int:
        """U, unlabelled images a step: mu B, or 0 where the method uses none."""
        return self.hyperparameters.mu * self.hyperparameters.batch_size if self.uses_unlabelled else 0

    @property
    def images_per_step(self) -> int:
        """Images through the net in a step, all views counted: B + (1 + V) U."""
        return self.hyperparameters.batch_size + (1 + self.num_strong_views) * self.num_unlabelled

    @property
    def needs_start(self) -> bool:
        """Whether ``start`` wants embeddings of images."""
        return False

    def head(self, num_features: int, *, generator: torch.Generator) -> Head:
        """The module that turns encoder features (N, num_features) into this method's outputs."""
        raise NotImplementedError

    def start(self, head: Head, features: Starter, *, generator: torch.Generator) -> None:
        """Called once before the first step where ``needs_start``: sets weights from embeddings of images."""
        raise NotImplementedError

    def loss(self, head: Head, views: Views, labels: Tensor) -> StepLoss:
        """The loss of one step. ``labels`` (B,) belong to ``views.labelled``."""
        raise NotImplementedError

    def scores(self, head: Head, outputs: Tensor) -> Tensor:
        """Class scores (N, K), the largest being the prediction."""
        raise NotImplementedError

    def embeddings(self, head: Head, features: Tensor) -> Tensor:
        """Features (N, F) in the space of ``prototypes``, (N, D); the features themselves unless a head projects."""
        return features

    def prototypes(self, head: Head) -> Tensor:
        """The class directions (K, D), not necessarily normalized, that failure signatures are read from."""
        raise NotImplementedError


class Starter(NamedTuple):
    """Head outputs of un-augmented images before the first step, for data-dependent initialization."""

    labelled: Tensor  # (L, D)
    labels: Tensor  # (L,)
    unlabelled: Tensor  # (M, D)
