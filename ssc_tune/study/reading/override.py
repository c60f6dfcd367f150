"""``--set path.to.key=value``: changes to a study without touching its file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ssc_tune.errors import InputError
from ssc_tune.study.reading.provenance import Written
from ssc_tune.study.reading.yaml_reader import KeyPath, parse_yaml


class Override(NamedTuple):
    """One change: the value at ``path`` becomes ``value``; ``argument`` is how it was written."""

    path: KeyPath
    value: Any
    argument: str


def parse_overrides(arguments: Sequence[str]) -> tuple[list[Override], list[str]]:
    """The changes that command line arguments ask for, and the error lines of those that are none.

    Args:
        arguments: ``path.to.key=value`` each. Steps of the path are keys or, in lists, indices from 0. The value is
            YAML as in a study file: ``0.9``, ``true``, ``text``, ``[a, b]``, ``{type: sobol, points: 8}``.
    """
    overrides: list[Override] = []
    problems: list[str] = []
    for argument in arguments:
        shown = argument if argument.isprintable() else repr(argument)[1:-1]
        path, equals, text = argument.partition("=")
        steps = tuple(step.strip() for step in path.split("."))
        if not equals or not all(steps):
            problems.append(f"--set {shown}: must have the form path.to.key=value")
            continue
        try:
            overrides.append(Override(steps, parse_yaml(text, "value").value, shown))
        except InputError as error:
            problems.extend(f"--set {shown}: {problem.split(':', 2)[2].strip()}" for problem in error.problems)
    return overrides, problems


def apply_overrides(source: Written, overrides: Sequence[Override]) -> list[str]:
    """Apply the changes in order; the error lines of those that cannot be."""
    problems: list[str] = []
    for override in overrides:
        try:
            source.override(override.path, override.value, override.argument)
        except ValueError as error:
            problems.append(f"--set {override.argument}: {error}")
    return problems
