"""Budget curves: what tuning with n random points buys.

With y_(1) <= ... <= y_(N) the scores of N independent random points, the expected best of n of them is estimated
without bias by the U-statistic sum_i C(i - 1, n - 1) / C(N, n) y_(i). Putting the empirical distribution into the
formula for a maximum instead is biased low.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from ssc_tune.analysis import intervals
from ssc_tune.analysis.variance import FloatArray as Array
from ssc_tune.analysis.volume import points_by_seeds, seed_splits


class Band(NamedTuple):
    """A budget curve with its band: entry n - 1 belongs to a budget of n points."""

    expected: Array
    low: Array
    high: Array
    how: str


class Crossing(NamedTuple):
    """From which budget on one method's expected best stays ahead."""

    leader: str | None  # "first" or "second"; None where the curves end level
    n: int | None  # smallest budget from which the leader is ahead at every larger one
    reason: str


class Tunability(NamedTuple):
    """What n tried points gain over the default."""

    value: float
    low: float
    high: float
    reason: str


def weights(num_points: int, n: int) -> Array:
    """C(i - 1, n - 1) / C(N, n) for i = 1..N, the probability that the i-th smallest of N is the largest of n.

    Raises:
        ValueError: ``n`` is not in 1..N.
    """
    if not 1 <= n <= num_points:
        raise ValueError(f"n must lie in 1..{num_points}, the number of points, got {n}")
    found = np.zeros(num_points)
    found[-1] = n / num_points
    below = np.arange(num_points - 1, n - 1, -1)  # ratio of neighbours: no overflow
    found[below - 1] = n / num_points * np.cumprod((below - n + 1) / below)
    return found


def _in_order(values: ArrayLike, choose_by: ArrayLike | None) -> Array:
    """Point means sorted by the chooser; tied points share their mean, the expectation over a random order of ties."""
    means = points_by_seeds(values).mean(axis=1)
    if choose_by is None:
        return np.sort(means)
    chooser = points_by_seeds(choose_by).mean(axis=1)
    if len(chooser) != len(means):
        raise ValueError(f"choose_by has {len(chooser)} points, values {len(means)}")
    _, group = np.unique(chooser, return_inverse=True)
    shared = (np.bincount(group, weights=means) / np.bincount(group))[group]
    return np.asarray(shared[np.argsort(chooser, kind="stable")])


def expected_best(values: ArrayLike, n: int, *, choose_by: ArrayLike | None = None) -> float:
    """Expected score of the best of ``n`` random points.

    Args:
        values: scores (N,) or (N, R), of which the mean over seeds is taken; higher is better.
        n: budget in points, 1..N.
        choose_by: scores of the same points by which the best is chosen (validation accuracy); ``values`` are then
            only reported (test accuracy). Ties are broken at random, in expectation.

    Raises:
        ValueError: ``n`` outside 1..N or values not finite.
    """
    ordered = _in_order(values, choose_by)
    return float(weights(len(ordered), n) @ ordered)


def expected_best_curve(values: ArrayLike, *, choose_by: ArrayLike | None = None) -> Array:
    """:func:`expected_best` for n = 1..N, shape (N,)."""
    ordered = _in_order(values, choose_by)
    return np.array([weights(len(ordered), n) @ ordered for n in range(1, len(ordered) + 1)])


