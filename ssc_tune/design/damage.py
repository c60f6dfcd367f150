"""What a file of the Optuna storage must be before it is opened, since Optuna would fail on it for ever."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from ssc_tune.atomic import set_aside

_BESIDE = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a database; left behind, it would be played into a new one."""


class Damaged(ValueError):
    """A file does not hold what was written; the message says how that was seen."""


def check_database(path: Path) -> None:
    """Looks through an SQLite database as a whole; one that is not there, or is locked, passes.

    Raises:
        Damaged: it is no database, or parts of it are torn.
    """
    if not path.exists() or not path.stat().st_size:
        return
    if path.is_dir():
        raise Damaged("is a folder")
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as link:
            found = [str(row[0]) for row in link.execute("PRAGMA quick_check(1)")]
    except sqlite3.OperationalError:  # of the machine, not of the file
        return
    except sqlite3.DatabaseError as error:
        raise Damaged(str(error)) from error
    if found != ["ok"]:
        raise Damaged(" ".join(found[0].split()) if found else "it answers nothing")


def set_database_aside(path: Path) -> Path:
    """Renames a damaged database, and what belongs to it; returns its new name."""
    for end in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            set_aside(path.with_name(path.name + end))
    return set_aside(path)


def cut_torn_tail(path: Path) -> None:
    """Removes a half-written last line of a journal, which would make it unreadable for ever.

    Raises:
        Damaged: it begins otherwise than a journal does, and nothing of it is touched.
    """
    if not path.exists():
        return
    content = path.read_bytes()
    if content and not content.startswith(b"{"):
        raise Damaged("it does not begin as a journal does")
    if content and not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])
