"""How often intervals hold the truth and verdicts are wrong, by simulation: the tables of docs/statistics.md.

    python benchmarks/coverage.py rule                the whole rule on methods that are alike
    python benchmarks/coverage.py intervals           the intervals printed of one method, and P(A > B)
    python benchmarks/coverage.py maxima              measures that choose points, and their curves
    python benchmarks/coverage.py shares              shares of cells: failure rates, in: below, profiles
    python benchmarks/coverage.py settings            claims over settings
    python benchmarks/coverage.py surfaces            partial dependence, shares of variance, levels, widths
    python benchmarks/coverage.py pairs               the other differences of two methods
    python benchmarks/coverage.py further             other ranges, one method's gains, its place in the plane
    python benchmarks/coverage.py all                 every part, and one table of every interval that is printed
    python benchmarks/coverage.py all --quick         the same in minutes, to see that it runs
    python benchmarks/coverage.py rule --repeats 200  quicker, with a larger Monte Carlo error

Every figure is a share of ``--repeats`` studies; its standard error is at most 0.5 / sqrt(repeats), and for a share
near 0.025 it is 0.16 / sqrt(repeats). Laws: ``benchmarks/laws.py``. Draws are seeded by law and size alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import coverage_further
import coverage_maxima
import coverage_pairs
import coverage_settings
import coverage_shares
import coverage_surfaces
import coverage_table
import numpy as np
import simulated
from laws import LAWS, SIZES, Array, Law

from ssc_tune.analysis.estimators import comparison, intervals, variance
from ssc_tune.analysis.estimators.comparison import corrected_std_interval
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.judge.verdicts import Finding
from ssc_tune.study.model.study import Study

CLAIMS: dict[str, dict[str, Any]] = {
    "std": {"less": "a", "than": "b", "in": "std"},
    "mean": {"more": "a", "than": "b", "in": "mean"},
    "cvar": {"more": "a", "than": "b", "in": "cvar"},
    "iqr": {"less": "a", "than": "b", "in": "iqr"},
    "range": {"less": "a", "than": "b", "in": "range"},
}
PARTS = ("rule", "intervals", "maxima", "shares", "settings", "surfaces", "pairs", "further")
QUICK = 400
"""Repeats below which the parts with a short form take it."""
Sizes = Sequence[tuple[int, int]]
Rows = list[coverage_surfaces.Row]

SLOW = ("iqr", "range")
"""Measures whose intervals invert a test: a tenth of the repeats."""


class Rates(NamedTuple):
    """What became of one claim in repeated studies in which it is neither true nor false."""

    covered: float  # of the intervals that are defined
    supported: float
    refuted: float
    undefined: float
    open_gates: tuple[float, float]  # supported and refuted if the margin were 1, so that no level gate closes
    repeats: int


def generator(*names: object) -> np.random.Generator:
    """A stream of its own for a law and a size."""
    return np.random.default_rng([zlib.crc32(str(name).encode()) for name in names])


def study_of(claim: dict[str, Any], num_points: int, num_seeds: int) -> Study:
    """The study that a simulated pair of tables would come from."""
    space = {"learning_rate": {"type": "float", "default": 0.03, "factor": 3}}
    content = {"name": "simulated", "methods": ["fixmatch", "ssc"], "search_space": {"parameters": space}}
    content |= {"design": {"type": "sobol", "points": num_points}, "seeds": num_seeds}
    named = {key: {"a": "ssc", "b": "fixmatch"}.get(value, value) for key, value in claim.items()}
    return Study.model_validate({**content, "claims": [{"name": "claim", **named}]})


def rates(law: str, measure: str, num_points: int, num_seeds: int, repeats: int) -> Rates:
    """The whole rule on one claim, at margins of 0.01 and 1."""
    rng = generator(law, num_points, num_seeds)
    study = study_of(CLAIMS[measure], num_points, num_seeds)
    claim = study.claims[0]
    loose = claim.model_copy(update={"margin": 1.0})
    names: Counter[str] = Counter()
    covered = 0
    for repeat in range(repeats):
        first, second = LAWS[law](rng, num_points, num_seeds)
        for margin, asked in (("", claim), (" loose", loose)):
            found = simulated.find(study, asked, first, second, seed=repeat)
            names[simulated.judge([found])[0] + margin] += 1
        names["undefined"] += not _known(found)
        covered += _known(found) and found.effect.interval.low <= 0 <= found.effect.interval.high
    known = repeats - names["undefined"]
    share = {key: count / repeats for key, count in names.items()}
    return Rates(
        covered / known if known else float("nan"),
        share.get("supported", 0.0),
        share.get("refuted", 0.0),
        share.get("undefined", 0.0),
        (share.get("supported loose", 0.0), share.get("refuted loose", 0.0)),
        repeats,
    )


def _known(found: Finding) -> bool:
    return bool(np.isfinite(found.effect.interval[1:3]).all())


def rule_table(
    measures: Sequence[str], laws: Sequence[str], sizes: Sizes, repeats: int, rows: Rows | None = None
) -> Iterator[str]:
    """Lines of the table of the rule: in each place coverage; supported, refuted; undefined where there is any."""
    yield f"| claim | law | {' | '.join(f'{n} x {r}' for n, r in sizes)} | repeats |"
    yield "| --- " * (len(sizes) + 3) + "|"
    for measure in measures:
        for law in laws:
            each = max(1, repeats // (10 if measure in SLOW else 1))
            found = [rates(law, measure, n, r, each) for n, r in sizes]
            for (n, r), one in zip(sizes, found, strict=True):
                row = coverage_surfaces.Row(f"claim in: {measure}", law, f"{n} x {r}", one.covered, one.undefined, each)
                (rows if rows is not None else []).append(row)
            yield f"| `{measure}` | {law} | {' | '.join(map(_cell, found))} | {each} |"


def _cell(found: Rates) -> str:
    """Per cent: coverage; supported, refuted with the gates on level open; undefined."""
    text = f"{100 * found.covered:.1f}; {100 * found.open_gates[0]:.1f}, {100 * found.open_gates[1]:.1f}"
    return text + (f"; {100 * found.undefined:.0f} undef." if found.undefined >= 0.005 else "")


class Printed(NamedTuple):
    """An interval that the program prints, and what it is of."""

    of: Callable[[Array, Array], Interval]
    truth: Callable[[Law, int, int], float]


def _std(first: Array, second: Array) -> Interval:
    return corrected_std_interval(first, 0.95)


def _true_mean(law: Law, num_points: int, num_seeds: int) -> float:
    return float(np.mean([law(generator("truth", k), 4000, 40)[0].mean() for k in range(10)]))


def _true_std(law: Law, num_points: int, num_seeds: int) -> float:
    found = [variance.point_variance(law(generator("truth", k), 4000, 40)[0]) for k in range(10)]
    return float(np.sqrt(np.mean(found)))


PRINTED: dict[str, Printed] = {
    "mean of a method": Printed(lambda a, b: intervals.two_way_mean(a), _true_mean),
    "sd of a method": Printed(_std, _true_std),
    "P(A > B)": Printed(comparison.probability_better, lambda law, n, r: _true_share(law)),
}


def _true_share(law: Law) -> float:
    draws = [law(generator("truth", k), 4000, 40) for k in range(10)]
    return float(np.mean([((b > a) + 0.5 * (a == b)).mean() for a, b in draws]))


def interval_table(
    names: Sequence[str], laws: Sequence[str], sizes: Sizes, repeats: int, rows: Rows | None = None
) -> Iterator[str]:
    """Lines of the table of printed intervals."""
    rows = [] if rows is None else rows
    yield "| interval | law | points x seeds | covers | too low | too high | none given | repeats |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name in names:
        for law in laws:
            for num_points, num_seeds in sizes:
                truth = PRINTED[name].truth(LAWS[law], num_points, num_seeds)
                rng = generator(law, num_points, num_seeds)
                ends = np.array([PRINTED[name].of(*LAWS[law](rng, num_points, num_seeds))[1:3] for _ in range(repeats)])
                known = ends[np.isfinite(ends).all(axis=1)]
                low, high = (known[:, 1] < truth).mean(), (known[:, 0] > truth).mean()
                size, none = f"{num_points} x {num_seeds}", float(1 - len(known) / repeats)
                rows.append(coverage_surfaces.Row(name, law, size, float(1 - low - high), none, repeats))
                yield (
                    f"| {name} | {law} | {num_points} x {num_seeds} | {1 - low - high:.3f} | {low:.3f} | {high:.3f} "
                    f"| {1 - len(known) / repeats:.3f} | {repeats} |"
                )
    yield from ("", *coverage_table.lines(rows))


def _elsewhere(module: ModuleType, arguments: list[str]) -> Iterator[str]:
    """What a script of its own prints."""
    command = [sys.executable, str(module.__file__), *arguments]
    yield subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def lines(part: str, arguments: argparse.Namespace) -> Iterator[str]:
    """The table of one part."""
    repeats = arguments.repeats
    laws = arguments.laws.split(",") if arguments.laws else list(LAWS)
    names = arguments.only.split(",") if arguments.only else None
    if part == "rule":
        return rule_table(names or list(CLAIMS), laws, SIZES, repeats)
    if part == "intervals":
        return interval_table(names or list(PRINTED), laws, SIZES, repeats)
    if part == "maxima":
        return _elsewhere(coverage_maxima, ["--repeats", str(repeats)])
    if part in ("shares", "settings"):
        module = coverage_shares if part == "shares" else coverage_settings
        return _elsewhere(module, ["--quick"] if repeats < QUICK else [])
    return coverage_table.lines(gather(part, repeats))


def gather(part: str, repeats: int) -> Rows:
    """A row an interval, law and size of one part; the slower parts take a share of the repeats."""
    rows: Rows = []
    if part == "rule":
        for line in rule_table(list(CLAIMS), list(LAWS), SIZES, repeats, rows):
            print(line, flush=True)
    elif part == "intervals":
        list(interval_table(list(PRINTED), list(LAWS), SIZES, repeats, rows))
    elif part in ("maxima", "shares", "settings"):
        rows = getattr(coverage_table, part)(repeats)
    else:
        makers = {
            "surfaces": (coverage_surfaces.surfaces, coverage_surfaces.grids, coverage_surfaces.levels),
            "pairs": (
                coverage_pairs.pairs,
                coverage_pairs.defaults,
                coverage_pairs.default_of_one,
                coverage_pairs.middle,
            ),
            "further": coverage_further.PARTS,
        }
        share = max(1, repeats // 5) if part == "surfaces" else repeats
        rows = [row for make in makers[part] for row in make(share)]
    return rows


def main() -> None:
    """Prints the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=[*PARTS, "all"])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="10 repeats")
    parser.add_argument("--only", help="rule, intervals: names of measures or intervals, separated by commas")
    parser.add_argument("--laws", help="rule, intervals: names of laws, separated by commas")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.repeats = 10
    if arguments.part == "all":
        rows = [row for part in PARTS for row in gather(part, arguments.repeats)]
        print()
        found = coverage_table.lines(rows)
    else:
        found = lines(arguments.part, arguments)
    for line in found:
        print(line, flush=True)


if __name__ == "__main__":
    main()
