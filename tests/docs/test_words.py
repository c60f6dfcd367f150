"""The words that a newcomer stumbles over have one explanation, which stands wherever they first appear."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ssc_tune.presentation import glossary
from ssc_tune.tracking.notes import experiment_note
from tests.docs.blocks import ROOT
from tests.making.analyses import case
from tests.making.files import Bench
from tests.making.fixtures import bench as bench
from tests.making.fixtures import call as call
from tests.making.studies import REPORTED, study
from tests.report.written import pages


@pytest.mark.parametrize("page", ["README.md", "docs/concepts.md"])
def test_pages_explain_them_alike(page: str) -> None:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    for word, meaning in glossary.WORDS.items():
        assert f"| {word} | {meaning} |" in lines


def test_the_readme_explains_them_before_it_shows_a_result() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.index("## What you see")
    assert all(text.index(f"| {word} | ") < shown for word in glossary.WORDS)


def test_help_explains_them(call: Callable[..., tuple[int, str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call("--help")
    assert glossary.explained() in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("columns", ["60", "120"])
def test_the_terminal_explains_those_that_it_shows(
    bench: Bench, call: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """A study with two blocks and one setting."""
    monkeypatch.setenv("COLUMNS", columns)
    text = " ".join(call("show", str(bench.file))[1].split())
    assert glossary.explained("point", "cell", "block") in text
    assert glossary.explained("setting") not in text


def test_mlflows_note_explains_them(bench: Bench) -> None:
    assert glossary.explained() in experiment_note(bench.study, "1", None, links=[])


def test_a_word_alone_is_explained_alone() -> None:
    assert glossary.explained("cell") == "cell: one training run: a method at a point with a seed."
    assert all(f"{word}: {meaning}." in glossary.explained() for word, meaning in glossary.WORDS.items())


def test_the_pages_of_a_report_explain_those_that_they_show() -> None:
    several = case(study(REPORTED, blocks={"shared": {}, "own": {"parameters": ["tau", "mu"]}}))
    for made, names in ((case(), ("point", "cell")), (several, ("point", "cell", "block"))):
        expected = glossary.explained(*names)
        for page in pages(made):
            assert expected in " ".join(page.split())
            assert f"{expected} setting:" not in page
