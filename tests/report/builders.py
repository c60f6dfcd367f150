"""The synthetic study of a report by the names that ``benchmarks/report.py`` knows."""

from __future__ import annotations

from tests.making.analyses import case, study

__all__ = ["case", "study"]
