"""What an analysis finds: plain frozen data that the report and the terminal show and JSON can hold.

Every estimate is an :class:`Estimate` with an interval or a reason why there is none. NaN never appears: a number
that is undefined is ``None`` and ``note`` says why.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field

from ssc_tune.frozen import Frozen
from ssc_tune.study.model.claims import Claim, VerdictName


class Estimate(Frozen):
    """A number with its interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    how: str = ""  # estimator and interval, in a few words: "delete-one-point jackknife, t"
    note: str = ""  # why something is undefined, or a warning to show beside it

    def turned(self) -> Estimate:
        """Of a difference or the logarithm of a ratio: that of the two in the other order."""
        value, low, high = (None if x is None else 0.0 - x for x in (self.value, self.high, self.low))
        return self.model_copy(update={"value": value, "low": low, "high": high})


def as_ratio(logarithm: float) -> float:
    """The ratio of which this is the logarithm; a number however large that is."""
    return math.exp(min(logarithm, 700.0))


class Score(Frozen):
    """One point of one method, means over seeds."""

    point: int
    validation: float
    test: float


def ratio_text(logarithm: float) -> str:
    """The ratio of which this is the logarithm: two decimals, or three digits of one that is tiny or huge."""
    ratio = as_ratio(logarithm)
    return f"{ratio:.2f}" if 0.01 <= ratio < 1000 else f"{ratio:.3g}"


COST = ("images_per_second", "num_parameters", "peak_memory")
"""What a cell cost beside its seconds."""


class MethodSummary(Frozen):
    """One method in one block and setting. Accuracies are test accuracies; choices are made on validation."""

    method: str
    block: str
    setting: str
    num_points: int  # distinct complete points, without point 0 (the defaults) where that is no draw of the design
    num_distinct: int  # distinct points of the design, complete or not; points with equal cells are one
    num_drawn: int  # points of the design, equal ones included
    num_seeds: int
    mean: Estimate
    std: Estimate  # over points, seed noise removed
    std_uncorrected: float | None = None  # over point means, noise included
    iqr: Estimate
    range: Estimate
    cvar: Estimate  # mean of the worst 10% of point means
    seed_std: float | None = None  # square root of the error mean square: noise of one cell about its point and seed
    var_point: float | None = None
    var_seed: float | None = None
    var_error: float | None = None
    best: Score | None = None  # best on validation
    median: Score | None = None
    worst: Score | None = None  # worst on test
    default: Score | None = None
    default_accuracy: Estimate = Estimate(value=None)  # test accuracy at the defaults, over seeds
    tunability: Estimate
    default_regret: Estimate
    num_diverged: int
    num_failed: int
    failure_rate: Estimate  # of the cells at drawn points
    num_missing: int  # cells of the design without a record
    seconds: float  # median training seconds of a cell
    images_per_second: float | None = None  # medians of cells that are ok; images through the net, all views counted
    num_parameters: float | None = None
    peak_memory: float | None = None  # bytes at most held while training


class Gate(Frozen):
    """A condition without which a claim is not supported."""

    name: str
    passed: bool
    detail: str


class Specification(Frozen):
    """A claim's effect over a box about the defaults and under a prior on it, from the same points, weighted."""

    box: float  # scale about the defaults in the unit cube; 1 is the whole search space
    prior: str  # "own scale", "about the default", "natural scale"
    num_points: int  # inside the box
    effective_points: float  # Kish: (sum of weights)^2 / sum of squared weights
    effect: Estimate  # without an interval, and with the reason, where there are too few effective points
    same_sign: bool | None  # as over the whole space; of an equivalence, the same side of the margin; None if undefined


class Pooled(Frozen):
    """The settings behind a verdict over settings, turned like its effect, which is their random-effects mean."""

    settings: tuple[tuple[str, Estimate], ...]  # the effect in each
    tau: float  # standard deviation of the effect over the population of settings
    i2: float  # share of the spread over settings that is not the error of each
    q_p: float  # p value of equal effects in all settings (Cochran's Q)
    prediction_low: float  # where the effect in one more setting would lie, at the claim's confidence
    prediction_high: float


