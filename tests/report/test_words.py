"""Sentences of the report."""

from __future__ import annotations

import math

import pytest

from ssc_tune.analysis.result import Estimate
from ssc_tune.presentation import words
from ssc_tune.report.forest import forests
from ssc_tune.study.model.claims import read_claim
from tests.making.analyses import case
from tests.making.studies import REPORTED, study


def test_a_logarithm_is_told_as_a_ratio() -> None:
    verdict = case().analysis.verdicts[0]
    assert words.effect(verdict) == (
        f"sd of fixmatch is {math.exp(0.61):.2f} times sd of ssc, "
        f"95% interval {math.exp(0.29):.2f} to {math.exp(0.93):.2f}"
    )


def test_a_count_of_steps_is_told_with_one_decimal() -> None:
    steps = Estimate(value=-43.75, low=-84.513, high=-2.987, confidence=0.95)
    verdict = case().analysis.verdicts[1].model_copy(update={"effect": steps, "effect_name": "steps of a minus b"})
    assert words.effect(verdict) == "steps of a minus b is -43.8, 95% interval -84.5 to -3.0"
    (line,) = forests([verdict])
    assert line is not None
    assert line.label == "-43.8 [-84.5, -3.0]"


def test_how_lines_are_read_is_said_of_the_claims_that_there_are() -> None:
    less, _, equal = (verdict.claim for verdict in case().analysis.verdicts)
    share = {"name": "s", "method": "ssc", "in": "importance", "parameter": "tau"}
    upper, lower = (read_claim({**share, end: 0.2}) for end in ("at_most", "at_least"))
    assert words.reading([]) == ""
    assert "Right of the dashes it speaks for the claim" in words.reading([less])
    assert "Right of the dashes it speaks for the claim" in words.reading([lower])
    assert "grey zone" not in words.reading([less])
    assert "Right of the dashes" not in words.reading([equal]) + words.reading([upper])
    assert "grey zone" in words.reading([equal])
    assert "left of the dashes speaks for it" in words.reading([upper])


def test_an_undefined_effect_says_why() -> None:
    verdict = case().analysis.verdicts[0].model_copy(update={"effect": Estimate(value=None, note="one seed")})
    assert words.effect(verdict) == "ln(sd of fixmatch / sd of ssc) is undefined: one seed"
    assert forests([verdict]) == [None]


def test_the_answer_starts_with_the_claim_about_spread() -> None:
    analysis = case().analysis
    turned = analysis.model_copy(update={"verdicts": tuple(reversed(analysis.verdicts))})
    for one in (analysis, turned):
        text = words.answer(one)
        assert text.startswith("Supported: ssc has a smaller standard deviation over points than fixmatch; sd of")
        assert text.endswith("Of the 2 other claims: 1 refuted and 1 inconclusive.")


def test_an_open_question_is_not_told_as_a_fact() -> None:
    analysis = case().analysis
    first = analysis.verdicts[0].model_copy(update={"verdict": "inconclusive"})
    text = words.answer(analysis.model_copy(update={"verdicts": (first,)}))
    assert text.startswith("Inconclusive whether ssc has a smaller")


def test_without_claims_nothing_is_judged() -> None:
    analysis = case().analysis.model_copy(update={"verdicts": ()})
    assert "declares no claim" in words.answer(analysis)
    assert "1.84 times sd of ssc" in words.answer(analysis)


def test_a_study_without_description_still_asks() -> None:
    assert (
        words.question(study(REPORTED, description=""))
        == "How sensitive are fixmatch and ssc to their hyperparameters?"
    )


@pytest.mark.parametrize("index", range(3))
def test_the_line_of_an_effect_keeps_order_and_proportion(index: int) -> None:
    verdict = case().analysis.verdicts[index]
    (line,) = forests([verdict])
    assert line is not None
    effect = verdict.effect
    assert effect.value is not None
    assert effect.low is not None
    assert effect.high is not None
    assert 0 < line.low < line.value < line.high < 100
    share = (line.value - line.low) / (line.high - line.low)
    assert share == pytest.approx((effect.value - effect.low) / (effect.high - effect.low), abs=1e-3)
    assert (line.reference < line.low) == (effect.low > 0)
    assert (line.margin is None) == (verdict.claim.equivalent is None)
