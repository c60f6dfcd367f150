"""Claims: statements about methods, fixed before any cell has run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, GetJsonSchemaHandler, Tag, TypeAdapter, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

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


class ClaimForm(Frozen):
    """``less: A, than: B, in: MEASURE``, or ``more: A, than: B``, or ``equivalent: [A, B], within: MARGIN``.

    ``importance`` names a ``parameter`` and a ``method`` with ``at_least``/``at_most`` a share of the variance.
    ``below`` compares two methods, or names a ``method`` with ``at_least``/``at_most`` a share of the search space.
    """

    KEYS: ClassVar[tuple[str, ...]] = ()
    """The keys that make a claim one of this form: it has one of them."""
    WITH: ClassVar[tuple[str, ...]] = ()
    """The keys that go with this form only."""
    SOURCES: ClassVar[tuple[str, ...]] = ()
    """Where its test was published, as keys of :mod:`ssc_tune.sources`."""

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
    def _fits(self) -> ClaimForm:
        keys = [key for form in FORMS for key in form.KEYS]
        if sum(getattr(self, key) is not None for key in keys) != 1:
            raise ValueError(f"a claim has exactly one of: {', '.join(keys)}")
        self._check()
        if self.method is None and not self.kind.of_two_methods:
            raise ValueError(_asked_of_one(self.kind))
        for key in self.kind.needs:
            if getattr(self, key) is None:
                raise ValueError(f"{self.measure} needs {_NEEDED[key]}")
        if self.over is not None and not self.kind.pooled:
            raise ValueError(f"over: settings goes with in: {', '.join(with_(pooled=True))}")
        if self.over is not None and self.setting is not None:
            raise ValueError("over: settings is about all settings; leave setting out")
        others = {key: " or ".join(form.KEYS) for form in FORMS if not isinstance(self, form) for key in form.WITH}
        others |= {key: f"in: {' or '.join(that_need(key))}" for key in _NEEDED if key not in self.kind.needs}
        for key, goes_with in others.items():
            if getattr(self, key) is not None:
                raise ValueError(f"{key} goes with {goes_with} only")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The form's own keys alone, one of those that make it required."""
        schema = handler(core)
        own = handler.resolve_ref_schema(schema)
        for key in (key for form in FORMS if not issubclass(form, cls) for key in (*form.KEYS, *form.WITH)):
            own["properties"].pop(key, None)
        own["oneOf"] = [{"required": [key]} for key in cls.KEYS]
        return schema

    def _check(self) -> None:
        """What this form asks for.

        Raises:
            ValueError: what is missing or does not fit.
        """
        raise NotImplementedError

    @property
    def kind(self) -> Measure:
        """The measure it is about."""
        return MEASURES[self.measure]

    @property
    def ratio(self) -> tuple[str, str] | None:
        """The two spreads whose log ratio is its effect, so that a positive one speaks for it; none on other scales."""
        return None

    @property
    def bound(self) -> float:
        """What its effect is held against: 0 where methods are compared."""
        return self.at_least or self.at_most or 0.0

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods the claim is about: the first is the one it favours."""
        named = (self.less, self.more, self.than, *(self.equivalent or ()), self.method)
        return tuple(name for name in named if name is not None)


class Comparison(ClaimForm):
    """One method has less, or more, of a measure than another."""

    KEYS = ("less", "more")
    WITH = ("than",)

    def _check(self) -> None:
        if self.than is None:
            raise ValueError("less and more need than: the other method")
        if self.than == (self.less or self.more):
            raise ValueError("a method cannot be compared with itself")

    @property
    def ratio(self) -> tuple[str, str] | None:
        """Of two spreads, the one said to be larger first."""
        if not self.kind.is_spread:
            return None
        first, second = (f"{self.kind.spread} of {method}" for method in self.methods)
        return (second, first) if self.less is not None else (first, second)


class Equivalence(ClaimForm):
    """Two methods differ by less than a margin."""

    KEYS = ("equivalent",)
    WITH = ("within",)
    SOURCES = ("schuirmann1987comparison",)

    def _check(self) -> None:
        if self.within is None or len(set(self.equivalent or ())) < 2:
            raise ValueError("equivalent needs two different methods and within: the margin")

    @property
    def near(self) -> float:
        """The margin."""
        return self.within or 0.0


class Bound(ClaimForm):
    """A share of one method is at least, or at most, so large."""

    KEYS = ("method",)
    WITH = ("at_least", "at_most")

    def _check(self) -> None:
        if not self.kind.of_one_method:
            raise ValueError(f"method goes with in: {' or '.join(with_(of_one_method=True))}")
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(_asked_of_one(self.kind))


FORMS: tuple[type[ClaimForm], ...] = (Comparison, Equivalence, Bound)
_NEEDED = {
    "n": "n: the number of points tried",
    "parameter": "parameter",
    "accuracy": "accuracy: the test accuracy under which a cell counts",
}


def _asked_of_one(kind: Measure) -> str:
    what = f"{kind.name} of one method needs"
    if not kind.of_two_methods:
        what = f"{kind.name} needs {', '.join(('method', *kind.needs))} and"
    return f"{what} one of at_least, at_most"


def _form(content: Any) -> str:
    """The name of the first form whose keys a claim has; one that has none is told so as a comparison."""
    if isinstance(content, ClaimForm):
        return type(content).__name__
    keys = content if isinstance(content, Mapping) else {}
    found = (form.__name__ for form in FORMS if any(keys.get(key) is not None for key in form.KEYS))
    return next(found, Comparison.__name__)


Claim = Annotated[
    Annotated[Comparison, Tag("Comparison")]
    | Annotated[Equivalence, Tag("Equivalence")]
    | Annotated[Bound, Tag("Bound")],
    Discriminator(_form),
]
"""A claim of one of its forms, which its keys tell."""
_CLAIM: TypeAdapter[Claim] = TypeAdapter(Claim)


def read_claim(content: Any) -> Claim:
    """A claim from plain values, keys as in a study file.

    Raises:
        pydantic.ValidationError: it is none.
    """
    return _CLAIM.validate_python(content)
