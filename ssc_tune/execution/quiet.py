"""Ray's and MLflow's chatter goes to a log file, whatever level it comes from."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ssc_tune.records.files import never_a_link


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
    out = os.fdopen(os.dup(kept_out), "w", encoding=sys.stdout.encoding or "utf-8", buffering=1)
    err = os.fdopen(os.dup(kept_err), "w", encoding=sys.stderr.encoding or "utf-8", buffering=1)
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
