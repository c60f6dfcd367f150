"""Claims over settings: from tables to verdicts, against each setting judged alone and pooled by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ssc_tune.analysis.arrays import load
from ssc_tune.analysis.estimators import comparison
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.pooling import pool
from ssc_tune.analysis.judge.gates import on_logit
from ssc_tune.analysis.judge.sentences import sentence
from ssc_tune.analysis.judge.verdicts import judge_claims
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.result import Verdict
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.claims import read_claim
from ssc_tune.study.model.measures import with_
from ssc_tune.study.model.study import Study
from tests.making.tables import Accuracy, make_study, make_tables, surface

Statuses = Mapping[str, Mapping[tuple[str, int, int], str]]


def over(measure: str, **claim: Any) -> dict[str, Any]:
    """``less: ssc, than: fixmatch, in: measure, over: settings`` unless another form is given."""
    form = {} if {"more", "equivalent", "method"} & set(claim) else {"less": "ssc", "than": "fixmatch"}
    return {**form, "in": measure, "over": "settings", **claim}


def study_over(claims: Sequence[Mapping[str, Any]], names: Sequence[str], **changes: Any) -> Study:
    """A study in so many settings."""
    settings = {name: {"data": {"labels_per_class": 2 + i}} for i, name in enumerate(names)}
    return make_study(
        claims, **{"seeds": 5, "settings": settings, "design": {"type": "sobol", "points": 16}, **changes}
    )


def tables_over(study: Study, laws: Mapping[str, Accuracy], statuses: Statuses | None = None) -> Tables:
    """Tables of a study whose cells follow another law in each setting."""
    parts = [
        make_tables(
            study.model_copy(update={"settings": {name: study.settings[name]}}),
            law,
            statuses=(statuses or {}).get(name),
        )
        for name, law in laws.items()
    ]
    return Tables(*(pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True)))


RATIOS = {"a": 0.5, "b": 0.4, "c": 0.6, "d": 0.45}


def laws(ratios: Mapping[str, float] = RATIOS, *, level: float = 0.7, **more: Any) -> dict[str, Accuracy]:
    """ssc spreads by the ratio of what fixmatch does, at the same level."""
    return {
        name: surface(
            scale={"fixmatch": 0.2, "ssc": 0.2 * ratio},
            level={"fixmatch": level, "ssc": level},
            noise=0.02,
            seed=i,
            **more,
        )
        for i, (name, ratio) in enumerate(ratios.items())
    }


def judged(
    claims: Sequence[Mapping[str, Any]], by_setting: Mapping[str, Accuracy] | None = None, **changes: Any
) -> list[Verdict]:
    """Verdicts in the settings of the laws."""
    by_setting = by_setting or laws()
    study = study_over(claims, list(by_setting), **changes)
    return list(judge_claims(Materials(study, tables_over(study, by_setting), num_bootstrap=99)))


def test_the_verdict_is_about_the_mean_of_the_population() -> None:
    claims = [over("std", margin=0.03), over("std", more="ssc", than="fixmatch", margin=0.03)]
    less, more = judged(claims)
    assert (less.verdict, more.verdict) == ("supported", "refuted"), less.reason
    assert less.effect_name == "ln(sd of fixmatch / sd of ssc)"
    assert less.effect.value == pytest.approx(-np.log(list(RATIOS.values())).mean(), abs=0.1)
    assert more.effect.value == pytest.approx(-less.effect.value)
    assert less.effect.how.startswith("random-effects mean of 4 settings, Paule-Mandel tau; ")
    assert less.pooled is not None
    assert more.pooled is not None
    assert [name for name, _ in less.pooled.settings] == list(RATIOS)
    assert more.pooled.prediction_low == pytest.approx(-less.pooled.prediction_high)
    for (name, one), (_, other) in zip(less.pooled.settings, more.pooled.settings, strict=True):
        assert one.value == pytest.approx(-math.log(RATIOS[name]), abs=0.2)
        assert (other.low, other.high) == pytest.approx((-one.high, -one.low))


def stability_of(study: Study, tables: Tables, name: str, *, logit: bool = False) -> Interval:
    first, second = (load(study, tables, block="shared", setting=name, method=m) for m in ("ssc", "fixmatch"))
    if logit:
        first, second = on_logit(first), on_logit(second)
    return comparison.stability(first.test, second.test)


def test_the_numbers_are_those_of_the_settings_pooled_by_hand() -> None:
    study = study_over([over("std", margin=0.03)], list(RATIOS))
    tables = tables_over(study, laws())
    found = judge_claims(Materials(study, tables, num_bootstrap=99))[0]
    alone = [stability_of(study, tables, name) for name in RATIOS]
    expected = pool([x.estimate for x in alone], [x.se for x in alone])
    assert found.effect.value == pytest.approx(expected.mean.estimate)
    assert found.pooled is not None
    assert found.pooled.tau == pytest.approx(expected.tau)
    assert found.pooled.i2 == pytest.approx(expected.i2)
    assert found.pooled.q_p == pytest.approx(expected.q_p)
    for (_, one), other in zip(found.pooled.settings, alone, strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((other.estimate, other.low, other.high))
    # What is shared can only widen.
    assert found.effect.low <= expected.mean.low + 1e-9
    assert found.p_value >= expected.mean.p_value - 1e-12
    on_logits = [stability_of(study, tables, name, logit=True) for name in RATIOS]
    logit = pool([x.estimate for x in on_logits], [x.se for x in on_logits])
    gate = found.gates[2]
    assert gate.name == "same sign on logit(accuracy)"
    assert gate.detail.startswith(f"on logit the ratio is {math.exp(logit.mean.estimate):.2f} [")


def test_gates_are_those_of_the_pooled_level() -> None:
    # In one setting of four ssc is worse by 0.04: it is the population's mean that the gate asks for.
    by_setting = laws()
    by_setting["d"] = surface(
        scale={"fixmatch": 0.2, "ssc": 0.09}, level={"fixmatch": 0.7, "ssc": 0.66}, noise=0.02, seed=9
    )
    claims = [
        over("std", margin=0.005),
        over("std", margin=0.2),
        {"less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.005, "setting": "d"},
    ]
    study = study_over(claims, list(by_setting))
    tables = tables_over(study, by_setting)
    pooled, wide, alone = judge_claims(Materials(study, tables, num_bootstrap=99))
    assert not alone.gates[0].passed
    differences = []
    for name in by_setting:
        first, second = (load(study, tables, block="shared", setting=name, method=m) for m in ("ssc", "fixmatch"))
        differences.append(comparison.mean_difference(second.test, first.test))
    expected = pool([x.estimate for x in differences], [x.se for x in differences])
    assert pooled.gates[0].detail.startswith(f"difference {expected.mean.estimate:+.3g}, at least ")
    assert not pooled.gates[0].passed
    assert pooled.verdict == "inconclusive"
    assert all(gate.passed for gate in wide.gates)
    assert wide.verdict == "supported"


def test_a_setting_without_an_effect_makes_the_claim_undefined_and_is_named() -> None:
    by_setting = laws()
    by_setting["c"] = lambda method, unit, seed: 0.7
    found = judged([over("std")], by_setting)[0]
    assert found.verdict == "inconclusive"
    assert found.effect.value is None
    assert found.reason.startswith("undefined: in setting c: the spread over points is within the seed noise")
    assert found.pooled is None


def test_a_setting_without_a_standard_error_does_too() -> None:
    # Two seeds: the ratio of spreads has no interval.
    study = study_over([over("std")], list(RATIOS), seeds=2)
    found = judge_claims(Materials(study, tables_over(study, laws()), num_bootstrap=99))[0]
    assert found.effect.value is None
    assert found.reason.startswith("undefined: no standard error in setting a: 2 seeds")


def test_a_setting_without_results_does_too() -> None:
    study = study_over([over("mean")], list(RATIOS))
    whole = tables_over(study, laws())
    partly = Tables(whole.cells[whole.cells["setting"] != "b"], whole.history, whole.expected)
    found = judge_claims(Materials(study, partly, num_bootstrap=99))[0]
    assert found.reason.startswith("undefined: in setting b: no cell of ssc or of fixmatch has a result yet")


@pytest.mark.parametrize("measure", with_(pooled=True))
def test_every_pooled_measure_has_an_effect(measure: str) -> None:
    key = {"n": 4} if measure in ("best_of_n", "tunability") else {"accuracy": 0.65} if measure == "below" else {}
    # Where the shares near the best agree at every point of a setting, their difference has no interval: 32 points.
    points = 32 if measure == "near_optimal_volume" else 16
    found = judged([over(measure, **key)], design={"type": "sobol", "points": points})[0]
    assert found.effect.value is not None, found.reason
    assert found.effect.low < found.effect.value < found.effect.high
    assert found.pooled is not None
    assert len(found.pooled.settings) == 4
    values = [estimate.value for _, estimate in found.pooled.settings]
    assert min(values) - 1e-9 <= found.effect.value <= max(values) + 1e-9
    assert found.pooled.prediction_low <= found.effect.low
    assert found.pooled.prediction_high >= found.effect.high


def test_equivalence_over_settings() -> None:
    same = laws(dict.fromkeys("abcd", 1.0))
    claims = [
        over("mean", equivalent=["ssc", "fixmatch"], within=0.05),
        over("std", equivalent=["ssc", "fixmatch"], within=0.03, margin=0.05),
        over("mean", equivalent=["ssc", "fixmatch"], within=1e-4),
    ]
    mean, spread, close = judged(claims, same)
    assert [v.verdict for v in (mean, spread, close)] == ["supported", "supported", "inconclusive"], spread.reason
    assert len(spread.gates) == 4


def test_a_share_of_one_method_over_settings() -> None:
    claims = [
        over("below", method="ssc", accuracy=0.4, at_most=0.2),
        over("below", method="ssc", accuracy=0.9, at_most=0.2),
    ]
    few, many = judged(claims)
    assert (few.verdict, many.verdict) == ("supported", "refuted"), few.reason
    assert few.effect_name == "share of ssc below 0.4"
    # The p-value is of the share named, by the same t as the interval.
    assert "Hartung-Knapp" in few.effect.how
    assert few.effect.value is not None
    assert few.p_value == pytest.approx(2 * stats.t.sf(abs(few.effect.value - 0.2) / se_of(few), 3))


def se_of(verdict: Verdict) -> float:
    """Of a t interval with k - 1 degrees of freedom, from its upper half: the lower one of a share ends at 0."""
    assert verdict.effect.value is not None
    assert verdict.effect.high is not None
    assert verdict.pooled is not None
    df = len(verdict.pooled.settings) - 1
    return float((verdict.effect.high - verdict.effect.value) / stats.t.ppf(0.975, df))


def test_failed_cells_of_all_settings_are_counted_and_scored_otherwise() -> None:
    claims = [over("mean", more="ssc", than="fixmatch")]
    study = study_over(claims, list(RATIOS))
    statuses = {
        "a": {("ssc", point, seed): "diverged" for point in (1, 2) for seed in range(5)},
        "c": {("fixmatch", 3, 0): "failed"},
    }
    found = judge_claims(Materials(study, tables_over(study, laws(), statuses), num_bootstrap=99))[0]
    assert "a: failed cells (10 of ssc, 0 of fixmatch) enter at chance" in found.warnings
    assert "c: failed cells (0 of ssc, 1 of fixmatch) enter at chance" in found.warnings
    labels = [line.split(":")[0] for line in found.sensitivity]
    assert labels == ["leaving out one setting in turn", "failed cells dropped", "failed cells at accuracy 0"]


def test_a_sign_that_hangs_on_failed_cells_is_inconclusive() -> None:
    names = "abcdef"
    by_setting = {
        name: surface(scale={"fixmatch": 0.05, "ssc": 0.05}, level={"fixmatch": 0.7, "ssc": 0.75}) for name in names
    }
    failed = {name: {("ssc", point, seed): "diverged" for point in range(1, 9) for seed in range(5)} for name in names}
    study = study_over([over("mean", more="fixmatch", than="ssc")], list(names))
    found = judge_claims(Materials(study, tables_over(study, by_setting, failed), num_bootstrap=99))[0]
    assert found.effect.low > 0
    assert found.verdict == "inconclusive"
    assert "of another sign with failed cells dropped" in found.reason


def test_warnings_are_told_once_where_they_hold_everywhere() -> None:
    study = study_over([over("std")], list(RATIOS), seeds=3)
    found = judge_claims(Materials(study, tables_over(study, laws()), num_bootstrap=99))[0]
    assert sum("3 seeds" in line for line in found.warnings) == 1
    assert not any(line.startswith("a: 3 seeds") for line in found.warnings)
    assert not any("no setting named" in line for line in found.warnings)
    assert any(line.startswith("4 settings: ") and "prediction interval is wide" in line for line in found.warnings)
    assert any("the settings share points and seeds" in line for line in found.warnings)


def test_five_settings_need_no_warning_of_few() -> None:
    found = judged([over("mean")], laws(dict.fromkeys("abcde", 0.5)))[0]
    assert not any("prediction interval is wide" in line for line in found.warnings)


def test_a_measure_that_loses_a_seed_says_that_sharing_is_unknown() -> None:
    # Near-optimal volume needs three seeds: with three, leaving one out leaves it undefined.
    study = study_over([over("near_optimal_volume")], list(RATIOS), seeds=3)
    found = judge_claims(Materials(study, tables_over(study, laws()), num_bootstrap=99))[0]
    assert found.effect.value is not None
    assert any("may be too narrow" in line for line in found.warnings)


def test_the_claim_does_not_hang_on_the_order_of_settings_or_methods() -> None:
    forward, backward = (
        judged([over("std", margin=0.03)], dict(order))[0] for order in (laws().items(), reversed(laws().items()))
    )
    assert backward.effect.value == pytest.approx(forward.effect.value)
    assert backward.verdict == forward.verdict
    turned = judged([over("std", less="fixmatch", than="ssc", margin=0.03)])[0]
    assert turned.effect.value == pytest.approx(-forward.effect.value)
    assert (turned.effect.low, turned.effect.high) == pytest.approx((-forward.effect.high, -forward.effect.low))
    assert turned.verdict == "refuted"


def test_sentences_say_over_settings() -> None:
    study = study_over([over("std"), over("below", method="ssc", accuracy=0.5, at_most=0.1)], list(RATIOS))
    assert [sentence(claim, study) for claim in study.claims] == [
        "ssc has a smaller standard deviation of accuracy over the search space than fixmatch (over settings).",
        "At most 10% of the search space gives ssc an accuracy below 0.5 (over settings).",
    ]


def test_more_stable_on_few_points_carries_a_bound_for_each_setting() -> None:
    study = study_over([over("std", margin=0.05)], list(RATIOS), design={"type": "sobol", "points": 16})
    found = judge_claims(Materials(study, tables_over(study, laws()), num_bootstrap=99))[0]
    assert found.verdict == "supported", found.reason
    assert sum("points without a failure of ssc" in line for line in found.warnings) == 4


def test_verdicts_of_a_setting_are_untouched() -> None:
    claims = [{"less": "ssc", "than": "fixmatch", "in": "std", "setting": "a", "margin": 0.05}]
    found = judged(claims)[0]
    assert found.pooled is None
    assert found.verdict == "supported"


def test_the_model_refuses_a_setting_beside_over() -> None:
    with pytest.raises(ValueError, match="leave setting out"):
        read_claim({"name": "c", **over("std", setting="a")})


def test_shares_weigh_every_setting_alike_and_stay_shares() -> None:
    # Weights by standard errors would pull the mean to the settings with hardly a cell below.
    levels = {"a": 0.7, "b": 0.7, "c": 0.55, "d": 0.5}
    by_setting = {
        name: surface(scale={"fixmatch": 0.2, "ssc": 0.3}, level={"fixmatch": 0.7, "ssc": level}, noise=0.02, seed=i)
        for i, (name, level) in enumerate(levels.items())
    }
    found = judged([over("below", method="ssc", accuracy=0.6, at_most=0.9)], by_setting)[0]
    assert found.pooled is not None
    values = [estimate.value for _, estimate in found.pooled.settings]
    assert found.effect.value == pytest.approx(np.mean(values))
    assert np.ptp(values) > 0.5
    assert found.effect.low >= 0
    assert found.effect.high <= 1
    assert (found.pooled.prediction_low, found.pooled.prediction_high) == (0, 1)
    assert any("the shares differ from setting to setting" in line for line in found.warnings)
    alike = judged([over("below", method="ssc", accuracy=0.4, at_most=0.9)])[0]
    assert not any("the shares differ" in line for line in alike.warnings)
