"""From claims to verdicts, by rules that are fixed before a study runs.

With the effect turned so that positive means "as claimed", its interval at the claim's confidence, and its p-value
adjusted by Holm over all claims of the study:

- supported: the whole interval is positive, the adjusted p is below 1 - confidence, and every gate is passed;
- refuted: the whole interval is negative, the adjusted p is below 1 - confidence, and every gate is passed;
- inconclusive: everything else, what is undefined included.

If some cells failed, the effect is computed again with their points left out and with accuracy 0; where its sign
changes or it is undefined, the verdict is inconclusive. Equivalence: supported if the whole interval lies within the
margin and both one-sided tests reject at the adjusted p, refuted if it lies outside. A claim that is to be ``robust``
is inconclusive, too, where the sign does not hold over the other ranges and priors that the points can speak of
(:mod:`ssc_tune.analysis.judge.specifications`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.analysis import unseen
from ssc_tune.analysis.arrays import Policy, paired
from ssc_tune.analysis.estimates import cut, estimate, generator, number
from ssc_tune.analysis.estimators import multiplicity
from ssc_tune.analysis.judge import cautions, specifications
from ssc_tune.analysis.judge.gates import Side, gates, words
from ssc_tune.analysis.judge.sentences import percent, sentence
from ssc_tune.analysis.judge.sides import agree, border, p_of, side
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures import absent, settings
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.registry import estimator
from ssc_tune.analysis.result import Estimate, Gate, Specification, Verdict
from ssc_tune.study.model.claims import Claim, VerdictName
from ssc_tune.study.model.study import Study

POLICIES: dict[Policy, str] = {"dropped": "failed cells dropped", "worst": "failed cells at accuracy 0"}


class Finding(NamedTuple):
    """What is known of a claim before the p-values of all claims are adjusted."""

    claim: Claim
    effect: Effect  # first against second
    p_value: float  # of the side the effect lies on
    gates: tuple[Gate, ...] = ()
    notes: tuple[str, ...] = ()  # sensitivity lines that hold whatever the verdict
    warnings: tuple[str, ...] = ()
    num_failed: tuple[int, ...] = ()  # cells, one number a method of the claim
    alternatives: tuple[tuple[str, Finding], ...] = ()  # by another score of failed cells
    specifications: tuple[Specification, ...] = ()  # over other ranges and priors
    declared: float | None = None  # the claim's own confidence, where this is a look and the claim's is the look's


def judge_claims(whole: Materials) -> tuple[Verdict, ...]:
    """Verdicts on all claims of a study, in their order."""
    findings = [find(whole, claim) for claim in whole.study.claims]
    return tuple(unseen.with_bound(whole.study, whole.tables, verdict) for verdict in conclude(whole.study, findings))


def conclude(study: Study, findings: Sequence[Finding]) -> tuple[Verdict, ...]:
    """Verdicts from what was found of all claims of a study, their p-values adjusted together."""
    p_values = [finding.p_value for finding in findings]
    adjusted = multiplicity.holm(p_values)
    verdicts = []
    for i, finding in enumerate(findings):
        lines = list(finding.notes)
        for label, other in finding.alternatives:
            p_other = float(multiplicity.holm([*p_values[:i], other.p_value, *p_values[i + 1 :]])[i])
            name, _ = decide(other, p_other)
            shown = _shown(finding.claim, other.effect).interval
            lines.append(f"{label}: {name}, {words(shown, finding.claim)}")
        verdicts.append(_verdict(study, finding, float(adjusted[i]), tuple(lines)))
    return tuple(verdicts)


def find(whole: Materials, claim: Claim) -> Finding:
    """What the tables say of a claim, under every score of failed cells where some failed."""
    finding = find_in(claim_data(whole, claim))
    if not sum(finding.num_failed):
        return finding
    others = [(label, find_in(claim_data(whole, claim, policy))) for policy, label in POLICIES.items()]
    return finding._replace(alternatives=tuple(others))


def claim_data(whole: Materials, claim: Claim, policy: Policy = "chance") -> ClaimData:
    """The scores of a claim's methods in its setting, or in each of the settings that it is over."""
    names = whole.study.setting_names
    if claim.over is None:
        return _in_setting(whole, claim, claim.setting or names[0], policy)
    parts = tuple(_in_setting(whole, claim, setting, policy) for setting in names)
    return parts[0]._replace(parts=parts)


def _in_setting(whole: Materials, claim: Claim, setting: str, policy: Policy) -> ClaimData:
    loaded = [whole.scores(claim.block, setting, method, policy) for method in claim.methods]
    first, second = loaded[0], loaded[-1]
    if not whole.study.design.adaptive:
        first, second = paired(first, second)
    return ClaimData(claim, whole, setting, first, second, policy, generator(whole.seed, "claim", claim.name))


