"""What each method did by itself, and each pair of methods against one another, in every block and setting."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ssc_tune.analysis import unseen
from ssc_tune.analysis.arrays import RESULTS, Scores, paired, select
from ssc_tune.analysis.estimates import CONFIDENCE, cut, estimate, missing, number
from ssc_tune.analysis.estimators import comparison, crossed_shares, extremes, intervals, splits, spread, variance
from ssc_tune.analysis.estimators.failures import compare_failures
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures import searches
from ssc_tune.analysis.result import COST, Comparison, Estimate, MethodSummary, Score
from ssc_tune.study.model.study import Study

ENOUGH_POINTS = 64
"""Points from which a method's own mean and sd hold what they say under every law simulated but a skewed one."""
SKEWED = 1.5
"""Skewness of point means from which few points carry most of a mean and sd."""


def summarize(whole: Materials, block: str, setting: str, method: str) -> MethodSummary:
    """One method over the complete points of a block and setting; failed cells at chance."""
    place = (block, setting, method)
    scores, cells = whole.scores(*place), select(whole.tables.cells, *place).drop_duplicates("cell_id")
    status = cells["status"]
    num_expected = select(whole.tables.expected, *place)["cell_id"].nunique()
    num_results = int(status.isin(RESULTS).sum())
    num_diverged, num_failed = int((status == "diverged").sum()), int((status == "failed").sum())
    ok = cells[status == "ok"]
    rate = _failure_rate(scores, num_diverged + num_failed, num_results)
    return MethodSummary(
        method=method,
        block=block,
        setting=setting,
        num_points=len(scores.points),
        num_distinct=scores.num_designed,
        num_drawn=scores.num_drawn,
        num_seeds=len(scores.seeds),
        num_diverged=num_diverged,
        num_failed=num_failed,
        failure_rate=unseen.noted(rate, whole.study, whole.tables, *place),
        num_missing=max(0, num_expected - num_results),
        seconds=_median(ok["seconds"] if len(ok) else cells["seconds"]) or 0.0,
        **{name: _median(ok[name]) for name in COST if name in ok},
        **_at_default(scores),
        **_of_points(scores, whole.study),
    )


def _of_points(scores: Scores, study: Study) -> dict[str, Any]:
    """What the complete points show."""
    if not len(scores.points):
        names = ("mean", "std", "iqr", "range", "cvar", "tunability", "default_regret")
        return dict.fromkeys(names, missing("no point has a result for every seed"))
    regret = _gain(scores, study, 2, "half")
    if study.design.adaptive:
        regret = estimate(searches.gain(scores, confidence=CONFIDENCE), how=searches.HOW)
    return {
        **_spreads(scores.test),
        **_components(scores.test),
        **_chosen(scores),
        "tunability": _gain(scores, study, 4, "a quarter"),
        "default_regret": regret,
    }


def _median(values: pd.Series) -> float | None:
    """Of those that are known."""
    known = values.dropna()
    return float(known.median()) if len(known) else None


def _failure_rate(scores: Scores, failures: int, results: int) -> Estimate:
    """The share of cells that diverged or failed, those of incomplete points left out where a point is complete."""
    how = "share of the cells at drawn points; exact binomial, points and seeds both random"
    if not scores.failed.size:
        return Estimate(value=failures / results if results else None, how=how, note="no point has every seed")
    found = crossed_shares.crossed_share(scores.failed, CONFIDENCE, scores=scores.test)
    return estimate(found, how=how)


def _spreads(y: FloatArray) -> dict[str, Estimate]:
    means = y.mean(axis=1)
    noisy = "over point means, seed noise included"
    return {
        "mean": cut(_level(intervals.two_way_mean(y, CONFIDENCE), "two-way variance, Satterthwaite t", y), 0, 1),
        "std": _level(
            comparison.corrected_std_interval(y, CONFIDENCE),
            "seed noise removed; jackknife of the logarithm over points and seeds, t",
            y,
        ),
        "iqr": Estimate(
            value=spread.iqr(means),
            how=noisy,
            note="no interval: none for quantiles of few points, with seeds a sample, covers what it says",
        ),
        "range": Estimate(
            value=spread.range(means), how=noisy, note="no interval: the bootstrap is inconsistent for extremes"
        ),
        "cvar": Estimate(
            value=float(spread.cvar_of_tables(y)),
            how="mean of the worst 10% of point means, seed noise included",
            note="no interval: it rests on how many of the bad points were drawn, and none known covers what it says",
        ),
    }


def _level(found: Interval, how: str, y: FloatArray) -> Estimate:
    note = thin(y) if math.isfinite(found.low) else ""
    return estimate(found, how=how, note=note)


