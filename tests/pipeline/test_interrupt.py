"""Ctrl-C while a run gets ready: not lost, whatever is being called at the time."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from ssc_tune import running
from ssc_tune.design import storage
from tests.making.fake_runs import MINE, Lab
from tests.making.studies import study


def test_ctrl_c_while_the_points_are_opened_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab, of = Lab(tmp_path, monkeypatch), study(MINE)
    opened = storage.open_storage

    def interrupted(*arguments: Any) -> Any:
        with contextlib.suppress(KeyboardInterrupt):  # as a library does that loses what is raised while it starts
            os.kill(os.getpid(), signal.SIGINT)
        return opened(*arguments)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(storage, "open_storage", interrupted)
    done = running.train_and_judge(of, lab.options())
    assert isinstance(done, running.Interrupted)
    assert done.num_missing == 20
    assert signal.getsignal(signal.SIGINT) is before
    monkeypatch.setattr(storage, "open_storage", opened)
    assert isinstance(running.train_and_judge(of, lab.options()), running.Finished)
