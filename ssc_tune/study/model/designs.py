"""How points are chosen in the search space: each design with its keys, answering for itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from ssc_tune.frozen import Frozen
from ssc_tune.study.model.space import Value

Points = Annotated[int, Field(ge=2, le=1_000_000)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Levels = Annotated[dict[str, tuple[Value, ...]], Field(min_length=1)]
Looks = Annotated[
    tuple[Annotated[int, Field(ge=4, le=1_000_000)], ...],
    Field(
        description="Numbers of points at which the claims are judged, increasing, the last one equal to `points`; "
        "only at the end when absent. Together the looks err no more often than a single one."
    ),
]
Stop = Annotated[
    Literal["never", "when_decided"],
    Field(description="when_decided ends the study at the look at which every claim is supported or refuted."),
]


class DesignBase(Frozen):
    """What is asked of a design; each answers for itself, and nothing else asks which one it is."""

    is_sample: ClassVar[bool] = False
    """Its points are draws from the search space, and it can be enlarged."""
    balanced: ClassVar[bool] = False
    """It covers the space evenly at powers of two alone."""
    fills: ClassVar[bool] = False
    """Parameters vary together."""
    crossed: ClassVar[bool] = False
    """Every combination of its levels is a point."""
    adaptive: ClassVar[bool] = False
    """Results choose the next point."""
    defaults_count: ClassVar[bool] = False
    """The defaults are one of its points, and the others lie about them, one parameter at a time. To any other design
    point 0 was added, and is no draw of it."""
    varies: ClassVar[bool] = True
    """It has points beside the defaults."""
    published: ClassVar[tuple[str, ...]] = ()
    """Where it was published, as keys of :mod:`ssc_tune.sources`."""
    type: str

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it, as it is set, was published."""
        return self.published

    @classmethod
    def name(cls) -> str:
        """Its ``type`` in a study file."""
        return str(get_args(cls.model_fields["type"].annotation)[0])

    @property
    def num_points(self) -> int | None:
        """Points of a block that are drawn; none where their number follows from something else."""
        return None

    def varied(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of a block's parameters that it varies."""
        return tuple(name for name in names if self.named_levels is None or name in self.named_levels)

    def count(self, names: Sequence[str]) -> int:
        """Points of a block of these parameters, the defaults not counted, without making them."""
        return self.num_points or self.num_proposed

    @property
    def num_searches(self) -> int:
        """Independent searches of each method."""
        return 0

    @property
    def num_proposed(self) -> int:
        """Points that results choose, of each method."""
        return 0

    @property
    def proposal(self) -> str:
        """Who proposes further points, and how many, in words."""
        return ""

    @property
    def named_levels(self) -> Mapping[str, tuple[Value, ...]] | None:
        """The values of each parameter, where they are named."""
        return None

    @property
    def judged_at(self) -> tuple[int, ...]:
        """Numbers of points at which claims are judged; empty where they are judged at the end alone."""
        return ()

    @property
    def stops_when_decided(self) -> bool:
        """Whether the study ends at the look at which every claim is decided."""
        return False

    @property
    def prunes(self) -> bool:
        """Whether it stops a point between its seeds."""
        return False

    @property
    def words(self) -> str:
        """The design in a few words."""
        return self.name()


class DrawnDesign(DesignBase):
    """Points that are draws from the search space."""

    is_sample: ClassVar[bool] = True
    fills: ClassVar[bool] = True
    points: Points = Field(description="Number of points.")
    seed: Seed = Field(0, description="Seed of the draws.")
    looks: Looks = ()
    stop: Stop = "never"

    @property
    def num_points(self) -> int | None:
        """As the study says."""
        return self.points

    @property
    def judged_at(self) -> tuple[int, ...]:
        """The looks."""
        return self.looks

    @property
    def stops_when_decided(self) -> bool:
        """As the study says."""
        return self.stop == "when_decided"

    @property
    def words(self) -> str:
        """With its size."""
        return f"{self.name()}, {self.num_points} points"


class _Named(DesignBase):
    """Points made of levels that are named."""

    levels: Levels = Field(description="Values of each parameter, by its name.")

    @property
    def named_levels(self) -> Mapping[str, tuple[Value, ...]] | None:
        """As the study says."""
        return self.levels

    @property
    def words(self) -> str:
        """With the parameters that vary."""
        return f"{self.name()} over {', '.join(self.named_levels or ())}"


class SobolDesign(DrawnDesign):
    """A scrambled Sobol sequence; its points are paired over methods, seeds and blocks, and it can be extended."""

    balanced: ClassVar[bool] = True
    published: ClassVar[tuple[str, ...]] = ("sobol1967distribution", "matousek1998discrepancy")
    type: Literal["sobol"]
    points: Points = Field(description="Number of points; a power of two is balanced best.")
    seed: Seed = Field(0, description="Seed of the scrambling.")


class RandomDesign(DrawnDesign):
    """Independent uniform points, each on its parameter's scale."""

    published: ClassVar[tuple[str, ...]] = ("bergstra2012random",)
    type: Literal["random"]


class GridDesign(_Named):
    """Every combination of the levels named; parameters without levels stay at their defaults."""

    fills: ClassVar[bool] = True
    crossed: ClassVar[bool] = True
    type: Literal["grid"]

    def count(self, names: Sequence[str]) -> int:
        """The product of their levels."""
        return math.prod(len(self.levels[name]) for name in self.varied(names))


class OneAtATimeDesign(_Named):
    """Every named value of every named parameter around the defaults, one at a time."""

    defaults_count: ClassVar[bool] = True
    type: Literal["one-at-a-time"]

    def count(self, names: Sequence[str]) -> int:
        """The sum of their levels."""
        return sum(len(self.levels[name]) for name in self.varied(names))


class SearchDesign(DesignBase):
    """Points proposed by an Optuna sampler from what earlier points scored. Never used to judge sensitivity."""

    adaptive: ClassVar[bool] = True
    _SAMPLERS: ClassVar[dict[str, tuple[str, ...]]] = {
        "tpe": ("bergstra2011algorithms",),
        "cmaes": ("hansen2001completely",),
        "random": ("bergstra2012random",),
    }
    """Where the samplers were published; that of ``gp`` is Optuna's own."""
    type: Literal["search"]
    sampler: Literal["tpe", "gp", "cmaes", "random"] = Field("tpe", description="Optuna's sampler.")
    points: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        description="Number of points of each search of each method."
    )
    searches: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="Independent searches of each method, each with its own seed. One search is one draw."
    )
    seed: Seed = Field(0, description="Seed of the sampler.")
    pruner: Literal["none", "wilcoxon"] = Field(
        "none",
        description="wilcoxon runs the seeds of a point one after another and stops a point that is probably worse.",
    )

    @property
    def sources(self) -> tuple[str, ...]:
        """Those of its sampler."""
        return self._SAMPLERS.get(self.sampler, ())

    @property
    def num_searches(self) -> int:
        """As the study says."""
        return self.searches

    @property
    def num_proposed(self) -> int:
        """Of all searches together."""
        return self.points * self.searches

    @property
    def proposal(self) -> str:
        """``3 searches of 20 a method, proposed by tpe as results come in``."""
        each = f"{self.searches} searches of {self.points}" if self.searches > 1 else str(self.points)
        return f"{each} a method, proposed by {self.sampler} as results come in"

    @property
    def prunes(self) -> bool:
        """With any pruner."""
        return self.pruner != "none"

    @property
    def words(self) -> str:
        """With its sampler and size."""
        several = f"{self.searches} searches, " if self.searches > 1 else ""
        return f"{self.name()} ({self.sampler}), {several}{self.points} points"


class DefaultsDesign(DesignBase):
    """The defaults alone (point 0): to compare methods, settings or seeds without varying a hyperparameter."""

    varies: ClassVar[bool] = False
    type: Literal["defaults"]


Design = Annotated[
    SobolDesign | RandomDesign | GridDesign | OneAtATimeDesign | SearchDesign | DefaultsDesign,
    Field(discriminator="type"),
]
"""A design by its ``type``."""

DESIGNS: tuple[type[DesignBase], ...] = get_args(get_args(Design)[0])
"""Every design. Points of one that is not adaptive: :data:`ssc_tune.design.points.POINTS`, by the same name."""
