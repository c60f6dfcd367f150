"""Claims: statements about methods, fixed before any cell has run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from ssc_tune.frozen import Frozen
from ssc_tune.study.model.measures import MEASURES, Measure, that_need, with_

if TYPE_CHECKING:
    MeasureName = str
else:
    MeasureName = Literal[tuple(MEASURES)]
    """What a claim compares. See docs/statistics.md for each."""

Name = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
VerdictName = Literal["supported", "refuted", "inconclusive"]


class Claim(Frozen):
    """``less: A, than: B, in: MEASURE``, or ``more: A, than: B``, or ``equivalent: [A, B], within: MARGIN``.

    ``importance`` names a ``parameter`` and a ``method`` with ``at_least``/``at_most`` a share of the variance.
    ``below`` compares two methods, or names a ``method`` with ``at_least``/``at_most`` a share of the search space.
    """

    name: Name = Field(description="What the claim is called in reports; no two alike.")
    less: Name | None = Field(None, description="The method said to have less of the measure than the other.")
    more: Name | None = Field(None, description="The method said to have more of it.")
    than: Name | None = Field(None, description="The other method; goes with less or more.")
    equivalent: tuple[Name, Name] | None = Field(None, description="Two methods said to be alike; goes with within.")
    measure: MeasureName = Field(alias="in", description="What is compared.")
    within: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Margin of equivalence, in the measure's unit."
    )
    margin: Annotated[float, Field(ge=0)] = Field(
        0.01, description="How much lower mean and CVaR10 accuracy may be before 'more stable' is refused."
    )
    n: Annotated[int, Field(ge=1)] | None = Field(None, description="Budget of best_of_n and tunability, in points.")
    parameter: Name | None = Field(None, description="The parameter that importance and tolerance_width are about.")
    accuracy: Share | None = Field(
        None, description="The test accuracy of below: cells under it, and diverged or failed ones, are below."
    )
    method: Name | None = Field(None, description="The one method that importance or below is about.")
    at_least: Share | None = Field(
        None, description="Least share: of the variance for importance, of the search space for below."
    )
    at_most: Share | None = Field(
        None, description="Largest share: of the variance for importance, of the search space for below."
    )
    robust: bool = Field(
        False, description="Whether the sign must hold on smaller boxes about the defaults and under other priors."
    )
    block: Name = Field("shared", description="The block of the design the claim is about.")
    setting: str | None = Field(None, description="Needed only where the study has several settings.")
    over: Literal["settings"] | None = Field(
        None,
        description="With settings: the claim is about the population that the settings (3 or more) are drawn from.",
    )
    confidence: Annotated[float, Field(ge=0.8, lt=1)] = Field(0.95, description="Level of the claim's interval.")
    expected: VerdictName | None = Field(None, description="What `ssc-tune check` compares the verdict with.")
    source: str = Field("", description="Where the claim comes from.")

    @model_validator(mode="after")
    def _one_form(self) -> Claim:
        forms = [self.less is not None, self.more is not None, self.equivalent is not None, self.method is not None]
        if sum(forms) != 1:
            raise ValueError("a claim has exactly one of: less, more, equivalent, method")
        if (self.less or self.more) and self.than is None:
            raise ValueError("less and more need than: the other method")
        if (self.less or self.more) in (self.than,) and self.than is not None:
            raise ValueError("a method cannot be compared with itself")
        if self.equivalent is not None and (self.within is None or self.equivalent[0] == self.equivalent[1]):
            raise ValueError("equivalent needs two different methods and within: the margin")
        if self.method is not None and not self.kind.of_one_method:
            raise ValueError(f"method goes with in: {_either(with_(of_one_method=True))}")
        if self.measure == "below" and self.accuracy is None:
            raise ValueError("below needs accuracy: the test accuracy under which a cell counts")
        if self.measure == "below" and self.method is not None and (self.at_least is None) == (self.at_most is None):
            raise ValueError("below of one method needs one of at_least, at_most")
        if not self.kind.of_two_methods and (
            None in (self.method, self.parameter) or (self.at_least is None) == (self.at_most is None)
        ):
            raise ValueError(f"{self.measure} needs method, parameter and one of at_least, at_most")
        if "n" in self.kind.needs and self.n is None:
            raise ValueError(f"{self.measure} needs n: the number of points tried")
        if "parameter" in self.kind.needs and self.parameter is None:
            raise ValueError(f"{self.measure} needs parameter")
        if self.over is not None and not self.kind.pooled:
            raise ValueError(f"over: settings goes with in: {', '.join(with_(pooled=True))}")
        if self.over is not None and self.setting is not None:
            raise ValueError("over: settings is about all settings; leave setting out")
        for key, value, goes_with, fits in (
            ("than", self.than, "less or more", self.less or self.more),
            ("within", self.within, "equivalent", self.equivalent),
            ("at_least", self.at_least, "method", self.method),
            ("at_most", self.at_most, "method", self.method),
            *(
                (key, getattr(self, key), f"in: {_either(that_need(key))}", key in self.kind.needs)
                for key in ("n", "accuracy", "parameter")
            ),
        ):
            if value is not None and not fits:
                raise ValueError(f"{key} goes with {goes_with} only")
        return self

    @property
    def kind(self) -> Measure:
        """The measure it is about."""
        return MEASURES[self.measure]

    @property
    def ratio(self) -> tuple[str, str] | None:
        """The two spreads whose log ratio is its effect, so that a positive one speaks for it; none on other scales."""
        if not self.kind.is_spread or self.equivalent is not None:
            return None
        first, second = (f"{self.kind.spread} of {method}" for method in self.methods)
        return (second, first) if self.less is not None else (first, second)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods the claim is about: the first is the one it favours."""
        if self.equivalent is not None:
            return self.equivalent
        if self.method is not None:
            return (self.method,)
        first = self.less or self.more
        assert first is not None
        assert self.than is not None
        return (first, self.than)


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(names)
