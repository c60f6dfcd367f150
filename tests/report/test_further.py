"""Further numbers of the analysis as tables."""

from __future__ import annotations

from ssc_tune.report.further import tables


def test_nested_values_become_columns_and_nothing_is_lost() -> None:
    facts = {
        "budget": [
            {"block": "shared", "leader": "ssc", "from_n": 3, "reason": "", "probability_first_better": {"1": 0.25}},
            {"block": "specific", "leader": None, "from_n": None, "reason": "they never part"},
        ],
        "unheard_of": {"value": 0.123456},
    }
    budget, other = tables(facts)
    assert budget.title == "Tuning budgets"
    assert budget.columns == ["block", "leader", "from n", "reason", "probability first better 1"]
    assert budget.rows == [
        ["shared", "ssc", "3", "", "0.25"],
        ["specific", "undefined", "undefined", "they never part", ""],
    ]
    assert (other.title, other.rows) == ("Unheard of", [["0.1235"]])


def test_an_interval_is_one_text_and_what_belongs_together_stands_together() -> None:
    rows = [
        {"block": "a", "setting": "main", "steps": {"value": 43.75, "low": 2.9, "high": None, "p": 0.04}, "horizon": 9},
        {"block": "b", "setting": "main", "steps": {"value": 1.0, "low": 0.5, "high": 2.0, "p": 0.5, "more": 7}},
    ]
    (table,) = tables({"convergence": rows})
    assert table.columns == ["block", "steps", "steps p", "steps more", "horizon"]
    assert table.rows == [["a", "43.75 [2.9, undefined]", "0.04", "", "9"], ["b", "1 [0.5, 2]", "0.5", "7", ""]]


def test_hyperparameters_keep_their_names() -> None:
    (table,) = tables({"importance": [{"num_points": 16, "values": {"learning_rate": 0.5}}]})
    assert table.columns == ["num points", "learning_rate"]


def test_a_topic_without_rows_is_left_out() -> None:
    assert tables({"transfer": [], "importance": "nothing"}) == []
