"""From records to tables, verdicts and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssc_tune import analysis as analyses
from ssc_tune import report
from ssc_tune.design.cells import Cell
from ssc_tune.records import Record, StudyFolder
from ssc_tune.running import reuse
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
    again: bool = True,
) -> tuple[StudyAnalysis, Tables, list[Path]]:
    """Tables, verdicts and files of a study, from its records.

    Args:
        study: the study.
        folder: its folder.
        cells: its cells, those without a record too.
        records: what there is of them, by cell id.
        command: the command that ran it.
        overhead: how a run spent its time, where one did.
        hints: further lines for the report.
        publish: where a page for a repository goes.
        again: write the files again even if those that are there are made of the same (:mod:`ssc_tune.running.reuse`).
    """
    tables = analyses.build.build_tables(study, cells, records)
    used = [records[key] for key in dict.fromkeys(cell.cell_id for cell in cells) if key in records]
    digest = reuse.made_of(study, folder, (record.cell_id for record in used), [command, *hints])
    kept = None if again or overhead or publish is not None else _kept(folder, digest)
    if kept is not None:
        return kept[0], tables, kept[1]
    analysis = declare(study, folder, cells, records, analyses.analyze.analyze(study, tables))
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
    reuse.note(folder, digest, files if publish is None else [path for path in files if folder.path in path.parents])
    return analysis, tables, files


def _kept(folder: StudyFolder, digest: str) -> tuple[StudyAnalysis, list[Path]] | None:
    """The analysis and the files of the report that is there, if it is made of the same."""
    files = reuse.written(folder, digest)
    path = folder.path / "analysis.json"
    if files is None or path not in files:
        return None
    if folder.records.directory.stat().st_mtime > path.stat().st_mtime:  # whoever only looks would not believe it
        return None
    return analyses.result.StudyAnalysis.model_validate_json(path.read_text(encoding="utf-8")), files


def _geometries(folder: StudyFolder, tables: Tables) -> dict[str, Geometry]:
    """The pictures of prototypes and images that each method's best cell left in each block and setting."""
    paths = {cell_id: folder.cell(cell_id) / "geometry.json" for cell_id in tables.best_cells().values()}
    return {
        cell_id: Geometry.model_validate_json(path.read_text(encoding="utf-8"))
        for cell_id, path in paths.items()
        if path.exists()
    }
