"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssc_tune.analysis.result import StudyAnalysis
    from ssc_tune.analysis.tables import Tables


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    num_failed: int
    num_lost: int  # cells without a result that is theirs: their machine failed them
    num_missing: int
    overhead: dict[str, float]
    problems: list[str]


@dataclass(frozen=True)
class Interrupted(Ended):
    """Before its end: the same command goes on."""

    signal: int | None = None  # that has done it, if one has


@dataclass(frozen=True)
class Unjudged(Ended):
    """With every cell that there is to run, and nothing looked at: a blind run."""


@dataclass(frozen=True)
class Finished(Ended):
    """With verdicts and a report."""

    analysis: StudyAnalysis
    tables: Tables
    files: list[Path]
