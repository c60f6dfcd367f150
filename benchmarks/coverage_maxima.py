"""How often intervals of measures with a maximum in them hold the truth, and how often equal methods differ.

    uv run python benchmarks/coverage_maxima.py [--quick] [--repeats N] [--only WORD]

Prints a Markdown table, a row a measure, law and size, and a short one, a row a measure. Accuracies of two methods are
drawn with correlated effects of points (0.5), seed effects of 0.3 and noise of 0.1 to 1 standard deviations of the
points, and 500 images a split.
*coverage* is that of the nominal 95% interval where the second method has half the first's spread, of one method's own
estimate for curves; the truth is the mean of the estimates of many other studies. *size* is the share of studies with
p below 0.05 where the two methods have one law; under unequal noise their true accuracies have one law, but noise costs
choice, so that what is estimated differs a little. *undefined* is the share of studies without an interval.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from coverage_laws import IMAGES, LAWS, draw, draw_searches, draw_settings

from ssc_tune.analysis.arrays import Scores
from ssc_tune.analysis.estimators import budget, curves, extremes, intervals, transfer, volume
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures import searches
from ssc_tune.analysis.measures.base import ClaimData
from ssc_tune.analysis.measures.registry import estimators
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.claims import Claim, read_claim
from ssc_tune.study.model.study import Study

Array = np.ndarray
SIZES = ((16, 3), (32, 3), (64, 3), (32, 5), (64, 5))


@lru_cache(maxsize=64)
def _claim(measure: str, n: int | None, points: int) -> tuple[Claim, Study]:
    content = {"name": "c", "more": "ssc", "than": "fixmatch", "in": measure, "n": n}
    space = {"learning_rate": {"type": "float", "default": 0.03, "factor": 3}}
    study = {"name": "s", "methods": ["ssc", "fixmatch"], "search_space": {"parameters": space}}
    claim = read_claim({key: value for key, value in content.items() if value is not None})
    return claim, Study.model_validate({**study, "design": {"type": "sobol", "points": points}})


def _effect(made: Compared, pair: Sequence[Scores], n: int) -> Interval:
    claim, study = _claim(made.measure, n if made.asks else None, len(pair[0].points))
    nothing = Tables(None, None, None)  # type: ignore[arg-type]  # these measures read the scores alone
    whole = Materials(study, nothing, num_bootstrap=99)
    data = ClaimData(claim, whole, "main", pair[0], pair[1], "chance", np.random.default_rng(0))
    return estimators()[made.measure].effect(data).interval


def _share(scores: Scores, best: float, delta: float) -> float:
    return float((scores.test.mean(axis=1) >= best - delta - 1e-12).mean())


def _best(scores: Scores, n: int) -> float:
    return budget.held_out_best(scores.test, n, choose_by=scores.validation)


def _worst(scores: Scores, n: int) -> float:
    return float(extremes.expected(scores.test, scores.validation, [n], lowest=True).estimate[0])


def _volumes(pair: Sequence[Scores]) -> float:
    best = max(_best(scores, len(scores.points) // 2) for scores in pair)
    return _share(pair[0], best, 0.02) - _share(pair[1], best, 0.02)


class Compared(NamedTuple):
    """A measure of a claim, n = N * quarters / 4, and what it estimates, by a shorter way."""

    measure: str
    quarters: int
    estimate: Callable[[Sequence[Scores], int], float]
    asks: bool = False  # whether the claim names n


def _difference(one: Callable[[Scores, int], float]) -> Callable[[Sequence[Scores], int], float]:
    return lambda pair, n: one(pair[0], n) - one(pair[1], n)


_GAIN = _difference(lambda scores, n: _best(scores, n) - float(scores.default_test.mean()))
COMPARED = {
    "best_of_n, n = N/4": Compared("best_of_n", 1, _difference(_best), asks=True),
    "best_of_n, n = N/2": Compared("best_of_n", 2, _difference(_best), asks=True),
    "best_of_n, n = 3N/4": Compared("best_of_n", 3, _difference(_best), asks=True),
    "worst (of N/4)": Compared("worst", 1, _difference(_worst)),
    "tunability, n = N/4": Compared("tunability", 1, _GAIN, asks=True),
    "default_regret (of N/2)": Compared("default_regret", 2, _GAIN),
    "near_optimal_volume": Compared("near_optimal_volume", 2, lambda pair, _: _volumes(pair)),
}


class Row(NamedTuple):
    """One row of the table; NaN where a column says nothing."""

    measure: str
    law: str
    size: str
    coverage: float
    size_of_test: float
    undefined: float
    repeats: int

    def text(self) -> str:
        """As a row of Markdown."""
        numbers = (self.coverage, self.size_of_test, self.undefined)
        shown = ["" if math.isnan(value) else f"{value:.3f}" for value in numbers]
        return "| " + " | ".join([self.measure, self.law, self.size, *shown, str(self.repeats)]) + " |"


def _covers(found: Interval, truth: float) -> float:
    return math.nan if math.isnan(found.low) else float(found.low <= truth <= found.high)


def _rng(*names: object) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(str(name).encode()) for name in names])


def compared_rows(repeats: int, sizes: Sequence[tuple[int, int]], names: Sequence[str]) -> Iterator[Row]:
    """Measures of claims about two methods; all of them see the same studies."""
    for law_name, law in LAWS.items():
        for size in sizes:
            tried = {name: size[0] * COMPARED[name].quarters // 4 for name in names}
            rng = _rng("truth", law_name, size)
            drawn = [draw(law, size, 0.5, rng) for _ in range(2 * repeats)]
            truths = {name: float(np.mean([COMPARED[name].estimate(p, n) for p in drawn])) for name, n in tried.items()}
            rng, covered, rejected = _rng(law_name, size), {n: [] for n in names}, {n: [] for n in names}
            for _ in range(repeats):
                different, equal = draw(law, size, 0.5, rng), draw(law, size, 1.0, rng)
                for name, n in tried.items():
                    covered[name].append(_covers(_effect(COMPARED[name], different, n), truths[name]))
                    rejected[name].append(float(_effect(COMPARED[name], equal, n).p_value < 0.05))
            for name in names:
                yield _row(name, law_name, f"{size[0]} x {size[1]}", covered[name], rejected[name])


def _row(name: str, law: str, size: str, covered: list[float], rejected: list[float]) -> Row:
    known = [value for value in covered if not math.isnan(value)]
    return Row(
        name,
        law,
        size,
        float(np.mean(known)) if known else math.nan,
        float(np.mean(rejected)) if rejected else math.nan,
        1 - len(known) / len(covered),
        len(covered),
    )


def band_rows(repeats: int, sizes: Sequence[tuple[int, int]]) -> Iterator[Row]:
    """The report's budget curve (band at three budgets) and volume curve (at three tolerances)."""
    deltas = [0.02, 0.05, 0.1]
    for law_name, law in LAWS.items():
        for size in sizes:
            budgets = [max(1, size[0] // 8), size[0] // 4, size[0] // 2]
            rng, best, shares = _rng("truth", "bands", law_name, size), [], []
            for _ in range(4 * repeats):
                scores = draw(law, size, 1.0, rng)[0]
                curve = budget.held_out_curve(scores.test, choose_by=scores.validation)
                best.append([curve[n - 1] for n in budgets])
                shares.append([_share(scores, curve[size[0] // 2 - 1], delta) for delta in deltas])
            truths, rng = (np.mean(best, axis=0), np.mean(shares, axis=0)), _rng("bands", law_name, size)
            held: list[list[Array]] = [[], []]
            for _ in range(repeats):
                scores = draw(law, size, 1.0, rng)[0]
                band = extremes.band(scores.test, scores.validation, budgets)
                found = volume.curve(scores.test, deltas, choose_by=scores.validation)
                for part, made, truth in zip(held, (band, found), truths, strict=True):
                    part.append(np.where(np.isnan(made.low), np.nan, (made.low <= truth) & (truth <= made.high)))
            labels = [f"budget curve, n = N/{part}" for part in (8, 4, 2)], [f"volume within {d}" for d in deltas]
            for names, part in zip(labels, held, strict=True):
                for k, name in enumerate(names):
                    yield _row(name, law_name, f"{size[0]} x {size[1]}", [float(row[k]) for row in part], [])


def search_rows(repeats: int) -> Iterator[Row]:
    """``default_regret`` over replicated random searches of 10 points on a bowl; coverage with a gain of 0.03 more."""
    for num_searches, num_seeds in ((3, 3), (5, 3), (5, 5), (10, 3), (10, 5)):
        rng, covered, rejected = _rng("searches", num_searches, num_seeds), [], []
        for _ in range(repeats):
            first, second = (draw_searches(num_searches, num_seeds, rng) for _ in range(2))
            raised = first._replace(default_test=first.default_test - 0.03)
            found = searches.gain(raised, second, confidence=0.95)
            covered.append(math.nan if math.isnan(found.low) else float(found.low <= 0.03 <= found.high))
            equal = searches.gain(first, second, confidence=0.95)
            rejected.append(float(not equal.low <= 0 <= equal.high))
        yield _row("default_regret of searches", "bowl", f"{num_searches} searches x {num_seeds}", covered, rejected)


def _phi(tables: Array) -> float:
    limits = transfer.pooled_limits(tables[:, 0])
    parts = (tables[:2], tables[2:])
    first, second = (transfer.held_out_sensitivity(p[:, 0], choose_by=p[:, 1], limits=limits) for p in parts)
    return first.sensitivity - second.sensitivity


def transfer_rows(repeats: int, sizes: Sequence[tuple[int, int]]) -> Iterator[Row]:
    """``transfer_sensitivity`` over two settings whose effects of points correlate by 0.8; 0.3 in the second method."""
    for law_name, law in LAWS.items():
        for size in sizes:
            rng = _rng("truth", "transfer", law_name, size)
            truth = np.mean([_phi(draw_settings(law, size, (0.8, 0.3), rng)) for _ in range(2 * repeats)])
            rng, covered, rejected = _rng("transfer", law_name, size), [], []
            for _ in range(repeats):
                found = transfer.difference(draw_settings(law, size, (0.8, 0.3), rng), 0.95)
                covered.append(math.nan if math.isnan(found.low) else float(found.low <= truth <= found.high))
                equal = transfer.difference(draw_settings(law, size, (0.8, 0.8), rng), 0.95)
                rejected.append(float(not equal.low <= 0 <= equal.high))
            yield _row("transfer_sensitivity", law_name, f"{size[0]} x {size[1]}", covered, rejected)


def width_rows(repeats: int) -> Iterator[Row]:
    """``tolerance_width`` along one parameter with 5 levels: a bowl, of half the depth in the second method."""
    positions, levels = np.linspace(0, 1, 5), np.linspace(-1, 1, 5)
    for num_seeds in (3, 5, 10):
        rng, covered, rejected = _rng("width", num_seeds), [], []

        def tables(depth: float, rng: np.random.Generator = rng, num_seeds: int = num_seeds) -> list[Array]:
            cells = 0.8 - depth * levels[:, None] ** 2 + 0.01 * rng.standard_normal((5, num_seeds))
            cells = cells + 0.01 * rng.standard_normal(num_seeds)
            return [rng.binomial(IMAGES, cells) / IMAGES for _ in range(2)]

        def difference(*y: Array) -> float:
            parts = (y[:2], y[2:])
            first, second = (
                curves.tolerance_width(test, 0.02, choose_by=by, positions=positions).estimate for test, by in parts
            )
            return first - second

        def interval(y: list[Array]) -> intervals.Interval:
            left = [difference(*(np.delete(part, j, 1) for part in y)) for j in range(y[0].shape[1])]
            return intervals.jackknife(difference(*y), np.array(left))

        truth = float(np.mean([difference(*tables(0.1), *tables(0.05)) for _ in range(10 * repeats)]))
        for _ in range(repeats):
            found, equal = interval([*tables(0.1), *tables(0.05)]), interval([*tables(0.1), *tables(0.1)])
            covered.append(math.nan if math.isnan(found.low) else float(found.low <= truth <= found.high))
            rejected.append(float(not (math.isnan(equal.low) or equal.low <= 0 <= equal.high)))
        yield _row("tolerance_width", "bowl, 5 levels", f"{num_seeds} seeds", covered, rejected)


def rows(repeats: int, sizes: Sequence[tuple[int, int]], only: str = "") -> Iterator[Row]:
    """Every row whose measure contains ``only``."""
    yield from compared_rows(repeats, sizes, [name for name in COMPARED if only in name])
    if not only or only in ("budget curve", "volume curve", "curve"):
        yield from band_rows(repeats, sizes)
    if only in "default_regret of searches":
        yield from search_rows(repeats)
    if only in "transfer_sensitivity":
        yield from transfer_rows(max(10, repeats // 3), sizes[:4])
    if only in "tolerance_width":
        yield from width_rows(repeats)


def short(found: Sequence[Row]) -> Iterator[str]:
    """A row of Markdown a measure: over all laws and sizes, the mean coverage, its lowest with its place, and so on."""
    yield "| measure | mean coverage | lowest coverage | mean size | highest size | most undefined | studies a row |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name in dict.fromkeys(row.measure for row in found):
        own = [row for row in found if row.measure == name]
        lowest, highest = min(own, key=lambda row: row.coverage), max(own, key=lambda row: row.size_of_test)
        cells = [name, f"{np.mean([row.coverage for row in own]):.3f}"]
        cells.append(f"{lowest.coverage:.3f} ({lowest.law}, {lowest.size})")
        tested = not math.isnan(highest.size_of_test)
        cells.append(f"{np.mean([row.size_of_test for row in own]):.3f}" if tested else "")
        cells.append(f"{highest.size_of_test:.3f} ({highest.law}, {highest.size})" if tested else "")
        cells += [f"{max(row.undefined for row in own):.3f}", str(min(row.repeats for row in own))]
        yield f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=400, help="studies a row (400: a rate is known to 1.1 points)")
    parser.add_argument("--quick", action="store_true", help="20 studies a row, two sizes: to see that it runs")
    parser.add_argument("--only", default="", help="measures whose name contains this")
    chosen = parser.parse_args(arguments)
    repeats, sizes = (20, SIZES[:2]) if chosen.quick else (chosen.repeats, SIZES)
    print("| measure | law | points x seeds | coverage | size | undefined | repeats |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    found: list[Row] = []
    for row in rows(repeats, sizes, chosen.only):
        print(row.text(), flush=True)
        found.append(row)
    print()
    print("\n".join(short(found)))


if __name__ == "__main__":
    main()
