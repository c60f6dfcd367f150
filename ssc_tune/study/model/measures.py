"""The measures that a claim can name: everything about each that is no arithmetic, in one table.

What a measure is called and needs, and which designs can answer it. The loader, the sentence of a claim, the judge, the
report and the documentation read it here. Its estimator registers under the same name, in a file of its own in
:mod:`ssc_tune.analysis.measures`.
"""

from __future__ import annotations

from typing import NamedTuple

from ssc_tune.study.model.designs import DESIGNS

DRAWN: tuple[str, ...] = tuple(design.name() for design in DESIGNS if design.is_sample)
"""Designs whose points are draws from the search space."""
FILLING: tuple[str, ...] = tuple(design.name() for design in DESIGNS if design.fills)
"""Designs in which parameters vary together."""
AROUND: tuple[str, ...] = tuple(design.name() for design in DESIGNS if design.defaults_count)
"""Designs whose points lie about the defaults, one parameter at a time."""
OVER_SPACE: tuple[str, ...] = (*FILLING, *AROUND)
"""Designs with points beside the defaults that no result chose: they speak of the space, or of the levels named."""
SEARCHED: tuple[str, ...] = tuple(design.name() for design in DESIGNS if design.adaptive)
"""Designs whose points results chose."""
ALL: tuple[str, ...] = tuple(design.name() for design in DESIGNS)

NOISE = "with one, noise counts as sensitivity"
HELD_OUT = "points are chosen on some seeds and scored on the others"

TOLERANCE = 0.02
"""How near to the best accuracy is near-optimal: 2 points."""

LEAST_SETTINGS = 3
"""Fewest settings from which the spread over them, and so a population, can be told."""
MIN_SEARCHES = 3
"""Searches that an interval of what a search finds needs; one search is one draw."""


class Measure(NamedTuple):
    """A measure."""

    name: str
    words: str  # in a claim's sentence, with {n}, {parameter} and {accuracy} of the claim
    designs: tuple[str, ...] = OVER_SPACE  # that can answer it
    why_seeds: str = ""  # why it needs two seeds; empty where one is enough
    needs: tuple[str, ...] = ()  # keys of a claim that go with it, and must be there
    spread: str = ""  # its short name where it is a spread over points: gated, its effect a log ratio
    of_one: str = ""  # a claim's sentence where it may hold one {method} against a {bound}; {Bound} begins it
    of_two_methods: bool = True
    pooled: bool = False  # over: settings can pool it: its effect in a setting has a standard error
    weighted: bool = False  # can be computed over other ranges and priors, by weighting the points
    is_share: bool = False  # of the space or of the cells: its error depends on its value
    over_all_settings: bool = False  # it compares settings, of which it needs two
    at_defaults: bool = False  # the defaults decide it: no other point bears on it
    few_points: int = 0  # fewer carry a warning: where few points collapse, its interval covers less than it says
    over_points: str = ""  # what it is called where the points are no draws from the space, and it is that over them
    planned: bool = False  # `plan` simulates claims about it
    searched_words: str = ""  # where a search chose the points, if it says something else there
    unit: str = "accuracy"  # of a difference of two methods: accuracy, share or steps
    predicates: tuple[str, str] = ("had a smaller {words}", "had a larger {words}")  # of less and of more of it
    sources: tuple[str, ...] = ()  # of its estimator and interval, as keys of ssc_tune.sources

    @property
    def of_one_method(self) -> bool:
        """Whether a claim may hold it against a bound."""
        return bool(self.of_one)

    @property
    def is_spread(self) -> bool:
        """Whether it is a spread of accuracy over the points."""
        return bool(self.spread)

    @property
    def on_searched(self) -> bool:
        """Whether it can be judged where a sampler chose the points."""
        return bool(set(SEARCHED) & set(self.designs))


