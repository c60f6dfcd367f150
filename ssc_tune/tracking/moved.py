"""Artifacts of a store whose folder was moved or copied: MLflow keeps where they lie as an absolute address.

An experiment has the address of its artifacts in the table ``experiments``, each run its own in ``runs``, a logged
model in ``logged_models``; MLflow has no command that changes them. With the old addresses a writer would make the old
folder anew, and readers would find nothing. So they are changed here, in databases that we open ourselves.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ssc_tune.tracking.lookup import connected

_COLUMNS = (("runs", "artifact_uri"), ("logged_models", "artifact_location"), ("experiments", "artifact_location"))


def _folder(address: str) -> Path | None:
    """The folder of a ``file:`` address; None for any other."""
    parts = urlsplit(address)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" and parts.path else None


def has_artifacts(address: str) -> bool:
    """Whether the folder of a run's artifacts is there; taken for granted of one that is no folder of this machine."""
    folder = _folder(address)
    return folder is None or folder.is_dir()


def follow(uri: str, experiment: str, location: str | None) -> None:
    """Lets the artifacts of an experiment lie where its store is now.

    Only where they did lie in a folder, and that is gone or has been copied along: a folder of the user's own choice
    stays.

    Args:
        uri: the store, resolved.
        experiment: its name.
        location: where the artifacts of a new experiment would go, None for a server, which decides itself.
    """
    if location is None:
        return
    with connected(uri) as (run, tables):
        chosen = "SELECT experiment_id, artifact_location FROM experiments WHERE name = :name"
        row = run(chosen, name=experiment).one_or_none()
        if row is None or not _has_moved(str(row[1]), location):
            return
        for table, column in _COLUMNS:
            if table in tables:
                change = f"UPDATE {table} SET {column} = REPLACE({column}, :old, :new) WHERE experiment_id = :id"
                run(change, old=row[1], new=location, id=row[0])


def _has_moved(old: str, new: str) -> bool:
    before, now = _folder(old), _folder(new)
    if before is None or now is None or old == new:
        return False
    return now.is_dir() or not before.is_dir()
