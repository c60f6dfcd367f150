"""What a dry run says of time, use and money."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune import running
from tests.planning.test_estimate import Ruler

Call = Callable[..., tuple[int, str, str]]


def test_the_command_tells_time_use_and_money(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(running.estimate, "measured", Ruler())
    assert call("new", "mine")[0] == 0
    code, text, _ = call("run", "mine.yaml", "--dry-run", "--price", "3600")
    assert code == 0
    use = next(line for line in text.splitlines() if line.startswith("use: "))
    hours, cost = use.removeprefix("use: ").split(" CPU core hours, which costs ")
    assert cost.endswith(" at 3600 an hour")
    assert float(cost.split()[0].replace(",", "")) == pytest.approx(float(hours) * 3600, rel=0.05, abs=20)
    assert "CPU core hours\n" in call("run", "mine.yaml", "--dry-run")[1]
