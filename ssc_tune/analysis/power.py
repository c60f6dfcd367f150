"""Power: with P points and S seeds, what difference in spread would the study see?

By simulation of the rule that judges the claim, so that nothing rests on a formula for another test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ssc_tune.analysis.comparison import stability
from ssc_tune.analysis.intervals import wilson
from ssc_tune.analysis.variance import FloatArray as Array
from ssc_tune.analysis.variance import components

Shape = Literal["normal", "skewed"]
Rule = Literal["test", "verdict"]


class Variances(NamedTuple):
    """Variance components of the less stable method, in the square of the accuracy's unit."""

    point: float
    seed: float = 0.0
    error: float = 0.0


class Power(NamedTuple):
    """Share of simulated studies in which the difference was seen."""

    value: float
    low: float  # Wilson, for the error of the simulation
    high: float
    num_simulations: int


class Split(NamedTuple):
    """One way to spend a budget."""

    points: int
    seeds: int
    power: float


def pilot_variances(y: ArrayLike) -> Variances:
    """Components of a pilot (N, R), R at least 2, by the two-way analysis; a negative seed component becomes 0.

    Raises:
        ValueError: one seed, or a point variance that is not positive: the pilot cannot tell spread from noise.
    """
    found = components(y)
    if not found.var_point > 0:
        raise ValueError("the pilot shows no spread over points beyond the noise of the seeds: power is undefined")
    return Variances(found.var_point, max(0.0, found.var_seed), found.var_error)


def _draw(rng: np.random.Generator, size: tuple[int, ...], shape: Shape) -> Array:
    if shape == "skewed":
        return 1.0 - rng.standard_exponential(size)  # bad points lie far below, as accuracies do
    return rng.standard_normal(size)


def _simulate(
    rng: np.random.Generator,
    points: int,
    seeds: int,
    ratio: float,
    variances: Variances,
    shape: Shape,
    correlation: float,
) -> tuple[Array, Array]:
    shared, own = math.sqrt(correlation), math.sqrt(1 - correlation)
    common = _draw(rng, (points, 1), shape)
    tables = []
    for scale in (ratio, 1.0):
        effect = scale * math.sqrt(variances.point) * (shared * common + own * _draw(rng, (points, 1), shape))
        seed = math.sqrt(variances.seed) * rng.standard_normal((1, seeds))
        tables.append(effect + seed + math.sqrt(variances.error) * rng.standard_normal((points, seeds)))
    return tables[0], tables[1]


