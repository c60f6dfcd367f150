"""From an analysis to what people look at: HTML, Markdown, tables, figures and the terminal."""

from __future__ import annotations

from ssc_tune.report.csvs import results_csv, summary_csv, verdicts_csv
from ssc_tune.report.terminal import terminal_summary
from ssc_tune.report.write import write

__all__ = ["results_csv", "summary_csv", "terminal_summary", "verdicts_csv", "write"]
