"""A study and what is stored of it, for the commands that only look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune import analysis, running
from ssc_tune.commands.arguments import warn
from ssc_tune.errors import InputError, cause
from ssc_tune.masking import mask_command
from ssc_tune.records import StudyFolder
from ssc_tune.running.changes import STUDY_FILE, last_run
from ssc_tune.running.options import check_storage
from ssc_tune.storage import named
from ssc_tune.study import Study, load_study

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ssc_tune.analysis.result import StudyAnalysis
    from ssc_tune.records import Record


class Stored(NamedTuple):
    """A study with its records as they are on disk; nothing is changed by looking."""

    study: Study
    folder: StudyFolder
    progress: running.StudyPlan

    @property
    def command(self) -> str:
        """What ran it last, without passwords; empty if nothing has."""
        return mask_command(str(last_run(self.folder)[0].get("command", "")))


def load(name: Path, overrides: Sequence[str], storage: Path) -> Study:
    """A study by its file, or by its name under ``storage``, as it was run last.

    Raises:
        InputError: there is neither; the message lists the studies that are there.
    """
    check_storage(storage)
    if name.is_file():
        return load_study(name, overrides)
    stored = storage / name / STUDY_FILE
    if not stored.exists():
        known = ", ".join(path.parent.name for path in study_files(storage)) or "none"
        raise InputError(f"{name}: neither a study file nor a study in {named(storage)}; there: {known}")
    if overrides:
        raise InputError(f"{name}: --set needs the study's file; {stored} holds the study as it was run")
    return read(stored)


def with_cell(start: str, storage: Path) -> tuple[Study, str] | None:
    """The study under ``storage`` that has the record of a cell, by the beginning of its id, and the whole id.

    None where no record's id begins so, or a study has that name. Where several studies hold the cell it is the first
    by name.

    Raises:
        InputError: the ids of several cells begin so; the message lists them.
    """
    if (storage / start).exists() or Path(start).is_file():
        return None
    found: dict[str, Path] = {}
    for path in study_files(storage):
        for record in path.parent.glob("records/*.json"):
            found.setdefault(record.stem, path)
    cell_id = only_cell(start, found, of=named(storage))
    return (read(found[cell_id]), cell_id) if cell_id is not None else None


def only_cell(start: str, cell_ids: Iterable[str], *, of: str) -> str | None:
    """The one of ``cell_ids`` that begins with ``start``; none if there is none, or if ``start`` is empty.

    Raises:
        InputError: several begin so; the message lists them as cells of ``of``.
    """
    matches = sorted({cell_id for cell_id in cell_ids if cell_id.startswith(start)} if start else ())
    if len(matches) > 1:
        some = ", ".join(matches[:4]) + (", ..." if len(matches) > 4 else "")
        raise InputError(f"{start}: {len(matches)} cells of {of} begin so: {some}")
    return matches[0] if matches else None


def read(path: Path) -> Study:
    """The study in a ``study.json``.

    Raises:
        InputError: the file is damaged, or another version wrote it.
    """
    try:
        return Study.model_validate(json.loads(path.read_text(encoding="utf-8"))["study"])
    except (ValueError, KeyError, TypeError, RecursionError, OSError) as error:
        text = f"not a study that this version can read: {cause(error)}"
        raise InputError(f"{path}: {text}; a run of the study's file makes it anew") from None


def study_files(storage: Path) -> list[Path]:
    """The ``study.json`` of every study under ``storage``, by name."""
    check_storage(storage)
    return sorted(storage.glob(f"*/{STUDY_FILE}"))


def look(study: Study, storage: Path, *, whole: bool = False) -> Stored:
    """What is stored of a study; what is wrong with it is said on standard error.

    Its records may be without their histories unless ``whole``.
    """
    options = running.Options(storage=storage)
    progress = running.survey(study, options, adopt=False, whole=whole)
    warn(progress.problems)
    return Stored(study, running.folder_of(study, options), progress)


def whole_record(found: Stored, cell_id: str) -> Record | None:
    """A cell's record with its history; none if there is none any more."""
    own = found.folder.records.read(cell_id)
    return own or found.folder.elsewhere([cell_id]).get(cell_id)


def judged(study: Study, storage: Path, *, explore: bool, whole: bool = False) -> tuple[Stored, StudyAnalysis | None]:
    """What is stored of a study, and the analysis that the last run wrote if it still fits, else a new one.

    A new one is made without what decides no claim unless ``explore``. None where there is no record to analyse.
    Records are with their histories if ``whole``, and where a new one had to be made.
    """
    kept = _kept(study, running.folder_of(study, running.Options(storage=storage)))
    stored = look(study, storage, whole=whole or kept is None)
    progress = stored.progress
    if not progress.records:
        return stored, None
    if kept is None:
        tables = analysis.build.build_tables(study, progress.cells, progress.records)
        kept = analysis.analyze.analyze(study, tables, explore=explore)
    return stored, _declared(stored, kept)


def written_analysis(stored: Stored) -> StudyAnalysis | None:
    """The analysis that the last run wrote, if it still fits the study and its records."""
    kept = _kept(stored.study, stored.folder)
    return None if kept is None else _declared(stored, kept)


def _declared(stored: Stored, found: StudyAnalysis) -> StudyAnalysis:
    """Marked as the registrations are now: the plan may have been registered since it was found."""
    return running.registration.declare(
        stored.study, stored.folder, stored.progress.cells, stored.progress.records, found
    )


def _kept(study: Study, folder: StudyFolder) -> StudyAnalysis | None:
    now = study.model_dump(mode="json", by_alias=True)
    return running.judge.kept_analysis(folder) if last_run(folder)[0].get("study") == now else None
