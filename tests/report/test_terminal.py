"""The summary in the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ssc_tune.presentation.terminal import terminal_summary
from tests.making.analyses import case


def _shown(width: int, **changes: object) -> str:
    made = case()
    text = io.StringIO()
    analysis = made.analysis.model_copy(update=changes)
    terminal_summary(made.study, analysis, console=Console(file=text, width=width))
    return text.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 160])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(width: int) -> None:
    text = _shown(width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    assert "…" not in text
    joined = " ".join(text.split())
    for word in ("supported", "refuted", "inconclusive", "(post hoc)", "CVaR10", "fixmatch", "ssc"):
        assert word in joined


def test_numbers_are_those_of_the_analysis() -> None:
    text = _shown(120)
    for summary in case().analysis.summaries:
        assert f"{summary.mean.value:.3f} [{summary.mean.low:.3f}, {summary.mean.high:.3f}]" in text


def test_markup_in_names_is_shown_as_it_is() -> None:
    assert "warning: [bold]x[/bold] [/]" in _shown(100, warnings=("[bold]x[/bold] [/]",))


def test_into_a_pipe_goes_plain_text() -> None:
    assert "\x1b" not in _shown(80)


def test_without_claims_it_says_so() -> None:
    assert "declares no claim" in " ".join(_shown(80, verdicts=()).split())
