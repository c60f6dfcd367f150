"""How often looks err, and how many cells they save, by simulation with the functions that judge claims.

    python benchmarks/looks.py                  # the tables of docs/looks.md, about three minutes on a quiet core
    python benchmarks/looks.py --repeats 200    # quick
    python benchmarks/looks.py --looks 32 64 128 --seeds 3

Scores of a method at point i with seed j: 0.7 + 0.04 r x_i (1 + c z_j) + 0.01 s_j + 0.012 e_ij with standard normal
x, z, s and e, of which the methods share s, and x as far as the law says. r is the ratio of spreads, for one of the two
methods. Laws: "normal" has c = 0 and points that are each method's own; "paired" lets the points of the two methods be
correlated by 0.5; "seed slopes" has a sensitivity that differs by seed, c = 0.4, of which more points tell nothing.
Seeds are the same at all looks, points are added.

Error rates are at equal means and equal spreads: the share of studies that call the methods different at any look.
"naive" looks with a 95% interval each time, "declared" as claims are judged, "once" only at the last look. A measure is
decided where its interval excludes 0 and its p-value is below the level of the look. Gates and Holm's correction, which
can only make verdicts rarer, are left out.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ssc_tune.analysis.estimators import comparison, sequential
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import FloatArray


class Law(NamedTuple):
    """How scores are drawn."""

    slope_cv: float  # coefficient of variation, over seeds, of how far a method's points lie apart
    correlation: float  # of the effects of a point on the two methods


LAWS = {"normal": Law(0.0, 0.0), "paired": Law(0.0, 0.5), "seed slopes": Law(0.4, 0.0)}
SCHEDULES = ((16, 32, 64), (24, 32, 40, 48, 64))
SIZES = (16, 20, 24, 28, 32, 40, 48, 56, 64)
"""Fixed designs that designs with looks are compared to, in sixty-fourths of the last look."""

Looks = tuple[int, ...]
Judge = Callable[[FloatArray, FloatArray, float], Interval]


def mean(a: FloatArray, b: FloatArray, confidence: float) -> Interval:
    """Difference of means."""
    return comparison.mean_difference(a, b, confidence=confidence)


def std(a: FloatArray, b: FloatArray, confidence: float) -> Interval:
    """ln(sd of b / sd of a)."""
    return comparison.stability(a, b, confidence=confidence)


MEASURES: dict[str, Judge] = {"mean": mean, "std": std}


class Rates(NamedTuple):
    """Shares of studies with equal methods."""

    law: str
    measure: str
    looks: Looks
    naive: float
    declared: float
    once: float
    error: float  # of the simulation, one standard deviation of ``declared``


class Saving(NamedTuple):
    """What looks save where the spreads differ."""

    law: str
    ratio: float
    looks: Looks
    power: float
    power_fixed: float  # of the last look's points without looks
    stopped: tuple[float, ...]  # share of studies that end at each look but the last
    points: float  # on average
    equal_power: float  # points of a fixed design that sees it as often
    error: float  # of the simulation, one standard deviation of ``power``


def draw(
    rng: np.random.Generator, points: int, seeds: int, law: Law, ratio: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Scores (points, seeds) of two methods; the spread of the first is ``ratio`` times that of the second."""
    common, both = 0.01 * rng.standard_normal(seeds), rng.standard_normal((points, 1))
    tables = []
    for scale in (ratio, 1.0):
        own = rng.standard_normal((points, 1))
        effect = math.sqrt(law.correlation) * both + math.sqrt(1 - law.correlation) * own
        slopes = 1 + law.slope_cv * rng.standard_normal(seeds)
        noise = 0.012 * rng.standard_normal((points, seeds))
        tables.append(0.7 + 0.04 * scale * effect * slopes + common + noise)
    return tables[0], tables[1]


def generator(purpose: int, law: str) -> np.random.Generator:
    """The same studies for every measure and every schedule of looks."""
    return np.random.default_rng([purpose, zlib.crc32(law.encode())])


def decides(judge: Judge, a: FloatArray, b: FloatArray, found: Interval, level: float) -> bool:
    """Whether the p-value is below the level and the interval of that level excludes 0; ``found`` is at 95%."""
    if not found.p_value < level:
        return False
    low, high = found[1:3] if level == 0.05 else judge(a, b, 1 - level)[1:3]
    return low > 0 or high < 0


def nominal_levels(looks: Looks) -> FloatArray:
    """Of a claim at 5%."""
    return sequential.nominal_levels(0.05, [points / looks[-1] for points in looks])


def rates(law: str, measure: str, schedules: Sequence[Looks], seeds: int, repeats: int) -> list[Rates]:
    """How often equal methods are called different, for schedules with one last look."""
    judge, rng = MEASURES[measure], generator(1, law)
    levels = [nominal_levels(looks) for looks in schedules]
    last, counts = schedules[0][-1], np.zeros((len(schedules), 3))
    for _ in range(repeats):
        a, b = draw(rng, last, seeds, LAWS[law])
        found = {n: judge(a[:n], b[:n], 0.95) for looks in schedules for n in looks}
        naive = {n: decides(judge, a[:n], b[:n], one, 0.05) for n, one in found.items()}
        for k, (looks, nominal) in enumerate(zip(schedules, levels, strict=True)):
            declared = any(
                decides(judge, a[:n], b[:n], found[n], p) for n, p in zip(looks, nominal.tolist(), strict=True)
            )
            counts[k] += [any(naive[n] for n in looks), declared, naive[last]]
    shares = counts / repeats
    return [
        Rates(law, measure, looks, *row, math.sqrt(max(row[1], 1 / repeats) * (1 - row[1]) / repeats))
        for looks, row in zip(schedules, shares.tolist(), strict=True)
    ]


