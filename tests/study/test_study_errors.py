"""Every way to write a study wrongly, and the very lines it is answered with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune import methods
from ssc_tune.methods import Hyperparameters
from ssc_tune.methods.ssc import SSCHyperparameters
from ssc_tune.models import registry as encoders
from ssc_tune.study import MEASURES, Study
from ssc_tune.study.model.factors import FACTORS
from tests.making.files import BASE

LISTS = {
    "{KEYS}": ", ".join(Study.model_fields),
    "{DESIGNS}": "sobol, random, grid, one-at-a-time, search, defaults",
    "{SHARED}": ", ".join(Hyperparameters.model_fields),
    "{FIXMATCH}": "unlabelled_weight, num_strong_views",
    "{SSC}": ", ".join(name for name in SSCHyperparameters.model_fields if name not in Hyperparameters.model_fields),
    "{FACTORS}": ", ".join(FACTORS),
    "{METHODS}": ", ".join(methods.names),
    "{WITH TEMPERATURE}": ", ".join(
        name for name in methods.names if "temperature" in methods.get(name).Hyperparameters.model_fields
    ),
    "{NETS}": encoders.ALLOWED,
    "{MEASURES}": ", ".join(MEASURES),
}
"""Long lists of what is allowed, written once."""


def read_cases() -> list[tuple[list[tuple[str, str]], list[str]]]:
    """The edits and the answer of each case of ``mistakes.txt``."""
    text = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8")
    cases = []
    for paragraph in text.split("\n\n")[1:]:
        lines = paragraph.strip("\n").split("\n")
        old, new = (
            [line[2:].replace("\\n", "\n").replace("\\t", "\t") for line in lines if line[0] == s] for s in "-+"
        )
        cases.append((list(zip(old, new, strict=True)), [line[2:] for line in lines if line[0] == ">"]))
    return cases


CASES = read_cases()


def expand(line: str) -> str:
    """The line with its lists written out."""
    for short, long in LISTS.items():
        line = line.replace(short, long)
    return line


def edited(edits: list[tuple[str, str]]) -> str:
    """The valid study with some of its text replaced."""
    text = BASE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_the_study_the_cases_are_made_from_is_valid(problems: Callable[..., list[str]]) -> None:
    assert problems(BASE) == []


@pytest.mark.parametrize(("edits", "expected"), CASES, ids=[" ".join(new.split())[:60] for [*_, (_, new)], _ in CASES])
def test_a_mistake_is_answered_by_these_lines(
    problems: Callable[..., list[str]], edits: list[tuple[str, str]], expected: list[str]
) -> None:
    assert problems(edited(edits)) == [expand(line) for line in expected]


def test_all_problems_of_a_file_are_told_at_once_in_the_order_of_its_lines(
    problems: Callable[..., list[str]],
) -> None:
    edits = [
        ("methods: [fixmatch, ssc]", "methods: [fixmach, ssc]"),
        ("batch_size: 32", "mu: 0"),
        ("type: float, default: 0.1", "type: flaot, default: 0.1"),
        ("points: 4", "pionts: 4"),
        ("seeds: 2", "seeds: 1"),
        ("in: std", "in: std, block: sharde"),
    ]
    lines = problems(edited(edits))
    assert [line.split(": ")[:2] for line in lines] == [
        ["s.yaml:2", "methods.fixmach"],
        ["s.yaml:3", "hyperparameters.mu"],
        ["s.yaml:8", "search_space.parameters.temperature.type"],
        ["s.yaml:9", "design.pionts"],
        ["s.yaml:9", "design.points"],
        ["s.yaml:15", "claims.0.block"],
        ["s.yaml:15", "claims.0.in"],
    ]


def test_no_word_of_the_validation_library_shows() -> None:
    text = " ".join(line for _, lines in CASES for line in lines).lower()
    for jargon in ("input should", "pydantic", "discriminator", "extra inputs", "http", "valid dictionary", "union"):
        assert jargon not in text