def thin(y: FloatArray) -> str:
    """Why the interval of a method's own mean or sd may hold less than it says; empty where it holds it.

    Where a part of the space collapses, few points either miss it or are carried by it, and a table that missed it
    shows nothing of it: so this is said below ENOUGH_POINTS points, and from skewed point means at any number.
    """
    num_points = len(y)
    if num_points < ENOUGH_POINTS:
        return f"{num_points} points: where a part of the space collapses, the interval covers less than it says"
    means = y.mean(axis=1)
    if np.ptp(means) > variance.RESOLUTION and abs(float(stats.skew(means))) > SKEWED:
        return "few points lie far from the rest: the interval can cover less than it says"
    return ""


def _components(y: FloatArray) -> dict[str, float | None]:
    found = variance.components(y)
    return {
        "std_uncorrected": number(spread.uncorrected_std(y)),
        "seed_std": number(math.sqrt(found.var_error)) if math.isfinite(found.var_error) else None,
        "var_point": number(found.var_point),
        "var_seed": number(found.var_seed),
        "var_error": number(found.var_error),
    }


def _score(point: int, validation: FloatArray, test: FloatArray) -> Score:
    return Score(point=point, validation=float(validation.mean()), test=float(test.mean()))


def _chosen(scores: Scores) -> dict[str, Score]:
    """Best and median on validation, worst on test: an honest choice needs validation, a warning needs the facts."""
    validation, test = scores.validation.mean(axis=1), scores.test.mean(axis=1)
    median = np.argsort(validation, kind="stable")[(len(validation) - 1) // 2]
    rows = {"best": validation.argmax(), "median": median, "worst": test.argmin()}
    return {
        name: _score(int(scores.points[row]), scores.validation[row], scores.test[row]) for name, row in rows.items()
    }


def _at_default(scores: Scores) -> dict[str, Any]:
    if not len(scores.default_test):
        return {"default_accuracy": missing("the defaults have no result for every seed")}
    found = intervals.mean_interval(scores.default_test, CONFIDENCE)
    how = "mean over seeds, t; a collapse that is rarer than these seeds show is not in it"
    return {
        "default": _score(0, scores.default_validation, scores.default_test),
        "default_accuracy": cut(estimate(found, how=how), 0, 1),
    }


def _gain(scores: Scores, study: Study, part: int, words: str) -> Estimate:
    """The best of a part of the points minus the default."""
    n = max(1, len(scores.points) // part)
    how = f"best of {n} points ({words}) minus the default, chosen on half the seeds by validation, scored on the other"
    if study.design.adaptive:
        return missing("the points were chosen by a search: they are no random ones", how=how)
    if not len(scores.default_test):
        return missing("the defaults lack a cell", how=how)
    if len(scores.seeds) < 2:
        return missing(splits.ONE_SEED, how=how)
    found = extremes.gain(scores.test, scores.validation, scores.default_test, [n]).own(confidence=CONFIDENCE)
    return estimate(found, how=f"{how}; jackknife over points and seeds, t")


def compare(whole: Materials, block: str, setting: str) -> list[Comparison]:
    """Every pair of a block's methods, at the points that both have; failed cells at chance."""
    loaded = {method: whole.scores(block, setting, method) for method in whole.study.block_methods(block)}
    pairs = {(x, y): paired(loaded[x], loaded[y]) for x, y in combinations(loaded, 2)}
    return [_compare(x, y, block, setting, *both) for (x, y), both in pairs.items() if len(both[0].points)]


def _failures(first: Scores, second: Scores) -> dict[str, Any]:
    """The comparison of failure rates, where a cell failed."""
    if not (first.failed.any() or second.failed.any()):
        return {}
    scores = (first.test, second.test)
    found = compare_failures(first.failed, second.failed, confidence=CONFIDENCE, scores=scores)
    how = "rate of the first minus rate of the second; exact binomial, points and seeds both random"
    return {
        "failure_difference": cut(estimate(found.difference, how=how), -1, 1),
        "failure_difference_p": number(found.difference.p_value),
        "failures_alone": (found.first_alone, found.second_alone),
        "mcnemar_p": number(found.mcnemar_p),
    }


def _compare(x: str, y: str, block: str, setting: str, first: Scores, second: Scores) -> Comparison:
    ratio = comparison.stability(first.test, second.test, confidence=CONFIDENCE)
    ratio_logit = comparison.stability(spread.logit(first.test), spread.logit(second.test), confidence=CONFIDENCE)
    difference = comparison.mean_difference(first.test, second.test, confidence=CONFIDENCE).negated()
    better = comparison.probability_better(second.test, first.test, confidence=CONFIDENCE)
    jackknife = "seed noise removed; jackknife over points and seeds, t"
    return Comparison(
        first=x,
        second=y,
        block=block,
        setting=setting,
        log_std_ratio=estimate(ratio, how=jackknife),
        log_std_ratio_p=number(ratio.p_value),
        log_std_ratio_logit=estimate(ratio_logit, how=f"on spread.logit(accuracy); {jackknife}"),
        mean_difference=cut(estimate(difference, how="two-way variance, Satterthwaite t"), -1, 1),
        mean_difference_p=number(difference.p_value),
        **_failures(first, second),
        probability_better=estimate(better, how="share of cells, ties half; exact binomial"),
    )
