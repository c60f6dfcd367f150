"""The end of a run: Ray goes while others draw, and nothing that the run has started is left, however it ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ssc_tune import report, running
from ssc_tune.analysis import analyze
from ssc_tune.design.cells import fixed_cells
from ssc_tune.execution import signals
from ssc_tune.execution.execute import Outcome
from ssc_tune.records import StudyFolder
from ssc_tune.report.drawers import Drawers
from ssc_tune.running.listeners import AtWork, NearEnd
from tests.making.fake_runs import MINE, Lab
from tests.making.studies import study


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Lab, list[str]]:
    """A run that leaves a Ray to be let go, and notes what happens at its end in the order in which it does."""
    lab, order = Lab(tmp_path, monkeypatch), list[str]()
    execute = lab._execute

    def leaving(*given: Any, left: Any, **more: Any) -> Outcome:
        left.callback(order.append, "ray goes")
        return execute(*given, **more)

    monkeypatch.setattr(sys.modules["ssc_tune.execution.execute"], "execute", leaving)
    start, close = Drawers.__init__, Drawers.close

    def started(self: Drawers, *given: Any, **more: Any) -> None:
        order.append("drawers start")
        start(self, 2, **more)

    def closed(self: Drawers) -> None:
        order.append("drawers end")
        close(self)

    monkeypatch.setattr(Drawers, "__init__", started)
    monkeypatch.setattr(Drawers, "close", closed)
    return lab, order


def _write(*_: Any, drawers: Drawers | None, **__: Any) -> list[Path]:
    if drawers is not None:
        with drawers:
            assert drawers.draw([]) == []
    return []


def test_ray_goes_while_others_draw(told: tuple[Lab, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    lab, order = told
    monkeypatch.setattr(report, "write", _write)
    assert lab.run(study(MINE)) is not None
    assert order[:3] == ["drawers start", "ray goes", "drawers end"]
    assert order.count("ray goes") == order.count("drawers start") == 1
    order.clear()
    assert lab.run(study(MINE)) is not None  # nothing to run, nothing new to draw
    assert order == []


def test_nothing_is_left_where_nothing_is_drawn(told: tuple[Lab, list[str]]) -> None:
    lab, order = told
    assert isinstance(running.train_and_judge(study(MINE), lab.options(blind=True)), running.Unjudged)
    assert order == ["ray goes"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_where_the_end_is_cut_short(
    told: tuple[Lab, list[str]], monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    lab, order = told

    def cut(*_: Any) -> None:
        raise error

    monkeypatch.setattr(analyze, "analyze", cut)
    if error is KeyboardInterrupt:
        assert isinstance(running.train_and_judge(study(MINE), lab.options()), running.Interrupted)
    else:
        with pytest.raises(error):
            running.train_and_judge(study(MINE), lab.options())
    assert sorted(order) == ["drawers end", "drawers start", "ray goes"]


def test_a_signal_while_ray_goes_is_raised_afterwards(
    told: tuple[Lab, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, order = told
    monkeypatch.setattr(report, "write", _write)
    close = running.under_way.contextlib.ExitStack.close

    def signalled(self: Any) -> None:
        if self._exit_callbacks:  # a Ray is there
            os.kill(os.getpid(), signal.SIGTERM)
        close(self)

    monkeypatch.setattr(running.under_way.contextlib.ExitStack, "close", signalled)
    ended = running.train_and_judge(study(MINE), lab.options())
    assert isinstance(ended, running.Interrupted)
    assert ended.signal == signal.SIGTERM
    assert sorted(order) == ["drawers end", "drawers end", "drawers start", "ray goes"]


def test_signals_are_put_off_to_the_end_of_a_block() -> None:
    done = []

    @signals.put_off()
    def block(number: int | None) -> None:
        if number is not None:
            os.kill(os.getpid(), number)
        done.append(number)

    with pytest.raises(signals.Interruption) as raised:
        block(signal.SIGINT)
    assert raised.value.number == signal.SIGINT
    block(None)
    assert done == [signal.SIGINT, None]


def test_it_begins_once_a_worker_is_at_a_cell(tmp_path: Path) -> None:
    of = study(MINE)
    first, second, *_ = fixed_cells(of)
    folder, acted = StudyFolder(tmp_path, of.name), threading.Event()
    one = AtWork(folder, acted.set)
    with one.watched():
        one.started(first)
        one.started(second)
        assert not acted.wait(1)  # handed out, and nobody is at it yet
        folder.cell(second.cell_id).mkdir(parents=True)
        (folder.cell(second.cell_id) / "attempts.jsonl").touch()
        assert acted.wait(60)


@pytest.mark.parametrize("how", ["a cell ends", "nothing ever begins"])
def test_it_begins_once_though_no_worker_is_seen(tmp_path: Path, how: str) -> None:
    of = study(MINE)
    acted: list[int] = []
    one = AtWork(StudyFolder(tmp_path, of.name), lambda: acted.append(1))
    with one.watched():
        if how == "a cell ends":
            cell = fixed_cells(of)[0]
            one.started(cell)
            one.finished(cell, None)  # type: ignore[arg-type]  # whatever its record
            assert acted == [1]
    one.close()
    assert acted == [1]


def test_it_is_near_its_end_with_one_cell_left() -> None:
    class Source:
        num_to_run = 1

    source, acted, cells = Source(), list[int](), fixed_cells(study(MINE))[:3]
    one = NearEnd(source, lambda: acted.append(1))  # type: ignore[arg-type]
    for cell in cells:
        one.started(cell)
    one.finished(cells[0], None)  # type: ignore[arg-type]
    one.finished(cells[1], None)  # type: ignore[arg-type]
    assert acted == []  # another has still to be handed out
    one.started(cells[0])
    source.num_to_run = 0
    one.finished(cells[0], None)  # type: ignore[arg-type]
    one.finished(cells[2], None)  # type: ignore[arg-type]
    one.close()
    assert acted == [1]
