"""What differs between a study and its last run, said before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ssc_tune.atomic import set_aside
from ssc_tune.design.points import fixed_points
from ssc_tune.errors import cause
from ssc_tune.records import StudyFolder
from ssc_tune.running.unused import Unused, last_study, records
from ssc_tune.study.model.resources import Resources
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import SEMANTICS_VERSION

STUDY_FILE = "study.json"
"""Holds the study as it was last run; a view of the study's file, from which it is made anew."""
_SHOWN_POINTS = 20


class Changes(NamedTuple):
    """Differences to the study's last run."""

    deciding: list[str]  # what decides results, ``path: before -> now``: the cells it touches become new
    added: list[str]  # points that a grid or a one-at-a-time design has gained, in words
    removed: int  # points that it has lost
    unused: tuple[Unused, ...] = ()  # what was taken out, where there are records of it

    def lines(self) -> Iterator[str]:
        """The differences in words, a line each; nothing where there are none."""
        if self.deciding:
            yield "changed since the last run of this study; the cells it touches are new, old records stay:"
            yield from (f"  {line}" for line in self.deciding)
        if self.added:
            yield "points that the design has gained since the last run:"
            yield from (f"  {line}" for line in self.added[:_SHOWN_POINTS])
            if len(self.added) > _SHOWN_POINTS:
                yield f"  ... and {len(self.added) - _SHOWN_POINTS} more"
        if self.removed and not self.unused:
            yield f"points that the design has lost since the last run: {self.removed}; their records stay"
        if self.unused:
            number = sum(one.num_records for one in self.unused)
            verb = "is" if number == 1 else "are"
            yield f"taken out since the study's last run; {records(number)} of it {verb} no longer used, and stay:"
            yield from (f"  {one}" for one in self.unused)


def last_run(folder: StudyFolder) -> tuple[dict[str, Any], str | None]:
    """What :func:`stored_study` kept of a study's last run, nothing where it never ran; and what is wrong with it."""
    try:
        return folder.read_json(STUDY_FILE), None
    except (ValueError, RecursionError, OSError) as error:
        return {}, f"{folder.path / STUDY_FILE}: damaged ({cause(error)}); a run of the study's file makes it anew"


def stored_study(study: Study, command: str) -> dict[str, object]:
    """What is kept of a study beside its records."""
    content = study.model_dump(mode="json", by_alias=True)
    return {"study": content, "command": command, "semantics": SEMANTICS_VERSION}


def keep(study: Study, folder: StudyFolder, command: str) -> None:
    """Keeps a study beside its records as it is run; what is there and damaged is set aside."""
    if last_run(folder)[1] is not None:
        set_aside(folder.path / STUDY_FILE)
    folder.write_json(STUDY_FILE, stored_study(study, command))


def changes_since(study: Study, stored: Mapping[str, object]) -> Changes:
    """Differences between a study and what ``stored_study`` kept of its last run; none if it never ran."""
    before = stored.get("study")
    if not isinstance(before, dict):
        return Changes([], [], 0)
    now = study.model_dump(mode="json", by_alias=True)
    deciding = list(_differences("", _deciding(before), _deciding(now)))
    semantics = stored.get("semantics", SEMANTICS_VERSION)
    if semantics != SEMANTICS_VERSION:
        deciding.append(f"version of the training semantics: {semantics} -> {SEMANTICS_VERSION}")
    gained, lost = _points(study, last_study(stored))
    return Changes(deciding, gained, lost)


def _deciding(content: Mapping[str, Any]) -> dict[str, Any]:
    """What decides the result of a cell that both versions have: neither sizes nor texts."""
    found = {key: content.get(key) for key in ("data", "model", "training", "methods", "hyperparameters", "settings")}
    parameters = (content.get("search_space") or {}).get("parameters") or {}
    found["search_space"] = {
        name: {key: value for key, value in parameter.items() if key != "reason"}
        for name, parameter in parameters.items()
    }
    found["threads"] = Resources(cpus=(content.get("resources") or {}).get("cpus", 1)).threads
    design = content.get("design") or {}
    found["design"] = {key: design.get(key) for key in ("type", "seed", "sampler")}
    return found


_MAPPINGS = ("", "methods", "settings", "search_space", "design")
"""Where an entry that only one version has concerns cells of its own, so that only common entries are compared."""


def _differences(path: str, before: Any, now: Any) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            inner = f"{path}.{key}" if path else str(key)
            if key in before and key in now:
                yield from _differences(inner, before[key], now[key])
            elif path not in _MAPPINGS:
                yield f"{inner}: {_short(before.get(key))} -> {_short(now.get(key))}"
            elif path == "search_space":
                yield f"{inner}: {'taken out' if key in before else 'added'}"
    elif before != now:
        yield f"{path}: {_short(before)} -> {_short(now)}"


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _points(study: Study, earlier: Study | None) -> tuple[list[str], int]:
    """Points of a grid or one-at-a-time design by their values: gained, in words, and the number of those lost."""
    if study.design.is_sample or study.design.adaptive or earlier is None:
        return [], 0
    gained: list[str] = []
    lost = 0
    for block in study.blocks:
        if block not in earlier.blocks or earlier.design.name() != study.design.name():
            continue
        old = {tuple(sorted(point.values.items())) for point in fixed_points(earlier, block)}
        new = {tuple(sorted(point.values.items())): point for point in fixed_points(study, block)}
        lost += len(old - set(new))
        for key, point in new.items():
            if key not in old:
                values = ", ".join(f"{name} {value}" for name, value in point.values.items())
                gained.append(f"point {point.number} of block {block}: {values}")
    return gained, lost
