"""Compiles what a run imports before its first cell, without importing it: a process of its own in a first run.

What a module imports is read in its source, where an import stands at the beginning of a line; what is imported
otherwise is compiled by whoever imports it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

from ssc_tune import bytecode

ROOTS = (
    "ray",
    "aiohttp",
    "optuna.storages._rdb.models",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.sqlite",
    "alembic.command",
    "ssc_tune.execution.tuning",
    "ssc_tune.execution.worker",
    "torch",
    "torch._meta_registrations",
    "torch.distributions",
)
"""In the order of use; the plan of a study has imported its own before."""
_COMMENT = re.compile(rb"#[^\n]*")
_IMPORT = re.compile(rb"^(?:import ([\w., ]+)|from ([.\w]+) import (\([^)]*\)|[^\n]+))", re.MULTILINE)


def compile_all(roots: Sequence[str], wanted: Callable[[], bool] = lambda: True) -> list[str]:
    """Compiles modules with all that they import, each where it is not compiled yet; the names of all of them.

    It ends early once it is not wanted any more.
    """
    waiting, done = list(reversed(roots)), dict[str, None]()
    while waiting and wanted():
        name = waiting.pop()
        if name in done:
            continue
        done[name] = None
        with contextlib.suppress(Exception):  # whoever needs it will say what is wrong
            spec = _found(name)
            if spec is not None and isinstance(spec.loader, SourceFileLoader):
                imported = list(_imported(spec, spec.loader.get_data(spec.loader.path)))
                spec.loader.get_code(name)
                waiting += reversed(imported)
    return list(done)


@cache
def _found(name: str) -> ModuleSpec | None:
    """Where a module is, without importing the packages around it."""
    package = name.rpartition(".")[0]
    if not package:
        return PathFinder.find_spec(name)
    around = _found(package)
    if around is None or around.submodule_search_locations is None:
        return None
    return PathFinder.find_spec(name, around.submodule_search_locations)


def _imported(spec: ModuleSpec, source: bytes) -> Iterator[str]:
    """The names that a module imports, and what may be modules of them, with the packages around each."""
    for plain, package, names in _IMPORT.findall(_COMMENT.sub(b"", source)):
        if plain:
            found = _first_words(plain)
        else:
            base = _absolute(spec, package.decode())
            found = [base, *(f"{base}.{name}" for name in _first_words(names.strip(b"()")))]
        for name in found:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _first_words(names: bytes) -> list[str]:
    """The names in a list of some, without what each is called here."""
    return [words[0] for words in (name.split() for name in names.decode().split(",")) if words]


def _absolute(spec: ModuleSpec, package: str) -> str:
    """The package that ``from PACKAGE import`` means in a module."""
    name = package.lstrip(".")
    level = len(package) - len(name)
    if not level:
        return name
    around = (spec.parent or "").split(".")
    return ".".join([*around[: len(around) - level + 1], *([name] if name else [])])


if __name__ == "__main__":
    compile_all(ROOTS, lambda: os.getppid() == int(sys.argv[1]))  # a run that has ended leaves no process
    bytecode.sweep()
