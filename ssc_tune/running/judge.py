"""From records to tables, verdicts and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssc_tune import analysis as analyses
from ssc_tune import report
from ssc_tune.design.cells import Cell
from ssc_tune.records import Record, StudyFolder
from ssc_tune.running.registration import declare
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import Geometry

if TYPE_CHECKING:
    from ssc_tune.analysis.result import StudyAnalysis
    from ssc_tune.analysis.tables import Tables


def analyse(
    study: Study,
    folder: StudyFolder,
    cells: Sequence[Cell],
    records: Mapping[str, Record],
    *,
    command: str,
    overhead: dict[str, float] | None,
    hints: Sequence[str] = (),
    publish: Path | None = None,
) -> tuple[StudyAnalysis, Tables, list[Path]]:
    """Tables, verdicts and files of a study, from its records; ``publish`` is where a page for a repository goes."""
    tables = analyses.build.build_tables(study, cells, records)
    analysis = declare(study, folder, cells, records, analyses.analyze.analyze(study, tables))
    used = [records[key] for key in dict.fromkeys(cell.cell_id for cell in cells) if key in records]
    versions = used[0].versions if used else {}
    files = report.write(
        study,
        tables,
        analysis,
        folder.path,
        command=command,
        versions=versions,
        overhead=overhead,
        records=used,
        geometries=_geometries(folder, tables),
        hints=hints,
        publish=publish,
    )
    return analysis, tables, files


def _geometries(folder: StudyFolder, tables: Tables) -> dict[str, Geometry]:
    """The pictures of prototypes and images that each method's best cell left in each block and setting."""
    paths = {cell_id: folder.cell(cell_id) / "geometry.json" for cell_id in tables.best_cells().values()}
    return {
        cell_id: Geometry.model_validate_json(path.read_text(encoding="utf-8"))
        for cell_id, path in paths.items()
        if path.exists()
    }