def find_in(data: ClaimData) -> Finding:
    """What the scores of one policy say of a claim."""
    claim = data.claim
    effect = settings.measured(data, _measure)
    found, defined = effect.interval, math.isfinite(effect.interval.estimate)
    vary = not data.parts and (data.policy == "chance" or claim.robust)
    varied = specifications.specifications(data, effect) if vary else ()
    return Finding(
        claim=claim,
        effect=effect,
        p_value=p_of(claim, found) if defined else math.nan,
        gates=gates(data, found, _measure, side(claim, found)) if defined else (),
        notes=_notes(data, effect, varied) if defined and data.policy == "chance" else (),
        warnings=(*cautions.warnings(data), *settings.warnings(effect, claim)),
        num_failed=cautions.num_failed(data),
        specifications=varied,
    )


def _notes(data: ClaimData, effect: Effect, varied: tuple[Specification, ...]) -> tuple[str, ...]:
    if data.parts:
        return settings.notes(effect, data.claim)
    return (*estimator(data.claim).notes(data, effect), *specifications.summary(data, varied))


def _measure(data: ClaimData) -> Effect:
    claim, name = data.claim, f"{data.claim.measure} of {{x}} against {{y}}"
    if data.study.design.adaptive and not claim.kind.on_searched:
        return undefined(name, "the points were chosen by a search: they say nothing about the space")
    missing = absent.whatever_is_missing(data)
    if missing:
        return undefined(name, missing)
    return estimator(claim).effect(data)


def decide(finding: Finding, p_adjusted: float) -> tuple[VerdictName, str]:
    """The verdict and why, by the rule of this module."""
    claim, effect = finding.claim, finding.effect.interval
    if not math.isfinite(effect.estimate):
        return "inconclusive", f"undefined: {effect.reason}"
    where = side(claim, effect)
    repeated = "repeated " if finding.declared else ""
    interval = f"{repeated}{percent(claim.confidence)} interval"
    if where == "neither":
        known = not (math.isnan(effect.low) or math.isnan(effect.high))
        beside = f"the {interval} lies on neither side of {border(claim)}"
        return "inconclusive", beside if known else f"there is no interval: {effect.reason}"
    p_name = "sequential p after Holm" if finding.declared else "p after Holm"
    against = _too_likely(finding, where, p_name, p_adjusted) or _objection(finding)
    if against:
        return "inconclusive", against
    verdict: VerdictName = "supported" if where == "for" else "refuted"
    return verdict, f"the {interval} lies {where} the claim; {p_name} is {p_adjusted:.2g}"


def _too_likely(finding: Finding, where: Side, p_name: str, p_adjusted: float) -> str:
    """Why the p-value does not let the side stand; empty where it does."""
    alpha = round(1 - (finding.declared or finding.claim.confidence), 12)
    if p_adjusted < alpha:
        return ""
    p = "undefined" if math.isnan(p_adjusted) else f"{p_adjusted:.3g}"
    return f"the interval lies {where} the claim, but {p_name} is {p}, not below {alpha:.3g}"


def _objection(finding: Finding) -> str:
    """What stands against a verdict that the interval would give: other scores of failures, a gate, other ranges."""
    claim = finding.claim
    others = [
        f"{'undefined' if math.isnan(other.effect.interval.estimate) else 'of another sign'} with {label}"
        for label, other in finding.alternatives
        if not agree(claim, finding.effect.interval.estimate, other.effect.interval.estimate)
    ]
    if others:
        return f"the effect is {' and '.join(others)}"
    closed = [gate for gate in finding.gates if not gate.passed]
    if closed:
        return "; ".join(f"gate {gate.name!r} not passed: {gate.detail}" for gate in closed)
    return specifications.objection(claim, finding.specifications) if claim.robust else ""


def _shown(claim: Claim, effect: Effect) -> Effect:
    """Turned so that positive is the claimed side, with the methods' names."""
    turned = effect.exchanged() if claim.less is not None else effect
    x, y = claim.methods[0], claim.methods[-1]
    return turned._replace(name=turned.name.replace("{x}", "{0}").replace("{y}", "{1}").format(x, y))


def _verdict(study: Study, finding: Finding, p_adjusted: float, lines: tuple[str, ...]) -> Verdict:
    claim = finding.claim
    name, reason = decide(finding, p_adjusted)
    effect = _shown(claim, finding.effect)
    return Verdict(
        claim=claim,
        sentence=sentence(claim, study),
        verdict=name,
        effect=_possible(claim, estimate(effect.interval, confidence=claim.confidence, how=effect.how)),
        effect_name=effect.name,
        p_value=number(finding.p_value),
        p_adjusted=number(p_adjusted),
        gates=finding.gates,
        reason=reason,
        sensitivity=lines,
        warnings=finding.warnings,
        specifications=finding.specifications,
        pooled=None if effect.pooled is None else settings.stored(effect.pooled, claim.confidence),
    )


def _possible(claim: Claim, effect: Estimate) -> Estimate:
    """A difference of accuracies or of shares lies within -1 and 1; a ratio of spreads and steps have no such end."""
    return cut(effect, -1, 1) if claim.ratio is None and claim.kind.unit in ("accuracy", "share") else effect
