"""Ray's and MLflow's chatter goes to a log file, whatever level it comes from."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ssc_tune.storage.lines import never_a_link


class Unheeded(io.TextIOWrapper):
    """A stream whose reader may be gone, as that of ``| head -1`` or of a terminal that was closed: nothing is raised.

    A character that the encoding lacks becomes a question mark.
    """

    def __init__(self, descriptor: int, encoding: str | None) -> None:
        raw = os.fdopen(os.dup(descriptor), "wb")
        super().__init__(raw, encoding=encoding or "utf-8", errors="replace", line_buffering=True)

    def write(self, text: str, /) -> int:
        """Writes what can be written."""
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """As far as it goes."""
        with contextlib.suppress(OSError):
            super().flush()

    def close(self) -> None:
        """Whatever is left is lost."""
        with contextlib.suppress(OSError):
            super().close()


def drop_output() -> None:
    """Sends standard output nowhere from now on: nobody reads it, or it cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def output_to(log: Path) -> Iterator[tuple[TextIO, TextIO]]:
    """Sends file descriptors 1 and 2 to ``log`` and yields text streams to where they went before.

    What native code prints is caught too, and so are processes started meanwhile.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    target = never_a_link(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    kept_out, kept_err = os.dup(1), os.dup(2)
    out, err = Unheeded(kept_out, sys.stdout.encoding), Unheeded(kept_err, sys.stderr.encoding)
    try:
        os.dup2(target, 1)
        os.dup2(target, 2)
        yield out, err
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        out.flush()
        err.flush()
        os.dup2(kept_out, 1)
        os.dup2(kept_err, 2)
        for descriptor in (kept_out, kept_err, target):
            os.close(descriptor)
        out.close()
        err.close()
