"""From a study file to a :class:`Study`, or to every error in it at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ssc_tune.errors import InputError
from ssc_tune.study.check import check_study, names_of
from ssc_tune.study.explain import explain
from ssc_tune.study.models import Study
from ssc_tune.study.override import apply_overrides, parse_overrides
from ssc_tune.study.prune import positions, prune
from ssc_tune.study.source import Problem, Source
from ssc_tune.study.space import SearchSpace
from ssc_tune.study.yaml_reader import KeyPath, describe, read_yaml

SPACE: KeyPath = ("search_space",)


def load_study(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Study:
    """Read, complete and check a study file.

    Args:
        path: the YAML file. Its ``search_space`` is a mapping, or the path of a file relative to this one, or a list
            of these, of which a later one replaces equally named parameters of an earlier one.
        overrides: ``path.to.key=value`` each, applied before anything is checked.

    Returns:
        The study. Parameters of its search space that apply to none of its methods are left out.

    Raises:
        InputError: every problem of the file, its search space and the overrides, in the order of their lines.
    """
    changes = parse_overrides(overrides)
    file = Path(path)
    source = Source(read_yaml(file), str(file))
    problems = apply_overrides(source, [change for change in changes if change.path == SPACE])
    problems += _resolve_space(source, file)
    for change in changes:
        source.value = _methods_as_mapping(source.value)
        problems += apply_overrides(source, [change] if change.path != SPACE else [])
    source.value = _methods_as_mapping(source.value)
    study, found = _validate(source.value)
    if problems:  # the search space could not be read, or a change not made: what follows from that is left unsaid
        found = [problem for problem in found if problem.path[:1] != SPACE]
    problems += source.show_all(found)
    if problems or study is None:
        raise InputError(problems)
    return _without_foreign_parameters(study)


def load_search_space(path: str | os.PathLike[str]) -> SearchSpace:
    """Read a search-space file by itself.

    Raises:
        InputError: every problem of the file.
    """
    file = Path(path)
    source = Source(read_yaml(file), str(file))
    try:
        return SearchSpace.model_validate(source.value, strict=True)
    except ValidationError as error:
        raise InputError(source.show_all(explain(error, source.value, SearchSpace))) from None


def _resolve_space(source: Source, file: Path) -> list[str]:
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


def _graft_space(source: Source, path: KeyPath, file: Path, given: str) -> list[str]:
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
    """``methods: [a, b]`` as ``methods: {a: {}, b: {}}``, so that errors and overrides see one form."""
    methods = raw.get("methods")
    if isinstance(methods, tuple) and len(set(methods)) == len(methods) and all(isinstance(m, str) for m in methods):
        return {**raw, "methods": {name: {} for name in methods}}
    if isinstance(methods, Mapping) and None in methods.values():
        return {**raw, "methods": {name: {} if value is None else value for name, value in methods.items()}}
    return raw


def _validate(raw: Any) -> tuple[Study | None, list[Problem]]:
    """The study and its problems; parts with errors of their own are left out before the rest is checked."""
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
            return study, problems + check_study(study, names_of(raw, broken), positions(raw, pruned))
    return None, problems


def _without_foreign_parameters(study: Study) -> Study:
    """Search spaces are shared between studies: what applies to none of this one's methods is no part of it."""
    parameters = study.search_space.parameters
    kept = {name: p for name, p in parameters.items() if any(p.applies(method) for method in study.methods)}
    if len(kept) == len(parameters):
        return study
    return study.model_copy(update={"search_space": study.search_space.model_copy(update={"parameters": kept})})