_ALL = (
    Measure(
        "std",
        "standard deviation of accuracy over the search space",
        why_seeds=NOISE,
        spread="sd",
        planned=True,
        over_points="spread",
        pooled=True,
        weighted=True,
        sources=("efron1981jackknife", "brown1974robust"),
        predicates=("varied less", "varied more"),
    ),
    Measure(
        "iqr",
        "interquartile range of accuracy over the search space",
        why_seeds=NOISE,
        spread="IQR",
        over_points="spread",
        sources=("louis1984estimating",),
    ),
    Measure(
        "range",
        "range of accuracy over the search space",
        why_seeds=NOISE,
        spread="range",
        over_points="spread",
        sources=("louis1984estimating",),
    ),
    Measure(
        "mean",
        "mean accuracy over the search space",
        pooled=True,
        weighted=True,
        sources=("satterthwaite1946approximate",),
        predicates=("was less accurate on average", "was more accurate on average"),
    ),
    Measure(
        "cvar",
        "mean accuracy of the worst 10% of points",
        pooled=True,
        weighted=True,
        sources=("acerbi2002coherence", "efron1981jackknife"),
        predicates=("was less accurate at its worst 10% of points", "was more accurate at its worst 10% of points"),
    ),
    Measure("worst", "expected accuracy of the worst of a quarter of the points", why_seeds=HELD_OUT, few_points=32),
    Measure(
        "default",
        "accuracy at the defaults",
        ALL,
        pooled=True,
        at_defaults=True,
        predicates=("was less accurate at the defaults", "was more accurate at the defaults"),
    ),
    Measure(
        "best_of_n",
        "expected accuracy of the best of {n} points",
        why_seeds=HELD_OUT,
        needs=("n",),
        pooled=True,
    ),
    Measure(
        "tunability",
        "gain of the best of {n} points over the defaults",
        why_seeds=HELD_OUT,
        needs=("n",),
        pooled=True,
    ),
    Measure(
        "default_regret",
        "gain of the best of half the points over the defaults",
        (*OVER_SPACE, *SEARCHED),
        why_seeds=HELD_OUT,
        searched_words="gain of a search's best point over the defaults",
    ),
    Measure(
        "near_optimal_volume",
        "share of the search space near the best accuracy",
        why_seeds=HELD_OUT,
        is_share=True,
        pooled=True,
        sources=("korn1998confidence",),
        unit="share",
    ),
    Measure(
        "importance",
        "share of the variance of accuracy",
        FILLING,
        why_seeds=NOISE,
        needs=("parameter",),
        of_one="{parameter} explains {bound} of the variance of {method}'s accuracy",
        of_two_methods=False,
        unit="share",
    ),
    Measure(
        "tolerance_width",
        "share of the range of {parameter} near the best accuracy",
        AROUND,
        needs=("parameter",),
        unit="share",
    ),
    Measure(
        "transfer_sensitivity",
        "loss from one choice of hyperparameters for all settings",
        why_seeds=HELD_OUT,
        over_all_settings=True,
        sources=("adkins2024sensitivity",),
    ),
    Measure(
        "steps_to_target",
        "number of steps to the target accuracy",
        pooled=True,
        unit="steps",
        predicates=("reached the target accuracy in fewer steps", "needed more steps to the target accuracy"),
    ),
    Measure("area_under_curve", "area under the accuracy curve", pooled=True),
    Measure(
        "below",
        "share of the search space with accuracy below {accuracy:g}",
        why_seeds=NOISE,
        needs=("accuracy",),
        over_points="share",
        is_share=True,
        of_one="{Bound} of the search space gives {method} an accuracy below {accuracy:g}",
        pooled=True,
        sources=("clopper1934use", "korn1998confidence"),
        unit="share",
    ),
)

MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}
"""Every measure, by its name."""


def with_(**wanted: object) -> tuple[str, ...]:
    """Names of the measures whose fields are as wanted: ``with_(is_spread=True)``."""
    return tuple(m.name for m in _ALL if all(getattr(m, key) == value for key, value in wanted.items()))


def that_need(key: str) -> tuple[str, ...]:
    """Names of the measures that need a key of a claim."""
    return tuple(m.name for m in _ALL if key in m.needs)


def in_design(design: str) -> tuple[str, ...]:
    """Names of the measures that a design can answer."""
    return tuple(m.name for m in _ALL if design in m.designs)
