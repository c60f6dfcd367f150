"""Verdicts of a study that looks more than once, each look with its share of the error.

A look is judged when every cell of its points has a result, on these points alone, by the rule of
:mod:`ssc_tune.analysis.judge.verdicts` with two changes:

- the claim's interval is the repeated one, of confidence 1 - (nominal level of the look); the gates use it too;
- Holm adjusts the sequential p-values of all claims (:mod:`ssc_tune.analysis.estimators.sequential`).

The first verdict that is not inconclusive stands, whatever later looks show; they are shown. Everything follows from
the tables: equal tables give equal looks, whenever they are judged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.analysis import unseen
from ssc_tune.analysis.arrays import RESULTS
from ssc_tune.analysis.estimates import number
from ssc_tune.analysis.estimators import sequential
from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.judge import verdicts
from ssc_tune.analysis.judge.gates import words
from ssc_tune.analysis.judge.verdicts import Finding
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures.base import undefined
from ssc_tune.analysis.result import Look, LookVerdict, Verdict
from ssc_tune.analysis.tables import Tables
from ssc_tune.analysis.threads import one_thread
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.study import Study

MOST_CONFIDENT = 1 - 1e-12
"""Confidence of a repeated interval at the most: quantiles beyond it are lost to rounding."""


class Judged(NamedTuple):
    """The verdicts that stand, and the looks they come from; no looks where the study declares none."""

    verdicts: tuple[Verdict, ...]
    looks: tuple[Look, ...]


@one_thread()
def judge(whole: Materials) -> Judged:
    """Verdicts on all claims of a study, in their order, and its looks.

    Args:
        whole: of all points, complete or not; a look makes those of its own points. Without looks the claims are judged
            once, on all points that there are.
    """
    study, tables = whole.study, whole.tables
    if not study.looks:
        return Judged(verdicts.judge_claims(whole), ())
    complete = [points for points in study.looks if not num_missing(study, tables, points)]
    series = [_findings(whole, points) for points in complete]
    each = [_at_look(study, series[: k + 1], points) for k, points in enumerate(complete)]
    standing = tuple(_standing(study, one) for one in zip(*each, strict=True)) or _none_yet(study, tables)
    bounded = (v if v.look is None else unseen.with_bound(*until(study, tables, v.look), v) for v in standing)
    return Judged(tuple(bounded), _looks(study, tables, complete, each))


def decided(judged: Judged) -> bool:
    """Whether no look at more points could decide another claim: those that more points bear on are all decided."""
    return (
        bool(judged.looks)
        and judged.looks[0].judged
        and all(v.verdict != "inconclusive" for v in judged.verdicts if not v.claim.kind.at_defaults)
    )


def num_missing(study: Study, tables: Tables, points: int) -> int:
    """Cells of the first ``points`` points, and of the defaults, that have no result yet."""
    results = tables.cells[tables.cells["status"].isin(RESULTS)]
    expected = tables.expected[tables.expected["point"] <= points]
    groups = sum(len(study.block_methods(block)) for block in study.blocks) * len(study.setting_names)
    beyond = groups * (points + 1) * study.seeds - len(expected)  # points that the tables do not know of
    return len(set(expected["cell_id"]) - set(results["cell_id"])) + max(0, beyond)


def until(study: Study, tables: Tables, points: int) -> tuple[Study, Tables]:
    """The study and its tables as they were with fewer points, and no look declared."""
    cells = tables.cells[tables.cells["point"] <= points]
    history = tables.history[tables.history["cell_id"].isin(cells["cell_id"])]
    expected = tables.expected[tables.expected["point"] <= points]
    return study.first_points(points), Tables(cells, history, expected)


class _Level(NamedTuple):
    """What a claim may spend at a look."""

    spent: float
    nominal: float
    boundary: float


def fractions(study: Study, claim: Claim) -> tuple[float, ...]:
    """Information of each look as a share of that of the last, for one claim."""
    if claim.kind.at_defaults:
        return (1.0,)
    return tuple(points / study.looks[-1] for points in study.looks)


def _level(study: Study, claim: Claim, points: int) -> _Level:
    at = fractions(study, claim)
    index, alpha = min(study.looks.index(points), len(at) - 1), _alpha(claim)
    found = (sequential.spending(alpha, at), sequential.nominal_levels(alpha, at), sequential.boundaries(alpha, at))
    return _Level(*(float(values[index]) for values in found))


def _alpha(claim: Claim) -> float:
    return round(1 - claim.confidence, 12)


def _findings(whole: Materials, points: int) -> list[Finding]:
    """What a look shows of each claim, with its repeated interval."""
    study, found = whole.study, []
    cut = Materials(*until(study, whole.tables, points), seed=whole.seed, num_bootstrap=whole.num_bootstrap)
    for claim in study.claims:
        if len(fractions(study, claim)) == 1:
            found.append(verdicts.find(cut, claim))
            continue
        confidence = min(1 - _level(study, claim, points).nominal, MOST_CONFIDENT)
        one = verdicts.find(cut, claim.model_copy(update={"confidence": confidence}))
        others = tuple((label, other._replace(declared=claim.confidence)) for label, other in one.alternatives)
        found.append(one._replace(declared=claim.confidence, alternatives=others))
    return found


def _at_look(study: Study, series: Sequence[Sequence[Finding]], points: int) -> tuple[Verdict, ...]:
    """Verdicts at the last of the looks of which ``series`` holds the findings, a row a look."""
    together = [_sequential(study, so_far) for so_far in zip(*series, strict=True)]
    found = verdicts.conclude(study, together)
    of = f" of {study.looks[-1]}" if points < study.looks[-1] else ""
    return tuple(
        verdict.model_copy(
            update={
                "claim": claim,
                "p_value": number(finding.p_value),
                "p_sequential": verdict.p_value,
                "look": points,
                "reason": f"at {points}{of} points {verdict.reason}",
            }
        )
        for claim, finding, verdict in zip(study.claims, series[-1], found, strict=True)
    )


def _sequential(study: Study, so_far: Sequence[Finding]) -> Finding:
    """A claim's finding at the last of some looks, with sequential p-values in the place of its own."""
    last = so_far[-1]
    at = fractions(study, last.claim)

    def p_of(label: str | None) -> float:
        chosen = [next((f for name, f in one.alternatives if name == label), one) for one in so_far[: len(at)]]
        known = [one.p_value for one in chosen]
        return math.nan if all(map(math.isnan, known)) else sequential.sequential_p(known, at)

    others = tuple((label, other._replace(p_value=p_of(label))) for label, other in last.alternatives)
    return last._replace(p_value=p_of(None), alternatives=others)


