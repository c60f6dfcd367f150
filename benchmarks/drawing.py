"""What drawing a report's figures costs, by the font that their letters are measured in.

    python benchmarks/drawing.py studies/quick.yaml --storage runs --rounds 3

Draws the figures of a study that has run, files and panels, one after the other in this process: letters measured in
the font that the renderer brings along, as the report has it, and in the fonts that the figures are shown in, whichever
of them this machine has. CPU seconds, the ways taking turns.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path

from ssc_tune import analysis
from ssc_tune.design.cells import fixed_cells
from ssc_tune.notebook import figures_of
from ssc_tune.records import StudyFolder
from ssc_tune.report import drawers
from ssc_tune.report.figures.base import CONFIG
from ssc_tune.report.figures.specification import of_panel, of_picture
from ssc_tune.study import load_study
from ssc_tune.training.hardware import describe, resolve_device


def jobs_of(path: Path, storage: Path) -> list[drawers.Job]:
    """The drawings of a study's report."""
    study = load_study(path)
    cells, folder = fixed_cells(study), StudyFolder(storage, study.name)
    records, _ = folder.records.read_many([c.cell_id for c in cells], set_aside=False)
    tables = analysis.build.build_tables(study, cells, records)
    made = figures_of(study, folder, tables, analysis.analyze.analyze(study, tables)).values()
    panels = [of_panel(p, f.datasets, name=f"{f.name}-{i}") for f in made for i, p in enumerate(f.panels)]
    return [*map(of_picture, made), *panels]


def seconds(jobs: list[drawers.Job], font: str) -> float:
    """CPU seconds to draw them."""
    drawers.MEASURED = font
    began = time.process_time()
    for job in jobs:
        drawers.draw(job)
    return time.process_time() - began


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--storage", type=Path, default=Path("runs"))
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    jobs = jobs_of(given.study, given.storage)
    ways = {"brought along": drawers.MEASURED, "the system's": CONFIG["font"]}
    drawers.draw(jobs[0])  # loads the library
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(given.rounds):
        for way, font in ways.items():
            found[way].append(seconds(jobs, font))
    shown = subprocess.run(["fc-match", "system-ui"], capture_output=True, text=True, check=False).stdout.strip()
    print(
        f"{describe(resolve_device('cpu'))}; {len(jobs)} drawings, {given.rounds} rounds; system-ui is {shown or '?'}\n"
    )
    print("| letters measured in a font | CPU s (least to most) |\n| --- | --- |")
    for way, each in found.items():
        print(f"| {way} | {statistics.median(each):.2f} ({min(each):.2f}-{max(each):.2f}) |")


if __name__ == "__main__":
    main()
