"""Points as Optuna has them: distributions of parameters, and values as those of a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ssc_tune.late import Late
from ssc_tune.study.model.space import ChoiceParameter, FloatParameter, IntParameter, Parameter, Value
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    import optuna
else:
    optuna = Late("optuna")


def distributions(study: Study, names: Sequence[str]) -> dict[str, optuna.distributions.BaseDistribution]:
    """Optuna's distributions of parameters. A ``complement`` parameter appears as ``1 - name``, on its own scale."""
    return dict(_distribution(name, study.search_space.parameters[name]) for name in names)


def _distribution(name: str, parameter: Parameter) -> tuple[str, optuna.distributions.BaseDistribution]:
    match parameter:
        case FloatParameter(complement=True):
            ends = round(1 - parameter.high, 12), round(1 - parameter.low, 12)
            return f"1 - {name}", optuna.distributions.FloatDistribution(*ends, log=parameter.log)
        case FloatParameter():
            return name, optuna.distributions.FloatDistribution(parameter.low, parameter.high, log=parameter.log)
        case IntParameter():
            return name, optuna.distributions.IntDistribution(parameter.low, parameter.high, log=parameter.log)
        case ChoiceParameter():
            return name, optuna.distributions.CategoricalDistribution(parameter.choices)


def to_trial(study: Study, values: Mapping[str, Value]) -> dict[str, Value]:
    """A point's values as Optuna's parameters."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        parameter = study.search_space.parameters[name]
        if isinstance(parameter, FloatParameter) and parameter.complement:
            found[f"1 - {name}"] = round(1 - float(value), 12)
        else:
            found[name] = value
    return found


def from_trial(params: Mapping[str, Value]) -> dict[str, Value]:
    """Optuna's parameters as a point's values."""
    found: dict[str, Value] = {}
    for name, value in params.items():
        if name.startswith("1 - "):
            found[name.removeprefix("1 - ")] = round(1 - float(value), 12)
        else:
            found[name] = value
    return found
