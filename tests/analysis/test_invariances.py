"""What must not change a verdict's numbers, over every measure that a claim can name.

Each measure states what happens when a constant is added to one method's accuracies, when both methods' are multiplied
by a factor, when points and seeds are relabelled, and when the methods are exchanged; or why it has no such property.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from ssc_tune.analysis.estimators.intervals import Interval
from ssc_tune.analysis.judge import verdicts
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.measures.registry import estimator, estimators
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.study import Study
from tests.making.tables import make_study, make_tables

FIRST, SECOND = "ssc", "fixmatch"
SAME, MOVES, SCALES = "same", "moves by the constant", "scales with the factor"
LEVELS = {"tau": [0.8, 0.9, 0.93, 0.95, 0.97]}
SETTINGS = {"few": {"data": {"labels_per_class": 1}}, "many": {"data": {"labels_per_class": 10}}}


class Invariances(NamedTuple):
    """What a measure keeps; a text that is none of the three words above says why there is nothing to keep."""

    shift_of_one: str  # a constant added to the first method
    shift_of_both: str
    factor: str  # both methods multiplied
    relabelling: str = SAME  # of points and of seeds
    exchange: str = SAME  # the sign turns, p stays
    claim: dict[str, Any] = {}  # noqa: RUF012 - never changed
    study: dict[str, Any] = {}  # noqa: RUF012


NO_OTHER = "it is about one method"
FIXED = "its tolerance is fixed, in units of accuracy"
BORDER = "the accuracy under which a cell counts is fixed"
MEASURES = {
    "std": Invariances(SAME, SAME, SAME),
    "iqr": Invariances(SAME, SAME, SAME),
    "range": Invariances(SAME, SAME, SAME),
    "mean": Invariances(MOVES, SAME, SCALES),
    "cvar": Invariances(MOVES, SAME, SCALES),
    "worst": Invariances(MOVES, SAME, SCALES),
    "default": Invariances(MOVES, SAME, SCALES),
    "best_of_n": Invariances(MOVES, SAME, SCALES, claim={"n": 4}),
    "tunability": Invariances(SAME, SAME, SCALES, claim={"n": 4}),
    "default_regret": Invariances(SAME, SAME, SCALES),
    "near_optimal_volume": Invariances("the better of both methods' bests is the reference", SAME, FIXED),
    "importance": Invariances(
        SAME,
        SAME,
        SAME,
        relabelling="it resamples points from a generator",
        exchange=NO_OTHER,
        claim={"method": FIRST, "parameter": "tau", "at_least": 0.5},
    ),
    "tolerance_width": Invariances(
        SAME,
        SAME,
        FIXED,
        relabelling="levels have an order; seeds are relabelled below",
        claim={"parameter": "tau"},
        study={"design": {"type": "one-at-a-time", "levels": LEVELS}},
    ),
    "transfer_sensitivity": Invariances(
        "scores are normalized over both methods", SAME, SAME, study={"settings": SETTINGS}
    ),
    "steps_to_target": Invariances("the target is a share of the level", "the target is a share of the level", SAME),
    "area_under_curve": Invariances(MOVES, SAME, SCALES),
    "below": Invariances(BORDER, BORDER, BORDER, claim={"accuracy": 0.6}),
}


def holding(field: str, *words: str) -> list[str]:
    """The measures for which a property is one of the words."""
    return [name for name, made in MEASURES.items() if getattr(made, field) in words]


def study_of(measure: str, *, exchanged: bool = False) -> Study:
    made = MEASURES[measure]
    first, second = (SECOND, FIRST) if exchanged else (FIRST, SECOND)
    claim = {"in": measure, **made.claim}
    if "method" not in claim:
        claim |= {"more": first, "than": second}
    if "settings" in made.study and measure != "transfer_sensitivity":
        claim["setting"] = "few"
    changes = {"design": {"type": "sobol", "points": 16}, **made.study}
    return make_study([claim], seeds=4, **changes)


def tables_of(study: Study) -> Tables:
    """Unequal methods: levels, slopes, curvature, sensitivity by seed and noise differ; validation is not the test."""
    rng = np.random.default_rng(5)

    def accuracy(method: str, unit: Any, seed: int) -> float:
        level, slope, bend, noise = (0.6, 0.2, 0.3, 0.01) if method == FIRST else (0.63, 0.1, 0.1, 0.02)
        height = slope * (1 + 0.1 * seed) * (unit["tau"] - 0.5) + 0.1 * slope * unit["learning_rate"]
        return level + height - bend * (unit["tau"] - 0.6) ** 2 + noise * rng.standard_normal()

    made = make_tables(study, accuracy)
    other = 0.01 * np.random.default_rng(6).standard_normal(len(made.cells))
    return made._replace(cells=made.cells.assign(validation_accuracy=made.cells["validation_accuracy"] + other))


def judged(study: Study, tables: Tables) -> Interval:
    claim = study.claims[0]
    data = verdicts.claim_data(Materials(study, tables, num_bootstrap=199), claim)
    return estimator(claim).effect(data).interval


def rescaled(tables: Tables, factor: float, constant: float, methods: tuple[str, ...]) -> Tables:
    """``factor * accuracy + constant`` for all accuracies of some methods."""

    def change(frame: pd.DataFrame, rows: pd.Series, names: list[str]) -> pd.DataFrame:
        return frame.assign(**{name: frame[name].mask(rows, factor * frame[name] + constant) for name in names})

    own = tables.cells["method"].isin(methods)
    ids = set(tables.cells.loc[own, "cell_id"])
    return tables._replace(
        cells=change(tables.cells, own, ["test_accuracy", "validation_accuracy"]),
        history=change(tables.history, tables.history["cell_id"].isin(ids), ["validation_accuracy"]),
    )


def relabelled(tables: Tables, column: str, fixed: int | None) -> Tables:
    """The labels of points (but point 0) or of seeds in another order."""
    labels = np.setdiff1d(tables.cells[column].unique(), [] if fixed is None else [fixed])
    new = dict(zip(labels, np.random.default_rng(3).permutation(labels), strict=True))
    cells, expected = (
        frame.assign(**{column: [new.get(label, label) for label in frame[column]]})
        for frame in (tables.cells, tables.expected)
    )
    return Tables(cells, tables.history, expected)


def assert_same(found: Interval, before: Interval, *, moved: float = 0.0, factor: float = 1.0) -> None:
    """Estimate and interval moved and scaled, p-value as it was unless the effect moved."""
    assert np.isfinite([before.estimate, before.low, before.high, before.p_value]).all(), before.reason
    for name in ("estimate", "low", "high"):
        expected = factor * getattr(before, name) + moved
        assert getattr(found, name) == pytest.approx(expected, rel=1e-6, abs=1e-9), name
    if not moved:
        assert found.p_value == pytest.approx(before.p_value, rel=1e-5, abs=1e-12)


def test_every_measure_says_what_it_keeps() -> None:
    assert set(MEASURES) == set(estimators())


@pytest.mark.parametrize("constant", [-0.15, 0.003, 0.2])
@pytest.mark.parametrize("measure", holding("shift_of_one", SAME, MOVES))
def test_a_constant_added_to_one_method(measure: str, constant: float) -> None:
    study = study_of(measure)
    tables = tables_of(study)
    moved = constant if MEASURES[measure].shift_of_one == MOVES else 0.0
    found = judged(study, rescaled(tables, 1.0, constant, (FIRST,)))
    assert_same(found, judged(study, tables), moved=moved)


@pytest.mark.parametrize("constant", [-0.1, 0.15])
@pytest.mark.parametrize("measure", holding("shift_of_both", SAME))
def test_a_constant_added_to_both_methods(measure: str, constant: float) -> None:
    study = study_of(measure)
    tables = tables_of(study)
    assert_same(judged(study, rescaled(tables, 1.0, constant, (FIRST, SECOND))), judged(study, tables))


@pytest.mark.parametrize("factor", [0.4, 1.2])
@pytest.mark.parametrize("measure", holding("factor", SAME, SCALES))
def test_a_factor_of_both_methods(measure: str, factor: float) -> None:
    study = study_of(measure)
    tables = tables_of(study)
    scaled = factor if MEASURES[measure].factor == SCALES else 1.0
    assert_same(judged(study, rescaled(tables, factor, 0.0, (FIRST, SECOND))), judged(study, tables), factor=scaled)


@pytest.mark.parametrize("column", ["point", "seed"])
@pytest.mark.parametrize("measure", holding("relabelling", SAME))
def test_labels_of_points_and_seeds_do_not_matter(measure: str, column: str) -> None:
    study = study_of(measure)
    tables = tables_of(study)
    assert_same(judged(study, relabelled(tables, column, 0 if column == "point" else None)), judged(study, tables))


def test_labels_of_seeds_do_not_matter_where_points_have_an_order() -> None:
    study = study_of("tolerance_width")
    tables = tables_of(study)
    assert_same(judged(study, relabelled(tables, "seed", None)), judged(study, tables))


@pytest.mark.parametrize("measure", holding("exchange", SAME))
def test_exchanging_the_methods_turns_the_sign(measure: str) -> None:
    study = study_of(measure)
    tables = tables_of(study)
    assert_same(judged(study_of(measure, exchanged=True), tables).negated(), judged(study, tables))


@pytest.mark.parametrize("measure", list(MEASURES))
def test_what_is_said_not_to_hold_does_not(measure: str) -> None:
    """A reason that gives no word would hide a property that has come to hold."""
    study = study_of(measure)
    tables, made = tables_of(study), MEASURES[measure]
    before, reasons = judged(study, tables), (made.shift_of_one, made.shift_of_both, made.factor)
    changed = (
        rescaled(tables, 1.0, 0.1, (FIRST,)),
        rescaled(tables, 1.0, 0.1, (FIRST, SECOND)),
        rescaled(tables, 0.5, 0.0, (FIRST, SECOND)),
    )
    for reason, other in zip(reasons, changed, strict=True):
        if reason not in (SAME, MOVES, SCALES):
            assert judged(study, other).estimate != pytest.approx(before.estimate, rel=1e-6)
