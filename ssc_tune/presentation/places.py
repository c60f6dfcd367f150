"""Where in a study something is: its block and its setting, its point and its seed."""

from __future__ import annotations

from ssc_tune.design.points import label
from ssc_tune.presentation import glossary
from ssc_tune.study.model.study import Study


def cell(method: str, point: int, seed: int) -> str:
    """``ssc, point 3, seed 1``."""
    return f"{method}, point {label(point)}, seed {seed}"


def told(study: Study, block: str, setting: str | None = None) -> str:
    """``block shared, setting main``, of what the study has several of; empty where there is one of each."""
    parts = [f"block {block}"] if len(study.blocks) > 1 else []
    parts += [f"setting {setting}"] if setting is not None and len(study.setting_names) > 1 else []
    return ", ".join(parts)


def explained(study: Study) -> str:
    """What the words of a study's places mean, block and setting where it has several."""
    there = {"block": len(study.blocks) > 1, "setting": len(study.setting_names) > 1}
    return glossary.explained("point", "cell", *(name for name, several in there.items() if several))


def slug(study: Study, block: str, setting: str | None = None) -> str:
    """``-shared-main``, to end a name with; of what the study has several of."""
    parts = [block] if len(study.blocks) > 1 else []
    parts += [setting] if setting is not None and len(study.setting_names) > 1 else []
    return "".join(f"-{part}" for part in parts)
