"""A verdict over settings in the report: a line a setting, their mean, and one more setting."""

from __future__ import annotations

import csv
import io
import math

import pytest
from rich.console import Console

from ssc_tune.analysis.result import Estimate, Pooled, Verdict
from ssc_tune.presentation.csvs import verdicts_csv
from ssc_tune.presentation.terminal import terminal_summary
from ssc_tune.presentation.words import NEXT, settings, spread
from ssc_tune.report.context import context
from ssc_tune.report.figures import Given
from ssc_tune.report.forest import MEAN, pooled_forest
from ssc_tune.study.model.claims import read_claim
from tests.making.analyses import Case, case
from tests.report.written import HOSTILE, pages

SETTINGS = {"digits": (0.6, 0.3, 0.9), "mnist5k": (0.2, -0.2, 0.6), "svhn": (0.9, 0.5, 1.3)}


def over(index: int = 0, *, first: str = "digits", **changes: object) -> Verdict:
    """The verdict of a claim over three settings; 0 is a ratio, 1 a difference."""
    plain = case().analysis.verdicts[index]
    settings = tuple(
        (first if name == "digits" else name, Estimate(value=v, low=lo, high=hi, confidence=0.95))
        for name, (v, lo, hi) in SETTINGS.items()
    )
    pooled = Pooled(settings=settings, tau=0.21, i2=0.55, q_p=0.04, prediction_low=-2.9, prediction_high=4.1)
    effect = Estimate(value=0.58, low=0.05, high=1.1, confidence=0.95, how="random-effects mean of 3 settings")
    return plain.model_copy(update={"pooled": pooled, "effect": effect, **changes})


def with_verdict(verdict: Verdict) -> Case:
    """A case with that verdict alone."""
    made = case()
    return made._replace(analysis=made.analysis.model_copy(update={"verdicts": (verdict,)}))


def test_lines_keep_order_and_proportion_and_the_prediction_is_cut() -> None:
    found = pooled_forest(over())
    assert found is not None
    assert [line.name for line in found.lines] == [*SETTINGS, MEAN, NEXT]
    assert [line.kind for line in found.lines] == ["setting"] * 3 + ["mean", "prediction"]
    digits, mnist, svhn, mean, further = found.lines
    assert None not in (digits.low, digits.value, mnist.low, svhn.high, mean.value)
    width = (svhn.high - mnist.low) / (1.3 - -0.2)
    assert digits.high - digits.low == pytest.approx(0.6 * width, abs=0.02)
    assert mean.value - mnist.low == pytest.approx(0.78 * width, abs=0.02)
    assert found.reference - mnist.low == pytest.approx(0.2 * width, abs=0.02)
    assert (further.low, further.high, further.value) == (0, 100, None)


def test_ratios_are_told_as_ratios_and_differences_with_their_sign() -> None:
    ratio, difference = pooled_forest(over(0)), pooled_forest(over(1))
    assert ratio is not None
    assert difference is not None
    assert ratio.lines[0].text == f"{math.exp(0.6):.2f} ({math.exp(0.3):.2f} to {math.exp(0.9):.2f})"
    assert ratio.lines[-1].text == f"{math.exp(-2.9):.2f} to {math.exp(4.1):.2f}"
    assert spread(over(0)) == "tau 0.21 on the scale of the logarithm, I² 55%, p of equal effects 0.040"
    assert difference.lines[1].text == "+0.200 (-0.200 to +0.600)"
    assert spread(over(1)).startswith("tau 0.21, I²")
    assert settings(over(1)) == (
        "3 settings from +0.200 to +0.900; one more setting: -2.900 to +4.100 (95% prediction interval)"
    )


def test_the_reference_is_the_share_that_a_claim_names() -> None:
    claim = read_claim(
        {"name": "s", "method": "ssc", "in": "below", "accuracy": 0.5, "at_most": 0.3, "over": "settings"}
    )
    found, at_zero = pooled_forest(over(1, claim=claim)), pooled_forest(over(1))
    assert found is not None
    assert at_zero is not None
    assert found.reference > at_zero.reference


def test_other_verdicts_have_none() -> None:
    assert pooled_forest(case().analysis.verdicts[0]) is None
    assert settings(case().analysis.verdicts[0]) == ""
    assert pooled_forest(over(effect=Estimate(value=None, note="in setting a: one seed"))) is None


def test_the_terminal_has_a_line_for_it() -> None:
    made, text = with_verdict(over()), io.StringIO()
    terminal_summary(made.study, made.analysis, console=Console(file=text, width=200))
    assert settings(over()) in text.getvalue()


def test_report_and_tables_hold_every_setting() -> None:
    made = with_verdict(over())
    page, markdown = pages(made)
    for text in (page, markdown):
        for name in (*SETTINGS, MEAN, NEXT, "p of equal effects"):
            assert name in text
    assert page.count('<tr class="setting">') == 3
    row = next(csv.DictReader(io.StringIO(verdicts_csv(made.analysis))))
    assert (row["prediction_low"], row["prediction_high"]) == ("-2.9", "4.1")
    details = dict(context(Given(made.study, made.tables, made.analysis))["verdicts"][0]["details"])
    assert details["Over settings"].startswith("tau 0.21")


def test_names_of_settings_cannot_break_out() -> None:
    page, _ = pages(with_verdict(over(first=HOSTILE)))
    assert HOSTILE not in page
    assert "<img src=x" not in page


def test_a_verdict_over_settings_survives_json() -> None:
    verdict = over()
    assert Verdict.model_validate_json(verdict.model_dump_json(by_alias=True)) == verdict
