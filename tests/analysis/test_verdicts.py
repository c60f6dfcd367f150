"""Verdicts on synthetic studies of known truth, and the rule itself on made-up findings."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ssc_tune.analysis.arrays import coordinates, load
from ssc_tune.analysis.estimators import comparison, intervals
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.estimators.multiverse import inside
from ssc_tune.analysis.judge import verdicts
from ssc_tune.analysis.judge.sides import p_of, side
from ssc_tune.analysis.judge.verdicts import Finding, decide, judge_claims
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures import base
from ssc_tune.analysis.measures.base import Effect
from ssc_tune.analysis.measures.registry import estimators
from ssc_tune.analysis.measures.std import std
from ssc_tune.analysis.result import Gate, Verdict
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.claims import Claim, read_claim
from ssc_tune.study.model.measures import MEASURES, with_
from tests.making.tables import METHODS, make_study, make_tables, surface

STABLE = {"fixmatch": 0.2, "ssc": 0.06}


def claim(**content: Any) -> Claim:
    """A claim with a name."""
    return read_claim({"name": "c", **content})


def less(measure: str, first: str = "ssc", second: str = "fixmatch", **more: Any) -> dict[str, Any]:
    """``less: first, than: second, in: measure``."""
    return {"less": first, "than": second, "in": measure, **more}


def judged(claims: list[dict[str, Any]], tables: Any = None, **changes: Any) -> tuple[Verdict, ...]:
    """Verdicts on claims about a study in which ssc is far the more stable and, at the same mean, no worse."""
    study = make_study(claims, **changes)
    found = tables(study) if tables else make_tables(study, surface(scale=STABLE))
    return judge_claims(Materials(study, found, num_bootstrap=499))


@pytest.mark.parametrize("measure", with_(is_spread=True))
def test_a_clear_difference_in_spread_is_supported_and_its_opposite_refuted(measure: str) -> None:
    """``less``, its reverse and ``more`` say the same of the same data, through the same gates."""
    one, other, more = judged(
        [
            less(measure, margin=0.03),
            less(measure, "fixmatch", "ssc", margin=0.03),
            {"more": "fixmatch", "than": "ssc", "in": measure, "margin": 0.03},
        ]
    )
    assert one.verdict == "supported", one.reason
    assert other.verdict == "refuted", other.reason
    assert more.verdict == "supported", more.reason
    assert [gate.model_dump() for gate in other.gates][:2] == [gate.model_dump() for gate in one.gates][:2]
    assert more.gates[:2] == one.gates[:2]
    closed = judged([less(measure, margin=0), less(measure, "fixmatch", "ssc", margin=0)])
    assert [found.verdict for found in closed] == ["inconclusive"] * 2
    assert all("mean not worse (ssc)" in found.reason for found in closed)
    assert one.effect.value == pytest.approx(math.log(0.2 / 0.06), abs=0.1)
    word = {"std": "sd", "iqr": "IQR", "range": "range"}[measure]
    assert one.effect_name == f"ln({word} of fixmatch / {word} of ssc)"
    assert other.effect.value == pytest.approx(-one.effect.value)
    assert [gate.passed for gate in one.gates] == [True, True, True]


@pytest.mark.parametrize("measure", with_(is_spread=True))
def test_a_method_that_is_bad_everywhere_is_not_called_stable_by_any_claim(measure: str) -> None:
    pair = {"equivalent": ["ssc", "fixmatch"], "in": "std", "within": 0.01}
    claims = [
        less(measure),
        less(measure, "fixmatch", "ssc"),
        {"more": "ssc", "than": "fixmatch", "in": measure},
        {"more": "fixmatch", "than": "ssc", "in": measure},
        pair,
    ]
    for found in judged(
        claims, lambda study: make_tables(study, surface(scale=STABLE, level={"fixmatch": 0.8, "ssc": 0.3})), seeds=5
    ):
        assert found.verdict == "inconclusive"
        assert [gate.passed for gate in found.gates][:2] == [False, False]
        assert "mean not worse (ssc)" in found.reason


def test_alike_in_spread_but_not_in_level_is_no_equivalence() -> None:
    pair = {"equivalent": ["ssc", "fixmatch"], "in": "std", "within": 0.02}
    alike = {"fixmatch": 0.05, "ssc": 0.05}
    found = judged(
        [pair], lambda study: make_tables(study, surface(scale=alike, level={"fixmatch": 0.8, "ssc": 0.3})), seeds=5
    )[0]
    assert found.verdict == "inconclusive"
    assert [gate.passed for gate in found.gates] == [False, False, True, True]


@pytest.mark.parametrize("measure", ["std", "iqr", "range"])
def test_methods_that_never_vary_are_no_equivalence_and_no_difference(measure: str) -> None:
    """Constants such as 0.1 + 0.2 leave a var_point of some 1e-34, of either sign: that is no spread."""
    claims = [less(measure), {"equivalent": ["ssc", "fixmatch"], "in": "std", "within": 0.02}]
    for seeds in (3, 5):
        study = make_study(claims, seeds=seeds)
        statuses = {(m, p, s): "diverged" for m in METHODS for p in range(33) for s in range(seeds)}
        for tables in (
            make_tables(study, lambda *_: 0.1 + 0.2),
            make_tables(study, lambda *_: 0.5, statuses=statuses),
        ):
            for found in judge_claims(Materials(study, tables, num_bootstrap=99)):
                assert found.verdict == "inconclusive"
                assert found.effect.value is None


def test_a_spread_that_is_small_only_for_the_ceiling_is_not_called_stable() -> None:
    # The same spread on the logit scale, larger for ssc; compressed by a level of 0.985.
    rng = np.random.default_rng(0)

    def accuracy(method: str, unit: Any, seed: int) -> float:
        slope, level = (1.6, 4.2) if method == "ssc" else (1.0, 0.8)
        return float(1 / (1 + np.exp(-level - slope * (unit["tau"] - 0.5) - 0.05 * rng.standard_normal())))

    found = judged([less("std")], lambda study: make_tables(study, accuracy))[0]
    assert found.effect.value > 0
    assert found.verdict == "inconclusive"
    assert [gate.passed for gate in found.gates] == [True, True, False], found.gates


def test_location_measures_follow_the_level() -> None:
    claims = [{"more": "ssc", "than": "fixmatch", "in": m} for m in ("mean", "cvar", "worst", "default")]
    tables = surface(scale=STABLE, level={"fixmatch": 0.7, "ssc": 0.9})
    for found in judged(claims, lambda study: make_tables(study, tables), seeds=5):
        assert found.verdict == "supported", (found.claim.measure, found.reason)
        assert "ssc minus" in found.effect_name
        assert found.effect.value > 0.1


def test_the_worst_of_few_points_is_warned_of() -> None:
    few, enough = (judged([less("worst")], design={"type": "sobol", "points": n})[0] for n in (16, 32))
    assert few.effect_name == "worst of 4 points of fixmatch minus worst of 4 of ssc"
    assert few.sentence == "ssc has a smaller expected accuracy of the worst of a quarter of the points than fixmatch."
    assert any("collapse" in line for line in few.warnings)
    assert not any("collapse" in line for line in enough.warnings)


def test_the_mean_effect_is_first_minus_second_whatever_its_sign() -> None:
    tables = surface(scale=STABLE, level={"fixmatch": 0.7, "ssc": 0.9})
    more, fewer = judged(
        [{"more": "ssc", "than": "fixmatch", "in": "mean"}, less("mean")], lambda study: make_tables(study, tables)
    )
    assert more.effect.value == pytest.approx(0.2, abs=0.02)
    assert fewer.effect.value == pytest.approx(-more.effect.value)
    assert fewer.effect_name == "mean of fixmatch minus mean of ssc"
    assert (more.verdict, fewer.verdict) == ("supported", "refuted")


def test_equivalence_by_two_one_sided_tests() -> None:
    flat = surface(scale={"fixmatch": 0.05, "ssc": 0.05})
    pair = {"equivalent": ["ssc", "fixmatch"]}
    claims = [
        {**pair, "in": m, "within": w, "margin": 0.02}
        for m, w in (("mean", 0.01), ("mean", 1e-5), ("std", 0.01), ("cvar", 0.02))
    ]
    same, close, spread, tail = judged(claims, lambda study: make_tables(study, flat))
    assert [v.verdict for v in (same, close, spread, tail)] == ["supported", "inconclusive", "supported", "supported"]
    apart = judged(
        claims[:1], lambda study: make_tables(study, surface(scale=STABLE, level={"fixmatch": 0.7, "ssc": 0.8}))
    )
    assert apart[0].verdict == "refuted"


def test_tost_p_is_the_larger_of_two_one_sided_p_values() -> None:
    values = np.random.default_rng(0).normal(0.1, 1, size=20)
    tests = [
        stats.ttest_1samp(values, -0.5, alternative="greater").pvalue,
        stats.ttest_1samp(values, 0.5, alternative="less").pvalue,
    ]
    effect = intervals.mean_interval(values, 0.95)
    margin = claim(equivalent=["a", "b"], within=0.5, **{"in": "mean"})
    assert p_of(margin, effect) == pytest.approx(max(tests))


@pytest.mark.parametrize("measure", with_(is_spread=True))
def test_one_seed_two_points_and_searches_refuse_spread(measure: str) -> None:
    one_seed = judged([less(measure)], seeds=1)[0]
    two_points = judged([less(measure)], design={"type": "sobol", "points": 2})[0]
    searched = judged([less(measure)], design={"type": "search", "points": 8})[0]
    for found, why in ((one_seed, "one seed"), (two_points, "fewer than 3 points"), (searched, "search")):
        assert found.verdict == "inconclusive"
        assert found.effect.value is None
        assert why in found.reason
        assert why in found.effect.note
    assert any("1 seed" in line for line in one_seed.warnings)
    assert any("2 points" in line for line in two_points.warnings)


def test_points_that_lack_a_cell_are_left_out_of_both_and_counted() -> None:
    gone = {("ssc", 3, 0): "missing", ("fixmatch", 9, 2): "missing", ("ssc", 11, 1): "infrastructure"}
    study = make_study([less("std")])
    whole = make_tables(study, surface(scale=STABLE))
    cells = whole.cells.copy()
    for (method, point, seed), status in gone.items():
        row = (cells["method"] == method) & (cells["point"] == point) & (cells["seed"] == seed)
        cells = cells[~row] if status == "missing" else cells.assign(status=cells["status"].mask(row, status))
    found = judge_claims(Materials(study, Tables(cells, whole.history, whole.expected)))[0]
    assert "3 of 32 points left out: a method or seed has no result yet" in found.warnings
    a, b = (load(study, whole, block="shared", setting="main", method=m) for m in ("ssc", "fixmatch"))
    kept = np.setdiff1d(np.arange(1, 33), [3, 9, 11])
    expected = comparison.stability(a.at(kept).test, b.at(kept).test)
    assert found.effect.value == pytest.approx(expected.estimate)
    assert (found.effect.low, found.effect.high) == pytest.approx((expected.low, expected.high))


def test_point_zero_is_no_draw_of_a_sobol_design() -> None:
    study = make_study([less("mean"), less("default")])
    rng = np.random.default_rng(0)

    def accuracy(method: str, unit: Any, seed: int) -> float:
        at_default = all(abs(u - 0.5) < 1e-6 for u in unit.values())
        return (0.1 if at_default and method == "ssc" else 0.5) + 0.01 * float(rng.standard_normal())

    mean, default = judge_claims(Materials(study, make_tables(study, accuracy)))
    assert mean.effect.value == pytest.approx(0, abs=0.01)
    assert default.effect.value == pytest.approx(0.4, abs=0.03)
    centre = make_study(
        [less("mean")], design={"type": "one-at-a-time", "levels": {"tau": [0.9, 0.98], "learning_rate": [0.01]}}
    )
    counted = judge_claims(Materials(centre, make_tables(centre, accuracy)))[0]
    assert counted.effect.value == pytest.approx(0.1, abs=0.02)  # one of four points


def failing(num: int, status: str = "diverged", method: str = "ssc") -> dict[tuple[str, int, int], str]:
    """Statuses by which the first ``num`` points of a method fail for every seed."""
    return {(method, point, seed): status for point in range(1, num + 1) for seed in range(3)}


def test_failed_cells_enter_at_chance() -> None:
    study = make_study([less("mean")])
    tables = make_tables(study, surface(scale=STABLE), statuses=failing(2))
    by_policy = {
        policy: load(study, tables, block="shared", setting="main", method="ssc", policy=policy)
        for policy in ("chance", "dropped", "worst")
    }
    assert (by_policy["chance"].test[:2] == 0.1).all()
    assert (by_policy["worst"].test[:2] == 0).all()
    assert by_policy["dropped"].points.tolist() == list(range(3, 33))
    found = judge_claims(Materials(study, tables))[0]
    assert found.warnings == ("failed cells (6 of ssc, 0 of fixmatch) enter at chance",)
    assert [line.split(":")[0] for line in found.sensitivity[1:]] == [
        "failed cells dropped",
        "failed cells at accuracy 0",
    ]


def test_a_sign_that_hangs_on_failed_cells_is_inconclusive() -> None:
    # Without its failed cells ssc is the more stable, with them the less stable.
    found = judged(
        [less("std", "fixmatch", "ssc", margin=0.5)],
        lambda study: make_tables(study, surface(scale=STABLE), statuses=failing(10)),
    )[0]
    assert found.effect.low > 0
    assert found.p_adjusted < 0.05
    assert found.verdict == "inconclusive"
    assert "of another sign with failed cells dropped" in found.reason


def test_an_undefined_alternative_is_no_agreement() -> None:
    # A seed that fails at every point leaves no complete point once failed cells are dropped.
    statuses = {("ssc", point, 2): "diverged" for point in range(1, 33)}
    found = judged(
        [{"more": "fixmatch", "than": "ssc", "in": "mean"}],
        lambda study: make_tables(study, surface(scale=STABLE), statuses=statuses),
    )[0]
    assert any(line.startswith("failed cells dropped: inconclusive, undefined") for line in found.sensitivity)
    assert found.verdict == "inconclusive"
    undefined = finding(effect=base.undefined("", "none"))
    verdict, reason = decide(finding(alternatives=(("failed cells dropped", undefined),)), 0.01)
    assert (verdict, reason) == ("inconclusive", "the effect is undefined with failed cells dropped")


def test_failures_that_change_nothing_leave_the_verdict() -> None:
    found = judged(
        [less("std", margin=0.5)],
        lambda study: make_tables(study, surface(scale=STABLE), statuses=failing(3, "failed", "fixmatch")),
    )[0]
    assert found.verdict == "supported", found.reason
    assert all("supported" in line for line in found.sensitivity if line.startswith("failed"))


def test_holm_runs_over_all_claims_of_the_study() -> None:
    tables = surface(scale=STABLE, level={"fixmatch": 0.8, "ssc": 0.812}, noise=0.05)
    one = {"more": "ssc", "than": "fixmatch", "in": "mean"}
    alone = judged([one], lambda study: make_tables(study, tables))[0]
    assert alone.p_adjusted == pytest.approx(alone.p_value)
    tables = surface(scale=STABLE, level={"fixmatch": 0.8, "ssc": 0.812}, noise=0.05)
    among = judged([one] * 6, lambda study: make_tables(study, tables))
    assert [v.p_adjusted for v in among] == pytest.approx([min(1, 6 * alone.p_value)] * 6)


# The rule alone.


def effect_of(estimate: float, low: float, high: float) -> Effect:
    return Effect(Interval(estimate, low, high), "")


def finding(**changes: Any) -> Finding:
    """A finding that supports its claim."""
    content: dict[str, Any] = {
        "claim": claim(**less("std")),
        "effect": effect_of(-0.5, -0.8, -0.2),
        "p_value": 0.01,
        "gates": (Gate(name="g", passed=True, detail=""),),
        "notes": (),
        "warnings": (),
        "num_failed": (0, 0),
        "alternatives": (),
    }
    return Finding(**{**content, **changes})


def test_the_rule() -> None:
    assert decide(finding(), 0.03)[0] == "supported"
    assert decide(finding(), 0.05)[0] == "inconclusive"
    assert decide(finding(), math.nan)[0] == "inconclusive"
    assert decide(finding(gates=(Gate(name="g", passed=False, detail=""),)), 0.03)[0] == "inconclusive"
    across = finding(effect=effect_of(-0.5, -0.8, 0.1))
    assert decide(across, 0.03)[0] == "inconclusive"
    against = finding(effect=effect_of(0.5, 0.2, 0.8), gates=(Gate(name="g", passed=False, detail=""),))
    assert decide(against, 0.03)[0] == "inconclusive"
    passed = against._replace(gates=(Gate(name="g", passed=True, detail=""),))
    assert decide(passed, 0.03)[0] == "refuted"
    assert decide(passed, 0.06)[0] == "inconclusive"
    turned = finding(alternatives=(("dropped", against),))
    assert decide(turned, 0.03) == ("inconclusive", "the effect is of another sign with dropped")


@pytest.mark.parametrize(
    ("content", "low", "high", "expected"),
    [
        ({"less": "a", "than": "b"}, -0.2, -0.1, "for"),
        ({"more": "a", "than": "b"}, -0.2, -0.1, "against"),
        ({"more": "a", "than": "b"}, 0.1, 0.2, "for"),
        ({"more": "a", "than": "b"}, -0.1, 0.2, "neither"),
        ({"equivalent": ["a", "b"], "within": 0.3}, -0.1, 0.2, "for"),
        ({"equivalent": ["a", "b"], "within": 0.15}, -0.1, 0.2, "neither"),
        ({"equivalent": ["a", "b"], "within": 0.05}, 0.1, 0.2, "against"),
        ({"equivalent": ["a", "b"], "within": 0.05}, -0.2, -0.1, "against"),
    ],
)
def test_sides(content: dict[str, Any], low: float, high: float, expected: str) -> None:
    effect = Interval((low + high) / 2, low, high)
    assert side(claim(**content, **{"in": "mean"}), effect) == expected


@pytest.mark.parametrize(
    ("bound", "low", "high", "expected"),
    [
        ({"at_least": 0.3}, 0.35, 0.5, "for"),
        ({"at_least": 0.3}, 0.1, 0.25, "against"),
        ({"at_most": 0.3}, 0.1, 0.25, "for"),
        ({"at_most": 0.3}, 0.25, 0.35, "neither"),
    ],
)
def test_sides_of_a_threshold(bound: dict[str, float], low: float, high: float, expected: str) -> None:
    about_tau = claim(method="ssc", parameter="tau", **bound, **{"in": "importance"})
    assert side(about_tau, Interval((low + high) / 2, low, high)) == expected


def test_a_spread_test_that_points_the_other_way_backs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "brown_forsythe", lambda *_, **__: (0.001, -5.0))
    study = make_study([less("std", "fixmatch", "ssc")])
    data = verdicts.claim_data(Materials(study, make_tables(study, surface(scale=STABLE))), study.claims[0])
    assert std(data).interval.estimate > 0
    assert std(data).interval.p_value == 1


def test_sub_boxes_are_shrunk_about_the_defaults() -> None:
    study = make_study()
    tables = make_tables(study, surface(scale=STABLE))
    where = coordinates(study, tables, block="shared", setting="main", points=np.arange(33))
    assert where.unit[0] == pytest.approx(where.default)
    for scale in (0.75, 0.5):
        expected = (np.abs(where.unit - 0.5) <= scale / 2 + 1e-9).all(axis=1)  # the defaults lie in the middle
        assert (inside(where, scale) == expected).all()
        assert 0 < expected.sum() < 33


def test_every_measure_a_claim_can_name_has_its_effect() -> None:
    assert set(estimators()) == set(MEASURES)


def test_importance_of_the_parameter_that_matters() -> None:
    about = {"method": "ssc", "in": "importance"}
    claims = [{**about, "parameter": "tau", "at_least": 0.5}, {**about, "parameter": "learning_rate", "at_least": 0.5}]
    tau, rate = judged(claims)
    assert (tau.verdict, rate.verdict) == ("supported", "refuted")
    assert tau.effect.value == pytest.approx(0.8, abs=0.1)  # slopes 1 and 0.5: 1 / (1 + 0.25)


def test_speed_is_judged_on_the_histories() -> None:
    claims = [less("steps_to_target"), {"more": "ssc", "than": "fixmatch", "in": "area_under_curve"}]

    def tables(study: Any) -> Tables:
        made = make_tables(study, surface(scale={"fixmatch": 0.05, "ssc": 0.05}))
        final = made.history.groupby("cell_id")["validation_accuracy"].transform("max")
        fast = made.history["cell_id"].str.contains("ssc")
        from_step = np.where(made.history["cell_id"].str.endswith("-5-1"), 150, 100)
        arrives = np.where(made.history["step"] >= from_step, final, 0.3 * final)
        return made._replace(
            history=made.history.assign(validation_accuracy=made.history["validation_accuracy"].mask(fast, arrives))
        )

    steps, area = judged(claims, tables)
    assert (steps.verdict, area.verdict) == ("supported", "supported"), (steps.reason, area.reason)
    assert steps.effect.value == pytest.approx(100, abs=8)  # 100 against 200 steps


@pytest.mark.slow
def test_equal_spread_is_hardly_ever_called_different() -> None:
    repeats, supported = 250, 0
    for repeat in range(repeats):
        rng = np.random.default_rng(repeat)
        effects_of = {m: 0.04 * rng.standard_normal(33) for m in ("fixmatch", "ssc")}
        study = make_study([less("std", margin=0.05), less("iqr", margin=0.05), less("range", margin=0.05)])
        counter = {m: 0 for m in effects_of}

        def accuracy(method: str, unit: Any, seed: int, counter=counter, effects_of=effects_of, rng=rng) -> float:
            point = counter[method] // 3
            counter[method] += 1
            return float(0.8 + effects_of[method][point] + 0.02 * rng.standard_normal())

        found = judge_claims(Materials(study, make_tables(study, accuracy), num_bootstrap=199))
        supported += any(v.verdict != "inconclusive" for v in found)
    assert supported / repeats <= 0.065


@pytest.mark.parametrize("form", ["less", "more", "equivalent"])
@pytest.mark.parametrize("measure", [m for m, k in MEASURES.items() if k.of_two_methods and "sobol" in k.designs])
def test_the_scale_of_an_effect_is_data(measure: str, form: str) -> None:
    """What a log ratio is the ratio of stands in the claim; the name of the effect says the same."""
    kind = MEASURES[measure]
    needs = {key: {"n": 3, "parameter": "tau", "accuracy": 0.7}[key] for key in kind.needs}
    sides = (
        {"equivalent": ["ssc", "fixmatch"], "within": 0.1}
        if form == "equivalent"
        else {form: "ssc", "than": "fixmatch"}
    )
    found = judged([{**sides, "in": measure, **needs}])[0]
    if found.ratio is None:
        assert not found.effect_name.startswith("ln(") or form == "equivalent"
    else:
        assert found.effect_name == f"ln({found.ratio[0]} / {found.ratio[1]})"


def test_a_tail_of_points_is_named_beside_a_verdict_on_spread_or_gain() -> None:
    def warned(power: float, claim: dict[str, Any]) -> list[str]:
        def accuracy(method: str, unit: Any, seed: int) -> float:
            scale = 0.3 if method == "ssc" else 0.1
            rng = np.random.default_rng([seed, int(1e6 * unit["tau"]), len(method)])
            return 0.9 - scale * unit["tau"] ** power + 0.005 * rng.standard_normal()

        (found,) = judged([claim], tables=lambda study: make_tables(study, accuracy))
        return [line for line in found.warnings if line.startswith("skewed points")]

    spread = {"less": "ssc", "than": "fixmatch", "in": "std"}
    assert warned(1.0, spread) == []
    (line,) = warned(8.0, spread)
    assert "ssc -" in line
    assert line.endswith("its p keeps its level")
    gains = [{"in": "tunability", "n": 8}, {"in": "default_regret"}, {"in": "mean"}]
    told = [warned(8.0, {"more": "ssc", "than": "fixmatch", **gain}) for gain in gains]
    assert [len(lines) for lines in told] == [1, 1, 0]
    assert told[0][0].endswith("covers somewhat less than it says")
