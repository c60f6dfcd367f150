"""What is done, once or again and again, beside what else a process does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Act = Callable[[], bool | None]
"""Says True once it need not be done again."""


def repeat(done: threading.Event, seconds: float, act: Act) -> None:
    """Acts every so many seconds until ``done`` is set, or ``act`` says True."""
    while not done.wait(seconds):
        if act():
            return


@contextmanager
def every(seconds: float, act: Act, *, name: str) -> Iterator[None]:
    """Repeats ``act`` in a thread of this name while the block runs; one under way at its end is waited for."""
    done = threading.Event()
    thread = threading.Thread(target=repeat, args=(done, seconds, act), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def beside(act: Callable[[], object], *, name: str) -> Iterator[None]:
    """Acts once in a thread of this name while the block runs, and is waited for at its end.

    Raises:
        Exception: what ``act`` raised, unless the block raised something itself.
    """
    raised: list[Exception] = []

    def acted() -> None:
        try:
            act()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=acted, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if raised:
        raise raised[0]
