"""The first screen: an answer to each question, how far to trust it, and the points behind it."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from typing import Any

import numpy as np
import pytest

from ssc_tune.analysis.estimators.intervals import detectable
from ssc_tune.analysis.result import Estimate, StudyAnalysis, Verdict
from ssc_tune.presentation import answers, words
from ssc_tune.presentation.csvs import results_csv
from ssc_tune.report.cells import views
from ssc_tune.report.figures import seeds
from ssc_tune.report.figures.base import Given
from ssc_tune.report.forest import Strips, forests
from ssc_tune.study.model.claims import read_claim
from ssc_tune.study.model.measures import MEASURES
from tests.making.analyses import Case, case
from tests.making.studies import REPORTED, study
from tests.report.written import pages

DECIDED = ("supported", "refuted", "inconclusive")


def claimed(measure: str, side: str, verdict: str, value: float = 0.4) -> Verdict:
    """A verdict on two methods, its effect turned so that a positive one speaks for the claim."""
    given = {"name": f"{measure} {side}", side: "ssc", "than": "fixmatch", "in": measure}
    given |= {key: {"n": 4, "parameter": "tau", "accuracy": 0.5}[key] for key in MEASURES[measure].needs}
    effect = Estimate(value=value, low=value - 0.1, high=value + 0.1, confidence=0.95)
    return (
        case()
        .analysis.verdicts[0]
        .model_copy(update={"claim": read_claim(given), "verdict": verdict, "effect": effect, "post_hoc": False})
    )


def told(*verdicts: Verdict) -> list[answers.Answer]:
    made = case()
    return answers.answers(made.study, made.analysis.model_copy(update={"verdicts": verdicts}))


@pytest.mark.parametrize("measure", [name for name, measure in MEASURES.items() if measure.of_two_methods])
def test_an_answer_says_which_side_the_effect_lies_on(measure: str) -> None:
    """What supports "less" refutes "more", so both answers state the same fact."""
    facts = {}
    for side, verdict in itertools.product(("less", "more"), ("supported", "refuted")):
        (answer,) = told(claimed(measure, side, verdict))
        fact = answer.text.split(": ")[0]
        assert ("against the claim" in fact) == (verdict == "refuted")
        assert re.match(r"ssc .* than fixmatch", fact), fact
        facts[side, verdict] = fact.removesuffix(", against the claim")
    assert facts["less", "supported"] == facts["more", "refuted"]
    assert facts["more", "supported"] == facts["less", "refuted"]
    assert len(set(facts.values())) == 2
    less, more = facts["less", "supported"], facts["more", "supported"]
    smaller = re.search(r"\b(less|smaller|fewer)\b", less) and re.search(r"\b(more|larger)\b", more)
    assert smaller, (less, more)


def test_what_is_not_decided_is_not_told_as_a_fact() -> None:
    for side in ("less", "more"):
        (answer,) = told(claimed("std", side, "inconclusive"))
        assert answer.text.startswith(f"Not decided whether ssc varied {side} than fixmatch: ")


def test_every_answer_has_its_effect_with_its_interval() -> None:
    made = case()
    for answer, verdict in zip(
        answers.answers(made.study, made.analysis), words.strongest_first(made.analysis.verdicts), strict=True
    ):
        assert words.effect(verdict) in answer.text
        assert answer.claim == verdict.claim.name


@pytest.mark.parametrize("order", itertools.permutations(DECIDED))
def test_the_strongest_verdict_is_never_behind_another(order: tuple[str, ...]) -> None:
    verdicts = [claimed(m, "less", v) for m, v in zip(("std", "mean", "steps_to_target"), order, strict=True)]
    found = [answer.verdict for answer in told(*verdicts)]
    assert found[-1] == "inconclusive"
    made = case()
    analysis = made.analysis.model_copy(update={"verdicts": tuple(verdicts)})
    assert not words.answer(analysis).startswith("Inconclusive")
    page, text = pages(made._replace(analysis=analysis))
    badges = re.findall(r'<article class="card (\w+)"', page)
    assert badges == found
    assert [re.search(rf"\*\*({'|'.join(DECIDED)})", line)[1] for line in text.splitlines() if "**: " in line] == found  # type: ignore[index]


def test_a_post_hoc_verdict_stands_behind_a_declared_one_and_says_so() -> None:
    late = claimed("std", "less", "supported").model_copy(update={"post_hoc": True})
    found = told(late, claimed("mean", "more", "supported"))
    assert [answer.post_hoc for answer in found] == [False, True]


@pytest.mark.parametrize(("confidence", "power"), [(0.95, 0.8), (0.9, 0.9), (0.99, 0.6)])
def test_the_effect_that_can_be_seen_is_seen_so_often(confidence: float, power: float) -> None:
    """Against drawn studies: the interval lies beside 0 with the power that was asked for."""
    half, count = 0.6, 400_000
    effect = detectable(half, confidence, power=power)
    draws = np.random.default_rng(3)
    noise = draws.standard_normal(count)
    width = np.quantile(np.abs(draws.standard_normal(count)), confidence)  # of the interval, in standard errors
    error = half / width
    seen = np.mean(np.abs(effect + error * noise) > error * width)
    assert seen == pytest.approx(power, abs=4e-3)


def test_the_line_of_trust_says_size_failures_and_what_could_be_seen() -> None:
    made = case(num_failed=2)
    rows = list(csv.DictReader(io.StringIO(results_csv(made.study, made.tables))))
    failed = sum(row["status"] != "ok" for row in rows)
    points = {row["point"] for row in rows} - {"0"}
    found = answers.trust(made.study, made.analysis, cells=len(rows), failed=failed)
    assert found[0] == f"{len(points)} points x {len({row['seed'] for row in rows})} seeds a method"
    assert found[1] == f"2 of {len(rows)} cells diverged or failed"
    effect = made.analysis.verdicts[0].effect
    assert effect.low is not None
    assert effect.high is not None
    assert effect.value is not None
    half = max(effect.high - effect.value, effect.value - effect.low)
    ratio = math.exp(half * (1 + 0.8416 / 1.9600))
    assert found[2] == f"a ratio of {ratio:.2f} or more in sd would be seen with 80% power"
    page, text = pages(made)
    assert " · ".join(found) in page
    assert "; ".join(found).split("; ")[1] in text


def test_claims_that_came_late_are_counted() -> None:
    made = case()
    late = [v.model_copy(update={"post_hoc": i == 0}) for i, v in enumerate(made.analysis.verdicts)]
    found = answers.trust(made.study, made.analysis.model_copy(update={"verdicts": tuple(late)}), cells=1, failed=0)
    assert "1 of 3 claims post hoc" in found
    none = tuple(v.model_copy(update={"post_hoc": False}) for v in late)
    found = answers.trust(made.study, made.analysis.model_copy(update={"verdicts": none}), cells=1, failed=0)
    assert "every claim declared before the first cell" in found


def test_effects_in_one_unit_share_an_axis() -> None:
    both = [claimed("std", "less", "supported", 0.4), claimed("iqr", "less", "refuted", -0.7)]
    other = claimed("steps_to_target", "less", "inconclusive", 300.0)
    first, second, third = forests([*both, other])
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.reference == second.reference
    scale = (first.value - second.value) / 1.1
    assert first.high - first.low == pytest.approx(0.2 * scale, abs=0.03)
    assert first.value - first.reference == pytest.approx(0.4 * scale, abs=0.03)
    assert third.reference != first.reference


def rows_of(made: Case) -> dict[tuple[str, int], list[float]]:
    """Accuracy of every seed of each point, read from results.csv: of cells that did not end, chance."""
    found: dict[tuple[str, int], list[float]] = {}
    for row in csv.DictReader(io.StringIO(results_csv(made.study, made.tables))):
        score = float(row["test_accuracy"]) if row["status"] == "ok" else 0.1
        found.setdefault((row["method"], int(row["point"])), []).append(score)
    return found


def test_the_strip_of_a_verdict_has_the_points_of_its_methods() -> None:
    made = case(num_failed=2)
    strip = Strips(views(made.study, made.tables)).of(made.analysis.verdicts[0], made.study.setting_names)
    assert strip is not None
    scores = {key: sum(values) / len(values) for key, values in rows_of(made).items() if key[1] != 0}
    low, high = min(scores.values()), max(scores.values())
    assert (float(strip.low), float(strip.high)) == pytest.approx((low, high), abs=6e-4)
    assert strip.rows.keys() == {"ssc", "fixmatch"}
    for method, dots in strip.rows.items():
        expected = sorted(2 + 96 * (s - low) / (high - low) for (m, _), s in scores.items() if m == method)
        assert sorted(dots) == pytest.approx(expected, abs=0.02)


def test_verdicts_on_more_than_the_accuracy_of_points_have_no_strip() -> None:
    made = case()
    strips = Strips(views(made.study, made.tables))
    assert strips.of(claimed("steps_to_target", "less", "supported"), made.study.setting_names) is None
    assert strips.of(claimed("transfer_sensitivity", "less", "supported"), made.study.setting_names) is None


def test_the_seeds_of_every_point_are_there_with_their_range() -> None:
    made = case(num_failed=2)
    (view,) = views(made.study, made.tables)
    (figure,) = seeds.figures(view, _given(made))
    assert [panel.name for panel in figure.panels] == list(view.methods)
    points = {(row["m"], row["p"]): row for row in figure.datasets["seed-means"]}
    found = {key: scores for key, scores in rows_of(made).items() if key[1] != 0}
    assert points.keys() == found.keys()
    for key, scores in found.items():
        row = points[key]
        assert (row["lo"], row["hi"], row["y"]) == pytest.approx(
            (min(scores), max(scores), sum(scores) / len(scores)), abs=2e-6
        )
        own = [one["y"] for one in figure.datasets["seeds"] if (one["m"], one["p"]) == key]
        assert sorted(own) == pytest.approx(sorted(scores), abs=2e-6)
    for method in view.methods:
        ranked = sorted((row for (m, _), row in points.items() if m == method), key=lambda row: row["r"])
        assert [row["r"] for row in ranked] == list(range(1, len(ranked) + 1))
        assert [row["y"] for row in ranked] == sorted(row["y"] for row in ranked)


def test_one_seed_has_no_figure_of_seeds() -> None:
    made = case(study(REPORTED, seeds=1, claims=[]))
    (view,) = views(made.study, made.tables)
    assert seeds.figures(view, _given(made)) == []


def _given(made: Case) -> Given:
    empty: Any = {}
    analysis: StudyAnalysis = made.analysis
    return Given(made.study, made.tables, analysis, made.records, empty)
