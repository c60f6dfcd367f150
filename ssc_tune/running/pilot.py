"""What is known of accuracies before a study: from variances given by hand, or from a pilot that stays blind.

Only what is pooled over the methods is read from a pilot's records, so that its cells may count later.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ssc_tune.analysis.arrays import load
from ssc_tune.analysis.build import build_tables
from ssc_tune.analysis.judge.law import LEVEL, SLOPE_CV, Law, of_pilot
from ssc_tune.errors import InputError
from ssc_tune.study.model.claims import Claim, Comparison
from ssc_tune.study.model.measures import DRAWN
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    from ssc_tune.running.plan import StudyPlan

LEAST_POINTS = 4
"""Points of a pilot below which its variances say next to nothing."""

SMALL_PILOT = 32
"""Points of a pilot below which what it promises can be far off (docs/planning.md)."""

KEYS = ("point", "seed", "error", "mean")
"""What --variances may give."""


class Known(NamedTuple):
    """What is known of the accuracies before the study."""

    law: Law
    source: str  # where it comes from, in words
    assumed: tuple[str, ...]  # what does not come from there, in words


def parse_variances(text: str) -> Known:
    """``point=0.002,seed=0.0001,error=0.0005,mean=0.8``; seed and error are 0 where they are left out.

    Raises:
        ValueError: another form or key, a negative number, no positive variance of points, or a mean outside (0, 1).
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key.strip() not in KEYS or key.strip() in found:
            raise InputError(f"--variances: {part!r}; allowed: {', '.join(f'{k}=..' for k in KEYS)}, each once")
        try:
            found[key.strip()] = float(value)
        except ValueError:
            raise InputError(f"--variances: {part!r}: not a number") from None
    assumed = [_slopes_words(SLOPE_CV), "normal effects of points", "methods that vary independently"]
    if "mean" not in found:
        assumed.append(f"a mean accuracy of {LEVEL} (mean=..)")
    level = found.pop("mean", LEVEL)
    if not found.get("point", 0) > 0 or not all(0 <= v < math.inf for v in found.values()):
        raise InputError("--variances: point must be given and positive, the others must not be negative")
    if not 0 < level < 1:
        raise InputError(f"--variances: mean is an accuracy between 0 and 1, not {level:g}")
    law = Law(found["point"], found.get("seed", 0.0), found.get("error", 0.0), level)
    return Known(law, "--variances", tuple(assumed))


def _slopes_words(slope_cv: float) -> str:
    return f"a sensitivity that varies by seed by {slope_cv:.0%} of itself (--slope-cv)"


def with_slopes(known: Known, slope_cv: float) -> Known:
    """The same with a coefficient of variation of the seeds' slopes that the user says.

    Raises:
        ValueError: it is negative or no number.
    """
    if not 0 <= slope_cv < math.inf:
        raise InputError(f"--slope-cv must not be negative, got {slope_cv:g}")
    others = tuple(words for words in known.assumed if "--slope-cv" not in words)
    return Known(known.law._replace(slope_cv=slope_cv), known.source, (_slopes_words(slope_cv), *others))


def read_records(study: Study, progress: StudyPlan, *, block: str, setting: str) -> Known:
    """What the complete points of a study's records say, pooled over the methods of the claim that is planned for.

    Nothing that is returned or raised tells the methods apart, but for how many of their points are complete.

    Raises:
        ValueError: fewer than four points that are complete in all of them, one seed, or no spread beyond the noise.
    """
    tables = build_tables(study, progress.cells, progress.records)
    claim = claim_of(study, block, setting)
    methods = study.block_methods(block) if claim is None else claim.methods
    scores = {m: load(study, tables, block=block, setting=setting, method=m) for m in methods}
    common = scores[methods[0]].points
    for one in scores.values():
        common = np.intersect1d(common, one.points)
    if len(common) < LEAST_POINTS or study.seeds < 2:
        counts = ", ".join(f"{m} has {len(one.points)} complete points" for m, one in scores.items())
        raise InputError(
            f"{study.name}: no variances from the records of block {block} ({counts}, {study.seeds} seeds); at least "
            f"{LEAST_POINTS} points and 2 seeds are needed: use --pilot N or --variances point=..,seed=..,error=.."
        )
    try:
        pilot = of_pilot([one.at(common).test for one in scores.values()])
    except ValueError as error:
        raise InputError(f"{study.name}, block {block}: {error}; more points or seeds may show it") from None
    assumed = () if pilot.slopes_known else (_slopes_words(pilot.law.slope_cv),)
    if not pilot.law.shape:
        assumed = (*assumed, "normal effects of points")
    source = f"records of {pilot.num_points} points x {pilot.num_seeds} seeds, methods pooled"
    if pilot.num_points < SMALL_PILOT:
        source += "; so few points can mislead: docs/planning.md"
    return Known(pilot.law, source, assumed)


def pilot_study(study: Study, points: int) -> Study:
    """The study with its first ``points`` points alone.

    Raises:
        ValueError: the design cannot be cut short, or the pilot is too small or not smaller than the study.
    """
    design = study.design
    if design.num_points is None or not design.is_sample:
        raise InputError(f"--pilot needs design type {' or '.join(DRAWN)}, not {design.name()}: these can be enlarged")
    if study.seeds < 2:
        raise InputError("--pilot needs seeds: 2 or more, otherwise noise counts as sensitivity")
    if not LEAST_POINTS <= points <= design.num_points:
        raise InputError(f"--pilot must be from {LEAST_POINTS} to the study's {design.num_points} points, not {points}")
    return study.first_points(points)


def claim_of(study: Study, block: str, setting: str) -> Claim | None:
    """The first claim of the study that says, of this block and one setting, that a method has less or more of std."""
    return next(
        (
            claim
            for claim in study.claims
            if claim.kind.planned
            and isinstance(claim, Comparison)
            and claim.over is None
            and claim.block == block
            and claim.setting in (None, setting)
        ),
        None,
    )
