"""Weights of an encoder from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ssc_tune.atomic import digest
from ssc_tune.errors import InputError
from ssc_tune.models.layers import Encoder

_INSIDE = ("state_dict", "model_state_dict", "model", "encoder", "average")
"""Keys under which files keep the weights beside other things."""
_PREFIXES = ("", "module.", "encoder.", "module.encoder.", "backbone.", "model.", "_orig_mod.", "net.")
"""That files put before the names of the encoder's weights."""
_CLASSIFIERS = ("fc.", "classifier.", "head.", "head_dist.", "last_linear.", "projection.", "prototypes")
_COUNT = "num_batches_tracked"
"""Of batches that torch's batch normalization has seen; nothing depends on it."""
_SHOWN = 6


def load_weights(encoder: Encoder, path: Path, *, sha256: str) -> None:
    """Sets the weights of an encoder, statistics included, from a state dict in a file, in place.

    Nothing in the file is run (``weights_only=True``). Names are those of the net itself, for ResNet-18 and ResNet-50
    torchvision's, for timm's nets timm's; a prefix that all have (``module.``, ``encoder.``) is dropped, and so are a
    classifier's weights and counts of batches. All else must fit.

    Args:
        encoder: what is changed.
        path: the file.
        sha256: of the file, 64 hexadecimal digits.

    Raises:
        InputError: the file is missing, another than it was, unreadable, or does not fit; it says what is missing, too
            much, or of another shape.
    """
    found = digest(path)
    if found is None:
        raise InputError(f"model.weights: no file {path}")
    if found != sha256:
        raise InputError(f"model.weights: {path} is another file than it was (SHA-256 {found[:16]}, not {sha256[:16]})")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"model.weights: {path} cannot be read as a state dict ({error})") from error
    net = encoder.core
    expected = net.state_dict()
    given = _matching(_tensors(content), expected)
    problems = _problems(given, expected)
    if problems:
        raise InputError(f"model.weights: {path} does not fit: {'; '.join(problems)}")
    net.load_state_dict({name: given.get(name, tensor) for name, tensor in expected.items()})


def _tensors(content: Any) -> dict[str, Tensor]:
    """The state dict in what a file holds."""
    for key in _INSIDE:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        return {}
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _matching(given: dict[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with the prefix dropped that leaves most names as expected."""

    def without(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): tensor for name, tensor in given.items() if name.startswith(prefix)}

    best = max(_PREFIXES, key=lambda prefix: len(without(prefix).keys() & expected.keys()))
    return without(best)


def _problems(given: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    missing = [name for name in expected if name not in given and not name.endswith(_COUNT)]
    further = [
        name
        for name in given
        if name not in expected and not name.endswith(_COUNT) and not name.startswith(_CLASSIFIERS)
    ]
    shapes = [
        f"{name} is {tuple(given[name].shape)}, not {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in given and given[name].shape != tensor.shape
    ]
    told = (("missing", missing), ("not of this net", further), ("of another shape", shapes))
    return [f"{what}: {_listed(names)}" for what, names in told if names]


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
