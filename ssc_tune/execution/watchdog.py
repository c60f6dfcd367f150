"""In a worker: signs of life for the driver, and an end for a cell that stands still.

Two ways of standing still are told apart. Where the process lives and the cell makes no progress, Python's own
faulthandler writes what every thread is doing and ends the process; it needs no Python to run, so that code that never
comes back is ended too. Where the whole process is frozen nothing in it can act: its file of signs then stays as it is,
and the driver ends it (:mod:`ssc_tune.execution.vigil`).
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from ssc_tune.atomic import write_atomically
from ssc_tune.processes import began
from ssc_tune.recurring import every, repeat
from ssc_tune.training.pulse import beats

SIGNS = ".signs"
"""Folder below a study's, with one for each launch."""
STACK = "stack.txt"
"""Of a cell's folder: what the threads were doing when an attempt was ended for standing still."""


class Signs(TypedDict):
    """What a worker's file of signs says."""

    host: str
    pid: int
    process: str  # when it began, by its machine
    node: str
    cell: str


def interval(timeout: float) -> float:
    """Seconds between two signs, and between two looks at a cell's progress, where ``timeout`` seconds are allowed."""
    return min(30.0, max(0.1, timeout / 10))


@contextlib.contextmanager
def watching(directory: Path, timeout: float | None) -> Iterator[None]:
    """Within the block the process is ended once training has made no progress for ``timeout`` seconds, if given."""
    if timeout is None:
        yield
        return
    directory.mkdir(parents=True, exist_ok=True)
    seen = beats()
    with (directory / STACK).open("w", encoding="utf-8") as stack:

        def put_off() -> None:
            nonlocal seen
            now = beats()
            if now != seen:
                seen = now
                faulthandler.dump_traceback_later(timeout, exit=True, file=stack)

        faulthandler.dump_traceback_later(timeout, exit=True, file=stack)
        try:
            with every(interval(timeout), put_off, name="watchdog"):
                yield
        finally:
            faulthandler.cancel_dump_traceback_later()
    (directory / STACK).unlink(missing_ok=True)


def ended_by_watchdog(directory: Path) -> str | None:
    """What the threads of a cell were doing when its last attempt was ended; none where it was not."""
    try:
        return (directory / STACK).read_text(encoding="utf-8", errors="replace") or None
    except OSError:
        return None


def signs_folder(study: Path, launch: str) -> Path:
    """Where the workers of a launch show signs of life, in the folder of a study."""
    return study / SIGNS / launch


def show_signs(folder: Path, node: str, cell_id: str, timeout: float) -> None:
    """Says in this process's file in ``folder`` which cell it is at, and from the first call on touches it for ever."""
    path = folder / f"{socket.gethostname()}-{os.getpid()}.json"
    me = os.getpid()
    signs = Signs(host=socket.gethostname(), pid=me, process=began(me) or "", node=node, cell=cell_id)
    write_atomically(path, json.dumps(signs))
    _touching(path, interval(timeout))


@functools.cache
def _touching(path: Path, seconds: float) -> None:
    def touch() -> bool:
        try:
            os.utime(path)
        except FileNotFoundError:  # the launch is over
            return True
        except OSError:  # a disk that does not answer now may do so later
            pass
        return False

    never = threading.Event()
    threading.Thread(target=repeat, args=(never, seconds, touch), name="signs of life", daemon=True).start()
