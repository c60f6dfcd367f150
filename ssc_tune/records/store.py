"""Where records live.

<storage>/<study>/
    study.json              the study as it was last run, and its command
    registrations.jsonl     the plans that were registered, and when
    records/<cell id>.json  a record, with its checksum (.damaged, .retried: put aside)
    cells/<cell id>/        checkpoint, attempts and progress of a cell
    optuna.db               the points as an Optuna storage (a view)
    report.html, results.csv, ...
    report_made_of.json     what these were made of (a note: a run that trains nothing leaves them alone if it fits)
<storage>/pretrained/<id>.pt  encoders that cells of any study start from (.partial.pt, .lock: one under way)
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ssc_tune import storage as storages
from ssc_tune.records.files import sealed, unsealed
from ssc_tune.records.record import Attempt, Record, brief
from ssc_tune.uncollected import uncollected

if TYPE_CHECKING:
    from ssc_tune.storage import Working

PRETRAINED = "pretrained"
"""Folder of pre-trained encoders under the storage path."""
ATTEMPTS = "attempts.jsonl"
"""File in the folder of a cell under way: the attempts at it."""
PROGRESS = "progress.json"
"""File in the folder of a cell under way: its last evaluation."""
STANDING = "registrations.json"
"""File in the folder of a cell under way: what had been registered when it was begun."""


class CorruptRecord(ValueError):
    """A record's file does not hold what was written."""


class RecordStore:
    """The records in one folder.

    Args:
        directory: the folder.
        files: the storage that it is in; without one the folder itself is.
        below: the folder's name in the storage, with ``/`` at its end.
    """

    def __init__(self, directory: Path, files: Working | None = None, below: str = "") -> None:
        self.directory = directory
        self._files, self._below = files or storages.FolderStorage(directory), below

    def path(self, cell_id: str, aside: str = "") -> Path:
        """The file of a cell's record, or of the one that was put aside for a reason."""
        return self.directory / (f"{cell_id}.json.{aside}" if aside else f"{cell_id}.json")

    def write(self, record: Record) -> bool:
        """Writes a record, whole or not at all, unless the cell has one: the first stands. Whether it was written."""
        content = sealed("record", record.model_dump_json()) + "\n"
        return self._files.create(self._name(self.path(record.cell_id)), content.encode())

    def read(self, cell_id: str, *, whole: bool = True, aside: str = "") -> Record | None:
        """A cell's record, without its history unless ``whole`` (:func:`.record.brief`); none if there is none.

        With ``aside`` the one that was last put aside for this reason.

        Raises:
            CorruptRecord: the file is damaged; the message names it.
        """
        path = self.path(cell_id, aside)
        try:
            text = path.read_text(encoding="utf-8").removesuffix("\n")
            body = unsealed("record", text)
            record = Record.model_validate_json(body) if whole else brief(body)
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise CorruptRecord(f"{path}: not text: {error}") from error
        except ValidationError as error:
            raise CorruptRecord(f"{path}: {error.error_count()} fields are not valid") from error
        except ValueError as error:
            raise CorruptRecord(f"{path}: {error}") from error
        if record.cell_id != cell_id:
            raise CorruptRecord(f"{path}: holds cell {record.cell_id}")
        return record

    def read_or_set_aside(self, cell_id: str) -> tuple[Record | None, str | None]:
        """Like ``read``, as it is in the storage now.

        A damaged file is renamed to ``<name>.damaged`` and named in the second value.
        """
        self._files.fresh(self._name(self.path(cell_id)))
        try:
            return self.read(cell_id), None
        except CorruptRecord as error:
            return None, self._set_aside(cell_id, error)

    def _set_aside(self, cell_id: str, error: CorruptRecord) -> str:
        self.put_aside(cell_id, "damaged")
        return f"{error}; set aside as {self.path(cell_id, 'damaged').name}, the cell will be run again"

    @uncollected
    def read_many(
        self, cell_ids: Iterable[str], *, set_aside: bool, whole: bool = True
    ) -> tuple[dict[str, Record], list[str]]:
        """Records by cell id, and what is wrong with those that are damaged, which are renamed if ``set_aside``.

        ``whole`` as for ``read``.
        """
        found: dict[str, Record] = {}
        problems: list[str] = []
        for cell_id in cell_ids:
            try:
                record = self.read(cell_id, whole=whole)
            except CorruptRecord as error:
                problems.append(self._set_aside(cell_id, error) if set_aside else f"{error}; counts as not run")
            else:
                if record is not None:
                    found[cell_id] = record
        return found, problems

    def readable(self, *, whole: bool = True) -> Iterator[Record]:
        """Every record of the folder that is not damaged, by cell id; ``whole`` as for ``read``."""
        for path in sorted(self.directory.glob("*.json")):
            with contextlib.suppress(CorruptRecord):
                record = self.read(path.stem, whole=whole)
                if record is not None:
                    yield record

    def put_aside(self, cell_id: str, why: str) -> None:
        """Renames a cell's record, if there is one, to ``<name>.<why>``, so that the cell counts as not run."""
        self._files.move(self._name(self.path(cell_id)), self._name(self.path(cell_id, why)))

    def _name(self, path: Path) -> str:
        return self._below + path.name


