"""One table of every interval that the program prints: where it is printed, and how often it holds the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import coverage_maxima
import coverage_settings
import coverage_shares
import numpy as np
from coverage_surfaces import Row

CLAIM, SUMMARY, PAIR = "verdict", "table of methods", "table of pairs"
WHERE = {
    "claim in: std": f"{CLAIM}; {PAIR}",
    "claim in: mean": f"{CLAIM}; {PAIR}",
    "claim in: cvar": CLAIM,
    "claim in: iqr": CLAIM,
    "claim in: range": CLAIM,
    "mean of a method": f"{SUMMARY}; convergence curve",
    "sd of a method": SUMMARY,
    "P(A > B)": PAIR,
    "budget curve": "figure of budgets",
    "volume within": "figure of near-optimal volume",
    "share of cells": f"failure rates in the {SUMMARY}; performance profile; verdict in: below of one method",
    "difference of shares": "verdict in: below of two methods",
    "partial dependence": "figure of effects",
    "shares of variance": "figure of shares; verdict in: importance",
    "one at a time": "figure of effects",
    "tolerance width": "printed without an interval",
    "tolerance_width": CLAIM,
    "difference of sd": "verdict of an equivalence in: std",
    "ln ratio of sd on logit": f"{PAIR}; gate of a verdict on spread",
    "difference of failure rates": PAIR,
    "steps to target": f"{CLAIM}; further facts",
    "area under the curve": f"{CLAIM}; further facts",
    "mean under another prior": "specification curve",
    "difference at the defaults": CLAIM,
    "accuracy at the defaults": SUMMARY,
    "interquartile mean": "further facts",
    "other ranges": "specification curve",
    "tunability of a method": SUMMARY,
    "default_regret of a method": SUMMARY,
    "sensitivity over settings": "further facts; figure of the plane",
    "effective dimension": "further facts",
    "mean over settings": "verdict over settings",
    "one more setting": "verdict over settings",
}
"""By the beginning of an interval's name, the longest that fits; measures with a maximum are those of verdicts."""


def where(what: str) -> str:
    """Where an interval is printed."""
    return max(((key, place) for key, place in WHERE.items() if what.startswith(key)), default=("", CLAIM))[1]


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """A line an interval: mean and lowest coverage over laws and sizes; sqrt(p (1 - p) / repeats) is its error."""
    yield "| interval | printed in | mean coverage | lowest coverage | most without one | studies a row |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for what in dict.fromkeys(row.what for row in rows):
        own = [row for row in rows if row.what == what]
        known = [row for row in own if np.isfinite(row.covered)]
        most = max(row.none for row in known or own)  # a part that never has one, as the seeds' share, is told apart
        cells = [what, where(what), "", "", f"{most:.2f}", str(min(row.repeats for row in own))]
        if known:
            least = min(known, key=lambda row: row.covered)
            cells[2] = f"{np.mean([row.covered for row in known]):.3f}"
            cells[3] = f"{least.covered:.3f} ({least.law}, {least.size})"
        yield f"| {' | '.join(cells)} |"


def maxima(repeats: int) -> list[Row]:
    """Measures that choose points, and their curves."""
    found = coverage_maxima.rows(repeats, coverage_maxima.SIZES)
    return [Row(r.measure, r.law, r.size, r.coverage, r.undefined, r.repeats) for r in found]


def shares(repeats: int) -> list[Row]:
    """Shares of cells, and differences of paired shares."""
    rows = []
    kinds: tuple[tuple[str, Any, Any], ...] = (
        ("share of cells, scores known", coverage_shares.shares, coverage_shares.SHARES),
        ("difference of shares, scores known", coverage_shares.differences, coverage_shares.PAIRS),
    )
    for what, make, asked in kinds:
        for law in coverage_shares.LAWS:
            for size in coverage_shares.SIZES:
                found = make(law, *size, repeats=repeats)
                for one, covered in zip(asked, found.covered, strict=True):
                    at = f"{law}, {' - '.join(f'{s:g}' for s in np.ravel(one))}"
                    rows.append(Row(what, at, f"{size[0]} x {size[1]}", covered / 100, 0.0, repeats))
    return rows


def settings(repeats: int) -> list[Row]:
    """Claims over settings: the population's mean, and one more setting; whole tables on an eighth of the repeats."""
    draws, studies = 4 * repeats, max(1, repeats // 8)
    rows = []
    for row in coverage_settings.every(draws, studies):
        kind = next(k for k in ("standard errors", "tables", "share") if row.law.startswith(k))
        named = {"standard errors": "effects drawn", "tables": "ratios of sd", "share": "`below`"}[kind]
        number, size = draws if kind == "standard errors" else studies, f"{row.num_settings} settings"
        for what, value in (("mean over settings", row.covered), ("one more setting", row.predicted)):
            rows.append(Row(f"{what}, {named}", f"{row.law}, tau {row.tau:g}", size, value / 100, 0.0, number))
    return rows
