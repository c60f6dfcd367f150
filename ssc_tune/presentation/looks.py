"""The looks of a study in words and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.analysis.judge.sentences import percent
from ssc_tune.analysis.result import Look, LookVerdict, StudyAnalysis, Verdict
from ssc_tune.presentation import words
from ssc_tune.presentation.numbers import interval, number, significant
from ssc_tune.study.model.study import Study


class Row(NamedTuple):
    """One claim at one look, as text."""

    look: str
    claim: str
    spent: str
    nominal: str
    boundary: str
    effect: str
    p_value: str
    p_sequential: str
    verdict: str


def _at(study: Study, number: int, points: int) -> str:
    """``look 1 of 3, 16 of 64 points``."""
    return f"look {number} of {len(study.looks)}, {_points(study, points)}"


def _points(study: Study, points: int) -> str:
    last = study.looks[-1]
    return f"{points} of {last} points" if points < last else f"{points} points"


def block(study: Study, look: Look) -> list[str]:
    """What a look found: a line for the look and one a claim."""
    lines = [f"{_at(study, look.number, look.points)}:"]
    for found in look.claims:
        parts = [f"  {found.claim}: {found.verdict}", words.effect(found)]
        if found.p_value is not None:
            parts.append(f"p {significant(found.p_value)}, held to {significant(found.nominal)}")
        lines.append("; ".join(parts))
    return lines


def unjudged(study: Study, points: int) -> str:
    """Said when the cells of a look have ended and it cannot be judged."""
    return f"the look at {_points(study, points)} cannot be judged: cells were lost; the same command runs them again"


def stopped(study: Study, looks: Sequence[Look]) -> str:
    """``stopped at 32 of 64 points: every claim is decided``; empty where a study has not stopped early."""
    judged = [look for look in looks if look.judged]
    if not judged or looks[-1].judged or looks[-1].needed:
        return ""
    found: dict[str, str] = {}
    for look in judged:
        found |= {
            one.claim: one.verdict for one in look.claims if found.get(one.claim, "inconclusive") == "inconclusive"
        }
    every = "every claim" if "inconclusive" not in found.values() else "every claim that more points bear on"
    return f"stopped at {_points(study, judged[-1].points)}: {every} is decided"


def spent(study: Study, looks: Sequence[Look]) -> str:
    """``1 of 2 looks, which spent 0.5575% of 5% of error``; nothing is spent before the first."""
    judged = [look for look in looks if look.judged]
    count = f"{len(judged)} of {len(study.looks)} looks"
    last = max(judged[-1].claims, key=lambda found: found.spent, default=None) if judged else None
    return count if last is None else f"{count}, which spent {percent(last.spent)} of {percent(last.alpha)} of error"


def decided(study: Study, verdict: Verdict) -> str:
    """``decided at look 2 of 3, 32 of 64 points``; empty for a study without looks or before the first."""
    if verdict.look is None:
        return ""
    how = "judged last" if verdict.verdict == "inconclusive" else "decided"
    return f"{how} at {_at(study, study.looks.index(verdict.look) + 1, verdict.look)}"


def facts(study: Study, analysis: StudyAnalysis) -> list[tuple[str, str]]:
    """The looks at a glance."""
    if not analysis.looks:
        return []
    at = f"at {words.join([str(look.points) for look in analysis.looks])} points"
    return [("Looks", "; ".join(part for part in (at, stopped(study, analysis.looks)) if part))]


def ledger(study: Study, analysis: StudyAnalysis) -> list[Row]:
    """Every look with every claim; looks that were not judged in one row each."""
    rows: list[Row] = []
    since: dict[str, int] = {}
    for look in analysis.looks:
        title = f"{look.number}: {look.points} points"
        if not look.judged:
            state = f"{look.num_missing} cells missing" if look.needed else "not needed"
            rows.append(Row(title, state, *[""] * 7))
        for found in look.claims:
            rows.append(_row(title, found, since.get(found.claim)))
            if found.verdict != "inconclusive":
                since.setdefault(found.claim, look.number)
    return rows


def _row(title: str, found: LookVerdict, since: int | None) -> Row:
    return Row(
        title,
        found.claim,
        f"{percent(found.spent)} of {percent(found.alpha)}",
        significant(found.nominal),
        number(found.boundary, 2),
        f"{words.effect_title(found)}: {interval(found.effect, how=words.scale(found))}",
        significant(found.p_value),
        significant(found.p_sequential),
        found.verdict if since is None else f"{found.verdict} (decided at look {since})",
    )