class Verdict(Frozen):
    """The judgement on one claim."""

    claim: Claim
    sentence: str  # the claim in words
    verdict: VerdictName
    effect: Estimate
    effect_name: str  # what the effect is: "ln(sd of fixmatch / sd of ssc)"
    p_value: float | None
    p_adjusted: float | None  # Holm over the study's claims
    p_sequential: float | None = None  # of the looks so far, where the study declares looks; it enters Holm
    look: int | None = None  # points at which the claim was decided, or judged last, where the study declares looks
    gates: tuple[Gate, ...] = ()
    reason: str = ""  # one sentence: why this verdict
    sensitivity: tuple[str, ...] = ()  # verdict if failed cells were dropped, or scored the worst, ...
    warnings: tuple[str, ...] = ()
    post_hoc: bool = False  # the plan was not registered before every cell that the claim is judged on
    known: str = ""  # where post hoc, what was known: "198 of 198 cells were known from study x when ..."
    specifications: tuple[Specification, ...] = ()  # the effect over other ranges and priors; the verdict's own first
    pooled: Pooled | None = None  # of a claim over settings

    @property
    def ratio(self) -> tuple[str, str] | None:
        """What the effect is the log ratio of: ``sd of fixmatch`` and ``sd of ssc``; none on other scales."""
        return self.claim.ratio


class LookVerdict(Frozen):
    """One claim at one look, judged on the points there were."""

    claim: str  # its name
    verdict: VerdictName  # by this look alone; the first that is not inconclusive stands
    effect: Estimate  # with the repeated interval, of confidence 1 - nominal
    effect_name: str
    p_value: float | None
    p_sequential: float | None  # of this look and those before it
    p_adjusted: float | None  # Holm over the sequential p-values of the study's claims
    alpha: float  # of the claim over all looks: 1 - its confidence
    spent: float  # of it, by this look
    nominal: float  # two-sided level of this look
    boundary: float  # the same in standard deviations
    reason: str
    ratio: tuple[str, str] | None = None  # as of the verdict


class Look(Frozen):
    """One declared look; without claims where it has not been judged."""

    number: int  # from 1
    points: int
    num_missing: int  # cells of these points without a result; the look is judged where there are none
    needed: bool  # not where every claim was decided before it and the study stops then
    claims: tuple[LookVerdict, ...] = ()

    @property
    def judged(self) -> bool:
        """Whether every cell was there."""
        return bool(self.claims)


class Comparison(Frozen):
    """Two methods in one block and setting; ``first`` minus ``second``, ln(sd of second / sd of first)."""

    first: str
    second: str
    block: str
    setting: str
    log_std_ratio: Estimate
    log_std_ratio_p: float | None
    log_std_ratio_logit: Estimate  # the same on logit(accuracy)
    mean_difference: Estimate
    mean_difference_p: float | None
    failure_difference: Estimate = Estimate(value=None, note="no cell diverged or failed")  # of the rates
    failure_difference_p: float | None = None
    failures_alone: tuple[int, int] | None = None  # cells that failed with the first alone, and with the second alone
    mcnemar_p: float | None = None  # of these two numbers, as if cells were independent
    probability_better: Estimate  # share of cells where first exceeds second, ties half


class Curve(Frozen):
    """A line with a band: budget curves, effect curves, volume curves, convergence curves."""

    kind: str  # "partial_dependence" | "one_at_a_time" | "budget" | "volume" | "convergence" | "relative"
    method: str
    block: str
    setting: str
    x_name: str
    y_name: str
    x: tuple[float | str, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    note: str = ""


class Share(Frozen):
    """A part of the variance of accuracy."""

    method: str
    block: str
    setting: str
    source: str  # parameter name, "a x b", "seed", "residual", ...
    share: Estimate
    evaluator: str  # how: "ANOVA, omega squared", "Sobol indices of a Gaussian process", "fANOVA (Optuna)", ...
    whole: str = "variance"  # of what it is a share; shares of different wholes are not to be compared


class Registered(Frozen):
    """The registration of the plan that is judged, and what was known before it."""

    hash: str  # of the plan as it is now, whole
    time: float | None  # when it was first registered, seconds since the epoch; none if no file says so
    study: str  # that registered it first; empty if no file says so
    num_cells: int  # cells of the study that have a record
    num_known: int  # of these, begun before the plan was registered
    known: str  # the same in words; empty if there are none
    line: str  # all of it in one sentence


class StudyAnalysis(Frozen):
    """Everything that is known of a study after its cells have run."""

    study: str
    summaries: tuple[MethodSummary, ...]
    comparisons: tuple[Comparison, ...]
    verdicts: tuple[Verdict, ...]
    curves: tuple[Curve, ...] = ()
    shares: tuple[Share, ...] = ()
    looks: tuple[Look, ...] = ()  # where the study declares them
    facts: dict[str, Any] = Field(
        default_factory=dict
    )  # further named numbers: crossings of budget curves, transfer, agreement of evaluators
    warnings: tuple[str, ...] = ()
    registration: Registered | None = None  # none in analyses that were made without records
