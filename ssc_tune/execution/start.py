"""Where Ray keeps its sockets, logs and token, and its start there.

Ray's own place is ``ray`` in ``$RAY_TMPDIR`` or ``$TMPDIR``: below the long temporary folder of a batch system its
sockets have no name, other users can read it, and it is never emptied. Each run has one of its own instead.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import gc
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from ray._private import parameter, services, utils

from ssc_tune.errors import InputError, cause

_SOCKET_BYTES = 107
"""The most that the name of a Unix socket can have."""
_PREFIX = "ssc-tune-"
_LOCK = "lock"
"""In a run's place: held as long as the run lives."""
_YOUNG = 60.0
"""Seconds in which a run that has made its place has taken its lock too."""
_OWN = "ray"
"""Ray lets all write to the folder that it makes itself: this one, in one that only its owner enters."""
_BELOW = f"/{_PREFIX}00000000/{_OWN}/session_2026-01-01_00-00-00_000000_0000000/sockets/plasma_store.00"
_SHORT = ("/tmp", "/var/tmp", "/dev/shm")


@contextmanager
def ray_started(**how: Any) -> Iterator[None]:
    """Ray as ``ray.init`` starts it with these arguments, in a place of its own that no other user can read.

    A start that fails is tried once more: a machine under load may not answer in the time that Ray waits.

    Raises:
        InputError: there is no place for its sockets, or it did not start twice; in one line.
    """
    place = _place()
    with open(f"{place}/{_LOCK}", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep(Path(place).parent)
        try:
            _start(how, f"{place}/{_OWN}")
        except Exception as error:
            os.unlink(lock.name)  # the logs that the message names stay: no later run removes a place without a lock
            raise InputError(f"Ray does not start on this machine ({cause(error)}); its logs: {place}") from error
        gc.freeze()  # what is imported need not be looked through at its end
        try:
            yield
        finally:
            let_go()
            gc.unfreeze()
            shutil.rmtree(place, ignore_errors=True)


def let_go() -> None:
    """Ends what this process has of Ray. A handle that another thread freed meanwhile would end the process."""
    gc.collect()
    ray.shutdown()


def sweep(folder: Path) -> None:
    """Removes what runs of this user have left in a temporary folder that were killed: nobody holds their lock."""
    for left in folder.glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError), open(left, "rb+") as lock:
            state = left.stat()
            if state.st_uid == os.getuid() and time.time() - state.st_mtime > _YOUNG:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where it is held
                shutil.rmtree(left.parent, ignore_errors=True)


def _start(how: dict[str, Any], place: str) -> None:
    try:
        with _as_a_run_needs_it():
            ray.init(_temp_dir=place, **how)
    except Exception:
        ray.shutdown()
        ray.init(_temp_dir=place, **how)


class _Params(parameter.RayParams):
    """Without what only a cluster that grows needs, and without what would show the logs of workers on the screen."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        vars(self).update(no_monitor=True, include_log_monitor=False)


def _no_dashboard(*given: Any, **more: Any) -> tuple[None, None]:
    """What Ray's own says where there is none: also without a dashboard it would start a process and wait for it."""
    return None, None


@contextmanager
def _as_a_run_needs_it() -> Iterator[None]:
    """What Ray has no public word for; tests/execution/test_start.py and test_machine_faults.py hold it.

    Three processes fewer; no handler of SIGTERM, which would end this process before it has said how to go on; and the
    other processes in sessions of their own, so that what is sent to the whole group of a command, as ``timeout`` and
    batch systems do, reaches this process alone, which ends them.
    """
    changes = (
        (parameter, "RayParams", _Params),
        (services, "start_api_server", _no_dashboard),
        (services, "ConsolePopen", functools.partial(services.ConsolePopen, start_new_session=True)),
        (utils, "set_sigterm_handler", lambda handler: None),
    )
    usual = [(vars(module), name, vars(module)[name]) for module, name, _ in changes]
    for module, name, own in changes:
        vars(module)[name] = own
    try:
        yield
    finally:
        for names, name, kept in usual:
            names[name] = kept


def _place() -> str:
    """A new folder with a name short enough, below the temporary folder if that is short and can be written to."""
    named = [os.environ[name] for name in ("RAY_TMPDIR", "TMPDIR") if os.environ.get(name)]
    fitting = [name for name in (*named, *_SHORT) if len(os.fsencode(name + _BELOW)) <= _SOCKET_BYTES]
    for name in fitting:
        try:
            return tempfile.mkdtemp(prefix=_PREFIX, dir=os.path.abspath(name))  # its mode is 0700
        except OSError:
            continue
    tried = ", ".join(fitting)
    raise InputError(f"Ray has no place for its sockets: none of {tried} can be written to; name one by RAY_TMPDIR")
