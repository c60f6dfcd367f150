"""Where lines are printed: as wide as a terminal, or whole where there is no width."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ssc_tune.presentation.console import Console
from ssc_tune.presentation.terminal import terminal_summary
from tests.making.analyses import case

LONG = "a line of many words " * 20


def printed(monkeypatch: pytest.MonkeyPatch, columns: str | None = None, **given: Any) -> list[str]:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    made, text = case(), io.StringIO()
    analysis = made.analysis.model_copy(update={"warnings": (LONG,)})
    terminal_summary(made.study, analysis, console=Console(file=text, **given))
    return text.getvalue().splitlines()


def test_a_pipe_has_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch)
    assert f"warning: {LONG}".rstrip() in [line.rstrip() for line in lines]
    assert max(map(len, lines)) < 600  # nothing is filled up with blanks


def test_a_terminal_has_one_and_so_has_whoever_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert max(len(line.rstrip()) for line in printed(monkeypatch, width=60)) <= 60
    assert max(len(line.rstrip()) for line in printed(monkeypatch, columns="70")) <= 70