def savings(law: str, ratio: float, schedules: Sequence[Looks], seeds: int, repeats: int) -> list[Saving]:
    """Power and points of a claim in std, for schedules with one last look, and the fixed design that sees as much."""
    rng, last = generator(2, law), schedules[0][-1]
    sizes = sorted({round(last * size / 64) for size in SIZES} | {n for looks in schedules for n in looks})
    p_values = np.empty((repeats, len(sizes)))
    for k in range(repeats):
        a, b = draw(rng, last, seeds, LAWS[law], ratio)
        p_values[k] = [std(a[:n], b[:n], 0.95).p_value for n in sizes]  # below the level where the interval is off 0
    fixed = np.maximum.accumulate((p_values < 0.05).mean(axis=0))  # falls with the size by the simulation's error alone
    found = []
    for looks in schedules:
        crossed = p_values[:, [sizes.index(n) for n in looks]] < nominal_levels(looks)
        ends = np.where(crossed.any(axis=1), np.array(looks)[crossed.argmax(axis=1)], last)
        power = float(crossed.any(axis=1).mean())
        early = tuple(float((crossed.any(axis=1) & (ends == n)).mean()) for n in looks[:-1])
        equal = _size_of(power, fixed, sizes)
        error = math.sqrt(power * (1 - power) / repeats)
        found.append(Saving(law, ratio, looks, power, float(fixed[-1]), early, float(ends.mean()), equal, error))
    return found


def _size_of(power: float, fixed: FloatArray, sizes: Sequence[int]) -> float:
    """The size at which ``fixed`` first reaches ``power``, between two sizes by a straight line; the last if never."""
    reached = np.flatnonzero(fixed >= power)
    if not len(reached) or not reached[0]:
        return float(sizes[0] if len(reached) else sizes[-1])
    i = reached[0]
    share = (power - fixed[i - 1]) / (fixed[i] - fixed[i - 1])
    return float(sizes[i - 1] + share * (sizes[i] - sizes[i - 1]))


def cells(points: float, seeds: int) -> float:
    """Training runs of two methods, the defaults included."""
    return 2 * seeds * (points + 1)


def _words(looks: Looks) -> str:
    return ", ".join(map(str, looks))


def table_of_rates(found: Sequence[Rates]) -> str:
    """A Markdown table."""
    lines = ["| law | measure | looks at | naive | declared | once |", "| --- | --- | --- | --- | --- | --- |"]
    for one in found:
        declared = f"{one.declared:.1%} ± {one.error:.1%}"
        where = f"| {one.law} | {one.measure} | {_words(one.looks)} "
        lines.append(f"{where}| {one.naive:.1%} | {declared} | {one.once:.1%} |")
    return "\n".join(lines)


def table_of_savings(found: Sequence[Saving], seeds: int) -> str:
    """A Markdown table."""
    last = found[0].looks[-1]
    whole = cells(last, seeds)
    lines = [
        f"| law | ratio of spreads | looks at | power | of {last} points without looks | ended early at | "
        f"cells, mean | against {whole:.0f} | fixed design of equal power |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in found:
        used, equal = cells(one.points, seeds), cells(one.equal_power, seeds)
        early = ", ".join(f"{n}: {share:.0%}" for n, share in zip(one.looks, one.stopped, strict=False))
        lines.append(
            f"| {one.law} | {one.ratio:g} | {_words(one.looks)} | {one.power:.1%} ± {one.error:.1%} | "
            f"{one.power_fixed:.1%} | {early} | {used:.0f} | {used / whole - 1:+.0%} | "
            f"{equal:.0f} cells ({used / equal - 1:+.0%}) |"
        )
    return "\n".join(lines)


def main() -> None:
    """Reads the command line, simulates, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--looks", type=int, nargs="+", metavar="POINTS", help="one schedule instead of the two")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=2000, help="studies simulated for each rate (default 2000)")
    arguments = parser.parse_args()
    seeds, repeats = arguments.seeds, arguments.repeats
    schedules = [tuple(arguments.looks)] if arguments.looks else list(SCHEDULES)
    print(f"Equal methods called different ({seeds} seeds, {repeats} studies):\n")
    print(table_of_rates([one for law in LAWS for m in MEASURES for one in rates(law, m, schedules, seeds, repeats)]))
    fewer = max(1, repeats // 2)
    print(f"\nA claim in std ({seeds} seeds, {fewer} studies):\n", flush=True)
    pairs = [(law, ratio) for law in LAWS for ratio in (0.5, 0.67)]
    print(table_of_savings([one for law, r in pairs for one in savings(law, r, schedules, seeds, fewer)], seeds))


if __name__ == "__main__":
    main()
