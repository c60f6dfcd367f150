"""The synthetic study of a report by the names that ``benchmarks/report.py`` knows."""

from __future__ import annotations

from functools import partial

from tests.making import studies
from tests.making.analyses import case

__all__ = ["case", "study"]

study = partial(studies.study, studies.REPORTED)
