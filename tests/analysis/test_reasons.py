"""Each reason why a claim is undefined, against the situation that produces it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from ssc_tune.analysis.judge import verdicts
from ssc_tune.analysis.judge.verdicts import judge_claims
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures import absent
from ssc_tune.analysis.measures.base import ClaimData
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.study import Study
from tests.making.tables import Accuracy, make_study, make_tables, surface

MEAN = {"more": "ssc", "than": "fixmatch", "in": "mean"}
DEFAULT = {**MEAN, "in": "default"}
SMOOTH = {"fixmatch": 0.2, "ssc": 0.1}
Change = Callable[[Tables], Tables]


def kept(tables: Tables, keep: Callable[[Any], Any], *, expected: bool = False) -> Tables:
    """The tables with some cells; the design too with ``expected``."""
    frames = [frame[keep(frame)] if k == 0 or expected else frame for k, frame in enumerate(tables[::2])]
    return Tables(frames[0], tables.history, frames[1])


def reason(claim: Mapping[str, Any], change: Change | None = None, **more: Any) -> str:
    """Why the one claim of a study is undefined, once its tables are changed."""
    statuses, accuracy = more.pop("statuses", None), more.pop("accuracy", None)
    study = make_study([claim], **{"design": {"type": "sobol", "points": 8}, **more})
    tables = make_tables(study, accuracy or surface(scale=SMOOTH), statuses=statuses)
    (found,) = judge_claims(Materials(study, change(tables) if change else tables, num_bootstrap=20))
    assert found.verdict == "inconclusive"
    assert found.effect.value is None, found.effect
    return found.effect.note


def without(method: str) -> Callable[[Any], Any]:
    return lambda frame: frame["method"] != method


@pytest.mark.parametrize("claim", [MEAN, DEFAULT, {**MEAN, "in": "std"}, {**MEAN, "in": "tunability", "n": 2}])
@pytest.mark.parametrize("method", ["ssc", "fixmatch"])
def test_a_method_without_cells_is_named(claim: dict[str, Any], method: str) -> None:
    gone = reason(claim, lambda tables: kept(tables, without(method), expected=True))
    assert gone == f"{method} has no cell in block shared"


@pytest.mark.parametrize("method", ["ssc", "fixmatch"])
def test_a_method_without_a_result_is_named(method: str) -> None:
    assert reason(MEAN, lambda tables: kept(tables, without(method))) == f"no cell of {method} has a result yet"
    assert reason(DEFAULT, lambda tables: kept(tables, without(method))) == f"{method} lacks a result at the defaults"

    def lost(tables: Tables) -> Tables:
        status = tables.cells["status"].mask(tables.cells["method"] == method, "infrastructure")
        return tables._replace(cells=tables.cells.assign(status=status))

    assert reason(MEAN, lost) == f"no cell of {method} has a result yet"

    def defaults_alone(tables: Tables) -> Tables:
        return kept(tables, lambda frame: (frame["method"] != method) | (frame["point"] == 0))

    assert reason(MEAN, defaults_alone) == f"no cell of {method} has a result yet"  # of the points that count


def test_no_pair_is_complete_though_both_methods_have_results() -> None:
    def alternate(frame: Any) -> Any:
        return (frame["point"] % 2 == 0) == (frame["method"] == "ssc")

    assert reason(MEAN, lambda t: kept(t, alternate)) == "no point has a result of both methods for every seed"


def test_a_claim_about_one_method_does_not_speak_of_both() -> None:
    claim = {"method": "ssc", "in": "importance", "parameter": "tau", "at_least": 0.5}
    assert reason(claim, lambda t: kept(t, lambda f: f["seed"] == 0)) == "no point has a result for every seed"


def test_seeds_that_differ_are_counted() -> None:
    def fewer(frame: Any) -> Any:
        return (frame["method"] != "ssc") | (frame["seed"] < 2)

    found = reason(MEAN, lambda tables: kept(tables, fewer, expected=True))
    assert found == "the methods have different seeds: ssc 2, fixmatch 3"


def _under(study: Study, tables: Tables, policy: Any) -> ClaimData:
    return verdicts.claim_data(Materials(study, tables), study.claims[0], policy)


def test_failed_cells_that_are_dropped_are_no_missing_results() -> None:
    every = {("ssc", point, 1): "diverged" for point in range(9)}
    study = make_study([MEAN], points=8)
    tables = make_tables(study, surface(scale=SMOOTH), statuses=every)
    dropped = "every point has a failed cell, and such points are dropped here"
    assert absent.whatever_is_missing(_under(study, tables, "dropped")) == dropped
    assert absent.whatever_is_missing(_under(study, tables, "chance")) == ""
    default = make_study([DEFAULT], points=8)
    at_defaults = "a cell of ssc at the defaults failed, and is dropped here"
    assert absent.missing_defaults(_under(default, tables, "dropped")) == at_defaults
    assert absent.missing_defaults(_under(default, tables, "chance")) == ""
    (verdict,) = judge_claims(Materials(default, tables, num_bootstrap=20))
    assert f"failed cells dropped: inconclusive, undefined ({at_defaults})" in verdict.sensitivity


@pytest.mark.parametrize("measure", ["default_regret", "tunability"])
def test_the_method_that_lacks_its_defaults_is_named(measure: str) -> None:
    claim = {**MEAN, "in": measure, **({"n": 2} if measure == "tunability" else {})}

    def gone(frame: Any) -> Any:
        return (frame["method"] != "fixmatch") | (frame["point"] > 0) | (frame["seed"] > 0)

    assert reason(claim, lambda tables: kept(tables, gone)) == "fixmatch lacks a result at the defaults"


def test_too_few_points_are_counted_as_they_are() -> None:
    claim = {**MEAN, "in": "best_of_n", "n": 8}
    assert reason(claim) == "needs more than 8 complete points, there are 8"

    def five(tables: Tables) -> Tables:
        return kept(tables, lambda frame: frame["point"] <= 5)

    assert reason(claim, five) == "needs more than 8 complete points, there are 5"


def test_importance_says_which_of_points_and_seeds_are_too_few() -> None:
    claim = {"method": "ssc", "in": "importance", "parameter": "tau", "at_least": 0.5}
    assert reason(claim, design={"type": "sobol", "points": 2}) == "fewer than 3 points"
    assert reason(claim, seeds=1).startswith("one seed")

    def one_tau(tables: Tables) -> Tables:
        first = tables.cells["tau"].iloc[0]
        return tables._replace(cells=tables.cells.assign(tau=first))

    assert reason(claim, one_tau) == "tau does not vary over the complete points"


def test_widths_need_levels_of_both() -> None:
    claim = {**MEAN, "in": "tolerance_width", "parameter": "tau"}
    design = {"type": "one-at-a-time", "levels": {"tau": [0.9, 0.97], "learning_rate": [0.01, 0.05]}}

    def no_tau(frame: Any) -> Any:
        return (frame["method"] != "ssc") | ~frame["point"].isin([1, 2])

    found = reason(claim, lambda tables: kept(tables, no_tau), design=design)
    assert found == "fewer than 2 levels have a result of both methods for every seed"


def test_shares_that_differ_at_every_point_are_not_said_to_be_alike() -> None:
    """All of ssc within reach of the best and nothing of fixmatch: there is an effect, and no interval."""

    def apart(method: str, unit: Mapping[str, float], seed: int) -> float:
        return 0.9 + 0.001 * unit["tau"] if method == "ssc" else 0.5 + 0.001 * unit["tau"]

    accuracy: Accuracy = apart
    study = make_study([{**MEAN, "in": "near_optimal_volume"}], points=8)
    (found,) = judge_claims(Materials(study, make_tables(study, accuracy), num_bootstrap=20))
    assert (found.verdict, found.effect.value) == ("inconclusive", 1)
    assert found.reason == "there is no interval: the values do not vary"


def test_points_of_a_search_are_the_reason_before_any_other() -> None:
    found = reason(MEAN, design={"type": "search", "points": 8})
    assert found == "the points were chosen by a search: they say nothing about the space"


def test_searches_that_no_two_methods_share() -> None:
    from ssc_tune.analysis.arrays import load
    from ssc_tune.analysis.measures.searches import gain
    from ssc_tune.design.points import search_of

    study = make_study(design={"type": "search", "points": 8})
    tables = make_tables(make_study(points=8), surface(scale=SMOOTH))
    first, second = (load(study, tables, block="shared", setting="main", method=m) for m in ("ssc", "fixmatch"))
    assert {search_of(int(point)) for point in first.points} == {search_of(1)}
    none = second.at(np.array([], dtype=np.int64))
    assert gain(first, none, confidence=0.95).reason == "no search has a complete point of both methods"