@lru_cache(maxsize=64)
def _local_level(num_points: int, confidence: float) -> float:
    """Level at which all N equal-tailed beta intervals of uniform order statistics hold together, by simulation.

    A constant of (N, confidence): its generator is fixed here, as that of a numerical integral would be.
    """
    rng = np.random.default_rng(20240)
    draws = max(2000, min(20_000, 2_000_000 // num_points))
    uniform = np.sort(rng.random((draws, num_points)), axis=1)
    rank = np.arange(1, num_points + 1)
    below = special.betainc(rank, num_points - rank + 1, uniform)
    worst = 2 * np.minimum(below, 1 - below).min(axis=1)
    return float(np.quantile(worst, 1 - confidence))


def cdf_band(num_points: int, confidence: float = 0.95) -> tuple[Array, Array]:
    """Simultaneous limits (low, high), each (N + 1,), of the distribution function after 0..N order statistics.

    F(x) for x in [y_(i), y_(i+1)) lies between low[i] and high[i], for all x together with the stated probability,
    whatever continuous F the N independent draws come from: F(y_(i)) is a uniform order statistic, Beta(i, N - i + 1).
    Equal local levels, which are far tighter in the upper tail, where a maximum lives, than Dvoretzky-Kiefer-Wolfowitz.
    """
    level = _local_level(num_points, confidence)
    rank = np.arange(1, num_points + 1)
    low = stats.beta.ppf(level / 2, rank, num_points - rank + 1)
    high = stats.beta.ppf(1 - level / 2, rank, num_points - rank + 1)
    return np.concatenate([[0.0], low]), np.concatenate([high, [1.0]])


def exact_band(values: ArrayLike, *, support: tuple[float, float] = (0.0, 1.0), confidence: float = 0.95) -> Band:
    """The budget curve with a band that holds for all n together, for any distribution on ``support``.

    E[best of n] = high - integral of F(x)^n over the support, which falls when F rises, so the limits of F from
    :func:`cdf_band` bound it. No asymptotics: the percentile bootstrap covers only 0.81 to 0.93 here. Near n = N the
    upper limit approaches the end of the support: that many points say little about the best of as many.

    Raises:
        ValueError: a value outside the support.
    """
    ordered = _in_order(values, None)
    start, end = support
    if ordered[0] < start or ordered[-1] > end:
        raise ValueError(f"values must lie in {support}")
    below, above = cdf_band(len(ordered), confidence)
    widths = np.diff(np.concatenate([[start], ordered, [end]]))
    budgets = np.arange(1, len(ordered) + 1)[:, None]
    low = end - (above**budgets) @ widths
    high = end - (below**budgets) @ widths
    return Band(expected_best_curve(ordered), low, high, "order statistics, simultaneous over n")


def jackknife_band(
    values: ArrayLike, *, choose_by: ArrayLike | None = None, max_n: int | None = None, confidence: float = 0.95
) -> Band:
    """The budget curve up to ``max_n`` (default N // 4) with pointwise delete-one-point jackknife t intervals.

    For scores chosen by another score, to which order statistics do not apply. The jackknife of a U-statistic is
    consistent while n is small against N. Simulated coverage of a nominal 95% (N = 16, 32, 64; normal, exponential and
    beta scores): 0.91 to 0.96 up to n = N / 8, 0.88 to 0.96 at N / 4, 0.82 to 0.90 at N / 2.

    Raises:
        ValueError: fewer than 3 points, or ``max_n`` not in 1..N - 1.
    """
    means = points_by_seeds(values).mean(axis=1)
    chooser = means if choose_by is None else points_by_seeds(choose_by).mean(axis=1)
    num_points = len(means)
    last = max(1, num_points // 4) if max_n is None else max_n
    if num_points < 3 or not 1 <= last < num_points:
        raise ValueError(f"a jackknife needs 3 points and max_n in 1..{num_points - 1}, got {num_points} and {last}")
    full = np.array([weights(num_points, n) for n in range(1, last + 1)]) @ _in_order(means, chooser)
    fewer = np.array([weights(num_points - 1, n) for n in range(1, last + 1)])
    keep = ~np.eye(num_points, dtype=bool)
    left_out = np.array([fewer @ _in_order(means[k], chooser[k]) for k in keep])  # (N, last)
    error = np.sqrt((num_points - 1) * left_out.var(axis=0))
    reach = stats.t.ppf(0.5 + confidence / 2, num_points - 1) * error
    return Band(full, full - reach, full + reach, "delete-one-point jackknife, t, pointwise")


def crossing(
    first: ArrayLike,
    second: ArrayLike,
    *,
    first_choose_by: ArrayLike | None = None,
    second_choose_by: ArrayLike | None = None,
) -> Crossing:
    """The budget after which one method's tuned score exceeds the other's, for good as far as N points show.

    n = 1 means that the leader is ahead at every budget.
    """
    a = expected_best_curve(first, choose_by=first_choose_by)
    b = expected_best_curve(second, choose_by=second_choose_by)
    size = min(len(a), len(b))
    difference = a[:size] - b[:size]
    difference[np.abs(difference) < 1e-12] = 0.0
    if difference[-1] == 0:
        return Crossing(None, None, "the curves are level at the largest budget")
    ahead = np.sign(difference) == np.sign(difference[-1])
    behind = np.flatnonzero(~ahead)
    start = int(behind[-1]) + 2 if len(behind) else 1
    return Crossing("first" if difference[-1] > 0 else "second", start, "")


def probability_better(
    first: ArrayLike,
    second: ArrayLike,
    n: int,
    *,
    first_choose_by: ArrayLike | None = None,
    second_choose_by: ArrayLike | None = None,
    paired: bool = True,
) -> float:
    """P(best of n of the first > best of n of the second) + P(tie) / 2, exactly over all subsets of n points.

    Paired: both methods try the same n of the N shared points; the number of subsets whose best by the first is i
    and by the second is k follows from ranks, C(m - 2, n - 2), or C(m - 1, n - 1) where i = k, with m the points that
    rank no higher than i and k. Otherwise each method draws its own subset. Points tied in the chooser rank by index.

    Args:
        first, second: scores (N,) or (N, R), of which the mean over seeds is taken.
        n: budget, 1..N.
        first_choose_by, second_choose_by: scores that choose the best; the scores themselves when absent.
        paired: whether both methods try the same points.

    Raises:
        ValueError: ``n`` outside 1..N, or a different number of points where paired.
    """
    a, b = (points_by_seeds(v).mean(axis=1) for v in (first, second))
    choose_a = a if first_choose_by is None else points_by_seeds(first_choose_by).mean(axis=1)
    choose_b = b if second_choose_by is None else points_by_seeds(second_choose_by).mean(axis=1)
    order_a, order_b = np.argsort(choose_a, kind="stable"), np.argsort(choose_b, kind="stable")
    gap = a[order_a][:, None] - b[order_b][None, :]  # rank in first x rank in second
    score = np.where(np.abs(gap) < 1e-12, 0.5, np.where(gap > 0, 1.0, 0.0))
    if not paired:
        return float(weights(len(a), n) @ score @ weights(len(b), n))
    if len(a) != len(b):
        raise ValueError(f"paired methods need the same points, got {len(a)} and {len(b)}")
    return float((_pair_probabilities(order_a, order_b, n) * score).sum())


def _pair_probabilities(order_a: NDArray[np.int_], order_b: NDArray[np.int_], n: int) -> Array:
    """(N, N): probability that the best of n shared points is i-th in the first order and k-th in the second."""
    size = len(order_a)
    weights(size, n)  # validates n
    rank_b = np.empty(size, dtype=int)
    rank_b[order_b] = np.arange(size)
    where = rank_b[order_a]  # rank in second of the point of rank i in first
    present = np.zeros((size, size))
    present[np.arange(size), where] = 1
    count = present.cumsum(axis=0).cumsum(axis=1)  # m
    total = _log_choose(np.array(float(size)), n)
    same = np.exp(_log_choose(count - 1, n - 1) - total) * present
    rank_a = np.argsort(where)  # rank in first of the point of rank k in second
    allowed = (where[:, None] < np.arange(size)[None, :]) & (rank_a[None, :] < np.arange(size)[:, None])
    if n == 1:
        return np.asarray(same)
    return np.asarray(same + np.exp(_log_choose(count - 2, n - 2) - total) * allowed)


def _log_choose(top: Array, bottom: int) -> Array:
    valid = top >= bottom
    safe = np.where(valid, top, bottom)
    found = special.gammaln(safe + 1) - special.gammaln(bottom + 1) - special.gammaln(safe - bottom + 1)
    return np.where(valid, found, -np.inf)


def _held_out_gain(y: Array, chooser: Array, default: Array, n: int) -> float:
    gains = []
    for choose, score in seed_splits(y.shape[1]):
        gains.append(expected_best(y @ score, n, choose_by=chooser @ choose) - float(default @ score))
    return float(np.mean(gains))


def tunability(
    y: ArrayLike, default: ArrayLike, n: int, *, choose_by: ArrayLike | None = None, confidence: float = 0.95
) -> Tunability:
    """E[best of n] - default, the best chosen on half the seeds and both scored on the other half.

    Args:
        y: scores (N, R) of the random points.
        default: scores (R,) of the default under the same seeds.
        n: points tried.
        choose_by: (N, R) validation scores to choose by; ``y`` when absent.
        confidence: level of the t interval.

    Returns:
        NaN with a reason for one seed. The interval adds the jackknife variances over points and over seeds (their
        common part twice: it errs on the wide side), with Satterthwaite's degrees of freedom, and needs 3 seeds.

    Raises:
        ValueError: shapes that do not agree or ``n`` outside 1..N.
    """
    values, base = points_by_seeds(y), np.asarray(default, dtype=np.float64)
    chooser = values if choose_by is None else points_by_seeds(choose_by)
    num_points, num_seeds = values.shape
    if base.shape != (num_seeds,) or chooser.shape != values.shape:
        raise ValueError(f"y {values.shape}, default {base.shape} and choose_by {chooser.shape} do not agree")
    weights(num_points, n)
    nan = float("nan")
    if num_seeds < 2:
        return Tunability(nan, nan, nan, "one seed: the best cannot be chosen and scored on different seeds")
    if num_points <= n:
        value = _held_out_gain(values, chooser, base, n)
        return Tunability(value, nan, nan, "no interval: it needs more points than n")
    if num_seeds < 3:
        value = _held_out_gain(values, chooser, base, n)
        return Tunability(value, nan, nan, "no interval: it needs 3 seeds")

    def gain(y: Array, chooser: Array, base: Array) -> Array:
        return np.asarray(_held_out_gain(y, chooser, base[0], n))

    found = intervals.crossed_jackknife(
        gain, values, chooser, np.broadcast_to(base, values.shape), confidence=confidence
    )
    return Tunability(found.estimate, found.low, found.high, found.reason)
