"""What was not seen: the share of the search space that may still fail though no cell failed.

A cell fails here where it diverged or failed, or where its test accuracy cannot be told from chance. With none among N
distinct random points, a share larger than ``1 - (1 - confidence)^(1 / N)`` would have shown itself with probability
``confidence``: 17.1, 8.9, 4.6% at 16, 32, 64 points and 95%.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from scipy import stats

from ssc_tune.analysis.arrays import RESULTS, select
from ssc_tune.analysis.estimates import CONFIDENCE, joined
from ssc_tune.analysis.estimators.crossed_shares import unseen_share
from ssc_tune.analysis.result import Estimate, Verdict
from ssc_tune.analysis.tables import Tables
from ssc_tune.data import registry
from ssc_tune.study.model.claims import Equivalence
from ssc_tune.study.model.study import Study

ENOUGH_POINTS = 32
"""Distinct points from which "more stable" does not carry the bound as a warning."""


class Seen(NamedTuple):
    """What a method's cells show of failure."""

    num_points: int  # distinct points with a result for every seed
    num_failed: int  # cells that diverged or failed
    num_at_chance: int  # cells that ended, at chance
    num_cells: int


@functools.cache
def at_chance(num_classes: float, test_size: int | None) -> float:
    """The largest test accuracy that cannot be told from chance, 1/K.

    ``1/K + z sqrt(1/K (1 - 1/K) / n)`` with n test images and z the 97.5% quantile; 1/K where n is not known.
    """
    chance = 1 / num_classes
    if test_size is None:
        return chance
    return chance + float(stats.norm.ppf(0.975)) * math.sqrt(chance * (1 - chance) / test_size)


def seen(study: Study, tables: Tables, block: str, setting: str, method: str) -> Seen:
    """Counts over the points that are draws from the space: the defaults are none."""
    cells = select(tables.cells, block, setting, method)
    expected = select(tables.expected, block, setting, method)
    if not study.design.defaults_count:
        cells, expected = cells[cells["point"] != 0], expected[expected["point"] != 0]
    cells = cells[cells["status"].isin(RESULTS)]
    info = registry.known(study.setting(setting)[0].source)
    ok = cells[cells["status"] == "ok"]
    limits = [at_chance(float(k), None if info is None else info.test_size) for k in ok["num_classes"]]
    per_point = cells.groupby("point")["seed"].nunique()
    complete = per_point[per_point == expected["seed"].nunique()].index
    one_seed = cells[cells["point"].isin(complete)].drop_duplicates("point")
    return Seen(
        num_points=int(one_seed["cell_id"].nunique()),
        num_failed=len(cells) - len(ok),
        num_at_chance=int((ok["test_accuracy"] <= limits).sum()),
        num_cells=len(cells),
    )


def bound(study: Study, found: Seen, confidence: float) -> float | None:
    """The share of the space that may still fail; none where something failed or the points are no draws from it."""
    if not study.design.is_sample or not found.num_points or found.num_failed or found.num_at_chance:
        return None
    return unseen_share(found.num_points, confidence)


def noted(rate: Estimate, study: Study, tables: Tables, block: str, setting: str, method: str) -> Estimate:
    """A failure rate with what it leaves open as its note."""
    found = seen(study, tables, block, setting, method)
    open_share = bound(study, found, CONFIDENCE)
    if open_share is not None:
        room = f"up to {_percent(open_share)} of the space may still fail"
        note = f"no failure at {_points(found)}: with these seeds {room} ({CONFIDENCE:.0%})"
    elif found.num_at_chance:
        note = f"{found.num_at_chance} of {found.num_cells} cells ended at chance"
    else:
        return rate
    return rate.model_copy(update={"note": joined(rate.note, note)})


def with_bound(study: Study, tables: Tables, verdict: Verdict) -> Verdict:
    """A verdict, with the bound as a warning if it calls a method more stable on few points, of which none failed."""
    stable = _more_stable(verdict)
    if stable is None:
        return verdict
    claim = verdict.claim
    settings = study.setting_names if claim.over is not None else (claim.setting or study.setting_names[0],)
    lines = []
    for setting in settings:
        found = seen(study, tables, claim.block, setting, stable)
        open_share = bound(study, found, claim.confidence)
        if open_share is not None and found.num_points < ENOUGH_POINTS:
            place = f"{setting}: " if len(settings) > 1 else ""
            lines.append(
                f"{place}{_points(found)} without a failure of {stable}: up to {_percent(open_share)} of the space may "
                f"still make it fail ({claim.confidence:.0%})"
            )
    return verdict.model_copy(update={"warnings": (*verdict.warnings, *lines)}) if lines else verdict


def _more_stable(verdict: Verdict) -> str | None:
    """The method that a verdict calls more stable, if any."""
    claim = verdict.claim
    if verdict.verdict == "inconclusive" or not claim.kind.is_spread or isinstance(claim, Equivalence):
        return None
    as_said = verdict.verdict == "supported"
    return claim.methods[0] if (claim.less is not None) == as_said else claim.methods[1]


def _points(found: Seen) -> str:
    return f"{found.num_points} point{'s' * (found.num_points != 1)}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"
