"""Budget curves: what tuning with n random points buys.

With y_(1) <= ... <= y_(N) the scores of N independent random points, the expected best of n of them is estimated
without bias by the U-statistic sum_i C(i - 1, n - 1) / C(N, n) y_(i). Putting the empirical distribution into the
formula for a maximum instead is biased low. Scores that are noisy and choose themselves flatter: the functions called
``held_out`` choose on half the seeds and score on the other. Their intervals are in
:mod:`ssc_tune.analysis.estimators.extremes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ssc_tune.analysis.estimators.splits import points_by_seeds, seed_splits, split_weights
from ssc_tune.analysis.estimators.variance import FloatArray as Array


class Crossing(NamedTuple):
    """From which budget on one method's expected best stays ahead."""

    leader: str | None  # "first" or "second"; None where the curves end level
    n: int | None  # smallest budget from which the leader is ahead at every larger one
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


class Ranked(NamedTuple):
    """Points in the order of a chooser, the lowest first, in each of S splits; tied ones form a group. All (S, N)."""

    order: NDArray[np.intp]  # indices of points
    shared: Array  # scores in that order, those of a group replaced by its mean: a random order of ties, expected
    first: NDArray[np.intp]  # rank at which the group of a rank begins
    last: NDArray[np.intp]  # rank after its end

    def some(self, start: int, stop: int) -> Ranked:
        """Those of the splits from ``start`` to ``stop``."""
        at = slice(start, stop)
        return Ranked(self.order[at], self.shared[at], self.first[at], self.last[at])


