"""Where in a study something is: its block and its setting, its point and its seed."""

from __future__ import annotations

from ssc_tune.design.points import label
from ssc_tune.presentation import glossary
from ssc_tune.study.model.study import Study


def cell(method: str, point: int, seed: int) -> str:
    """``ssc, point 3, seed 1``."""
    return f"{method}, point {label(point)}, seed {seed}"


def _several(study: Study, block: str, setting: str | None) -> dict[str, str]:
    """Block and setting by these words, of what the study has several of."""
    found = {"block": block} if len(study.blocks) > 1 else {}
    return found | ({"setting": setting} if setting is not None and len(study.setting_names) > 1 else {})


def told(study: Study, block: str, setting: str | None = None) -> str:
    """``block shared, setting main``, of what the study has several of; empty where there is one of each."""
    return ", ".join(f"{word} {name}" for word, name in _several(study, block, setting).items())


def explained(study: Study) -> str:
    """What the words of a study's places mean, block and setting where it has several."""
    return glossary.explained("point", "cell", *_several(study, "", ""))


def slug(study: Study, block: str, setting: str | None = None) -> str:
    """``-shared-main``, to end a name with; of what the study has several of."""
    return "".join(f"-{name}" for name in _several(study, block, setting).values())
