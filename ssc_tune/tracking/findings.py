"""What runs say in the table of the UI beside their numbers: what was found, and what needs a look."""

from __future__ import annotations

from ssc_tune.analysis.result import MethodSummary, StudyAnalysis
from ssc_tune.presentation.numbers import interval, significant
from ssc_tune.presentation.words import post_hoc
from ssc_tune.records.record import Record
from ssc_tune.tracking.content import cut

FINDING_TAG = "finding"
"""Of the study's run the verdicts, of a method's run its spread and its mean."""
ATTENTION_TAG = "attention"
"""Of a cell that was not simply ok: why. MLflow's search knows no "or", so that one tag stands for all reasons."""

MAX_TEXT = 500  # characters


def verdicts(analysis: StudyAnalysis) -> str:
    """``stability: supported; level: inconclusive (post hoc)``."""
    words = [f"{one.claim.name}: {one.verdict}{post_hoc(one)}" for one in analysis.verdicts]
    return cut("; ".join(words) or "the study declares no claims", MAX_TEXT)


def spread(summary: MethodSummary) -> str:
    """``sd over points 0.0288 [0.0187, 0.0441], mean 0.771 [0.752, 0.79]``."""
    sd, mean = interval(summary.std, how=significant), interval(summary.mean, how=significant)
    return cut(f"sd over points {sd}, mean {mean}", MAX_TEXT)


def attention(record: Record) -> str | None:
    """``diverged: ...``, ``failed``, ``warned: ...``; None for a cell that was ok."""
    result = record.result
    if result.status == "ok" and not result.warnings:
        return None
    what = "warned" if result.status == "ok" else result.status
    return cut(": ".join([what, "; ".join(result.warnings)] if result.warnings else [what]), MAX_TEXT)
