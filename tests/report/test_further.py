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


def test_a_topic_without_rows_is_left_out() -> None:
    assert tables({"transfer": [], "importance": "nothing"}) == []
