"""What this machine is to know of a storage that is elsewhere: all that is small of every study in it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ssc_tune.records.registrations import FILE
from ssc_tune.records.store import StudyFolder
from ssc_tune.storage import Stat, opened

_SMALL = re.compile(
    r"[^/]+/(study\.json|registrations\.jsonl|analysis\.json|records/[^/]+"
    r"|cells/[^/]+/(attempts\.jsonl|progress\.json|registrations\.json))"
)


def pull(storage: Path, study: str | None = None) -> None:
    """Makes the folder that is worked with what the storage is, for all of its studies or one.

    What is large stays there until it is asked for: checkpoints, encoders, pictures; and what is made anew from
    records: reports and the points as an Optuna storage.

    Raises:
        Unreachable: the storage does not answer.
    """
    found = opened(storage).pull("" if study is None else f"{study}/", is_small)
    for name in {name.partition("/")[0] for name in found}:
        _agree(storage / name, name, found)


def keep_views(folder: StudyFolder) -> None:
    """Lets the storage have what was made of records here: reports and the like, each as it is written.

    Not what a run goes on writing to until its end, for which there is :func:`keep_course`.
    """
    folder.files.keep(f"{folder.study}/", lambda name: _own(name) not in (*_TRUTH, *_COURSE))


def keep_course(folder: StudyFolder) -> list[str]:
    """The same for what a run has written to until its end, however it ended; what has gone wrong, a line each."""
    try:
        folder.files.keep(f"{folder.study}/", lambda name: _own(name) in _COURSE)
    except OSError as error:
        return [str(error)]
    return []


_COURSE = ("log.txt", "tracking.log", "optuna.db")
_TRUTH = ("study.json", FILE, "records", "cells", "lease")


def _own(name: str) -> str:
    """What a name begins with in the folder of a study: a file or folder there."""
    return name.split("/")[1]


def is_small(name: str) -> bool:
    """Whether every machine that looks at a storage has the file."""
    return _SMALL.fullmatch(name) is not None


def _agree(folder: Path, study: str, found: dict[str, Stat]) -> None:
    """Lets the times here say what those of the storage say: whether a record came after the analysis that is kept.

    Whoever wants to know compares the folder of records with the analysis, and they were fetched in any order.
    """
    kept, records = folder / "analysis.json", folder / "records"
    times = [stat.time for name, stat in found.items() if name.startswith(f"{study}/records/")]
    analysis = found.get(f"{study}/analysis.json")
    if analysis is None or not times or not kept.exists():
        return
    now, of_records = kept.stat().st_mtime_ns, records.stat().st_mtime_ns
    is_older = max(times) > analysis.time
    if is_older != (of_records > now):
        then = now + 1_000_000 * is_older  # a millisecond: in seconds, as a float, a nanosecond is lost
        os.utime(records, ns=(then, then))
