"""Before spending: how often a study's rule would see a difference in spread, and how to divide a budget.

The question is asked of a claim ``less: A, than: B, in: std``, by simulation of the whole rule that judges it
(:mod:`ssc_tune.analysis.judge.power`): interval, p-value at the level that Holm's first step leaves to one of the
study's claims, and the gates with the claim's margin. What is known of the accuracies comes from a pilot, which stays
blind: only what is pooled over the methods is read from it (:mod:`ssc_tune.analysis.judge.law`), so its cells may
count later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ssc_tune.analysis.estimators import sequential
from ssc_tune.analysis.judge.law import skewed
from ssc_tune.analysis.judge.power import Look, Question, largest_ratio, recommend_split, simulate
from ssc_tune.errors import InputError
from ssc_tune.frozen import Frozen
from ssc_tune.running.pilot import LEAST_POINTS, Known, claim_of
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.study import Study

MOST = 10_000
"""Points times seeds up to which a plan looks for a size that sees anything."""


class Size(Frozen):
    """A size of the study, and in what share of simulated studies with the ratio asked for its rule and parts speak."""

    points: int
    seeds: int
    cells: int  # of the block, all methods, defaults included
    power: float  # the whole rule supports the claim
    test: float  # interval and p-value alone would
    mean_gate: float  # "mean not worse" is passed
    worst_gate: float  # "worst 10% not worse" is passed
    logit_gate: float  # "same sign on logit(accuracy)" is passed
    skewed: float  # the whole rule, if the effects of points had an exponential's tail
    margin: float | None  # smallest margin with which the whole rule has the power asked for; none up to 0.1
    ratio: float | None  # largest ratio of spreads seen by the whole rule with the power asked for; none if none is


class Division(Frozen):
    """One way to divide the budget."""

    points: int
    seeds: int
    cells: int
    power: float
    test: float


class Plan(Frozen):
    """The answer of ``ssc-tune plan``. Variances are in the square of accuracy as a share of 1, pooled over methods."""

    study: str
    block: str
    claim: str | None  # the claim planned for; none if the block has none on std
    num_claims: int
    source: str  # where the variances come from, in words
    point_variance: float
    seed_variance: float
    error_variance: float
    mean_accuracy: float
    point_correlation: float  # of the two methods' effects
    slope_cv: float
    assumed: tuple[str, ...]  # what is not known and was assumed, in words
    target_ratio: float
    mean_gain: float
    margin: float
    power: float  # asked for
    alpha: float  # two-sided, of the interval and the gates
    level: float  # to which the p-value is held
    looks: tuple[float, ...]  # shares of the points at which the claim is judged, the last one 1
    num_simulations: int
    sizes: tuple[Size, ...]  # the study's own first
    budget: int | None = None
    divisions: tuple[Division, ...] = ()  # the most powerful first


def make_plan(
    study: Study,
    known: Known,
    *,
    block: str = "shared",
    setting: str | None = None,
    budget: int | None = None,
    ratio: float = 0.5,
    mean_gain: float = 0.0,
    power: float = 0.8,
    num_simulations: int = 1000,
) -> Plan:
    """The plan of a study.

    Args:
        study: what would be run; a design without points of its own counts as 16.
        known: of the accuracies.
        block: the block of the design; its methods share the budget.
        setting: of the claim; the study's first where none is named.
        budget: training runs of the block to divide between points and seeds, defaults included; none for no advice.
        ratio: sd of the more stable method / sd of the other over points, that the study is to see.
        mean_gain: mean accuracy of the more stable method minus that of the other.
        power: share of such studies in which the claim is to be supported.
        num_simulations: studies for each figure; a third of them for each ratio that is tried.

    Raises:
        InputError: a ratio outside (0, 1), a gain that no accuracies have, or a budget too small for any verdict.
    """
    _check(known, ratio, mean_gain)
    claim = claim_of(study, block, setting or study.setting_names[0])
    alpha = round(1 - (0.95 if claim is None else claim.confidence), 12)
    level = alpha / max(1, len(study.claims))
    question = Question(known.law, 0.01 if claim is None else claim.margin, mean_gain, power)

    looks, methods = partial(looks_of, study, alpha=alpha, level=level), len(study.block_methods(block))
    return Plan(
        block=block,
        **_premises(study, known, claim),
        target_ratio=ratio,
        mean_gain=mean_gain,
        margin=question.margin,
        power=power,
        alpha=alpha,
        level=level,
        looks=tuple(look / study.looks[-1] for look in study.looks) or (1.0,),
        num_simulations=num_simulations,
        sizes=tuple(_until_seen(study, lambda p, s: _size(looks(p), s, methods, ratio, question, num_simulations))),
        budget=budget,
        divisions=() if budget is None else _divide(budget, methods, ratio, question, looks, num_simulations),
    )


def _check(known: Known, ratio: float, mean_gain: float) -> None:
    if not 0 < ratio < 1:
        raise InputError(f"--ratio must lie between 0 and 1, not {ratio}")
    if not abs(mean_gain) < 2 * min(known.law.level, 1 - known.law.level):
        raise InputError(f"--mean-gain: {mean_gain:g} is too much for a mean accuracy of {known.law.level:.3g}")


def _premises(study: Study, known: Known, claim: Claim | None) -> dict[str, Any]:
    """What is asked, known and assumed; what the rule asks for and is not simulated is among the last."""
    law, robust = known.law, claim is not None and claim.robust
    beyond = ("no cell that fails", *(["a sign that holds over other ranges (robust: true)"] if robust else []))
    return {
        "study": study.name,
        "claim": None if claim is None else claim.name,
        "num_claims": max(1, len(study.claims)),
        "source": known.source,
        "point_variance": law.point,
        "seed_variance": law.seed,
        "error_variance": law.error,
        "mean_accuracy": law.level,
        "point_correlation": law.point_correlation,
        "slope_cv": law.slope_cv,
        "assumed": known.assumed + beyond,
    }


def looks_of(study: Study, points: int, alpha: float, level: float) -> list[Look]:
    """When a study of so many points judges the claim: at its looks, at the shares of the points that it declares.

    Each look has the nominal levels that spending leaves of ``alpha`` (of intervals) and of ``level`` (of p). Without
    looks the claim is judged once, at the end, at both levels undivided.
    """
    if not study.looks:
        return [Look(points, alpha, level)]
    at = [look / study.looks[-1] for look in study.looks]
    numbers = [min(points, max(LEAST_POINTS, round(share * points))) for share in at]
    levels = (sequential.nominal_levels(total, at) for total in (alpha, level))
    return [Look(*one) for one in zip(numbers, *levels, strict=True)]


def _size(
    looks: Sequence[Look], seeds: int, methods: int, ratio: float, question: Question, num_simulations: int
) -> Size:
    found = simulate(looks, seeds, ratio, question, num_simulations=num_simulations)
    with_tail = question._replace(law=skewed(question.law))
    seen = largest_ratio(looks, seeds, question, num_simulations=num_simulations // 3)
    points = looks[-1].points
    return Size(
        points=points,
        seeds=seeds,
        cells=(points + 1) * seeds * methods,
        power=found.whole,
        test=found.test,
        mean_gate=found.mean,
        worst_gate=found.cvar,
        logit_gate=found.logit,
        skewed=simulate(looks, seeds, ratio, with_tail, num_simulations=num_simulations).whole,
        margin=None if math.isnan(found.margin) else found.margin,
        ratio=None if math.isnan(seen) else seen,
    )


def _until_seen(study: Study, size: Callable[[int, int], Size]) -> list[Size]:
    """The sizes of :func:`_sizes` and, where none of them sees anything, larger ones until one does, up to MOST.

    A size sees something if its rule has the power asked for at any ratio, or at the ratio asked for with any margin.
    Seeds and points are doubled by turns: which of them is lacking differs from study to study.
    """
    found = [size(points, seeds) for points, seeds in _sizes(study)]
    while all(one.ratio is None and one.margin is None for one in found):
        points, seeds = found[-1].points, found[-1].seeds
        points, seeds = (points, 2 * seeds) if len(found) % 2 == 0 else (2 * points, seeds)
        if points * seeds > MOST:
            break
        found.append(size(points, seeds))
    return found


def _sizes(study: Study) -> list[tuple[int, int]]:
    """The study's own size, then more seeds at the same points, then more points with at least 5 seeds."""
    points, seeds = max(3, getattr(study.design, "points", 16)), max(2, study.seeds)
    enough = max(5, seeds)
    more = max(8, seeds)
    wanted = [(points, seeds), (points, enough), (points, more)]
    wanted += [(2 * points, enough), (2 * points, more), (4 * points, enough)]
    return list(dict.fromkeys(wanted))


def _divide(
    budget: int,
    methods: int,
    ratio: float,
    question: Question,
    looks: Callable[[int], Sequence[Look]],
    num_simulations: int,
) -> tuple[Division, ...]:
    each = budget // methods
    if each < 12:  # 3 points and the defaults, 3 seeds
        raise InputError(f"--budget: {budget} cells of {methods} methods are too few; the least is {12 * methods}")
    splits = recommend_split(each, ratio, question, looks, extra_points=1, num_simulations=num_simulations)
    return tuple(
        Division(
            points=s.points,
            seeds=s.seeds,
            cells=(s.points + 1) * s.seeds * methods,
            power=s.power.whole,
            test=s.power.test,
        )
        for s in splits
    )
