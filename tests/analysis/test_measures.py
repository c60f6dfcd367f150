"""A measure is one row and one estimator of the same name; nothing else in the package asks for it by name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ssc_tune
from ssc_tune.analysis.measures import registry
from ssc_tune.analysis.measures.base import ClaimData, Effect
from ssc_tune.analysis.measures.registry import Weighted, estimators, measure
from ssc_tune.study.model.claims import Comparison
from ssc_tune.study.model.measures import MEASURES, Measure

PACKAGE = Path(ssc_tune.__file__).parent


def test_every_row_has_an_estimator_and_every_estimator_a_row() -> None:
    assert set(estimators()) == set(MEASURES)
    assert {name for name, found in estimators().items() if found.weighted} == {
        name for name, row in MEASURES.items() if row.weighted
    }


def test_an_estimator_without_a_row_or_of_another_kind_is_refused() -> None:
    with pytest.raises(KeyError, match="unheard_of"):
        measure("unheard_of")
    with pytest.raises(ValueError, match="iqr: its row and its estimator disagree"):
        measure("iqr", weighted=Weighted(lambda weights, y: None))  # type: ignore[arg-type, return-value]


def test_a_claim_of_one_method_is_said_by_its_row() -> None:
    for name, row in MEASURES.items():
        if row.of_one_method:
            said = row.of_one.format(
                bound="at least 5%", Bound="At least 5%", method="ssc", parameter="tau", accuracy=0.5
            )
            assert "ssc" in said, name
            assert "t least 5%" in said, name


def _comparisons(path: Path) -> set[str]:
    """Names of measures that a claim's or measure's name is compared with, or asked to be among."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Attribute) and side.attr in ("measure", "kind") for side in sides):
            found |= {c.value for side in sides for c in ast.walk(side) if isinstance(c, ast.Constant)} & set(MEASURES)
    return found


def test_nothing_branches_on_the_name_of_a_measure() -> None:
    asked = {str(path.relative_to(PACKAGE)): _comparisons(path) for path in PACKAGE.rglob("*.py")}
    assert {path: names for path, names in asked.items() if names} == {}


def test_a_new_measure_is_a_row_and_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Measure("median", "median accuracy over the search space", of_one="{Bound} is the median of {method}")
    monkeypatch.setitem(MEASURES, "median", row)
    monkeypatch.setattr(registry, "_REGISTERED", dict(estimators()))

    @measure("median")
    def median(data: ClaimData) -> Effect:
        raise NotImplementedError

    claim = Comparison.model_construct(name="c", more="a", than="b", measure="median")
    assert claim.kind is row
    assert registry._REGISTERED["median"].effect is median
