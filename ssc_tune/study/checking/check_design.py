"""Checks of a design: its levels, its looks, its pruner, and the number of cells that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

from ssc_tune.study.checking.check_space import known_methods, value_problem
from ssc_tune.study.checking.names import Names
from ssc_tune.study.model.space import ChoiceParameter, FloatParameter, IntParameter
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.suggest import unknown

MOST_CELLS = 100_000
"""A study's cells are made one by one, and a slip of a zero would take hours to be seen."""


def check_levels(study: Study, names: Names) -> Iterator[Problem]:
    """Levels of a grid or one-at-a-time design: known parameters, varied in some block, values the methods take."""
    if "design" in names.broken:
        return
    varied = {name for block in study.blocks for name in study.block_parameters(block)}
    for name, levels in (study.design.named_levels or {}).items():
        path = ("design", "levels", name)
        parameter = study.search_space.parameters.get(name)
        if name not in names.parameters:
            yield Problem(path, unknown("no parameter of the search space", name, names.parameters))
        if parameter is None:
            continue
        applies = [m for m in known_methods(study) if study.decides(name, m)]
        if applies and name not in varied and "blocks" not in names.broken:
            yield Problem(path, "no block varies it; name it in the parameters of a block, or leave its levels out")
        yield from _check_level_values(study, path, levels, applies, name)


def _check_level_values(
    study: Study, path: tuple[str, ...], levels: tuple[Any, ...], methods: list[str], name: str
) -> Iterator[Problem]:
    parameter = study.search_space.parameters[name]
    of = study.factors[name].path if name in study.factors else f"hyperparameter {name}"
    if not levels:
        yield Problem(path, "has no value")
    for i, value in enumerate(levels):
        if problem := value_problem(study, methods, name, value):
            yield Problem((*path, i), f"{problem} ({of})")
        elif isinstance(parameter, ChoiceParameter) and value not in parameter.choices:
            allowed = [str(choice) for choice in parameter.choices]
            yield Problem((*path, i), unknown(f"{value!r} is no choice of {name}", str(value), allowed))
        elif not isinstance(parameter, ChoiceParameter) and (outside := _outside(parameter, value)):
            yield Problem((*path, i), outside)
    for i, j in combinations(range(len(levels)), 2):
        if levels[i] == levels[j]:
            yield Problem((*path, j), f"{levels[j]} is given twice")


def _outside(parameter: FloatParameter | IntParameter, value: Any) -> str:
    """Why a level has no place on a parameter's scale, if it has none."""
    if isinstance(value, bool) or not isinstance(value, int if isinstance(parameter, IntParameter) else int | float):
        number = "whole number" if isinstance(parameter, IntParameter) else "number"
        return f"must be a {number}, not {value!r}"
    if not parameter.low <= value <= parameter.high:
        return f"must lie in the parameter's range from {parameter.low} to {parameter.high}, not {value}"
    return ""


def check_looks(study: Study, names: Names) -> Iterator[Problem]:
    """Looks increase up to the design's points, there are claims to judge, and ``stop`` has looks to stop at."""
    design = study.design
    if "design" in names.broken or not design.is_sample:
        return
    looks = design.judged_at
    if not looks:
        if design.stops_when_decided:
            yield Problem(("design", "stop"), "when_decided needs design.looks: the numbers of points to stop at")
        return
    for i, (before, look) in enumerate(pairwise(looks), start=1):
        if look <= before:
            yield Problem(("design", "looks", i), f"must be more than the look before it ({before}), not {look}")
    if looks[-1] != design.num_points:
        text = f"the last look must be at all {design.num_points} points of the design, not at {looks[-1]}"
        yield Problem(("design", "looks", len(looks) - 1), text)
    if not study.claims and "claims" not in names.broken:
        yield Problem(("design", "looks"), "the study has no claims that could be judged at a look")


def check_pruner(study: Study) -> Iterator[Problem]:
    """A signed-rank test at 0.1 needs four pairs, and pruning after the last seed saves nothing."""
    if study.design.prunes and study.seeds < 5:
        text = f"wilcoxon can decide after four seeds at the earliest; it needs seeds: 5 or more, not {study.seeds}"
        yield Problem(("design", "pruner"), text)


def check_size(study: Study, names: Names) -> Iterator[Problem]:
    """No more cells than are made in a minute; counted without making them."""
    if names.broken & {"design", "search_space", "blocks", "methods", "settings", "seeds"}:
        return
    design, settings = study.design, len(study.setting_names)
    by_block = {block: 1 + design.count(study.block_parameters(block)) for block in study.blocks}
    places = sum(number * len(study.block_methods(block)) for block, number in by_block.items()) * settings
    cells = places * study.seeds
    if cells <= MOST_CELLS:
        return
    points = max(by_block.values())
    key = ("seeds",) if study.seeds > points else ("design", "points" if design.named_levels is None else "levels")
    words = f"{points:,} points, {len(study.methods)} methods, {settings} settings and {study.seeds:,} seeds"
    yield Problem(key, f"{words} make {cells:,} cells; at most {MOST_CELLS:,} are allowed")
