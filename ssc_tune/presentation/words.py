"""The question, the answer and the effects as sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ssc_tune.analysis.result import Estimate, LookVerdict, StudyAnalysis, Verdict, as_ratio
from ssc_tune.presentation.numbers import compact, decimals, exponential, interval, p_value, percent, signed
from ssc_tune.study.model.claims import Claim, Equivalence
from ssc_tune.study.model.space import Parameter, shown
from ssc_tune.study.model.study import Study

NEXT = "one more setting"


def join(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(text: str) -> str:
    """The text with a capital and a full stop; nothing stays nothing."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def question(study: Study) -> str:
    """What the study asks: its own description, or what every study asks."""
    return study.description.strip() or f"How sensitive are {join(list(study.methods))} to their hyperparameters?"


def extent(parameter: Parameter) -> str:
    """The values that a hyperparameter may take: ``0.6 to 0.99``, ``random, simplex``."""
    if parameter.type == "choice":
        return ", ".join(compact(choice) for choice in parameter.choices)
    return f"{shown(parameter, parameter.low)} to {shown(parameter, parameter.high)}"


def scale_of(name: str, parameter: Parameter) -> str:
    """How values lie in a range: ``linear``, ``logarithmic in 1 - tau``, ``choice``."""
    if parameter.type == "choice":
        return "choice"
    scale = "logarithmic" if parameter.log else "linear"
    return f"{scale} in 1 - {name}" if parameter.type == "float" and parameter.complement else scale


def decided(verdict: Verdict) -> str:
    """The verdict, marked where it was not declared beforehand: ``supported``, ``refuted (post hoc)``."""
    return f"{verdict.verdict}{' (post hoc)' * verdict.post_hoc}"


def listed(analysis: StudyAnalysis) -> str:
    """``stability: supported; level: inconclusive (post hoc)``; nothing of a study without claims."""
    return "; ".join(f"{verdict.claim.name}: {decided(verdict)}" for verdict in analysis.verdicts)


def answer(analysis: StudyAnalysis) -> str:
    """The study's answer in one sentence: the strongest verdict, then the count of the others."""
    if not analysis.verdicts:
        return _undeclared(analysis)
    first, *others = strongest_first(analysis.verdicts)
    start = f"{decided(first).capitalize()}{' whether' if first.verdict == 'inconclusive' else ':'}"
    text = f"{start} {first.sentence.rstrip('.')}; {effect(first)}."
    if not others:
        return text
    counts = {name: sum(v.verdict == name for v in others) for name in ("supported", "refuted", "inconclusive")}
    words = join([f"{count} {name}" for name, count in counts.items() if count])
    return f"{text} Of the {len(others)} other claim{'s' if len(others) > 1 else ''}: {words}."


