"""The question, the answer and the effects as sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ssc_tune.analysis.result import Comparison, Estimate, LookVerdict, StudyAnalysis, Verdict
from ssc_tune.report.numbers import decimals, number, percent, signed
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.study import Study


def join(names: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def sentence(text: str) -> str:
    """The text with a capital and a full stop; nothing stays nothing."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def question(study: Study) -> str:
    """What the study asks: its own description, or what every study asks."""
    return study.description.strip() or f"How sensitive are {join(list(study.methods))} to their hyperparameters?"


def answer(analysis: StudyAnalysis) -> str:
    """The study's answer in one sentence: the claim about spread first, then the count of the others."""
    if not analysis.verdicts:
        return _undeclared(analysis)
    order = sorted(analysis.verdicts, key=lambda v: not v.claim.kind.is_spread)
    first, others = order[0], order[1:]
    mark = " (post hoc)" if first.post_hoc else ""
    decided = first.verdict.capitalize()
    start = f"Inconclusive{mark} whether" if first.verdict == "inconclusive" else f"{decided}{mark}:"
    text = f"{start} {first.sentence.rstrip('.')}; {effect(first)}."
    if not others:
        return text
    counts = {name: sum(v.verdict == name for v in others) for name in ("supported", "refuted", "inconclusive")}
    words = join([f"{count} {name}" for name, count in counts.items() if count])
    return f"{text} Of the {len(others)} other claim{'s' if len(others) > 1 else ''}: {words}."


def reading(claims: Sequence[Claim]) -> str:
    """How the lines of the claims' effects are read."""
    if not claims:
        return ""
    texts = ["Lines show the effect with its interval."]
    if any(c.equivalent is None and c.at_most is None for c in claims):
        texts.append("Right of the dashes it speaks for the claim, left of them against it.")
    if any(c.at_most is not None for c in claims):
        texts.append("Where the claim is an upper bound, left of the dashes speaks for it.")
    if any(c.equivalent is not None for c in claims):
        texts.append("A grey zone is what counts as equal: an interval wholly inside it speaks for the claim.")
    return " ".join(texts)


def _undeclared(analysis: StudyAnalysis) -> str:
    ratios = [c for c in analysis.comparisons if c.log_std_ratio.value is not None]
    if not ratios:
        return "The study declares no claim, so nothing is judged; the measures below describe what was found."
    return f"The study declares no claim, so nothing is judged; {ratio_words(ratios[0])}."


def ratio_words(comparison: Comparison) -> str:
    """A comparison's ratio of spreads: ``sd of b is 1.84 times sd of a, 95% interval 1.34 to 2.54``."""
    ratio = (f"sd of {comparison.second}", f"sd of {comparison.first}")
    return _effect(f"ln({ratio[0]} / {ratio[1]})", ratio, comparison.log_std_ratio)


def effect(verdict: Verdict | LookVerdict) -> str:
    """A verdict's effect with its interval; logarithms of ratios are given as ratios."""
    return _effect(verdict.effect_name, verdict.ratio, verdict.effect)


def is_ratio(verdict: Verdict) -> bool:
    """Whether a verdict's effect is the logarithm of a ratio, which is shown as the ratio."""
    return verdict.ratio is not None


def effect_title(verdict: Verdict) -> str:
    """What the effect is, a logarithm of a ratio as the ratio: ``sd of a / sd of b``."""
    return verdict.effect_name if verdict.ratio is None else " / ".join(verdict.ratio)


def effect_text(verdict: Verdict, estimate: Estimate, *, bare: bool = False) -> str:
    """An effect of the verdict's kind with its interval: ``1.84 [1.34, 2.54]``; ``bare`` is the number alone.

    Where there is no interval the reason stands instead.
    """
    if estimate.value is None:
        return f"undefined ({estimate.note})" if estimate.note else "undefined"
    shown = _exponential if is_ratio(verdict) else _signed(estimate)
    if bare:
        return shown(estimate.value)
    if estimate.low is None or estimate.high is None:
        return f"{shown(estimate.value)}, {estimate.note or 'no interval'}"
    return f"{shown(estimate.value)} [{shown(estimate.low)}, {shown(estimate.high)}]"


def scale(verdict: Verdict) -> tuple[Callable[[float | None], str], bool]:
    """How numbers of a verdict's effect are written, and whether they are ratios, kept as logarithms."""
    return (_exponential if is_ratio(verdict) else _signed(verdict.effect)), is_ratio(verdict)


def _effect(name: str, ratio: tuple[str, str] | None, estimate: Estimate) -> str:
    if estimate.value is None:
        return f"{name} is undefined" + (f": {estimate.note}" if estimate.note else "")
    if ratio is None:
        return f"{name} is {_signed(estimate)(estimate.value)}{_between(estimate, _signed(estimate))}"
    return f"{ratio[0]} is {_exponential(estimate.value)} times {ratio[1]}{_between(estimate, _exponential)}"


def _signed(estimate: Estimate) -> Callable[[float | None], str]:
    digits = decimals(estimate)
    return lambda value: signed(value, digits)


def _exponential(value: float | None) -> str:
    return number(None if value is None else math.exp(min(value, 700.0)), 2)


def _between(estimate: Estimate, how: Callable[[float | None], str]) -> str:
    if estimate.low is None or estimate.high is None:
        return f", {estimate.note or 'no interval'}"
    level = f"{percent(estimate.confidence)} " if estimate.confidence is not None else ""
    return f", {level}interval {how(estimate.low)} to {how(estimate.high)}"
