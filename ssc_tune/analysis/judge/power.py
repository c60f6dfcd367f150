"""Power: with P points and S seeds, how often would the whole rule say that a method is more stable?

By simulation of the rule that judges the claim (:mod:`ssc_tune.analysis.judge.batched`), gates, Holm's first step and
looks included, on studies drawn by a law (:mod:`ssc_tune.analysis.judge.law`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ssc_tune.analysis.estimators.intervals import Interval, wilson
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.judge import batched, law
from ssc_tune.analysis.judge.batched import Flags
from ssc_tune.analysis.judge.cautions import LEAST_SEEDS
from ssc_tune.analysis.judge.law import Law

MARGINS = tuple(round(0.005 * step, 3) for step in range(21))
"""Margins that are tried: 0 to 0.1."""

FEWEST_SEEDS = 3
"""Fewest seeds with which the rule gives an interval of a spread."""

MOST_SEEDS = 10
"""Most seeds that a budget is spent on."""

ENOUGH_POINTS = 8
"""Points below which a budget goes to points rather than to a fifth seed."""

CHUNK = 200_000
"""Scores of one method that are simulated at once."""


class Look(NamedTuple):
    """A moment at which the claim is judged; a study without looks has one, at its end."""

    points: int
    alpha: float  # two-sided level of the intervals, those of the gates included
    level: float  # to which the p-value is held


class Question(NamedTuple):
    """What is asked of a study of any size."""

    law: Law
    margin: float = 0.01  # of the gates on mean and worst tenth
    gain: float = 0.0  # mean of the stable method minus that of the other
    wanted: float = 0.8  # power


class Power(NamedTuple):
    """Shares of simulated studies."""

    whole: float  # the rule says that the stable method is the more stable
    against: float  # the rule says so of the other
    test: float  # the interval and the p-value say so, whatever the gates say
    mean: float  # the gate on the mean is passed, whatever the test says; at the last look
    cvar: float  # the gate on the worst tenth is passed
    logit: float  # the ratio has the same sign on logit(accuracy)
    margin: float  # the smallest of MARGINS with which ``whole`` reaches the power wanted; NaN if none does
    num_simulations: int

    def interval(self) -> Interval:
        """``whole`` with its 95% interval for the error of the simulation (Wilson)."""
        return wilson(round(self.whole * self.num_simulations), self.num_simulations)


class Split(NamedTuple):
    """One way to spend a budget."""

    points: int
    seeds: int
    power: Power


def simulate(
    looks: Sequence[Look], seeds: int, ratio: float, question: Question, *, num_simulations: int = 1000, seed: int = 0
) -> Power:
    """How often the rule finds the first method more stable when its sd over points is ``ratio`` of the other's.

    The claim is taken as the only one of its study that holds: the others enter Holm's procedure with p = 1, so that
    this one meets its first and strictest step, level = alpha / claims. With several looks the p-value counts from the
    first look at which it is below that look's level, as a sequential p-value does, and a look supports the claim if
    its interval and its gates do; it stays supported.

    Args:
        looks: when the claim is judged, the last one on all points; at least 3 points each.
        seeds: at least 2; the rule gives no interval for 2, so that it never speaks.
        ratio: in (0, 1]; with 1 both methods are equally spread.
        question: law, margin, gain and power wanted.
        num_simulations: studies simulated.
        seed: of the generator; two calls with one seed, size and number share their random numbers.

    Raises:
        ValueError: an argument out of range.
    """
    law.check(question.law)
    points = looks[-1].points
    if min(look.points for look in looks) < 3 or seeds < 2:
        raise ValueError(f"a verdict on spread needs at least 3 points and 2 seeds, got {points} and {seeds}")
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio must lie in (0, 1], not {ratio}")
    step = max(1, CHUNK // (points * seeds))
    parts = []
    for number, start in enumerate(range(0, num_simulations, step)):
        shape = (min(step, num_simulations - start), points, seeds)
        rng = np.random.default_rng([seed, number])
        parts.append(judge(*law.draw(question.law, ratio, question.gain, shape, rng), looks, question.margin))
    judged = Judged(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    reached = (margin for margin in MARGINS if (judged.needed < margin).mean() >= question.wanted)
    return Power(
        whole=float((judged.needed < question.margin).mean()),
        against=float((judged.against < question.margin).mean()),
        test=float(judged.test.mean()),
        mean=float(judged.mean.mean()),
        cvar=float(judged.cvar.mean()),
        logit=float(judged.logit.mean()),
        margin=next(reached, math.nan),
        num_simulations=num_simulations,
    )


class Judged(NamedTuple):
    """Of each simulated study (S,)."""

    needed: FloatArray  # margin above which the rule supports the claim; infinite for never
    against: FloatArray  # margin above which it supports the opposite
    test: Flags
    mean: Flags
    cvar: Flags
    logit: Flags


def judge(first: FloatArray, second: FloatArray, looks: Sequence[Look], margin: float) -> Judged:
    """What the rule says of scores (S, N, R) of two methods, "the first is the more stable", over all looks."""
    needed = np.full(len(first), np.inf)
    against = needed.copy()
    test = np.zeros(len(first), dtype=bool)
    crossed = test.copy()
    for look in looks:
        found = batched.find(first[:, : look.points], second[:, : look.points])
        other = found.exchanged()
        crossed |= found.p_value < look.level
        spoken, contradicted = crossed & found.above(look.alpha), crossed & other.above(look.alpha)
        mean, cvar = found.margin_needed(look.alpha)
        test |= spoken
        needed = np.minimum(needed, np.where(spoken & found.logit, np.maximum(mean, cvar), np.inf))
        opposite = np.maximum(*other.margin_needed(look.alpha))
        against = np.minimum(against, np.where(contradicted & found.logit, opposite, np.inf))
    return Judged(needed, against, test, mean < margin, cvar < margin, found.logit)


def largest_ratio(looks: Sequence[Look], seeds: int, question: Question, *, num_simulations: int = 400) -> float:
    """The largest ratio of standard deviations, below 1, at which the whole rule has the power wanted, to 0.01.

    Searched in tenths from 0.9 downwards, then by bisection: power does not grow for ever as the ratio falls, since a
    spread that vanishes in the noise has no ratio and no verdict. Every trial ratio uses the same random numbers. NaN
    where no tenth down to 0.1 has it.
    """

    def reaches(ratio: float) -> bool:
        found = simulate(looks, seeds, ratio, question, num_simulations=num_simulations)
        return found.whole >= question.wanted

    low = next((tenth / 10 for tenth in range(9, 0, -1) if reaches(tenth / 10)), math.nan)
    if math.isnan(low):
        return math.nan
    high = low + 0.1
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if reaches(middle) else (low, middle)
    return low


def recommend_split(
    cells: int,
    ratio: float,
    question: Question,
    looks: Callable[[int], Sequence[Look]],
    *,
    extra_points: int = 0,
    num_simulations: int = 500,
) -> tuple[Split, ...]:
    """Ways to divide ``cells`` training runs of one method between points and seeds, the most powerful first.

    Seeds run from 5 (3 where 5 would leave fewer than 8 points) to 10, points are what the budget then
    holds, less ``extra_points`` that cost as much and are no draw of the design (the defaults). ``looks`` gives the
    looks of a study by its points.

    Raises:
        ValueError: cells for fewer than 3 points and 3 seeds, the least that any verdict on spread needs.
    """
    if cells // FEWEST_SEEDS - extra_points < 3:
        least = FEWEST_SEEDS * (3 + extra_points)
        raise ValueError(f"a verdict on spread needs at least 3 points x 3 seeds, {least} cells a method, got {cells}")
    fewest = LEAST_SEEDS if cells // LEAST_SEEDS - extra_points >= ENOUGH_POINTS else FEWEST_SEEDS
    found = []
    for seeds in range(fewest, MOST_SEEDS + 1):
        points = cells // seeds - extra_points
        if points < 3:
            break
        power = simulate(looks(points), seeds, ratio, question, num_simulations=num_simulations)
        found.append(Split(points, seeds, power))
    return tuple(sorted(found, key=lambda split: (-split.power.whole, -split.power.test, split.seeds)))
