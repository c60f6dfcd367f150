"""The flag reaches the tracker, from the command line and from Python, and is refused before anything is written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ssc_tune
from ssc_tune import tracking
from tests.making.files import Bench

Call = Callable[..., tuple[int, str, str]]


def test_it_needs_psutil_and_a_store(bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = call("run", str(bench.file), "--system-metrics", "--tracking-uri", "none")
    assert code == 2
    assert "--tracking-uri none" in err
    monkeypatch.setitem(sys.modules, "psutil", None)
    code, _, err = call("run", str(bench.file), "--system-metrics")
    assert code == 2
    assert "pip install psutil" in err
    assert not Path("runs").exists()


@pytest.mark.parametrize("wanted", [True, False])
def test_it_reaches_the_tracker(bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, wanted: bool) -> None:
    seen: list[bool] = []

    class Stop(Exception):
        pass

    def fake(*_: Any, system_metrics: bool, **__: Any) -> None:
        seen.append(system_metrics)
        raise Stop

    monkeypatch.setattr(tracking, "Tracker", fake)
    bench.fill()
    with pytest.raises(Stop):
        call("run", str(bench.file), *(["--system-metrics"] if wanted else []))
    with pytest.raises(Stop):
        ssc_tune.run_study(bench.file, system_metrics=wanted)
    assert seen == [wanted, wanted]