def strongest_first(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that are decided before those that are not, declared ones before post hoc ones, spread before the rest."""
    return sorted(verdicts, key=lambda v: (v.verdict == "inconclusive", v.post_hoc, not v.claim.kind.is_spread))


def reading(claims: Sequence[Claim]) -> str:
    """How the lines of the claims' effects are read."""
    if not claims:
        return ""
    texts = ["Lines show the effect with its interval."]
    if any(not isinstance(c, Equivalence) and c.at_most is None for c in claims):
        texts.append("Right of the dashes it speaks for the claim, left of them against it.")
    if any(c.at_most is not None for c in claims):
        texts.append("Where the claim is an upper bound, left of the dashes speaks for it.")
    if any(isinstance(c, Equivalence) for c in claims):
        texts.append("A grey zone is what counts as equal: an interval wholly inside it speaks for the claim.")
    return " ".join(texts)


def _undeclared(analysis: StudyAnalysis) -> str:
    ratios = [c for c in analysis.comparisons if c.log_std_ratio.value is not None]
    if not ratios:
        return "The study declares no claim, so nothing is judged; the measures below describe what was found."
    ratio = f"sd of {ratios[0].second}", f"sd of {ratios[0].first}"
    found = _effect(f"ln({ratio[0]} / {ratio[1]})", ratio, ratios[0].log_std_ratio)
    return f"The study declares no claim, so nothing is judged; {found}."


def effect(verdict: Verdict | LookVerdict) -> str:
    """A verdict's effect with its interval; logarithms of ratios are given as ratios."""
    return _effect(verdict.effect_name, verdict.ratio, verdict.effect)


def reason(verdict: Verdict) -> str:
    """Why it is this verdict; of an effect that is told as a ratio, in terms of the ratio, in which 1 is no difference.

    Tables for other programs hold the logarithm and what was said of it.
    """
    low, high = verdict.effect.low, verdict.effect.high
    if verdict.ratio is None or low is None or high is None or not low <= 0 <= high:
        return verdict.reason
    repeated = "repeated " if verdict.look is not None else ""
    return f"the {repeated}{percent(verdict.effect.confidence)} interval of the ratio holds 1, which is no difference"


def plain_value(verdict: Verdict, value: float | None) -> float | None:
    """A number of the effect in the scale in which it is told: ratios as such, though their logarithm is kept."""
    return value if value is None or verdict.ratio is None else as_ratio(value)


def effect_title(found: Verdict | LookVerdict) -> str:
    """What the effect is, a logarithm of a ratio as the ratio: ``sd of a / sd of b``."""
    return found.effect_name if found.ratio is None else " / ".join(found.ratio)


def effect_text(verdict: Verdict | LookVerdict, estimate: Estimate) -> str:
    """An effect of the verdict's kind with its interval: ``1.84 [1.34, 2.54]``, or the reason why there is none."""
    text = interval(estimate, how=scale(verdict, estimate))
    bare = estimate.value is not None and (estimate.low is None or estimate.high is None)
    return f"{text}, {estimate.note or 'no interval'}" if bare else text


def scale(verdict: Verdict | LookVerdict, estimate: Estimate | None = None) -> Callable[[float | None], str]:
    """How numbers of a verdict's effect are written: ratios, which are kept as logarithms, as ratios."""
    return exponential if verdict.ratio is not None else _signed(estimate or verdict.effect)


def spread(verdict: Verdict) -> str:
    """How much settings differ: ``tau 0.12, I² 43%, p of equal effects 0.150``; nothing unless it is over settings."""
    pooled = verdict.pooled
    if pooled is None:
        return ""
    on = "" if verdict.ratio is None else " on the scale of the logarithm"
    return f"tau {pooled.tau:.3g}{on}, I² {100 * pooled.i2:.0f}%, p of equal effects {p_value(pooled.q_p)}"


def settings(verdict: Verdict) -> str:
    """``4 settings from 1.67 to 2.50 times; one more setting: 1.10 to 3.80 (95% prediction interval)``; or nothing."""
    pooled = verdict.pooled
    if pooled is None:
        return ""
    values = [estimate.value for _, estimate in pooled.settings if estimate.value is not None]
    shown, times = scale(verdict), "" if verdict.ratio is None else " times"
    further = f"{shown(pooled.prediction_low)} to {shown(pooled.prediction_high)}"
    return (
        f"{len(values)} settings from {shown(min(values))} to {shown(max(values))}{times}; {NEXT}: {further} "
        f"({percent(verdict.claim.confidence)} prediction interval)"
    )


def _effect(name: str, ratio: tuple[str, str] | None, estimate: Estimate) -> str:
    if estimate.value is None:
        return f"{name} is undefined" + (f": {estimate.note}" if estimate.note else "")
    if ratio is None:
        return f"{name} is {_signed(estimate)(estimate.value)}{_between(estimate, _signed(estimate))}"
    return f"{ratio[0]} is {exponential(estimate.value)} times {ratio[1]}{_between(estimate, exponential)}"


def _signed(estimate: Estimate) -> Callable[[float | None], str]:
    digits = decimals(estimate)
    return lambda value: signed(value, digits)


def _between(estimate: Estimate, how: Callable[[float | None], str]) -> str:
    if estimate.low is None or estimate.high is None:
        return f", {estimate.note or 'no interval'}"
    level = f"{percent(estimate.confidence)} " if estimate.confidence is not None else ""
    return f", {level}interval {how(estimate.low)} to {how(estimate.high)}"
