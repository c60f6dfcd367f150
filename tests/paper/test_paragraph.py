"""The paragraph on methods says what the study, its records and its analysis are, and follows them when they change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from ssc_tune import sources
from ssc_tune.analysis.result import Registered, StudyAnalysis
from ssc_tune.paper.paragraph import as_markdown, as_tex, cited, paragraphs
from ssc_tune.records import Record
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import SEMANTICS_VERSION
from tests.making.analyses import Case, case
from tests.making.studies import REPORTED, study

HASH = "8ff9adce" * 8
REGISTERED = Registered(
    hash=HASH, time=1.0, study="", num_cells=102, num_known=0, known="", line=f"registered as {HASH[:16]} early"
)


@pytest.fixture(scope="module")
def made() -> Case:
    given = case(study(REPORTED, hyperparameters={"batch_size": 32}))
    return given._replace(analysis=given.analysis.model_copy(update={"registration": REGISTERED}))


def said(of: Study, analysis: StudyAnalysis, records: Sequence[Record], num_cells: int | None = None) -> str:
    """The paragraph as plain text: without the signs of Markdown."""
    found = paragraphs(of, analysis, records, len(records) if num_cells is None else num_cells)
    return as_markdown(found).replace("\\", "")


def test_what_it_states_is_what_the_study_is(made: Case) -> None:
    text, s = said(made.study, made.analysis, made.records), made.study
    space = s.search_space.parameters
    facts = [
        *s.methods, "batch_size 32", s.data.name, f"{s.data.labels_per_class} labels a class",
        f"{s.data.validation} validation images", s.model.name, f"{s.training.steps} steps", "sobol, 16 points",
        "seed 0",
        f"{s.seeds} seeds", *s.shared_parameters, "logarithmic in 1 - tau", f"Cells: {len(made.records)}.", HASH,
        f"Registered as {HASH[:16]} early.", f"semantics of training {SEMANTICS_VERSION}", "torch 2.9.0",
        "python 3.11.7", "processor synthetic", "The p-values of the 3 claims are adjusted together by Holm",
    ]  # fmt: skip
    facts += [
        f"{p.low:g} to {p.high:g}" for name, p in space.items() if name in s.shared_parameters and p.type == "int"
    ]
    for number, claim in enumerate(s.claims, 1):
        facts += [f"Claim {number}, {claim.name}: "]
    assert [fact for fact in facts if fact not in text] == []
    assert text.count("confidence 95%") == 3
    assert "margin 0.01" in text
    assert "differ by less than 0.02" in text
    assert text.count("judged post hoc") == 1


CHANGES: dict[str, tuple[dict[str, Any], str, str]] = {
    "name": ({"name": "other_name"}, "Study other_name:", "Study stability:"),
    "seeds": ({"seeds": 7}, "7 seeds", "3 seeds"),
    "one seed": ({"seeds": 1}, "1 seed;", "3 seed"),
    "points": ({"design": {"type": "sobol", "points": 32}}, "32 points", "16 points"),
    "seed of the design": ({"design": {"type": "sobol", "points": 16, "seed": 41}}, "seed 41", "seed 0"),
    "design": ({"design": {"type": "random", "points": 16}}, "random, 16 points", "sobol"),
    "levels": ({"design": {"type": "grid", "levels": {"tau": [0.7, 0.8]}}}, "tau 0.7, 0.8", "learning_rate 0"),
    "search": ({"design": {"type": "search", "points": 9, "sampler": "gp"}}, "search (gp), 9 points", "sobol"),
    "labels": ({"data": {"labels_per_class": 11}}, "11 labels a class", "4 labels a class"),
    "data": ({"data": {"name": "mnist5k"}}, "mnist5k", "Data: digits"),
    "noise": ({"data": {"label_noise": 0.25}}, "25% of the labels wrong", "no such text"),
    "net": ({"model": {"name": "wrn-16-2"}}, "wrn-16-2", "wrn-10-1"),
    "steps": ({"training": {"steps": 321}}, "321 steps", "200 steps"),
    "fixed": ({"hyperparameters": {"batch_size": 48}}, "batch_size 48", "batch_size 32"),
    "of one method": (
        {"methods": {"fixmatch": {"momentum": 0.5}, "ssc": {}}}, "fixmatch (batch_size 32, momentum 0.5)", "no such"
    ),
    "confidence": (
        {"claims": [{**REPORTED["claims"][0], "confidence": 0.9}]}, "confidence 90%, margin 0.01", "p-values of the"
    ),
    "margin": ({"claims": [{**REPORTED["claims"][0], "margin": 0.07}]}, "margin 0.07", "margin 0.01"),
    "no claims": ({"claims": []}, "declares no claim", "Claim 1"),
    "looks": (
        {"design": {"type": "sobol", "points": 16, "looks": [8, 16]}},
        "judged at 8 and 16 points", "every claim is decided",
    ),
    "stop": (
        {"design": {"type": "sobol", "points": 16, "looks": [8, 16], "stop": "when_decided"}},
        "the study ends where every claim is decided", "no such text",
    ),
    "settings": (
        {"settings": {"few": {"data": {"labels_per_class": 1}}, "many": {}}, "claims": []},
        "each setting: few and many", "Data: digits",
    ),
    "blocks": ({"blocks": {"shared": {}, "own": {"parameters": ["mu"]}}}, "Varied in block own", "Varied for"),
    "range": (
        {"search_space": {"parameters": {**REPORTED["search_space"]["parameters"],
                                         "mu": {"type": "int", "default": 4, "low": 2, "high": 9}}}},
        "mu 2 to 9 (linear)", "mu 1 to 7",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_it_follows_the_study(made: Case, what: str) -> None:
    """Nothing of it is written down: what changes in the study changes there, and the old is gone."""
    changes, new, old = CHANGES[what]
    of = study(REPORTED, **{"hyperparameters": {"batch_size": 32}, **changes})
    before, after = (said(s, made.analysis, made.records) for s in (made.study, of))
    assert new in after
    assert new not in before
    assert old not in after


def test_it_follows_the_records_and_the_analysis(made: Case) -> None:
    failed = case(made.study, num_failed=4)
    text = said(made.study, made.analysis, failed.records, len(failed.records) + 3)
    assert f"Cells: {len(failed.records) + 3}, of which 4 failed and 3 without a result; " in text
    two = [made.records[0].model_copy(update={"versions": {"torch": "9.9"}, "environment": {"host": "mine"}})]
    other = said(made.study, made.analysis, [*made.records, *two])
    assert "torch 2.9.0 or 9.9" in other
    assert "mine" not in other  # names of machines are nobody's business
    without = made.analysis.model_copy(update={"registration": None, "verdicts": ()})
    bare = said(made.study, without, made.records)
    assert HASH not in bare
    assert "post hoc" not in bare


def test_methods_of_ones_own_are_named_and_cite_nobody(made: Case) -> None:
    own = {"theirs": {"command": ["python", "train.py"], "hyperparameters": {"tau": 0.5}}}
    space = {"parameters": {"tau": {"type": "float", "default": 0.5, "low": 0.1, "high": 0.9}}}
    of = study(REPORTED, own_methods=own, methods=["theirs"], claims=[], search_space=space)
    text = said(of, made.analysis.model_copy(update={"verdicts": ()}), [])
    assert "method theirs. " in text
    assert "a seed decides the labelled images, the same" in text
    assert "initial weights" not in text
    assert "Net:" not in text


def test_what_it_cites_stands_in_the_bibliography(made: Case) -> None:
    found = paragraphs(made.study, made.analysis, made.records, len(made.records))
    tex, markdown = as_tex(found), as_markdown(found)
    by_tex = {key for keys in re.findall(r"\\cite\{([^}]+)\}", tex) for key in keys.split(",")}
    by_markdown = set(re.findall(r"@(\w+)", markdown))
    assert by_tex == by_markdown == set(cited(found))
    assert by_tex <= set(sources.entries())
    assert tex.count(r"\paragraph{") == markdown.count("**") / 2 == 4
    assert r"batch\_size 32" in tex


def test_what_one_method_alone_has_is_said_to_be_its_own(made: Case) -> None:
    own = study(REPORTED, blocks={"shared": {}, "own": {"parameters": ["tau", "temperature", "prototypes"]}})
    text = said(own, made.analysis, made.records)
    assert "temperature 0.03333 to 0.3 (logarithmic) of ssc alone" in text
    assert "tau 0.6 to 0.99 (logarithmic in 1 - tau); temperature" in text
    levels = {"tau": [0.7, 0.8], "temperature": [0.1, 0.2]}
    grid = study(
        REPORTED, design={"type": "grid", "levels": levels}, blocks={"own": {"parameters": [*levels]}}, claims=[]
    )
    assert "tau 0.7, 0.8; temperature 0.1, 0.2 of ssc alone" in said(grid, made.analysis, made.records)
