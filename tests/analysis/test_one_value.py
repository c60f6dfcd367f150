"""One quantity has one value: whatever is said twice of a study is the same number to 1e-12."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import t

from ssc_tune.analysis.analyze import analyze
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.result import Estimate, MethodSummary, Share, StudyAnalysis, Verdict
from ssc_tune.study.model.study import Study
from tests.making import tables as synthetic

PAIR = {"more": "ssc", "than": "fixmatch"}
LEVELS = {"tau": [0.86, 0.9, 0.97], "learning_rate": [0.01, 0.06]}


def same(*values: float | None) -> None:
    """All alike, and numbers."""
    assert all(value is not None and math.isfinite(value) for value in values), values
    assert values == pytest.approx([values[0]] * len(values), rel=1e-12, abs=1e-12)


def same_estimates(*estimates: Any) -> None:
    """Value and interval alike; for facts, which are mappings, too."""
    found = [e.model_dump() if isinstance(e, Estimate) else e for e in estimates]
    for end in ("value", "low", "high"):
        same(*(e[end] for e in found))


class Analysed:
    """An analysis with its parts by name."""

    def __init__(self, study: Study, found: StudyAnalysis) -> None:
        self.study, self.found = study, found
        self.verdicts: dict[str, Verdict] = {v.claim.name: v for v in found.verdicts}
        self.summaries: dict[str, MethodSummary] = {s.method: s for s in found.summaries}
        self.ssc, self.fixmatch = (self.summaries.get(m) for m in ("ssc", "fixmatch"))

    def effect(self, name: str) -> Estimate:
        return self.verdicts[name].effect

    def share(self, method: str, source: str, evaluator: str) -> Share:
        (found,) = [
            s for s in self.found.shares if (s.method, s.source) == (method, source) and evaluator in s.evaluator
        ]
        return found

    def curve(self, kind: str, method: str) -> Any:
        (found,) = [c for c in self.found.curves if (c.kind, c.method) == (kind, method)]
        return found

    def fact(self, topic: str, **place: str) -> dict[str, Any]:
        (found,) = [row for row in self.found.facts[topic] if all(row[k] == v for k, v in place.items())]
        return found

    def difference(self, name: str) -> float:
        values = [getattr(s, name).value for s in (self.ssc, self.fixmatch)]
        return float(values[0] - values[1])


def claims(**measures: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, **claim} for name, claim in measures.items()]


def importance(parameter: str, method: str, **more: Any) -> dict[str, Any]:
    return {"method": method, "in": "importance", "parameter": parameter, "at_least": 0.2, **more}


@pytest.fixture(scope="module")
def sobol() -> Analysed:
    measures = {m: {**PAIR, "in": m} for m in ("mean", "cvar", "default", "steps_to_target", "area_under_curve")}
    measures |= {"std": {"less": "ssc", "than": "fixmatch", "in": "std"}, "more std": {**PAIR, "in": "std"}}
    measures |= {m: {**PAIR, "in": m, "n": 4} for m in ("best_of_n", "tunability")}  # a quarter of the points
    measures["default_regret"] = {**PAIR, "in": "default_regret"}
    measures |= {f"{p} {m}": importance(p, m) for p in ("tau", "learning_rate") for m in ("ssc", "fixmatch")}
    measures["tau ssc at 90%"] = importance("tau", "ssc", confidence=0.9)
    study = synthetic.make_study(claims(**measures), points=16)
    surface = synthetic.surface(scale={"fixmatch": 0.2, "ssc": 0.1}, level={"fixmatch": 0.7, "ssc": 0.75})
    return Analysed(study, analyze(study, synthetic.make_tables(study, surface), num_bootstrap=100))


def test_mean_and_spread(sobol: Analysed) -> None:
    (pair,) = sobol.found.comparisons
    assert (pair.first, pair.second) == ("fixmatch", "ssc")
    same(sobol.effect("mean").value, sobol.difference("mean"), -pair.mean_difference.value)
    same(sobol.effect("mean").low, -pair.mean_difference.high)
    same(sobol.verdicts["mean"].p_value, pair.mean_difference_p)
    logs = [math.log(s.std.value) for s in (sobol.ssc, sobol.fixmatch)]
    same(sobol.effect("std").value, logs[1] - logs[0], -sobol.effect("more std").value, -pair.log_std_ratio.value)
    same(sobol.effect("std").low, -sobol.effect("more std").high, -pair.log_std_ratio.high)
    same(sobol.verdicts["std"].p_value, sobol.verdicts["more std"].p_value, pair.log_std_ratio_p)
    same(sobol.effect("cvar").value, sobol.difference("cvar"))
    same(sobol.effect("default").value, sobol.ssc.default.test - sobol.fixmatch.default.test)


def test_components_are_those_of_the_shares(sobol: Analysed) -> None:
    for summary in (sobol.ssc, sobol.fixmatch):
        total = summary.var_point + summary.var_seed + summary.var_error
        same(summary.std.value**2, summary.var_point)
        same(summary.seed_std**2, summary.var_error)
        for source, part in (("seed", summary.var_seed), ("residual", summary.var_error)):
            same(sobol.share(summary.method, source, "Gaussian").share.value, part / total)


def test_a_claims_importance_is_the_share_of_the_table(sobol: Analysed) -> None:
    for method in ("ssc", "fixmatch"):
        for parameter in ("tau", "learning_rate"):
            share = sobol.share(method, parameter, "Gaussian").share
            same_estimates(sobol.effect(f"{parameter} {method}"), share)
    narrow, wide = sobol.effect("tau ssc at 90%"), sobol.effect("tau ssc")
    same(narrow.value, wide.value)
    end = "high" if wide.high < 1 else "low"  # the end that is not cut
    reaches = [abs(getattr(e, end) - e.value) / t(2).ppf(q) for e, q in ((narrow, 0.95), (wide, 0.975))]
    same(*map(float, reaches))


def test_fanova_is_the_same_in_figure_and_table(sobol: Analysed) -> None:
    for method in ("ssc", "fixmatch"):
        fact = next(row for row in sobol.found.facts["importance"] if row["method"] == method)
        for source, value in fact["values"].items():
            same(sobol.share(method, source, "fANOVA").share.value, value)


def test_speed(sobol: Analysed) -> None:
    fact = sobol.fact("convergence", first="fixmatch", second="ssc")
    for name, measure in (("steps", "steps_to_target"), ("area", "area_under_curve")):
        effect = sobol.effect(measure)
        same_estimates(effect, fact[name])  # in the direction that the claim has, though the methods stand otherwise
        assert fact[name]["of"] == sobol.verdicts[measure].effect_name
        same(sobol.verdicts[measure].p_value, fact[name]["p"])
    assert f"target {fact['target']:.3f};" in sobol.effect("steps_to_target").how
    ends = [np.trapezoid(c.y, c.x) / (c.x[-1] - c.x[0]) for c in (sobol.curve("convergence", m) for m in PAIR.values())]
    same(sobol.effect("area_under_curve").value, ends[0] - ends[1])


def test_budgets(sobol: Analysed) -> None:
    ssc, fixmatch = (sobol.curve("budget", method) for method in PAIR.values())
    same(ssc.y[0], sobol.ssc.mean.value)
    same(sobol.effect("best_of_n").value, ssc.y[3] - fixmatch.y[3])
    same(sobol.effect("tunability").value, sobol.difference("tunability"))
    same(sobol.effect("default_regret").value, sobol.difference("default_regret"))
    for summary, curve in ((sobol.ssc, ssc), (sobol.fixmatch, fixmatch)):
        same(summary.tunability.value, curve.y[3] - summary.default.test)
        same(summary.default_regret.value, curve.y[7] - summary.default.test)


def test_importance_of_a_grid_is_exact_in_both() -> None:
    levels = {"tau": [0.86, 0.9, 0.97], "learning_rate": [0.01, 0.03, 0.06]}
    study = synthetic.make_study(claims(tau=importance("tau", "ssc")), design={"type": "grid", "levels": levels})
    surface = synthetic.surface(scale={"fixmatch": 0.2, "ssc": 0.1}, noise=0.02)
    found = Analysed(study, analyze(study, synthetic.make_tables(study, surface), num_bootstrap=50))
    same_estimates(found.effect("tau"), found.share("ssc", "tau", "ANOVA, omega squared").share)


def test_importance_where_cells_failed_is_that_of_the_table() -> None:
    study = synthetic.make_study(claims(tau=importance("tau", "ssc")), points=16)
    surface = synthetic.surface(scale={"fixmatch": 0.2, "ssc": 0.2}, level={"fixmatch": 0.7, "ssc": 0.2})
    lost = {("ssc", 3, 1): "diverged", ("fixmatch", 5, 0): "failed"}
    tables = synthetic.make_tables(study, surface, statuses=lost)
    found = Analysed(study, analyze(study, tables, num_bootstrap=50))
    same_estimates(found.effect("tau"), found.share("ssc", "tau", "Gaussian").share)


def test_tolerance_width_and_failures_one_at_a_time() -> None:
    width = {m: {**PAIR, "in": "tolerance_width", "parameter": m} for m in LEVELS}
    study = synthetic.make_study(claims(**width), design={"type": "one-at-a-time", "levels": LEVELS}, seeds=4)
    surface = synthetic.surface(scale={"fixmatch": 0.3, "ssc": 0.1}, noise=0.01)
    lost = {("ssc", 3, 1): "diverged", ("fixmatch", 2, 0): "failed", ("fixmatch", 2, 1): "failed"}
    tables = synthetic.make_tables(study, surface, statuses=lost)
    found = Analysed(study, analyze(study, tables, num_bootstrap=50))
    for parameter in LEVELS:
        widths = [found.fact("tolerance_width", method=m, parameter=parameter)["value"] for m in PAIR.values()]
        same(found.effect(parameter).value, widths[0] - widths[1])
    (pair,) = found.found.comparisons
    same(-pair.failure_difference.value, found.difference("failure_rate"))


def test_the_whole_range_of_a_specification_curve_is_the_verdict(sobol: Analysed) -> None:
    compared = 0
    for verdict in sobol.found.verdicts:
        for one in verdict.specifications[:1]:
            assert (one.box, one.prior) == (1, "own scale")
            same_estimates(one.effect, verdict.effect)
            compared += 1
    assert compared > 3


def test_the_last_look_is_the_table_and_its_verdicts_are_the_claims() -> None:
    measures = {"mean": {**PAIR, "in": "mean"}, "tau": importance("tau", "ssc", at_least=0.99)}
    design = {"type": "sobol", "points": 16, "looks": [12, 16]}
    study = synthetic.make_study(claims(**measures), design=design)
    alike = synthetic.surface(scale={"fixmatch": 0.2, "ssc": 0.2}, noise=0.02)
    found = Analysed(study, analyze(study, synthetic.make_tables(study, alike), num_bootstrap=50))
    last = {c.claim: c for c in found.found.looks[-1].claims}
    same(last["tau"].effect.value, found.share("ssc", "tau", "Gaussian").share.value)
    same(last["mean"].effect.value, found.difference("mean"))
    for name, verdict in found.verdicts.items():
        (look,) = [one for one in found.found.looks if one.points == verdict.look]
        same_estimates(verdict.effect, next(one for one in look.claims if one.claim == name).effect)


def test_a_setting_of_a_claim_over_settings_is_its_comparison() -> None:
    settings = {f"{n} labels": {"data": {"labels_per_class": n}} for n in (2, 4, 10)}
    study = synthetic.make_study(
        claims(std={**PAIR, "in": "std", "over": "settings"}), settings=settings, design={"type": "sobol", "points": 8}
    )
    surface = synthetic.surface(scale={"fixmatch": 0.3, "ssc": 0.1}, noise=0.02)
    found = Analysed(study, analyze(study, synthetic.make_tables(study, surface), num_bootstrap=50, explore=False))
    pairs = {c.setting: c.log_std_ratio for c in found.found.comparisons}
    pooled = found.verdicts["std"].pooled
    assert pooled is not None
    for setting, effect in pooled.settings:
        same_estimates(effect, pairs[setting])


def test_transfer() -> None:
    settings: dict[str, Any] = {"few": {}, "many": {"data": {"labels_per_class": 10}}}
    study = synthetic.make_study(
        claims(transfer={**PAIR, "in": "transfer_sensitivity"}),
        settings=settings,
        design={"type": "sobol", "points": 8},
    )
    surface = synthetic.surface(scale={"fixmatch": 0.3, "ssc": 0.1}, noise=0.02)
    found = Analysed(study, analyze(study, synthetic.make_tables(study, surface), num_bootstrap=50))
    phi = [found.fact("transfer", method=m)["sensitivity"] for m in PAIR.values()]
    same(found.effect("transfer").value, phi[0] - phi[1])


def test_the_claim_alone_finds_what_the_whole_analysis_finds(sobol: Analysed) -> None:
    from ssc_tune.analysis.judge.verdicts import find

    surface = synthetic.surface(scale={"fixmatch": 0.2, "ssc": 0.1}, level={"fixmatch": 0.7, "ssc": 0.75})
    tables = synthetic.make_tables(sobol.study, surface)
    (claim,) = [c for c in sobol.study.claims if c.name == "tau ssc"]
    alone = find(Materials(sobol.study, tables, num_bootstrap=100), claim)
    same(alone.effect.interval.estimate, sobol.effect("tau ssc").value)
    same(alone.effect.interval.low, sobol.effect("tau ssc").low)


def test_tolerances_are_one_constant() -> None:
    from ssc_tune.analysis.explore import single
    from ssc_tune.analysis.measures import near_optimal_volume

    assert single.TOLERANCE is near_optimal_volume.TOLERANCE