def power_of_spread(
    points: int,
    seeds: int,
    ratio: float,
    variances: Variances | Sequence[float] = (1.0, 0.0, 0.0),
    *,
    shape: Shape = "normal",
    correlation: float = 0.0,
    alpha: float = 0.05,
    rule: Rule = "verdict",
    num_simulations: int = 1000,
    rng: np.random.Generator | None = None,
) -> Power:
    """Probability that the first method is found more stable when its true sd over points is ``ratio`` of the other's.

    Args:
        points, seeds: size of the study, at least 3 and 2.
        ratio: sd of the first / sd of the second, in (0, 1]; 1 gives half the size of the test.
        variances: of the second method; seed and error are alike in both.
        shape: of the effects of points: normal, or skewed (exponential, long tail at the low end).
        correlation: of the two methods' point effects, in [0, 1); 0 is the cautious choice.
        alpha: two-sided level.
        rule: "test" is the paired Brown-Forsythe test at ``alpha`` with the sign right; "verdict" also asks that the
            jackknife interval of ln(sd ratio) lies above 0, as a verdict of "supported" does. The gates on mean and
            ceiling are not simulated: they depend on what the methods' means are.
        num_simulations: studies simulated.
        rng: default ``default_rng(0)``, so that two calls share their random numbers.

    Raises:
        ValueError: an argument out of range.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    given = Variances(*variances)
    if points < 3 or seeds < 2:
        raise ValueError(f"a verdict on spread needs at least 3 points and 2 seeds, got {points} and {seeds}")
    if not 0 < ratio <= 1 or not 0 <= correlation < 1:
        raise ValueError(f"ratio must lie in (0, 1] and correlation in [0, 1), got {ratio} and {correlation}")
    if not given.point > 0 or min(given) < 0:
        raise ValueError(f"variances must not be negative, and that of points positive, got {tuple(given)}")
    seen = 0
    for _ in range(num_simulations):
        first, second = _simulate(rng, points, seeds, ratio, given, shape, correlation)
        seen += _sees(first, second, alpha, rule)
    found = wilson(seen, num_simulations)
    return Power(found.estimate, found.low, found.high, num_simulations)


def _sees(first: Array, second: Array, alpha: float, rule: Rule) -> bool:
    if rule == "test":
        a, b = first.mean(axis=1), second.mean(axis=1)
        z = np.abs(b - np.median(b)) - np.abs(a - np.median(a))
        statistic = z.mean() / (z.std(ddof=1) / math.sqrt(len(z)))
        return bool(statistic > stats.t.ppf(1 - alpha / 2, len(z) - 1))
    found = stability(first, second, confidence=1 - alpha)
    return found.p_value < alpha and found.low > 0


def minimal_detectable_ratio(
    points: int,
    seeds: int,
    variances: Variances | Sequence[float] = (1.0, 0.0, 0.0),
    *,
    power: float = 0.8,
    shape: Shape = "normal",
    correlation: float = 0.0,
    alpha: float = 0.05,
    rule: Rule = "verdict",
    num_simulations: int = 400,
    seed: int = 0,
) -> float:
    """The largest ratio of standard deviations, below 1, that is seen with the given power, to 0.01.

    Searched in tenths from 0.9 downwards, then by bisection: power does not grow for ever as the ratio falls, since a
    spread that vanishes in the noise has no ratio and no verdict. Every trial ratio uses the same random numbers. NaN
    where no tenth down to 0.1 is seen.
    """

    def seen(ratio: float) -> float:
        rng = np.random.default_rng(seed)
        return power_of_spread(
            points,
            seeds,
            ratio,
            variances,
            shape=shape,
            correlation=correlation,
            alpha=alpha,
            rule=rule,
            num_simulations=num_simulations,
            rng=rng,
        ).value

    low = next((tenth / 10 for tenth in range(9, 0, -1) if seen(tenth / 10) >= power), math.nan)
    if math.isnan(low):
        return math.nan
    high = low + 0.1
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if seen(middle) >= power else (low, middle)
    return low


def recommend_split(
    cells: int,
    ratio: float,
    variances: Variances | Sequence[float],
    *,
    max_seeds: int = 10,
    extra_points: int = 0,
    shape: Shape = "normal",
    correlation: float = 0.0,
    alpha: float = 0.05,
    num_simulations: int = 300,
    seed: int = 0,
) -> tuple[Split, ...]:
    """Ways to divide ``cells`` training runs of one method between points and seeds, the most powerful first.

    Seeds run from 2 (3 where the budget allows) to ``max_seeds``, points are what the budget then holds, less
    ``extra_points`` that cost as much and are no draw of the design (the defaults).

    Raises:
        ValueError: fewer than 6 cells, the least that any verdict on spread needs.
    """
    if cells < 6:
        raise ValueError(f"a verdict on spread needs at least 3 points x 2 seeds = 6 cells a method, got {cells}")
    least = 3 if cells >= 24 else 2
    found = []
    for seeds in range(least, max_seeds + 1):
        points = cells // seeds - extra_points
        if points < 3:
            break
        rng = np.random.default_rng(seed)
        value = power_of_spread(
            points,
            seeds,
            ratio,
            variances,
            shape=shape,
            correlation=correlation,
            alpha=alpha,
            num_simulations=num_simulations,
            rng=rng,
        ).value
        found.append(Split(points, seeds, value))
    return tuple(sorted(found, key=lambda split: (-split.power, split.seeds)))
