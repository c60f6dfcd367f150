"""The first screen of a report: an answer to each question, and how far to trust them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.analysis.estimators.intervals import detectable
from ssc_tune.analysis.judge.sentences import found
from ssc_tune.analysis.result import StudyAnalysis, Verdict
from ssc_tune.presentation import looks, words
from ssc_tune.presentation.numbers import exponential, number, percent
from ssc_tune.study.model.claims import Comparison
from ssc_tune.study.model.study import Study

POWER = 0.8
"""With which an effect is to be seen that a study of this size "can see"."""


class Answer(NamedTuple):
    """One claim's verdict in a plain sentence."""

    claim: str
    verdict: str
    text: str
    post_hoc: bool


def answers(study: Study, analysis: StudyAnalysis) -> list[Answer]:
    """A sentence a claim, the strongest verdict first."""
    ordered = words.strongest_first(analysis.verdicts)
    return [Answer(v.claim.name, v.verdict, _answer(study, v), v.post_hoc) for v in ordered]


def _answer(study: Study, verdict: Verdict) -> str:
    """``ssc varied less than fixmatch: sd of fixmatch is 2.80 times sd of ssc, 95% interval 2.00 to 3.90.``"""
    claim, decided = verdict.claim, verdict.verdict
    if isinstance(claim, Comparison):
        against = decided == "refuted"
        said = found(claim, study, holds=not against) + (", against the claim" if against else "")
    else:
        said = f"{'Not so that ' if decided == 'refuted' else ''}{verdict.sentence.rstrip('.')}"
    if decided == "inconclusive":
        said = f"Not decided whether {said}"
    return f"{said}: {words.effect(verdict).rstrip('.')}."  # names of methods that it begins with stay as they are


def trust(study: Study, analysis: StudyAnalysis, *, cells: int = 0, failed: int = 0) -> list[str]:
    """How far to trust the answers: size, failures, what this size can see, looks spent, declared or post hoc.

    ``cells`` have a record, and ``failed`` of them diverged or failed; where none is given, failures are not named.
    """
    points = sorted({s.num_points for s in analysis.summaries if s.num_points})
    size = f"{_range(points)} points x {study.seeds} seeds a method" if points else f"{study.seeds} seeds a method"
    parts = [size, f"{failed} of {cells} cells diverged or failed"] if cells else [size]
    parts += [text for v in words.strongest_first(analysis.verdicts)[:1] if (text := seen(v))]
    if study.looks:
        parts.append(looks.spent(study, analysis.looks))
    if analysis.verdicts:
        parts.append(_declared(analysis.verdicts))
    return parts


def seen(verdict: Verdict) -> str:
    """What true effect a study with this interval would have told from none, four times in five; or nothing.

    Before gates and Holm's correction, which ask for more.
    """
    effect = verdict.effect
    if effect.value is None or effect.low is None or effect.high is None or effect.confidence is None:
        return ""
    half = max(effect.high - effect.value, effect.value - effect.low)  # one end may be cut
    least = detectable(half, effect.confidence, power=POWER)
    if verdict.ratio is not None:
        what = f"a ratio of {exponential(least)} or more in {verdict.claim.kind.spread}"
    elif verdict.claim.kind.unit == "steps":
        what = f"a difference of {number(least, 1)} steps or more"
    else:
        what = f"a difference of {number(least)} or more in {verdict.claim.kind.unit}"
    return f"{what} would be seen with {percent(POWER)} power"


def _declared(verdicts: Sequence[Verdict]) -> str:
    late = sum(v.post_hoc for v in verdicts)
    if not late:
        return "every claim declared before the first cell" if len(verdicts) > 1 else "declared before the first cell"
    return f"{late} of {len(verdicts)} claims post hoc"


def _range(values: Sequence[int]) -> str:
    return f"{values[0]}" if len(values) == 1 else f"{values[0]} to {values[-1]}"
