"""Makes docs/results/README.md from the verdicts that stand beside it.

uv run python docs/answers.py
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from ssc_tune.presentation.numbers import exponential
from ssc_tune.study import load_study
from ssc_tune.study.model.claims import Claim

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
PAPER = "arXiv 2409.07292"
ORDER = ("supported", "refuted", "inconclusive")


INTRODUCTION = """\
Made by `python docs/answers.py` from the verdicts of the pages named, each of which says how it was run. Verdicts are
those of the rule in [statistics.md](../statistics.md). P-values are corrected within a study and not over studies: of
so many claims some that are not true come out as supported or refuted by chance."""


class Answer(NamedTuple):
    """One claim's."""

    verdict: str
    claim: str
    effect: str
    study: str  # as a link
    of_paper: bool


def answers() -> list[Answer]:
    """Of every kept result."""
    found = []
    files = {load_study(path).name: path for path in sorted((ROOT / "studies").rglob("*.yaml"))}
    for folder in sorted(path.parent for path in RESULTS.glob("*/verdicts.csv")):
        claims = {claim.name: claim for claim in load_study(files[folder.name]).claims}
        with (folder / "verdicts.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                link = f"[{folder.name}]({folder.name}/README.md)"
                of_paper = claims[row["claim"]].source == PAPER
                found.append(Answer(row["verdict"], _sentence(row), _effect(row, claims[row["claim"]]), link, of_paper))
    return sorted(found, key=lambda answer: (not answer.of_paper, ORDER.index(answer.verdict), answer.study))


def _sentence(row: dict[str, str]) -> str:
    return f"{row['claim']}: {row['sentence'].rstrip('.')}".replace("|", "\\|")


def _effect(row: dict[str, str], claim: Claim) -> str:
    """With its interval; a ratio as the ratio, though the table has its logarithm."""
    write = exponential if claim.ratio else lambda value: "undefined" if value is None else f"{value:+.3f}"
    numbers = [write(float(row[key]) if row[key] else None) for key in ("effect", "effect_low", "effect_high")]
    name = " / ".join(claim.ratio) if claim.ratio else row["effect_name"]
    return f"{name} = {numbers[0]} [{numbers[1]}, {numbers[2]}]".replace("|", "\\|")


def page(found: list[Answer]) -> str:
    """The page."""
    parts = [
        "# Answers",
        INTRODUCTION,
    ]
    for title, of_paper in ((f"What the SSC paper claims ({PAPER})", True), ("What else was asked", False)):
        rows = [answer for answer in found if answer.of_paper is of_paper]
        counts = ", ".join(f"{sum(a.verdict == verdict for a in rows)} {verdict}" for verdict in ORDER)
        table = [f"| {a.verdict} | {a.claim} | {a.effect} | {a.study} |" for a in rows]
        head = ["| verdict | claim | effect | study |", "| --- | --- | --- | --- |"]
        parts += [f"## {title}", f"{len(rows)} claims: {counts}.", "\n".join([*head, *table])]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    (RESULTS / "README.md").write_text(page(answers()), encoding="utf-8")
