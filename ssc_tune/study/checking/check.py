"""What a study's parts must agree on beyond their own shape: methods, search space, blocks, claims, data."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ssc_tune import methods as registry
from ssc_tune.data.facts import SourceError
from ssc_tune.models.registry import find, find_variant
from ssc_tune.study.checking.check_claims import check_claims
from ssc_tune.study.checking.check_data import beside_validation, checked_info, most_labels, written
from ssc_tune.study.checking.check_design import check_levels, check_looks, check_pruner, check_size
from ssc_tune.study.checking.check_factors import IN_SPACE_TOO, check_factors
from ssc_tune.study.checking.check_space import (
    check_blocks,
    check_parameters,
    check_views,
    hyperparameters_of,
    known_methods,
    value_problem,
)
from ssc_tune.study.checking.names import IN_WORDS, Names, check_known, misfit
from ssc_tune.study.model.factors import FACTORS
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.suggest import unknown
from ssc_tune.study.reading.yaml_reader import KeyPath
from ssc_tune.training.config import DataConfig, ModelConfig, PretrainConfig

LEAST_VALIDATION = 2


def check_study(study: Study, names: Names, positions: list[int]) -> list[Problem]:
    """Everything that is wrong with a study whose parts are well formed.

    Args:
        study: the study, possibly without parts that have errors of their own.
        names: everything the file names, those parts included.
        positions: index in the file of each claim of ``study``.
    """
    return [
        *_check_texts(study, positions),
        *_check_methods(study),
        *_check_fixed(study),
        *check_parameters(study),
        *check_blocks(study, names),
        *check_levels(study, names),
        *check_factors(study),
        *check_views(study),
        *_check_settings(study),
        *check_pruner(study),
        *check_looks(study, names),
        *check_size(study, names),
        *check_claims(study, names, positions),
    ]


def _check_methods(study: Study) -> Iterator[Problem]:
    for method in study.methods:
        yield from check_known(("methods", method), method, study.known_methods, "method")
    for method in study.own_methods:
        path = ("own_methods", method)
        if method in registry.known():
            yield Problem(path, f"is the name of a method that is there already; {IN_WORDS} make another")
        elif text := misfit(method, "method"):
            yield Problem(path, text)
        elif method not in study.methods:
            yield Problem(path, "is not among methods; name it there, or leave it out here")


def _check_fixed(study: Study) -> Iterator[Problem]:
    """Fixed hyperparameters exist, take the value, and are not in the search space as well."""
    methods = known_methods(study)
    for key, value in study.hyperparameters.items():
        yield from _check_value(study, ("hyperparameters", key), methods, value)
    for method in methods:
        for key, value in study.methods[method].items():
            yield from _check_value(study, ("methods", method, key), [method], value)


def _check_value(study: Study, path: KeyPath, methods: list[str], value: Any) -> Iterator[Problem]:
    key = str(path[-1])
    having = [method for method in methods if key in hyperparameters_of(study, method)]
    if not having:
        if methods:
            allowed = hyperparameters_of(study, *methods)
            elsewhere = FACTORS[key].path if key in FACTORS else None
            yield Problem(path, unknown(f"no hyperparameter of {' or '.join(methods)}", key, allowed, also=elsewhere))
        return
    parameter = study.search_space.parameters.get(key)
    if parameter is not None and any(parameter.applies(method) for method in having):
        yield Problem(path, IN_SPACE_TOO)
    if problem := value_problem(study, having, key, value):
        yield Problem(path, problem)


def _check_settings(study: Study) -> Iterator[Problem]:
    seen: dict[tuple[DataConfig, ModelConfig, PretrainConfig | None], str] = {}
    for path, place in written(study).items():
        if place.data is not None:
            yield from _check_data((*path, "data"), place.data, labels="labels_per_class" not in study.factors)
        if place.model is not None:
            yield from _check_model((*path, "model"), place.model)
        if place.pretrain is not None:
            yield from _check_pretrain((*path, "pretrain"), place.pretrain, place.data or study.data)
    for name in study.settings:
        path = ("settings", name)
        if text := misfit(name, "setting"):
            yield Problem(path, text)
        first = seen.setdefault((*study.setting(name), study.pretraining(name)), name)
        if first != name:
            yield Problem(path, f"is the same as setting {first!r}")


def _check_data(path: KeyPath, data: DataConfig, *, labels: bool) -> Iterator[Problem]:
    """The validation images, and beside them the labelled ones unless they vary, are there to be had."""
    try:
        info = checked_info(data)
    except SourceError as error:
        yield Problem((*path, error.key), error.text)
        return
    held_out = data.held_out(info.train_size)
    if held_out < LEAST_VALIDATION:
        text = f"must be at least {LEAST_VALIDATION} images, between which an evaluation measures distances"
        yield Problem((*path, "validation"), f"{text}, not {held_out}")
    if held_out > info.most_validation:
        text = f"must be at most {info.most_validation} of the {info.train_size} training images of {data.name}"
        yield Problem((*path, "validation"), f"{text}, not {held_out}")
        return
    most, text = most_labels(data, info)
    if labels and data.labels_per_class > most:
        yield Problem((*path, "labels_per_class"), f"{text}, not {data.labels_per_class}")


def _check_pretrain(path: KeyPath, pretrain: PretrainConfig, data: DataConfig) -> Iterator[Problem]:
    """No image is twice in a step: its other view would be taken for a different image."""
    try:
        info = checked_info(data)
    except SourceError:
        return  # it is told of the data
    images = info.train_size - data.held_out(info.train_size)
    if pretrain.batch_size > images:
        text = f"must be at most {images} {beside_validation(data, info)}"
        yield Problem((*path, "batch_size"), f"{text}, not {pretrain.batch_size}")


def _check_model(path: KeyPath, model: ModelConfig) -> Iterator[Problem]:
    try:
        find(model.name)
    except ValueError as error:
        yield Problem((*path, "name"), str(error))
        return
    try:
        find_variant(model.name, model.variant)
    except ValueError as error:
        yield Problem((*path, "variant"), str(error))


def _check_texts(study: Study, positions: Sequence[int]) -> Iterator[Problem]:
    """Texts with control characters; ``positions`` are the indices of the study's claims in its file."""
    for path, text in _texts((), study.model_dump(mode="json", by_alias=True)):
        found = next((c for c in text if unicodedata.category(c) == "Cc" and c not in "\t\n\r"), None)
        if found is not None:
            if path[0] == "claims":
                path = ("claims", positions[int(path[1])], *path[2:])
            yield Problem(path, f"holds the control character {found!r}; allowed: text that a terminal only shows")


def _texts(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts((*path, key), key)
            yield from _texts((*path, key), inner)
    elif isinstance(value, Sequence):
        for i, inner in enumerate(value):
            yield from _texts((*path, i), inner)