def ranked(scores: Array, chooser: Array) -> Ranked:
    """``scores`` (S, N) in the order of ``chooser`` (S, N), which is compared to 12 decimals."""
    num_splits, num_points = scores.shape
    values = np.round(chooser, 12)
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    begins = np.ones(scores.shape, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.flatnonzero(begins)  # of groups, all splits in a row
    sizes = np.diff(starts, append=num_splits * num_points)
    means = np.add.reduceat(np.take_along_axis(scores, order, axis=1).ravel(), starts) / sizes
    first = np.repeat(starts % num_points, sizes).reshape(scores.shape)
    shared, size = (np.repeat(x, sizes).reshape(scores.shape) for x in (means, sizes))
    return Ranked(order, shared, first, first + size)


def _in_order(values: ArrayLike, choose_by: ArrayLike | None) -> Array:
    """Point means sorted by the chooser."""
    means = points_by_seeds(values).mean(axis=1)
    chooser = means if choose_by is None else points_by_seeds(choose_by).mean(axis=1)
    if len(chooser) != len(means):
        raise ValueError(f"choose_by has {len(chooser)} points, values {len(means)}")
    return np.asarray(ranked(means[None], chooser[None]).shared[0])


def both_tables(values: ArrayLike, choose_by: ArrayLike | None) -> tuple[Array, Array]:
    """Scores and choosers (N, R), the scores themselves where ``choose_by`` is absent.

    Raises:
        ValueError: they differ in shape.
    """
    scores = points_by_seeds(values)
    choosers = scores if choose_by is None else points_by_seeds(choose_by)
    if scores.shape != choosers.shape:
        raise ValueError(f"choose_by has shape {choosers.shape}, the scores {scores.shape}")
    return scores, choosers


def _held_out_order(values: ArrayLike, choose_by: ArrayLike | None) -> Array:
    """(N,): entry i is the mean score, on the seeds that did not choose, of the point that the others rank i-th."""
    scores, choosers = both_tables(values, choose_by)
    return np.asarray(over_splits(scores, choosers).shared.mean(axis=0))


def over_splits(scores: Array, choosers: Array) -> Ranked:
    """Points ranked by the choosers' mean over one half of the seeds, their scores the mean over the other half.

    Args:
        scores, choosers: (N, R).

    Raises:
        ValueError: one seed.
    """
    choose, score = split_weights(scores.shape[1])
    return ranked((scores @ score).T, (choosers @ choose).T)


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


def held_out_best(values: ArrayLike, n: int, *, choose_by: ArrayLike | None = None) -> float:
    """Expected score of the best of ``n`` random points, chosen on half the seeds and scored on the other half.

    The mean of :func:`expected_best` over all splits of the seeds
    (:func:`ssc_tune.analysis.estimators.splits.seed_splits`), so that noise costs a little choice and never flatters.

    Args:
        values: scores (N, R), higher is better.
        n: budget in points, 1..N.
        choose_by: scores (N, R) by which the best is chosen; ``values`` themselves, on the other seeds, when absent.

    Raises:
        ValueError: one seed, ``n`` outside 1..N, or shapes that differ.
    """
    ordered = _held_out_order(values, choose_by)
    return float(weights(len(ordered), n) @ ordered)


def held_out_curve(values: ArrayLike, *, choose_by: ArrayLike | None = None) -> Array:
    """:func:`held_out_best` for n = 1..N, shape (N,)."""
    ordered = _held_out_order(values, choose_by)
    return np.array([weights(len(ordered), n) @ ordered for n in range(1, len(ordered) + 1)])


def crossing(
    first: ArrayLike,
    second: ArrayLike,
    *,
    first_choose_by: ArrayLike | None = None,
    second_choose_by: ArrayLike | None = None,
) -> Crossing:
    """The budget after which one method's tuned score exceeds the other's, for good as far as N points show.

    n = 1 means that the leader is ahead at every budget. Curves are held out (:func:`held_out_curve`), except for
    scores (N,) or (N, 1), which have no second seed: there noise flatters the noisier method.
    """
    a, b = _curve(first, first_choose_by), _curve(second, second_choose_by)
    size = min(len(a), len(b))
    difference = a[:size] - b[:size]
    difference[np.abs(difference) < 1e-12] = 0.0
    if difference[-1] == 0:
        return Crossing(None, None, "the curves are level at the largest budget")
    ahead = np.sign(difference) == np.sign(difference[-1])
    behind = np.flatnonzero(~ahead)
    start = int(behind[-1]) + 2 if len(behind) else 1
    return Crossing("first" if difference[-1] > 0 else "second", start, "")


def _curve(values: ArrayLike, choose_by: ArrayLike | None) -> Array:
    if points_by_seeds(values).shape[1] > 1:
        return held_out_curve(values, choose_by=choose_by)
    return expected_best_curve(values, choose_by=choose_by)


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

    Both bests are chosen on half the seeds and scored on the other half; the mean over all splits is returned. Scores
    (N,) or (N, 1) have no second seed and are scored where they were chosen.

    Args:
        first, second: scores (N,) or (N, R).
        n: budget, 1..N.
        first_choose_by, second_choose_by: scores that choose the best; the scores themselves when absent.
        paired: whether both methods try the same points.

    Raises:
        ValueError: ``n`` outside 1..N, or a different number of points or seeds where paired.
    """
    (a, choose_a), (b, choose_b) = both_tables(first, first_choose_by), both_tables(second, second_choose_by)
    if paired and a.shape != b.shape:
        raise ValueError(f"paired methods need the same points and seeds, got {a.shape} and {b.shape}")
    one = np.ones(1)
    pairs = [(one, one)] if a.shape[1] == 1 else seed_splits(a.shape[1])
    found = [_better(a @ score, b @ score, choose_a @ choose, choose_b @ choose, n, paired) for choose, score in pairs]
    return float(np.mean(found))


def _better(a: Array, b: Array, choose_a: Array, choose_b: Array, n: int, paired: bool) -> float:
    order_a, order_b = (np.argsort(np.round(chooser, 12), kind="stable") for chooser in (choose_a, choose_b))
    gap = a[order_a][:, None] - b[order_b][None, :]  # rank in first x rank in second
    score = np.where(np.abs(gap) < 1e-12, 0.5, np.where(gap > 0, 1.0, 0.0))
    if not paired:
        return float(weights(len(a), n) @ score @ weights(len(b), n))
    return float((_pair_probabilities(order_a, order_b, n) * score).sum())


def _pair_probabilities(order_a: NDArray[np.intp], order_b: NDArray[np.intp], n: int) -> Array:
    """(N, N): probability that the best of n shared points is i-th in the first order and k-th in the second."""
    size = len(order_a)
    weights(size, n)  # validates n
    rank_b = np.empty(size, dtype=int)
    rank_b[order_b] = np.arange(size)
    where = rank_b[order_a]  # rank in second of the point of rank i in first
    present = np.zeros((size, size), dtype=int)
    present[np.arange(size), where] = 1
    count = present.cumsum(axis=0).cumsum(axis=1)  # m
    same = _share_of_subsets(size, n, 1)[count] * present
    rank_a = np.argsort(where)  # rank in first of the point of rank k in second
    allowed = (where[:, None] < np.arange(size)[None, :]) & (rank_a[None, :] < np.arange(size)[:, None])
    if n == 1:
        return np.asarray(same)
    return np.asarray(same + _share_of_subsets(size, n, 2)[count] * allowed)


def _share_of_subsets(size: int, n: int, given: int) -> Array:
    """C(m - given, n - given) / C(size, n) for m = 0..size: subsets of n that hold ``given`` points, others among m."""
    top, bottom = np.arange(size + 1, dtype=np.float64) - given, n - given

    def log_choose(above: Array | float, below: int) -> Array:
        return np.asarray(special.gammaln(above + 1) - special.gammaln(below + 1) - special.gammaln(above - below + 1))

    valid = top >= bottom
    return np.where(valid, np.exp(log_choose(np.where(valid, top, bottom), bottom) - log_choose(size, n)), 0.0)
