"""How often the intervals of shares hold the true share: simulated, points and seeds both random and crossed.

    python benchmarks/coverage_shares.py            # 400 tables each, about four minutes
    python benchmarks/coverage_shares.py --quick    # 100 tables each

A cell is inside where a normal score lies below a cut. The score of point i and seed j is::

    sqrt(w_point) P_i + sqrt(w_seed) S_j + sqrt(w_slope) Q_i T_j + sqrt(w_noise) E_ij,   all independent N(0, 1)

so that the w are shares of the variance: a slope is a sensitivity that varies by seed. For a difference the point and
seed effects of the two methods are correlated (0.8, as in a paired study), their noise is not. True shares are exact
where there is no slope and from 2 million draws where there is one.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ssc_tune.analysis.estimators.crossed_shares import crossed_share, crossed_share_difference

Array = NDArray[np.float64]

LAWS = {  # w_point, w_seed, w_slope, w_noise
    "noise alone": (0.0, 0.0, 0.0, 1.0),
    "points alone": (1.0, 0.0, 0.0, 0.0),
    "points 90%, seeds 2%": (0.9, 0.02, 0.0, 0.08),
    "points 60%, seeds 10%, slopes 10%": (0.6, 0.1, 0.1, 0.2),
    "slopes 40%": (0.5, 0.02, 0.4, 0.08),
    "points 30%, seeds 40%": (0.3, 0.4, 0.0, 0.3),
    "points 10%, seeds 70%": (0.1, 0.7, 0.0, 0.2),
}
SIZES = tuple((num_points, num_seeds) for num_points in (16, 32, 64) for num_seeds in (3, 5))
SHARES = (0.01, 0.03, 0.1, 0.3, 0.5, 0.9, 0.99)
PAIRS = ((0.01, 0.01), (0.03, 0.1), (0.1, 0.1), (0.02, 0.4), (0.5, 0.5), (0.97, 0.9))


class Row(NamedTuple):
    """Percent covered for each of the true shares, and the median width of the interval."""

    law: str
    num_points: int
    num_seeds: int
    covered: tuple[float, ...]
    width: tuple[float, ...]


def pair(law: str, rng: np.random.Generator, shape: tuple[int, ...], correlation: float = 0.0) -> tuple[Array, Array]:
    """Scores of two methods, (..., N, R) each."""
    weights = np.sqrt(LAWS[law])
    num_points, num_seeds = shape[-2:]

    def effects(size: tuple[int, int]) -> tuple[Array, Array]:
        first, other = rng.standard_normal((2, *shape[:-2], *size))
        return first, correlation * first + np.sqrt(1 - correlation**2) * other

    point, slope = effects((num_points, 1)), effects((num_points, 1))
    seed, by_seed = effects((1, num_seeds)), effects((1, num_seeds))
    first, second = (
        weights[0] * point[k]
        + weights[1] * seed[k]
        + weights[2] * slope[k] * by_seed[k]
        + weights[3] * rng.standard_normal(shape)
        for k in (0, 1)
    )
    return first, second


@functools.cache
def cut(law: str, share: float) -> float:
    """The score below which a share of the cells lies."""
    if LAWS[law][2] == 0:
        return float(stats.norm.ppf(share))
    drawn, _ = pair(law, np.random.default_rng(0), (2_000_000, 1, 1))
    return float(np.quantile(drawn, share))


def shares(law: str, num_points: int, num_seeds: int, *, repeats: int, scores: bool = True, seed: int = 0) -> Row:
    """Coverage of :func:`crossed_share`, with the scores behind the indicator or without them."""
    tables, _ = pair(law, np.random.default_rng([seed, num_points, num_seeds]), (repeats, num_points, num_seeds))
    covered, width = [], []
    for share in SHARES:
        limit = cut(law, share)
        found = [crossed_share(y < limit, scores=y if scores else None) for y in tables]
        covered.append(100 * float(np.mean([x.low <= share <= x.high for x in found])))
        width.append(float(np.median([x.high - x.low for x in found])))
    return Row(law, num_points, num_seeds, tuple(covered), tuple(width))


def differences(law: str, num_points: int, num_seeds: int, *, repeats: int, seed: int = 0) -> Row:
    """Coverage of :func:`crossed_share_difference`."""
    rng = np.random.default_rng([seed, num_points, num_seeds])
    tables = list(zip(*pair(law, rng, (repeats, num_points, num_seeds), 0.8), strict=True))
    covered, width = [], []
    for one, other in PAIRS:
        limits = cut(law, one), cut(law, other)
        found = [crossed_share_difference(x < limits[0], y < limits[1], scores=(x, y)) for x, y in tables]
        covered.append(100 * float(np.mean([x.low <= one - other <= x.high for x in found])))
        width.append(float(np.median([x.high - x.low for x in found])))
    return Row(law, num_points, num_seeds, tuple(covered), tuple(width))


def markdown(rows: list[Row], names: list[str]) -> Iterator[str]:
    """A table: percent covered (median width)."""
    yield "| law | points x seeds | " + " | ".join(names) + " |"
    yield "| --- | --- |" + " --- |" * len(names)
    for row in rows:
        cells = [f"{c:.0f} ({w:.2f})" for c, w in zip(row.covered, row.width, strict=True)]
        yield f"| {row.law} | {row.num_points} x {row.num_seeds} | " + " | ".join(cells) + " |"


def short(what: str, rows: list[Row], repeats: int) -> str:
    """A line: mean and lowest coverage over laws, sizes and shares."""
    least = min(rows, key=lambda row: min(row.covered))
    mean = np.mean([row.covered for row in rows]) / 100
    where = f"{least.law}, {least.num_points} x {least.num_seeds}"
    return f"| {what} | {mean:.3f} | {min(least.covered) / 100:.3f} ({where}) | 0.00 | {repeats} |"


def main() -> None:
    """Reads the command line, simulates, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="100 tables each instead of 400")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    repeats = 100 if arguments.quick else 400
    places = [(law, *size) for law in LAWS for size in SIZES]
    print(f"Percent of 95% intervals that cover, {repeats} tables each (median width).\n")
    names = [f"{share:g}" for share in SHARES]
    lines = ["| interval | mean coverage | lowest coverage | most without one | studies a row |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for title, scores in (("A share, scores known", True), ("A share, indicator alone", False)):
        rows = [shares(*place, repeats=repeats, scores=scores, seed=arguments.seed) for place in places]
        print(f"{title}\n", *markdown(rows, names), "", sep="\n")
        lines.append(short(title, rows, repeats))
    rows = [differences(*place, repeats=repeats, seed=arguments.seed) for place in places]
    names = [f"{one:g} - {other:g}" for one, other in PAIRS]
    title = "A difference of paired shares, scores known"
    print(f"{title}\n", *markdown(rows, names), "", *lines, short(title, rows, repeats), sep="\n")


if __name__ == "__main__":
    main()