class StudyFolder:
    """The folder of one study under the storage path."""

    def __init__(self, storage: Path, study: str) -> None:
        self.storage = storage
        self.study = study
        self.path = storage / study
        self.files = storages.opened(storage)
        self.records = RecordStore(self.path / "records", self.files, f"{study}/records/")

    def cell(self, cell_id: str) -> Path:
        """The working folder of one cell, on this machine."""
        return self.path / "cells" / cell_id

    def name_of(self, cell_id: str, name: str = "") -> str:
        """The name in the storage of a file in a cell's folder, or of the folder."""
        return f"{self.study}/cells/{cell_id}/{name}"

    def under_way(self) -> list[str]:
        """Cells at which there were attempts, and whose record nobody has written since."""
        names = self.files.list(f"{self.study}/cells/")
        return [name.split("/")[2] for name in names if name.endswith(f"/{ATTEMPTS}")]

    def elsewhere(self, cell_ids: Iterable[str], *, whole: bool = True) -> dict[str, Record]:
        """Usable records (ok or diverged) of these cells made by other studies under the same storage; reads only.

        Of several studies it is the first by name; ``whole`` as for :meth:`RecordStore.read`.
        """
        wanted = list(dict.fromkeys(cell_ids))
        found: dict[str, Record] = {}
        for directory in sorted(self.storage.glob("*/records")) if wanted else ():
            if directory == self.records.directory or not directory.is_dir():
                continue
            store, there = RecordStore(directory), set(os.listdir(directory))
            for cell_id in wanted:
                if cell_id not in found and store.path(cell_id).name in there:
                    with contextlib.suppress(CorruptRecord):
                        record = store.read(cell_id, whole=whole)
                        if record is not None and record.result.status in ("ok", "diverged"):
                            found[cell_id] = record
        return {cell_id: found[cell_id] for cell_id in wanted if cell_id in found}

    def attempts(self, cell_id: str) -> list[Attempt]:
        """Attempts at a cell so far, one each, the latest state of each; a torn last line is ignored."""
        self.files.fresh(self.name_of(cell_id, ATTEMPTS))
        path = self.cell(cell_id) / ATTEMPTS
        if not path.exists():
            return []
        found: dict[int, Attempt] = {}
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                attempt = Attempt.model_validate_json(line)
            except ValidationError:
                continue
            found[attempt.number] = attempt
        return [found[number] for number in sorted(found)]

    def log_attempt(self, cell_id: str, attempt: Attempt) -> None:
        """Appends the state of an attempt."""
        self.files.append(self.name_of(cell_id, ATTEMPTS), attempt.model_dump_json())

    def close_attempts(
        self, cell_id: str, outcome: str, why: str | None = None, *, of: Callable[[str], bool] = lambda launch: True
    ) -> None:
        """Ends the attempts at a cell that are under way, those alone whose launch is one of these."""
        for attempt in self.attempts(cell_id):
            if attempt.outcome == "running" and of(attempt.launch):
                self.log_attempt(cell_id, attempt.closed(outcome, why))

    def note_standing(self, cell_id: str, registrations: Sequence[str]) -> None:
        """Keeps the hashes of the registrations that stood when a cell was begun, until it has its record."""
        self.files.write(self.name_of(cell_id, STANDING), json.dumps(list(registrations)).encode())

    def standing_at_start(self, cell_id: str) -> tuple[str, ...] | None:
        """The registrations that stood when a cell that has no record was begun; none if it was not begun.

        Empty if it was begun before registrations were kept.
        """
        try:
            return tuple(json.loads((self.cell(cell_id) / STANDING).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return () if (self.cell(cell_id) / ATTEMPTS).exists() else None

    def read_json(self, name: str) -> dict[str, object]:
        """A JSON file of the study's folder; empty if it is missing.

        Raises:
            ValueError, RecursionError, OSError: it does not hold what was written.
        """
        path = self.path / name
        if not path.exists():
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
        return content

    def write_json(self, name: str, content: dict[str, object]) -> None:
        """Writes a JSON file of the study's folder, whole or not at all, keys in their order: it decides columns."""
        self.files.write(f"{self.study}/{name}", (json.dumps(content, indent=2) + "\n").encode())
