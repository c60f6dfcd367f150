"""Vega-Lite specifications to SVG without a browser, many at once in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple

import vl_convert

VEGA_LITE = "6.4"
"""Version that vl-convert renders with, in files and in the page."""
MOST = 4
"""Processes that draw; more would start for longer than they draw."""
_FEW = 12
"""Pictures that are drawn here sooner than another process has begun."""


class Job(NamedTuple):
    """A picture to be drawn."""

    specification: dict[str, Any]
    prefix: str  # of the names of its parts, which must be unique in a page


def draw(job: Job) -> str:
    """A picture as SVG."""
    text: str = vl_convert.vegalite_to_svg(job.specification, vl_version=VEGA_LITE, allowed_base_urls=[])
    return _renumbered(text, job.prefix)


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
        self._started: list[subprocess.Popen[str]] = []
        for _ in range(wanted - (meanwhile is None)):
            self._started.append(
                subprocess.Popen(
                    [sys.executable, "-m", __name__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,  # what cannot be drawn is drawn here, where it says why
                    text=True,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                    start_new_session=True,  # Ctrl-C is for the run
                )
            )

    def __enter__(self) -> Drawers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends them; once is enough."""
        for process in self._started:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def draw(self, jobs: Sequence[Job]) -> list[str]:
        """The pictures in the order of the jobs, the same whoever draws them."""
        helping = self._meanwhile is None
        others = self._started if len(jobs) > _FEW or not helping else []
        step = len(others) + helping
        found: dict[int, str] = {}
        for number, process in enumerate(others, helping):
            _ask(process, jobs[number::step])
        if self._meanwhile is not None:
            self._meanwhile()
        else:
            found.update(zip(range(0, len(jobs), step), map(draw, jobs[::step]), strict=True))
        for number, process in enumerate(others, helping):
            found.update(zip(range(number, len(jobs), step), _answer(process, jobs[number::step]), strict=True))
        return [found[number] for number in range(len(jobs))]


def _ask(process: subprocess.Popen[str], jobs: Sequence[Job]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it has ended; its answer will be none
        process.stdin.write(json.dumps(jobs))
        process.stdin.close()


def _answer(process: subprocess.Popen[str], jobs: Sequence[Job]) -> list[str]:
    assert process.stdout is not None
    try:
        drawn: list[str] = json.loads(process.stdout.read())
    except ValueError:
        return [draw(job) for job in jobs]
    return drawn


def _serve() -> None:
    """Draws what stands on standard input, once it is all there."""
    vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"}, vl_version=VEGA_LITE)  # loads the library
    json.dump([draw(Job(*job)) for job in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    _serve()