def _standing(study: Study, each: Sequence[Verdict]) -> Verdict:
    """Of a claim's verdicts at the looks: the first that decides it, else the last; later ones become lines of it."""
    index = next((i for i, v in enumerate(each) if v.verdict != "inconclusive"), len(each) - 1)
    later = tuple(f"at {v.look} points: {v.verdict}, {_effect_words(v)}" for v in each[index + 1 :])
    chosen = each[index]
    return chosen.model_copy(update={"sensitivity": (*chosen.sensitivity, *later)})


def _effect_words(verdict: Verdict) -> str:
    found = verdict.effect
    value, low, high = (math.nan if x is None else x for x in (found.value, found.low, found.high))
    return words(Interval(value, low, high, reason=found.note), verdict.claim)


def _none_yet(study: Study, tables: Tables) -> tuple[Verdict, ...]:
    """Verdicts before the first look: there are none, whatever the points so far show."""
    first = study.looks[0]
    reason = f"the first look, at {first} points, lacks {num_missing(study, tables, first)} cells"
    nothing = [undefined(f"{claim.measure} of {{x}} against {{y}}", reason) for claim in study.claims]
    findings = [Finding(claim, none, math.nan) for claim, none in zip(study.claims, nothing, strict=True)]
    return verdicts.conclude(study, findings)


def _looks(
    study: Study, tables: Tables, complete: Sequence[int], each: Sequence[tuple[Verdict, ...]]
) -> tuple[Look, ...]:
    found: list[Look] = []
    seen = dict(zip(complete, each, strict=True))
    open_claims = {c.name for c in study.claims if not c.kind.at_defaults}
    over = False
    for i, points in enumerate(study.looks, start=1):
        here = seen.get(points, ())
        found.append(
            Look(
                number=i,
                points=points,
                num_missing=num_missing(study, tables, points),
                needed=not over,
                claims=tuple(_look_verdict(study, v, points) for v in here),
            )
        )
        open_claims -= {v.claim.name for v in here if v.verdict != "inconclusive"}
        over = over or (study.stops_when_decided and bool(here) and not open_claims)
    return tuple(found)


def _look_verdict(study: Study, verdict: Verdict, points: int) -> LookVerdict:
    level = _level(study, verdict.claim, points)
    return LookVerdict(
        claim=verdict.claim.name,
        verdict=verdict.verdict,
        effect=verdict.effect,
        effect_name=verdict.effect_name,
        ratio=verdict.ratio,
        p_value=verdict.p_value,
        p_sequential=verdict.p_sequential,
        p_adjusted=verdict.p_adjusted,
        alpha=_alpha(verdict.claim),
        **level._asdict(),
        reason=verdict.reason,
    )
