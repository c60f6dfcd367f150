"""Looks of synthetic studies: each judged on its own points, with its share of the error, from the tables alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ssc_tune.analysis.arrays import load
from ssc_tune.analysis.estimators import comparison, sequential
from ssc_tune.analysis.estimators.multiplicity import holm
from ssc_tune.analysis.judge.looks import decided, judge, num_missing, until
from ssc_tune.analysis.judge.verdicts import judge_claims
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.study import Study
from tests.making.tables import make_study, make_tables, surface

LOOKS = (8, 16, 32)
MEAN = {"more": "ssc", "than": "fixmatch", "in": "mean"}
STD = {"less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.05}
DEFAULT = {"more": "ssc", "than": "fixmatch", "in": "default"}


def study(*claims: Mapping[str, Any], looks: tuple[int, ...] = LOOKS, stop: str = "never", **changes: Any) -> Study:
    """32 points, looks at 8, 16 and 32."""
    design = {"type": "sobol", "points": looks[-1], "looks": looks, "stop": stop}
    return make_study(claims, design=design, **changes)


def plain(of: Study) -> Study:
    """The study without its looks."""
    return of.model_copy(update={"design": of.design.model_copy(update={"looks": (), "stop": "never"})})


def tables_of(of: Study, *, gap: float = 0.0, spread: float = 0.2, seed: int = 0, **more: Any) -> Tables:
    """fixmatch at 0.8 with spread 0.2; ssc with another spread, and higher by ``gap``."""
    scale, level = {"fixmatch": 0.2, "ssc": spread}, {"fixmatch": 0.8, "ssc": 0.8 + gap}
    return make_tables(of, surface(scale=scale, level=level, noise=0.02, seed=seed), **more)


def test_a_look_is_the_claim_on_its_points_with_the_repeated_interval() -> None:
    made = study(MEAN)
    tables = tables_of(made, gap=0.01, spread=0.05)
    found = judge(Materials(made, tables))
    whole = {m: load(made, tables, block="shared", setting="main", method=m).test for m in ("ssc", "fixmatch")}
    correlation = np.sqrt([[1, 1 / 2, 1 / 4], [1 / 2, 1, 1 / 2], [1 / 4, 1 / 2, 1]])
    for k, (look, points) in enumerate(zip(found.looks, LOOKS, strict=True), start=1):
        one = look.claims[0]
        by_hand = comparison.mean_difference(
            whole["fixmatch"][:points], whole["ssc"][:points], confidence=1 - one.nominal
        )
        assert (one.effect.value, one.effect.low, one.effect.high) == pytest.approx(by_hand[:3])
        assert one.p_value == pytest.approx(by_hand.p_value)
        assert one.effect.confidence == pytest.approx(1 - one.nominal)
        assert one.spent == pytest.approx(2 * stats.norm.sf(stats.norm.isf(0.025) / math.sqrt(points / 32)))
        bounds = np.array([entry.claims[0].boundary for entry in found.looks[:k]])
        inside = stats.multivariate_normal(cov=correlation[:k, :k], seed=0).cdf(bounds, lower_limit=-bounds)
        assert 1 - inside == pytest.approx(one.spent, abs=1e-5)
        assert one.nominal == pytest.approx(2 * stats.norm.sf(one.boundary))
    assert found.verdicts[0].claim.confidence == 0.95


def test_without_looks_nothing_changes() -> None:
    made = plain(study(MEAN, STD))
    tables = tables_of(made, gap=0.02, spread=0.06)
    found = judge(Materials(made, tables, num_bootstrap=100))
    assert found.looks == ()
    assert found.verdicts == judge_claims(Materials(made, tables, num_bootstrap=100))
    assert all(v.look is None and v.p_sequential is None for v in found.verdicts)


def test_a_single_look_at_the_end_is_the_study_without_looks() -> None:
    made = study(MEAN, STD, looks=(32,))
    tables = tables_of(made, gap=0.02, spread=0.06)
    for one, other in zip(
        judge(Materials(made, tables)).verdicts, judge_claims(Materials(plain(made), tables)), strict=True
    ):
        assert one.verdict == other.verdict
        assert (one.effect.low, one.effect.high) == pytest.approx((other.effect.low, other.effect.high), rel=1e-9)
        assert one.p_adjusted == pytest.approx(other.p_adjusted)
        assert one.look == 32


def test_what_was_found_at_a_look_does_not_depend_on_what_came_later() -> None:
    made = study(MEAN, STD, DEFAULT)
    tables = tables_of(made, gap=0.01, spread=0.05)
    whole = judge(Materials(made, tables))
    for k, points in enumerate(LOOKS, start=1):
        so_far = tables._replace(cells=tables.cells[tables.cells["point"] <= points])
        found = judge(Materials(made, so_far))
        assert [look.claims for look in found.looks[:k]] == [look.claims for look in whole.looks[:k]]
        assert [look.judged for look in found.looks] == [True] * k + [False] * (3 - k)


def test_the_order_of_rows_does_not_matter() -> None:
    made = study(MEAN, STD)
    tables = tables_of(made, gap=0.01, spread=0.05)
    mixed = tables._replace(cells=tables.cells.sample(frac=1, random_state=1), expected=tables.expected[::-1])
    assert judge(Materials(made, mixed)) == judge(Materials(made, tables))


def test_holm_adjusts_the_sequential_p_values_of_all_claims() -> None:
    made = study(MEAN, STD, DEFAULT)
    found = judge(Materials(made, tables_of(made, gap=0.01, spread=0.12)))
    for k, look in enumerate(found.looks):
        assert [c.p_adjusted for c in look.claims] == pytest.approx(holm([c.p_sequential for c in look.claims]))
        for i in (0, 1):
            so_far = [earlier.claims[i].p_value for earlier in found.looks[: k + 1]]
            assert look.claims[i].p_sequential == sequential.sequential_p(so_far, [8 / 32, 16 / 32, 1])


def turning(of: Study) -> Tables:
    """ssc is better by 0.2 at the first 16 points and worse by 0.3 at the others."""
    tables = tables_of(of, spread=0.21)
    cells = tables.cells.copy()
    mine = cells["method"] == "ssc"
    shift = np.where(cells["point"] <= 16, 0.2, -0.3)
    for name in ("test_accuracy", "validation_accuracy"):
        cells.loc[mine, name] += shift[mine]
    return tables._replace(cells=cells)


def test_a_verdict_stands_and_later_looks_are_shown_beside_it() -> None:
    made = study(MEAN)
    (found,) = judge(Materials(made, turning(made))).verdicts
    assert (found.verdict, found.look) == ("supported", 8)
    assert found.reason.startswith("at 8 of 32 points the repeated ")
    assert [line.split(",")[0] for line in found.sensitivity if line.startswith("at ")] == [
        "at 16 points: supported",
        "at 32 points: inconclusive",
    ]
    assert found.effect.value == pytest.approx(0.2, abs=0.02)


def test_the_study_stops_where_every_claim_is_decided() -> None:
    made = study(MEAN, STD, stop="when_decided")
    tables = tables_of(made, gap=0.1, spread=0.05)
    found = judge(Materials(made, tables))
    last = max(v.look or 0 for v in found.verdicts)
    assert last < 32  # the case is clear enough to be decided early
    assert decided(found)
    assert [look.needed for look in found.looks] == [look.points <= last for look in found.looks]
    unlike = judge(Materials(study(MEAN, STD), tables))
    assert all(look.needed for look in unlike.looks)  # stop: never
    alike = judge(Materials(made, tables_of(made, spread=0.2)))
    assert not decided(alike)
    assert all(look.needed for look in alike.looks)


def test_a_claim_that_points_do_not_bear_on_is_known_at_the_first_look() -> None:
    made = study(MEAN, DEFAULT, stop="when_decided")
    found = judge(Materials(made, tables_of(made, gap=0.1)))
    for look in found.looks:
        default = look.claims[1]
        assert (default.spent, default.nominal) == pytest.approx((0.05, 0.05))
        assert default.p_sequential == default.p_value == found.looks[0].claims[1].p_value
    undecidable = judge(Materials(made, tables_of(made, gap=0.1, statuses={("ssc", 0, 0): "diverged"})))
    assert undecidable.verdicts[1].verdict == "inconclusive"
    assert undecidable.verdicts[0].verdict == "supported"
    assert decided(undecidable)  # no further point would change what is known of the defaults


def test_a_look_that_lacks_a_cell_is_not_judged() -> None:
    made = study(MEAN)
    for status in ("missing", "infrastructure"):
        tables = tables_of(made, gap=0.1, statuses={("ssc", 12, 1): status})
        found = judge(Materials(made, tables))
        assert [(look.num_missing, look.judged) for look in found.looks] == [(0, True), (1, False), (1, False)]
        assert found.verdicts[0].look == 8
    failed = judge(Materials(made, tables_of(made, gap=0.1, statuses={("ssc", 12, 1): "failed"})))
    assert all(look.judged for look in failed.looks)  # a failed cell is a result


def test_before_the_first_look_nothing_is_said() -> None:
    made = study(MEAN, STD, stop="when_decided")
    tables = tables_of(made, gap=0.1, statuses={("ssc", 8, 0): "missing", ("fixmatch", 3, 2): "missing"})
    found = judge(Materials(made, tables))
    assert not any(look.judged for look in found.looks)
    assert not decided(found)
    for verdict in found.verdicts:
        assert (verdict.verdict, verdict.look, verdict.effect.value, verdict.p_value) == ("inconclusive",) + (None,) * 3
        assert verdict.reason == "undefined: the first look, at 8 points, lacks 2 cells"


def test_cells_that_the_tables_do_not_know_of_are_missing() -> None:
    made = study(MEAN)
    tables = tables_of(made)
    _, shorter = until(made, tables, 16)
    assert [num_missing(made, shorter, points) for points in LOOKS] == [0, 0, 16 * 2 * 3]


def test_every_score_of_failed_cells_has_its_sequential_p() -> None:
    made = study(MEAN)
    tables = tables_of(made, gap=0.02, statuses={("ssc", 12, 0): "diverged"})
    found = judge(Materials(made, tables))
    lines = [line for line in found.verdicts[0].sensitivity if line.startswith("failed cells")]
    assert found.verdicts[0].look == 32
    assert len(lines) == 2
    dropped = load(made, tables, block="shared", setting="main", method="ssc", policy="dropped")
    assert len(dropped.points) == 31


@pytest.mark.parametrize("margin", [0.05, 0.001])
def test_equivalence_is_judged_at_looks_too(margin: float) -> None:
    made = study({"equivalent": ["ssc", "fixmatch"], "in": "mean", "within": margin})
    found = judge(Materials(made, tables_of(made, spread=0.2)))
    assert found.verdicts[0].verdict == ("supported" if margin == 0.05 else "inconclusive")


def test_claims_keep_their_own_confidence() -> None:
    made = study(MEAN | {"confidence": 0.99}, MEAN | {"name": "other"})
    found = judge(Materials(made, tables_of(made, gap=0.01)))
    for look in found.looks:
        strict, usual = look.claims
        assert (strict.alpha, usual.alpha) == (0.01, 0.05)
        assert strict.nominal < usual.nominal
        assert strict.effect.low is not None
        assert usual.effect.low is not None
        assert strict.effect.low < usual.effect.low
    assert [v.claim.confidence for v in found.verdicts] == [0.99, 0.95]


@pytest.mark.parametrize("spread", ["iqr", "range"])
def test_a_swap_test_that_is_too_coarse_for_an_early_look_says_so(spread: str) -> None:
    """Its p cannot fall below 1 / (swaps + 1): more are drawn than were asked for; if they too are few, it says so."""
    made = study({"less": "ssc", "than": "fixmatch", "in": spread, "margin": 0.5}, looks=(16, 64))
    found = judge(Materials(made, tables_of(made, spread=0.02), num_bootstrap=100))
    early, late = (look.claims[0] for look in found.looks)
    assert early.nominal < 1e-4 < late.nominal
    assert early.effect.low is None
    assert early.effect.value is not None
    assert "swaps of 16 points can tell" in early.effect.note
    assert late.verdict == "supported"


def test_a_small_level_gets_as_many_swaps_as_it_needs() -> None:
    closer = study({"less": "ssc", "than": "fixmatch", "in": "iqr", "margin": 0.5}, looks=(32, 64))
    first = judge(Materials(closer, tables_of(closer, spread=0.02), num_bootstrap=100)).looks[0].claims[0]
    assert first.nominal < 1 / 101  # beyond the swaps asked for
    assert first.verdict == "supported"
    assert first.effect.low is not None
