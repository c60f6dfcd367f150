"""Checks of factors: parameters of the search space that set the data or the net."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from ssc_tune.data.facts import SourceError
from ssc_tune.frozen import Frozen
from ssc_tune.models.registry import find_variant
from ssc_tune.study.checking.check_data import checked_info, most_labels, written
from ssc_tune.study.model.space import ChoiceParameter, Parameter
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.explain import explain
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.suggest import unknown
from ssc_tune.study.reading.yaml_reader import KeyPath

IN_SPACE_TOO = "is in the search space too; fix it here or vary it there, not both"


def problem_in(model: type[Frozen], name: str, value: Any) -> str | None:
    """What is wrong with a field's value by the model's own limits, if anything."""
    extra = model.model_fields[name].json_schema_extra
    allowed = extra.get("enum") if isinstance(extra, dict) else None
    if isinstance(allowed, list) and value not in allowed:
        return unknown(f"{value!r} is not known", str(value), map(str, allowed))
    try:
        model.model_validate({name: value}, strict=True)
    except ValidationError as error:
        return explain(error, {name: value}, model)[0].text
    return None


def values(parameter: Parameter) -> list[tuple[tuple[str | int, ...], Any]]:
    """The values that bound a parameter, or that it may take, each with its keys."""
    if isinstance(parameter, ChoiceParameter):
        choices = [(("choices", i), value) for i, value in enumerate(parameter.choices)]
        return [*choices, (("default",), parameter.default)]
    return [((key,), getattr(parameter, key)) for key in ("low", "high")]


def check_factors(study: Study) -> Iterator[Problem]:
    """Every factor has values that data and net take in each setting, is fixed nowhere, and is that of all methods."""
    for name, factor in study.factors.items():
        parameter, path = study.search_space.parameters[name], ("search_space", "parameters", name)
        if parameter.applies_to is not None:
            text = f"{factor.path} is the same for all methods; leave applies_to out"
            yield Problem((*path, "applies_to"), text)
        for where, place in written(study).items():
            part = getattr(place, factor.part)
            if part is not None and factor.key in part.model_fields_set:
                yield Problem((*where, factor.part, factor.key), IN_SPACE_TOO)
        sound = True
        for key, value in values(parameter):
            problem = problem_in(factor.config, factor.key, value)
            if problem:
                sound = False
                yield Problem((*path, *key), f"{problem} ({factor.path})")
                break
        if sound and factor.path == "data.labels_per_class":
            yield from _check_labels(study, path, parameter)
        unknown_classes = [study.setting(setting)[0].unknown_classes for setting in study.setting_names]
        if factor.path == "data.unknown_share" and not all(unknown_classes):
            text = "in some setting no class is unknown; data.unknown_classes says how many are"
            yield Problem(path, text)
        if sound and factor.path == "model.name":
            yield from _check_nets(study, path, parameter)


def _check_labels(study: Study, path: KeyPath, parameter: Parameter) -> Iterator[Problem]:
    """Beside the validation images each class has as many as the largest value asks for, in every setting."""
    found: list[tuple[int, str]] = []
    for data in dict.fromkeys(study.setting(name)[0] for name in study.setting_names):
        try:
            found.append(most_labels(data, checked_info(data)))
        except SourceError:
            continue  # it is told of the data
    for key, value in values(parameter) if found else []:
        most, text = min(found)
        if value > most:
            yield Problem((*path, *key), f"{text}, not {value}")
            return


def _check_nets(study: Study, path: KeyPath, parameter: Parameter) -> Iterator[Problem]:
    """Every net can be built in every setting's variant, and none would start from the weights of another."""
    for model in dict.fromkeys(study.setting(name)[1] for name in study.setting_names):
        if model.weights is not None:
            yield Problem(path, "nets cannot vary where model.weights is given, which are those of one net")
            return
        for key, value in values(parameter):
            try:
                find_variant(str(value), model.variant)
            except ValueError as error:
                yield Problem((*path, *key), str(error))
                return
