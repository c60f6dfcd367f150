"""Data and nets in words, of a study and of its settings."""

from __future__ import annotations

from collections.abc import Callable

from ssc_tune.study.model.study import Study
from ssc_tune.training.config import DataConfig, ModelConfig


def data(study: Study) -> str:
    """The data of every setting."""
    return _of_settings(study, lambda name: _data(study.setting(name)[0], varied=tuple(study.factors)))


def net(study: Study) -> str:
    """The net of every setting, and the steps of training."""
    return f"{_of_settings(study, lambda name: _net(study, name))}, {study.training.steps} steps"


def _of_settings(study: Study, words: Callable[[str], str]) -> str:
    """Once where all settings are alike, else with their names."""
    told = {name: words(name) for name in study.setting_names}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{name}: {text}" for name, text in told.items())


def _data(of: DataConfig, *, varied: tuple[str, ...]) -> str:
    number = of.labels_per_class
    labels = "labels that vary" if "labels_per_class" in varied else f"{number} label{'s' * (number > 1)} a class"
    whole = isinstance(of.validation, int)
    held_out = f"{of.validation} validation images" if whole else f"{of.validation:.0%} of the images for validation"
    parts = [of.name + (" with its extra part" if of.extra else ""), labels, held_out]
    if of.label_noise:
        parts.append(f"{of.label_noise:.0%} of the labels wrong ({of.label_noise_kind})")
    if of.imbalance != 1:
        parts.append(f"labels imbalanced by {of.imbalance:g}")
    if of.unlabelled_imbalance != 1:
        parts.append(f"unlabelled images imbalanced by {of.unlabelled_imbalance:g}")
    if of.unknown_classes:
        share = "" if of.unknown_share is None else f", {of.unknown_share:.0%} of the unlabelled images"
        parts.append(f"the last {of.unknown_classes} classes unknown{share}")
    return ", ".join(parts)


def _net(study: Study, setting: str) -> str:
    model: ModelConfig = study.setting(setting)[1]
    parts = ["nets that vary" if "model" in study.factors else model.name]
    if model.variant != "original":
        parts.append(f"variant {model.variant}")
    if model.input_size is not None:
        parts.append(f"images resized to {model.input_size}")
    if model.weights_sha256 is not None:
        parts.append(f"weights {model.weights_sha256[:8]}")
    if model.train == "head":
        parts.append("frozen")
    first = study.pretraining(setting)
    if first is not None:
        parts.append(f"pre-trained for {first.steps} steps")
    return ", ".join(parts)
