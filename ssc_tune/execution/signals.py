"""Ctrl-C, a request to end (SIGTERM), the end of the terminal (SIGHUP): all three stop a run so that it can go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

from ssc_tune.exit_codes import EXIT_INTERRUPTED, EXIT_TERMINATED

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Handler = Callable[[int, FrameType | None], Any]


class Interruption(KeyboardInterrupt):
    """A signal to stop, as an exception."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def exit_code(number: int | None) -> int:
    """What the shell is told of a run that a signal has stopped, or that was stopped otherwise."""
    return EXIT_TERMINATED if number == signal.SIGTERM else EXIT_INTERRUPTED


class Stop(threading.Event):
    """Set where a run is to end; ``number`` is the signal that did it, if one did."""

    number: int | None = None

    def by_signal(self, number: int, frame: FrameType | None) -> None:
        """A handler of signals."""
        self.number = self.number or number
        self.set()


def _raise(number: int, frame: FrameType | None) -> None:
    raise Interruption(number)


def raising() -> AbstractContextManager[None]:
    """Within the block the signals raise :class:`Interruption`."""
    return _handled_by(_raise)


def setting(stop: threading.Event) -> AbstractContextManager[None]:
    """Within the block the signals set ``stop``; a second one changes nothing.

    As an exception a signal can be lost in what libraries call while they start.
    """
    return _handled_by(stop.by_signal if isinstance(stop, Stop) else lambda number, frame: stop.set())


def kept() -> AbstractContextManager[None]:
    """After the block the handlers are those from before it: ``ray.init`` puts its own in the place of SIGTERM's."""
    return _handled_by(None)


@contextmanager
def put_off() -> Iterator[None]:
    """Within the block the signals wait; one that came is raised at its end.

    Raises:
        Interruption: one came.
    """
    stop = Stop()
    with setting(stop):
        yield
    if stop.number is not None:
        raise Interruption(stop.number)


@contextmanager
def _handled_by(handler: Handler | None) -> Iterator[None]:
    """Signals that are ignored, as by ``nohup``, stay so; outside the main thread, which alone may, nothing is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number, old in before.items():
        if handler is not None and old is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
