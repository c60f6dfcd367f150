"""From records to tables, verdicts and the report."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune import analysis as analyses
from ssc_tune import report
from ssc_tune.design.cells import Cell
from ssc_tune.records import Record, StudyFolder
from ssc_tune.records.mirrored import keep_views
from ssc_tune.running import reuse
from ssc_tune.running.registration import declare
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import GEOMETRY, Geometry

if TYPE_CHECKING:
    from ssc_tune.analysis.result import StudyAnalysis
    from ssc_tune.analysis.tables import Tables
    from ssc_tune.report.drawers import Drawers


ANALYSIS = "analysis.json"


class Reported(NamedTuple):
    """What has come of a study's records."""

    analysis: StudyAnalysis
    tables: Tables
    files: list[Path]
    problems: list[str]  # what the report had to do without


def prepare() -> None:
    """Imports what :func:`analyse` needs, so that a run whose cells are being trained has it at their end."""
    _ = analyses.build, analyses.analyze.analyze, analyses.result, report.write
    for name in ("optuna.importance", "sklearn.gaussian_process", "sklearn.ensemble"):
        importlib.import_module(name)


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
    png: bool = False,
    drawers: Drawers | None = None,
    judged: Callable[[StudyAnalysis, Tables], object] = lambda analysis, tables: None,
) -> Reported:
    """Tables, verdicts and files of a study, from its records.

    Args:
        study: the study.
        folder: its folder.
        cells: its cells, those without a record too.
        records: what there is of them, by cell id.
        again: write the files again even if those that are there are made of the same (:mod:`ssc_tune.running.reuse`).
        command, overhead, hints, publish, png, drawers: as of :func:`ssc_tune.report.write`.
        judged: is told what was found, before it is drawn; not where nothing is written again.
    """
    tables = analyses.build.build_tables(study, cells, records)
    pictures, problems = geometries(folder, tables)
    used = tables.in_order(records)
    digest = reuse.made_of(study, folder, (record.cell_id for record in used), [command, *hints])
    if not (again or overhead or publish) and (kept := _kept(folder, digest)):
        return Reported(kept[0], tables, kept[1], problems)
    analysis = declare(study, folder, cells, records, analyses.analyze.analyze(study, tables))
    judged(analysis, tables)
    files = report.write(
        study,
        tables,
        analysis,
        folder.path,
        command=command,
        versions=used[0].versions if used else {},
        overhead=overhead,
        records=used,
        geometries=pictures,
        hints=hints,
        publish=publish,
        png=png,
        drawers=drawers,
    )
    return Reported(analysis, tables, _noted(folder, digest, files), problems)


def _noted(folder: StudyFolder, digest: str, files: list[Path]) -> list[Path]:
    """Notes that the files were written, and of what; a page for a repository is no part of it."""
    reuse.note(folder, digest, [path for path in files if folder.path in path.parents])
    keep_views(folder)
    return files


def _kept(folder: StudyFolder, digest: str) -> tuple[StudyAnalysis, list[Path]] | None:
    """The analysis and the files of the report that is there, if it is made of the same."""
    files = reuse.written(folder, digest)
    if files is None or folder.path / ANALYSIS not in files:
        return None
    analysis = kept_analysis(folder)
    if analysis is None:
        return None
    keep_views(folder)
    return analysis, files


def kept_analysis(folder: StudyFolder) -> StudyAnalysis | None:
    """The analysis that the last report left, unless its records have changed since, or it cannot be read."""
    path = folder.path / ANALYSIS
    try:
        # One came, went or was replaced; or all of it was copied.
        newer = folder.records.directory.stat().st_mtime > path.stat().st_mtime
        if newer and not reuse.same_records(folder):
            return None
        return analyses.result.StudyAnalysis.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError):  # damaged, or written by another version: found anew
        return None


def geometries(folder: StudyFolder, tables: Tables) -> tuple[dict[str, Geometry], list[str]]:
    """The pictures of prototypes and images that each method's best cell left in each block and setting.

    With a line on each that is damaged: training alone can draw it again.
    """
    found: dict[str, Geometry] = {}
    problems: list[str] = []
    for cell_id in dict.fromkeys(tables.best_cells().values()):
        path = folder.cell(cell_id) / GEOMETRY
        folder.files.fetch(folder.name_of(cell_id, GEOMETRY))
        try:
            found[cell_id] = Geometry.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (ValueError, OSError) as error:
            cure = f"a run draws it again once {folder.records.path(cell_id)} is taken away"
            problems.append(f"{path}: damaged ({type(error).__name__}); the report is without its picture; {cure}")
    return found, problems
