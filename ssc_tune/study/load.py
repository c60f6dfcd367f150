"""From a study file to a :class:`Study`, or to every error in it at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ssc_tune.errors import InputError
from ssc_tune.study.checking.check import check_study
from ssc_tune.study.checking.check_data import with_fingerprints
from ssc_tune.study.checking.names import names_of
from ssc_tune.study.model.space import SearchSpace
from ssc_tune.study.model.study import Study, methods_as_mapping
from ssc_tune.study.reading.explain import explain
from ssc_tune.study.reading.files import place_files
from ssc_tune.study.reading.override import apply_overrides, parse_overrides
from ssc_tune.study.reading.own import locate
from ssc_tune.study.reading.provenance import Problem, Written
from ssc_tune.study.reading.prune import positions, prune
from ssc_tune.study.reading.yaml_reader import Document, KeyPath, describe, read_yaml

SPACE: KeyPath = ("search_space",)
_UNKNOWN_SPACE = {"parameters": {"unknown": {"type": "float", "default": 0.5, "low": 0.0, "high": 1.0}}}


def load_study(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Study:
    """Read, complete and check a study file.

    Args:
        path: the YAML file. Its ``search_space`` is a mapping, or the path of a file relative to this one, or a list
            of these, of which a later one replaces equally named parameters of an earlier one.
        overrides: ``path.to.key=value`` each, applied before anything is checked.

    Returns:
        The study. Parameters of its search space that apply to none of its methods are left out. Data of one's own
        have their fingerprint.

    Raises:
        InputError: every problem of the file, its search space and the overrides, in the order of their lines.
    """
    changes, problems = parse_overrides(overrides)
    file = Path(path)
    source = Written(_read(file, problems), str(file))
    problems += apply_overrides(source, [change for change in changes if change.path == SPACE])
    unreadable = _resolve_space(source, file)
    resolved = not unreadable
    problems += unreadable
    for change in changes:
        source.value = _methods_as_mapping(source.value)
        if change.path != SPACE and (resolved or change.path[:1] != SPACE):
            problems += apply_overrides(source, [change])
    source.value, unfound = place_files(_methods_as_mapping(source.value), file.parent)
    if not resolved:
        source.value = {**source.value, "search_space": _UNKNOWN_SPACE}
    values, missing = locate(source.value, file.parent)
    study, found = _validate(values, space_known=resolved) if not missing else (None, missing)
    problems += source.show_all([*unfound, *found])
    if problems or study is None:
        raise InputError(problems)
    return with_fingerprints(_without_foreign_parameters(study))


def _read(file: Path, problems: list[str]) -> Document:
    try:
        return read_yaml(file)
    except InputError as error:
        raise InputError([*error.problems, *problems]) from None


def load_search_space(path: str | os.PathLike[str]) -> SearchSpace:
    """Read a search-space file by itself.

    Raises:
        InputError: every problem of the file.
    """
    file = Path(path)
    source = Written(read_yaml(file), str(file))
    try:
        return SearchSpace.model_validate(source.value, strict=True)
    except ValidationError as error:
        raise InputError(source.show_all(explain(error, source.value, SearchSpace))) from None


def _resolve_space(source: Written, file: Path) -> list[str]:
    """Put the contents of search-space files in the place of their paths; the error lines of those that cannot be."""
    given = source.value.get("search_space")
    if isinstance(given, str):
        return _graft_space(source, SPACE, file, given)
    if not isinstance(given, tuple) or not given:
        return []
    lines: list[str] = []
    for i, item in enumerate(given):
        if isinstance(item, str):
            lines += _graft_space(source, (*SPACE, i), file, item)
        elif not isinstance(item, Mapping):
            text = f"must be the path of a file or a mapping, not {describe(item)}"
            lines += source.show_all([Problem((*SPACE, i), text)])
    if not lines:
        source.merge(SPACE, "parameters")
    return lines


def _graft_space(source: Written, path: KeyPath, file: Path, given: str) -> list[str]:
    name = os.path.normpath(file.parent / given)
    if not os.path.lexists(name):
        folder = os.path.dirname(name) or "."
        return source.show_all([Problem(path, f"no file {os.path.basename(name)!r} in {folder}")])
    try:
        source.graft(path, read_yaml(Path(name)), name)
    except InputError as error:
        return list(error.problems)
    return []


def _methods_as_mapping(raw: Any) -> Any:
    """With the methods as a mapping, if they are well formed, so that errors and overrides see one form."""
    try:
        return {**raw, "methods": methods_as_mapping(raw.get("methods"))}
    except ValueError:
        return raw


def _validate(raw: Any, *, space_known: bool) -> tuple[Study | None, list[Problem]]:
    """The study and its problems; parts with errors of their own are left out before the rest is checked.

    Where the search space could not be read, nothing is said of what depends on it.
    """
    problems: list[Problem] = []
    pruned = raw
    for _ in range(4):
        try:
            study = Study.model_validate(pruned, strict=True)
        except ValidationError as error:
            found = explain(error, pruned, Study)
            problems = problems or found
            pruned = prune(pruned, [problem.path for problem in found])
        else:
            broken = frozenset(str(problem.path[0]) for problem in problems)
            further = check_study(study, names_of(raw, broken), positions(raw, pruned))
            return study, problems + [p for p in further if space_known or not _about_space(p.path)]
    return None, problems


def _about_space(path: KeyPath) -> bool:
    return path[0] in ("search_space", "blocks", "design") or path[-1] == "parameter"


def _without_foreign_parameters(study: Study) -> Study:
    """Search spaces are shared between studies: what applies to none of this one's methods is no part of it."""
    space, design = study.search_space, study.design
    kept = {name: p for name, p in space.parameters.items() if any(p.applies(method) for method in study.methods)}
    if len(kept) == len(space.parameters):
        return study
    changes: dict[str, Any] = {"search_space": space.model_copy(update={"parameters": kept}), "blocks": {}}
    for name, block in study.blocks.items():
        named = block.parameters and tuple(parameter for parameter in block.parameters if parameter in kept)
        changes["blocks"][name] = block.model_copy(update={"parameters": named})
    if design.named_levels is not None:
        levels = {name: values for name, values in design.named_levels.items() if name in kept}
        changes["design"] = design.model_copy(update={"levels": levels})
    return study.model_copy(update=changes)
