"""What stands at the head of a report."""

from __future__ import annotations

from ssc_tune.methods import OwnMethod
from ssc_tune.report.context import context
from ssc_tune.report.figures import Given
from tests.making.analyses import Case, case
from tests.making.records import START
from tests.making.studies import REPORTED, study


def _facts(made: Case) -> dict[str, str]:
    found = context(Given(*made))["facts"]
    return dict(found)


def test_what_varies_is_said_of_every_block() -> None:
    assert _facts(case())["Varied"] == "tau, learning_rate, mu"
    defaults = study(REPORTED, design={"type": "defaults"}, claims=[])
    assert "Varied" not in _facts(case()._replace(study=defaults))
    two = _facts(case(study(REPORTED, blocks={"shared": {}, "own": {"parameters": ["tau", "temperature"]}})))
    assert two["Varied in block shared"] == "tau, learning_rate, mu"
    assert two["Varied in block own"] == "tau, temperature"


def test_a_run_within_a_day_names_the_day_once() -> None:
    made = case()
    assert _facts(made)["Run"] == "2023-11-14 22:13 to 22:13 UTC"
    late = made.records[-1].model_copy(update={"ended": START + 86_400})
    assert (
        _facts(made._replace(records=(*made.records[:-1], late)))["Run"] == "2023-11-14 22:13 to 2023-11-15 22:13 UTC"
    )


def test_a_net_is_named_only_where_there_is_one() -> None:
    made = case()
    own = {name: OwnMethod(command=("true",)) for name in made.study.methods}
    without = made._replace(study=made.study.model_copy(update={"own_methods": own}))
    assert "Net" in _facts(made)
    assert set(_facts(without)) == set(_facts(made)) - {"Net"}
