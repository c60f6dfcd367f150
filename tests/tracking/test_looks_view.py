"""Looks in the MLflow view: a tag a claim, and a table in the note of the study's run."""

from __future__ import annotations

from markdown_it import MarkdownIt

from ssc_tune.analysis.result import Estimate, Look, LookVerdict, StudyAnalysis
from ssc_tune.tracking.content import analysis_tags
from ssc_tune.tracking.notes import study_note
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis


def looked() -> StudyAnalysis:
    """Decided at the second of four looks, where the study stopped; its claims carry the look."""
    plain = analysis(study(TRACKED))
    names = [verdict.claim.name for verdict in plain.verdicts]

    def at(number: int, points: int, verdict: str) -> Look:
        effect = Estimate(value=0.5, low=0.5 - 1 / number, high=0.5 + 1 / number, confidence=0.99)
        claims = [
            LookVerdict.model_validate(
                {"claim": name, "verdict": verdict, "effect": effect, "effect_name": "x", "p_value": 0.01}
                | {"p_sequential": 0.02, "p_adjusted": 0.02, "alpha": 0.05, "spent": 0.01, "nominal": 0.01}
                | {"boundary": 2.6, "reason": ""}
            )
            for name in names
        ]
        return Look(number=number, points=points, num_missing=0, needed=True, claims=tuple(claims))

    looks = (
        at(1, 8, "inconclusive"),
        at(2, 16, "supported"),
        Look(number=3, points=32, num_missing=96, needed=False),
        Look(number=4, points=64, num_missing=288, needed=True),
    )
    verdicts = tuple(verdict.model_copy(update={"look": 16}) for verdict in plain.verdicts)
    return plain.model_copy(update={"looks": looks, "verdicts": verdicts})


def test_a_tag_says_at_which_look_a_verdict_was_reached() -> None:
    plain, with_looks = analysis_tags(analysis(study(TRACKED))), analysis_tags(looked())
    assert plain
    assert not any(name.startswith("look/") for name in plain)
    added = {name: value for name, value in with_looks.items() if name not in plain}
    assert added == {name.replace("verdict/", "look/"): "16" for name in plain}


def test_the_note_holds_the_ledger() -> None:
    text = study_note(study(TRACKED), "v", looked())
    section = text.split("### Looks\n")[1].split("\n###")[0]
    rows: list[list[str]] = []
    for token in MarkdownIt().enable("table").parse(section):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            rows[-1].append(token.content)
    names = [verdict.claim.name for verdict in looked().verdicts]
    assert rows == [
        ["points", *names],
        ["8", *["inconclusive, +0.500 \\[-0.500, +1.500\\]"] * len(names)],
        ["16", *["supported, +0.500 \\[0.000, +1.000\\]"] * len(names)],
        ["32", *["not needed"] * len(names)],
        ["64", *["not complete"] * len(names)],
    ]
    assert "### Looks" not in study_note(study(TRACKED), "v", analysis(study(TRACKED)))
