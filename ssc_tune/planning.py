"""Before spending: what difference in spread a study would see, and how to divide a budget between points and seeds.

The question is asked of a claim ``less: A, than: B, in: std``, by simulation of the rule that judges it
(:mod:`ssc_tune.analysis.power`), at the level that Holm's first step leaves to one of the study's claims. Effects of
points are normal and independent between methods; skewed ones need more points (about half as many again).
Cells of a pilot may be counted later: only variances are read from it, not the difference between the methods.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ssc_tune.errors import InputError
from ssc_tune.frozen import Frozen
from ssc_tune.study.models import RandomDesign, SobolDesign, Study

if TYPE_CHECKING:
    from ssc_tune.analysis.power import Variances
    from ssc_tune.pipeline import Progress

LEAST_POINTS = 4
"""Points of a pilot below which its variances say next to nothing."""


class Size(Frozen):
    """A size of the study and what it sees."""

    points: int
    seeds: int
    cells: int  # of the block, all methods, defaults included
    ratio: float | None  # largest ratio of spreads seen with the power asked for; none if none is


class Division(Frozen):
    """One way to divide the budget."""

    points: int
    seeds: int
    cells: int
    power: float


class Plan(Frozen):
    """The answer of ``ssc-tune plan``. Variances are in the square of accuracy as a share of 1."""

    study: str
    block: str
    source: str  # where the variances come from, in words
    point_variance: float
    seed_variance: float
    error_variance: float
    power: float
    level: float  # two-sided, of one claim
    sizes: tuple[Size, ...]  # the study's own first
    budget: int | None = None
    target_ratio: float | None = None
    divisions: tuple[Division, ...] = ()  # the most powerful first


def parse_variances(text: str) -> Variances:
    """``point=0.002,seed=0.0001,error=0.0005``; seed and error are 0 where they are left out.

    Raises:
        ValueError: another form or key, a negative number, or no positive variance of points.
    """
    from ssc_tune.analysis.power import Variances

    found: dict[str, float] = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key.strip() not in Variances._fields or key.strip() in found:
            raise InputError(f"--variances: {part!r}; allowed: point=..,seed=..,error=.., each once")
        try:
            found[key.strip()] = float(value)
        except ValueError:
            raise InputError(f"--variances: {part!r}: not a number") from None
    if not found.get("point", 0) > 0 or not all(0 <= v < math.inf for v in found.values()):
        raise InputError("--variances: point must be given and positive, the others must not be negative")
    return Variances(**found)


def variances_of(study: Study, progress: Progress, *, block: str, setting: str) -> tuple[Variances, str]:
    """Variance components from the complete points of a study's records, and in words what they rest on.

    Of the methods of the block, those of the one that varies most over points: its spread is the one to be halved.

    Raises:
        ValueError: fewer than four complete points or two seeds, or no spread beyond the noise of the seeds.
    """
    from ssc_tune.analysis.arrays import load
    from ssc_tune.analysis.build import build_tables
    from ssc_tune.analysis.power import pilot_variances

    tables = build_tables(study, progress.cells, progress.records)
    found, reasons = [], []
    for method in study.block_methods(block):
        scores = load(study, tables, block=block, setting=setting, method=method).test
        if scores.shape[0] < LEAST_POINTS or scores.shape[1] < 2:
            reasons.append(f"{method} has {scores.shape[0]} complete points with {scores.shape[1]} seeds")
            continue
        try:
            variances = pilot_variances(scores)
        except ValueError:
            reasons.append(f"{method} varies no more over points than its seeds do")
            continue
        text = f"records of {scores.shape[0]} points x {scores.shape[1]} seeds of {method}, the less stable method"
        found.append((variances, text))
    if not found:
        raise InputError(
            f"{study.name}: no variances from the records of block {block} ({'; '.join(reasons)}); at least "
            f"{LEAST_POINTS} points and 2 seeds are needed: use --pilot N or --variances point=..,seed=..,error=.."
        )
    return max(found, key=lambda item: item[0].point)


def pilot_study(study: Study, points: int) -> Study:
    """The study with its first ``points`` points alone.

    Raises:
        ValueError: the design cannot be cut short, or the pilot is too small or not smaller than the study.
    """
    design = study.design
    if not isinstance(design, SobolDesign | RandomDesign):
        raise InputError(f"--pilot needs design type sobol or random, not {design.type}: these can be enlarged")
    if study.seeds < 2:
        raise InputError("--pilot needs seeds: 2 or more, otherwise noise counts as sensitivity")
    if not LEAST_POINTS <= points <= design.points:
        raise InputError(f"--pilot must be from {LEAST_POINTS} to the study's {design.points} points, not {points}")
    return study.first_points(points)


def make_plan(
    study: Study,
    variances: Variances,
    source: str,
    *,
    block: str = "shared",
    budget: int | None = None,
    ratio: float = 0.5,
    power: float = 0.8,
    num_simulations: int = 300,
) -> Plan:
    """The plan of a study.

    Args:
        study: what would be run; a design without points of its own counts as 16.
        variances: of the less stable method.
        source: where they come from, in words.
        block: the block of the design; its methods share the budget.
        budget: training runs of the block to divide between points and seeds, defaults included; none for no advice.
        ratio: sd of the more stable method / sd of the other that the budget is to see.
        power: share of such studies that are to see it.
        num_simulations: studies simulated for each figure.

    Raises:
        ValueError: a ratio outside (0, 1), or a budget too small for any verdict.
    """
    from ssc_tune.analysis.power import minimal_detectable_ratio

    if not 0 < ratio < 1:
        raise InputError(f"--ratio must lie between 0 and 1, not {ratio}")
    level = _level(study, block)
    methods = len(study.block_methods(block))
    sizes = []
    for points, seeds in _sizes(study):
        seen = minimal_detectable_ratio(
            points, seeds, variances, power=power, alpha=level, num_simulations=num_simulations
        )
        cells = (points + 1) * seeds * methods
        sizes.append(Size(points=points, seeds=seeds, cells=cells, ratio=None if math.isnan(seen) else seen))
    divisions = _divide(budget, methods, ratio, variances, level, num_simulations) if budget is not None else ()
    return Plan(
        study=study.name,
        block=block,
        source=source,
        point_variance=variances.point,
        seed_variance=variances.seed,
        error_variance=variances.error,
        power=power,
        level=level,
        sizes=tuple(sizes),
        budget=budget,
        target_ratio=None if budget is None else ratio,
        divisions=divisions,
    )


def _level(study: Study, block: str) -> float:
    """Two-sided level of a claim on spread; Holm's first step divides it by the number of claims."""
    own = [claim for claim in study.claims if claim.measure == "std" and claim.block == block]
    confidence = own[0].confidence if own else 0.95
    return (1 - confidence) / max(1, len(study.claims))


def _sizes(study: Study) -> list[tuple[int, int]]:
    points = max(3, getattr(study.design, "points", 16))
    seeds = max(2, study.seeds)
    return list(dict.fromkeys([(points, seeds), (2 * points, seeds), (4 * points, seeds), (points, max(5, seeds))]))


def _divide(
    budget: int, methods: int, ratio: float, variances: Variances, level: float, num_simulations: int
) -> tuple[Division, ...]:
    from ssc_tune.analysis.power import recommend_split

    each = budget // methods
    if each < 8:  # 3 points and the defaults, 2 seeds
        raise InputError(f"--budget: {budget} cells of {methods} methods are too few; the least is {8 * methods}")
    splits = recommend_split(each, ratio, variances, extra_points=1, alpha=level, num_simulations=num_simulations)
    return tuple(
        Division(points=s.points, seeds=s.seeds, cells=(s.points + 1) * s.seeds * methods, power=s.power)
        for s in splits
    )
