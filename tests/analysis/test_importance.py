"""Optuna's evaluators on known truth, and what is done about their traps."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import kendalltau

from ssc_tune.analysis.estimators import importance


def test_fanova_finds_an_additive_split() -> None:
    points = np.random.default_rng(0).random((200, 3))
    found = importance.importances(points, 2 * points[:, 0] + points[:, 1], ["p", "q", "r"])
    np.testing.assert_allclose(found.values, [0.8, 0.2, 0.0], atol=0.08)
    assert found.total == pytest.approx(found.values.sum())
    assert found.total < 1.05
    assert "fANOVA" in found.evaluator
    assert "seed 0" in found.evaluator


def test_a_pure_product_shows_small_sums() -> None:
    points = np.random.default_rng(1).random((200, 2))
    product = (2 * points[:, 0] - 1) * (2 * points[:, 1] - 1)
    found = importance.importances(points, product, ["p", "q"])
    assert found.total < 0.4  # normalized it would be 1


def test_ped_anova_ranks_the_parameter_that_decides() -> None:
    points = np.random.default_rng(2).random((200, 2))
    found = importance.importances(points, -((points[:, 1] - 0.3) ** 2), ["p", "q"], evaluator="ped-anova")
    assert found.values[1] > 5 * found.values[0]
    assert "PED-ANOVA" in found.evaluator


def test_higher_is_better_for_ped_anova() -> None:
    """Only the upper tenth is pinned down by p; the lower tenth by q."""
    rng = np.random.default_rng(3)
    points = rng.random((400, 2))
    values = np.where(points[:, 0] > 0.9, 1.0, 0.0) - np.where(points[:, 1] > 0.9, 1.0, 0.0) * (points[:, 0] <= 0.9)
    values = values + 0.01 * rng.normal(size=400)
    found = importance.importances(points, values, ["p", "q"], evaluator="ped-anova")
    assert found.values[0] > found.values[1]


def test_choices_are_categories_and_seeds_are_averaged() -> None:
    rng = np.random.default_rng(4)
    category = rng.integers(3, size=120)
    points = np.column_stack([rng.random(120), (category + 0.5) / 3])
    y = np.array([0.0, 1.0, 0.1])[category][:, None] + rng.normal(size=(120, 1)) * 0.05 * np.array([[1, -1]])
    found = importance.importances(points, y, ["p", "kind"], categories={1: 3})
    assert found.values[1] > 0.9
    flat = importance.importances(points, y.mean(axis=1), ["p", "kind"], categories={1: 3})
    np.testing.assert_array_equal(found.values, flat.values)


def test_same_seed_same_numbers_and_no_chatter(capfd: pytest.CaptureFixture[str]) -> None:
    points = np.random.default_rng(5).random((40, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (importance.importances(points, points[:, 0], ["p", "q"], seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.values, second.values)
    assert capfd.readouterr().err == ""


def test_agreement_is_kendalls_tau_of_the_values() -> None:
    names = ("a", "b", "c", "d")
    one = importance.Importance(names, np.array([0.4, 0.3, 0.2, 0.1]), 1.0, "x", "")
    two = importance.Importance(names, np.array([0.3, 0.4, 0.2, 0.1]), 1.0, "y", "")
    found = importance.agreement(one, two)
    assert found.tau == pytest.approx(kendalltau(one.values, two.values).statistic)
    assert found.tau == pytest.approx(1 - 2 / 6)
    assert found.ranks == {"a": (1, 2), "b": (2, 1), "c": (3, 3), "d": (4, 4)}


@pytest.mark.parametrize(
    ("values", "reason"), [(np.ones(30), "do not vary"), (np.arange(3.0), "too few"), (np.empty(0), "too few")]
)
@pytest.mark.parametrize("evaluator", importance.EVALUATORS)
def test_undefined_with_a_reason(values: np.ndarray, reason: str, evaluator: importance.Evaluator) -> None:
    points = np.random.default_rng(0).random((len(values), 2))
    found = importance.importances(points, values, ["p", "q"], evaluator=evaluator)
    assert np.isnan(found.values).all()
    assert reason in found.reason
    agreed = importance.agreement(found, found)
    assert np.isnan(agreed.tau)
    assert agreed.reason == found.reason


def test_one_parameter_has_no_ranking_and_names_must_agree() -> None:
    one = importance.Importance(("a",), np.array([0.4]), 0.4, "x", "")
    assert "one parameter" in importance.agreement(one, one).reason
    with pytest.raises(ValueError, match="different parameters"):
        importance.agreement(one, one._replace(names=("b",)))
    with pytest.raises(ValueError, match="ped-anova"):
        importance.importances([[0.5]], [1.0], ["a"], evaluator="shapley")  # type: ignore[arg-type]
