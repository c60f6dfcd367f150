"""Vega-Lite specifications to SVG without a browser, many at once in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from types import TracebackType
from typing import Any, NamedTuple

import vl_convert

VEGA_LITE = "6.4"
"""Version that vl-convert renders with, in files and in the page."""
MEASURED = "Liberation Sans"
"""What letters are measured in: vl-convert brings this font along, so that a drawing is laid out alike on all machines.

The fonts that a figure is shown in are others on each, and measuring in one of a system's takes three times as long.
"""
MOST = 4
"""Processes that draw; more would start for longer than they draw."""
PATIENCE = 30.0
"""Seconds without the next picture after which all that help are taken to hang: they start in 2, and draw in 0.1."""


class Job(NamedTuple):
    """A picture to be drawn."""

    specification: dict[str, Any]
    prefix: str  # of the names of its parts, which must be unique in a page


def draw(job: Job) -> str:
    """A picture as SVG."""
    config = job.specification.get("config", {})
    measured = {**job.specification, "config": {**config, "font": MEASURED}}
    text: str = vl_convert.vegalite_to_svg(measured, vl_version=VEGA_LITE, allowed_base_urls=[])
    shown = text.replace(f'font-family="{MEASURED}"', f'font-family="{config.get("font", "sans-serif")}"')
    return _renumbered(shown, job.prefix)


def to_png(drawn: str, *, scale: float = 2.0) -> bytes:
    """An SVG as PNG at twice its size."""
    data: bytes = vl_convert.svg_to_png(drawn, scale=scale)
    return data


def _renumbered(drawn: str, prefix: str) -> str:
    """Names clips and gradients by their order in the picture; the renderer counts them over its whole life."""
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return f"{found[1]}{names.setdefault(found[2], f'{prefix}{len(names)}')}{found[3]}"

    return re.sub(r"(\bid=\"|url\(#)([^\"()]+)(\"|\))", named, drawn)


class Drawers:
    """Processes that draw, a context: they start with it, while it is still being found out what to draw.

    Args:
        processes: how many draw; by default as many as this process may use cores.
        meanwhile: what this process does while the others draw; without it, it is one of them.
    """

    def __init__(self, processes: int | None = None, *, meanwhile: Callable[[], object] | None = None) -> None:
        wanted = min(MOST, len(os.sched_getaffinity(0))) if processes is None else processes
        self._meanwhile = meanwhile
        self._waiting: queue.SimpleQueue[tuple[Job, Future[str]] | None] = queue.SimpleQueue()
        self._started = [_start() for _ in range(wanted - (meanwhile is None))]
        self._closed = False
        self._threads = [threading.Thread(target=self._hand_out, args=(p,), daemon=True) for p in self._started]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Drawers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends them; once is enough."""
        self._closed = True
        for _ in self._threads:
            self._waiting.put(None)
        for process, thread in zip(self._started, self._threads, strict=True):
            process.kill()
            process.wait()
            thread.join()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def draw(self, jobs: Iterable[Job]) -> list[str]:
        """The pictures in the order of the jobs, the same whoever draws them; the first are drawn as they come."""
        pictures: list[Future[str]] = []
        for job in jobs:
            pictures.append(Future())
            self._waiting.put((job, pictures[-1]))
        if self._meanwhile is not None:
            self._meanwhile()
        else:
            with contextlib.suppress(queue.Empty):
                while (given := self._waiting.get_nowait()) is not None:
                    _complete(*given)
        return [self._result(picture) for picture in pictures]

    def _result(self, picture: Future[str]) -> str:
        """A picture; if those that help hang, they are ended, and their threads draw here."""
        if not wait([picture], timeout=PATIENCE).done:
            for process in self._started:
                process.kill()
        return picture.result()

    def _hand_out(self, process: subprocess.Popen[str]) -> None:
        """Gives a process one picture after the other, once it is ready; what it cannot draw is drawn here."""
        _line(process)
        while not self._closed and (given := self._waiting.get()) is not None:
            drawn = _asked(process, given[0])
            if not self._closed:
                _complete(*given, drawn)


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what cannot be drawn is drawn here, where it says why
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,  # Ctrl-C is for the run
    )


def _complete(job: Job, picture: Future[str], drawn: str | None = None) -> None:
    try:
        picture.set_result(draw(job) if drawn is None else drawn)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # whatever it is, also a panic of the renderer: someone waits for the picture
        picture.set_exception(error)


def _asked(process: subprocess.Popen[str], job: Job) -> str | None:
    """What the process has drawn; none if it cannot, or has ended."""
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        drawn: str | None = json.loads(_line(process))
    except (OSError, TypeError, ValueError):
        return None
    return drawn


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _serve() -> None:
    """Draws what stands on each line of standard input, and says first that it is ready."""
    vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"}, vl_version=VEGA_LITE)  # loads the library
    print(flush=True)
    for line in sys.stdin:
        try:
            drawn = draw(Job(*json.loads(line)))
        except ValueError:
            drawn = None
        print(json.dumps(drawn), flush=True)


if __name__ == "__main__":
    _serve()
