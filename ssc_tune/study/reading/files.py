"""Files that a study names: found from the study's folder, and weights known by their SHA-256."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ssc_tune.atomic import digest
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.yaml_reader import KeyPath


def place_files(raw: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    """The study's values with whole paths of data and weights, the SHA-256 of these, and what is wrong with them.

    Args:
        raw: the study as plain values.
        folder: that of the study file; relative paths start there.
    """
    problems: list[Problem] = []
    changed = _placed(raw, (), folder, problems)
    settings = raw.get("settings")
    if isinstance(settings, Mapping):
        changed["settings"] = {
            name: _placed(setting, ("settings", name), folder, problems) if isinstance(setting, Mapping) else setting
            for name, setting in settings.items()
        }
    return changed, problems


def _placed(raw: Mapping[str, Any], path: KeyPath, folder: Path, problems: list[Problem]) -> dict[str, Any]:
    """A study, or one of its settings."""
    data, model = raw.get("data"), raw.get("model")
    changed = dict(raw)
    if isinstance(data, Mapping) and isinstance(data.get("path"), str):
        changed["data"] = {**data, "path": os.path.abspath(folder / data["path"])}
    if isinstance(model, Mapping) and isinstance(model.get("weights"), str):
        file = Path(os.path.abspath(folder / model["weights"]))
        found, said = digest(file), model.get("weights_sha256")
        if found is None:
            problems.append(Problem((*path, "model", "weights"), f"no file {file.name!r} in {file.parent}"))
        elif said is not None and said != found:
            text = f"{file.name} is another file; its SHA-256 is {found}"
            problems.append(Problem((*path, "model", "weights_sha256"), text))
        changed["model"] = {**model, "weights": str(file), "weights_sha256": found or "0" * 64}
    return changed
