"""Files of weights that a study names: found from the study's folder, and known by their SHA-256."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ssc_tune.atomic import digest
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.yaml_reader import KeyPath

_MODEL = "model"


def identify_weights(raw: Any, folder: Path) -> tuple[Any, list[Problem]]:
    """The study's values with whole paths of weights and their SHA-256, and what is wrong with them.

    Args:
        raw: the study as plain values.
        folder: that of the study file; relative paths start there.
    """
    problems: list[Problem] = []
    if not isinstance(raw, Mapping):
        return raw, problems
    changed = _with_model(raw, (), folder, problems)
    settings = changed.get("settings")
    if isinstance(settings, Mapping):
        named = {name: _with_model(value, ("settings", name), folder, problems) for name, value in settings.items()}
        changed = {**changed, "settings": named}
    return changed, problems


def _with_model(raw: Any, path: KeyPath, folder: Path, problems: list[Problem]) -> Any:
    model = raw.get(_MODEL) if isinstance(raw, Mapping) else None
    weights = model.get("weights") if isinstance(model, Mapping) else None
    if not isinstance(model, Mapping) or not isinstance(weights, str):
        return raw
    file = Path(os.path.abspath(folder / weights))
    found, said = digest(file), model.get("weights_sha256")
    if found is None:
        problems.append(Problem((*path, _MODEL, "weights"), f"no file {file.name!r} in {file.parent}"))
        found = "0" * 64
    elif said is not None and said != found:
        text = f"{file.name} is another file; its SHA-256 is {found}"
        problems.append(Problem((*path, _MODEL, "weights_sha256"), text))
    return {**raw, _MODEL: {**model, "weights": str(file), "weights_sha256": found}}
