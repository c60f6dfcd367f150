"""All files of a report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.analysis.tables import Tables
from ssc_tune.atomic import write_atomically
from ssc_tune.presentation.csvs import results_csv, summary_csv, verdicts_csv
from ssc_tune.records.record import Record
from ssc_tune.report import render
from ssc_tune.report.context import context
from ssc_tune.report.drawers import Drawers, Job, to_png
from ssc_tune.report.figures import Figure, Given, each
from ssc_tune.report.figures.inline import Drawing, inline
from ssc_tune.report.figures.specification import of_panel, of_picture
from ssc_tune.report.published import published
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import Geometry


def write(
    study: Study,
    tables: Tables,
    analysis: StudyAnalysis,
    directory: Path,
    *,
    command: str,
    versions: dict[str, str],
    overhead: dict[str, float] | None,
    records: Sequence[Record] = (),
    hints: Sequence[str] = (),
    geometries: Mapping[str, Geometry] | None = None,
    publish: Path | None = None,
    png: bool = False,
    drawers: Drawers | None = None,
) -> list[Path]:
    """Writes ``report.html``, ``report.md``, tables as CSV, ``analysis.json`` and ``figures/``; returns their paths.

    Equal input gives byte-identical files: dates come from the records. Each file is replaced as a whole.

    Args:
        study: the study.
        tables: its records as tables.
        analysis: what was found.
        directory: where the files go; made if it is not there.
        command: the exact command that ran the study, shown for repeating it.
        versions: of Python and packages.
        overhead: named figures on how the time was spent; none for a report made from records alone.
        records: the records themselves, for tracebacks, dates, machines and prototype geometry.
        geometries: where prototypes and images lie, by cell id; shown for the best cells (``Tables.best_cells``).
        publish: folder for :func:`ssc_tune.report.published.published` too; none for no such page.
        hints: lines on how to go on, such as the command that opens MLflow.
        png: each figure as PNG too, beside its SVG.
        drawers: processes that draw, which are ended; by default new ones.
    """
    given = Given(study, tables, analysis, records, geometries or {})
    with drawers or Drawers() as drawing:
        made, pictures, drawings = _drawn((figure for _, figure in each(given)), drawing, png=png)
    content = context(given, command=command, versions=versions, overhead=overhead, hints=hints)
    pages = {"report.html": render.html(study, content, made, drawings), "report.md": render.markdown(content, made)}
    files = {**pages, **_tables(study, tables, analysis), **pictures}
    paths = _written(directory, files)
    if publish is None:
        return paths
    how = f"ssc-tune report {study.name} --publish {publish.as_posix()}"
    return paths + _written(publish, published(content, made, files, command=how))


def _tables(study: Study, tables: Tables, analysis: StudyAnalysis) -> dict[str, str]:
    return {
        "results.csv": results_csv(study, tables),
        "summary.csv": summary_csv(analysis),
        "verdicts.csv": verdicts_csv(analysis),
        "analysis.json": _json(analysis),
    }


def _drawn(
    figures: Iterable[Figure], drawers: Drawers, *, png: bool
) -> tuple[list[Figure], dict[str, str | bytes], dict[str, list[Drawing]]]:
    """The figures, each as files by their names, and the panels of each as they stand in the page."""
    made: list[Figure] = []

    def jobs() -> Iterator[Job]:
        for figure in figures:
            made.append(figure)
            yield of_picture(figure)
            for i, panel in enumerate(figure.panels):
                yield of_panel(panel, figure.datasets, name=f"{figure.name}-{i}")

    drawn = iter(drawers.draw(jobs()))
    files: dict[str, str | bytes] = {}
    drawings: dict[str, list[Drawing]] = {}
    for figure in made:
        picture = files[f"figures/{figure.name}.svg"] = next(drawn)
        if png:
            files[f"figures/{figure.name}.png"] = to_png(picture)
        drawings[figure.name] = [inline(next(drawn)) for _ in figure.panels]
    return made, files, drawings


def _written(directory: Path, files: Mapping[str, str | bytes]) -> list[Path]:
    for name, content in files.items():
        write_atomically(directory / name, content)
    return [directory / name for name in files]


def _json(analysis: StudyAnalysis) -> str:
    content = analysis.model_dump(mode="json", by_alias=True)
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
