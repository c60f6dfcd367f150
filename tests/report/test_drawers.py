"""Pictures are the same whoever draws them, and all are drawn whatever becomes of those who help."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from ssc_tune.report import drawers as module
from ssc_tune.report.drawers import Drawers, Job, draw

JOBS = [
    Job(
        {
            "data": {"values": [{"x": i, "y": i * j % 5, "m": f"line\n{i}</script>é"} for i in range(9)]},
            "mark": {"type": "point", "clip": True},
            "encoding": {
                "x": {"field": "x", "type": "quantitative"},
                "y": {"field": "y", "type": "quantitative"},
                "color": {"field": "m", "type": "nominal"},
            },
        },
        f"picture-{j}-part",
    )
    for j in range(20)
]


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """Each drawn here, in another order."""
    return [draw(job) for job in reversed(JOBS)][::-1]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_the_same_from_any_number_of_processes(processes: int, alone: list[str]) -> None:
    with Drawers(processes) as drawers:
        assert drawers.draw(JOBS) == alone
    assert len(set(alone)) == len(JOBS)


@pytest.mark.parametrize("processes", [1, 2])
def test_others_draw_all_of_it_while_something_else_is_done(processes: int, alone: list[str]) -> None:
    done = []
    with Drawers(processes, meanwhile=lambda: done.append(1)) as drawers:
        assert len(drawers._started) == processes
        assert drawers.draw(JOBS) == alone
        assert done == [1]
    with Drawers(processes, meanwhile=lambda: done.append(2)) as drawers:
        assert drawers.draw(JOBS[:1]) == alone[:1]
        drawers.close()
    assert done == [1, 2]


def test_the_first_are_drawn_while_others_are_still_found(alone: list[str]) -> None:
    with Drawers(1, meanwhile=lambda: None) as drawers:

        def found() -> Iterator[Job]:
            for job in JOBS[:3]:
                yield job
                begun = time.monotonic()
                while not drawers._waiting.empty() and time.monotonic() < begun + 60:
                    time.sleep(0.01)
                assert drawers._waiting.empty()

        assert drawers.draw(found()) == alone[:3]


def test_a_drawing_is_laid_out_alike_whatever_fonts_there_are() -> None:
    fonts = ("serif", "DejaVu Sans", "a font that nobody has, 'DejaVu Sans', sans-serif")
    found = [draw(Job({**JOBS[0].specification, "config": {"font": font}}, "part")) for font in fonts]
    for font, text in zip(fonts, found, strict=True):
        assert f'font-family="{font}"' in text
        assert text.replace(f'font-family="{font}"', "") == found[0].replace('font-family="serif"', "")


def test_few_are_drawn_here_and_none_is_nothing(alone: list[str]) -> None:
    with Drawers(2) as drawers:
        assert drawers.draw([]) == []
        assert drawers.draw(JOBS[:3]) == alone[:3]


def test_helpers_that_die_leave_nothing_undrawn(alone: list[str]) -> None:
    with Drawers(3) as drawers:
        for process in drawers._started:
            process.kill()
            process.wait()
        assert drawers.draw(JOBS) == alone


def test_helpers_that_cannot_start_leave_nothing_undrawn(alone: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/nonexistent", *sys.path[:0]])
    with Drawers(2) as drawers:
        monkeypatch.undo()
        assert drawers.draw(JOBS) == alone


def test_what_cannot_be_drawn_says_so() -> None:
    with Drawers(2) as drawers, pytest.raises(ValueError, match="conversion failed"):
        drawers.draw([*JOBS, Job({"mark": {"type": "nothing of the kind"}}, "x")])


@pytest.mark.parametrize("others_draw_all", [False, True])
@pytest.mark.parametrize("ready", [False, True])
def test_helpers_that_hang_leave_nothing_undrawn(
    ready: bool, others_draw_all: bool, alone: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with Drawers(2, meanwhile=(lambda: None) if others_draw_all else None) as drawers:
        if ready:
            drawers.draw(JOBS[:1])
        for process in drawers._started:
            os.kill(process.pid, signal.SIGSTOP)
        assert drawers.draw(JOBS[:4]) == alone[:4]


class _Panic(BaseException):
    """What a library in another language raises."""


@pytest.mark.parametrize("error", [TypeError, RuntimeError, _Panic])
def test_whatever_goes_wrong_as_it_is_drawn_is_told(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(job: Job) -> str:
        raise error("this one")

    monkeypatch.setattr(module, "draw", fails)
    bad = Job({**JOBS[0].specification, "mark": {1, 2}}, "not JSON either")
    with Drawers(1, meanwhile=lambda: None) as drawers, pytest.raises(error, match="this one"):
        drawers.draw([bad, bad])
