"""The names that the parts of a study have, and may refer to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from ssc_tune.methods import registry
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.suggest import unknown
from ssc_tune.study.reading.yaml_reader import KeyPath

_FITS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}\Z")  # as the name of a file too
IN_WORDS = "at most 80 letters, digits, '_' and '-', beginning with a letter or digit"


class Names(NamedTuple):
    """Everything as written in the study, parts with errors of their own included, so that no error causes another."""

    methods: list[str]
    parameters: list[str]
    blocks: list[str]
    settings: list[str]
    broken: frozenset[str]  # keys of the top level with errors under them


def names_of(raw: Any, broken: frozenset[str]) -> Names:
    """The names that a study, valid or not, gives to its parts.

    Args:
        raw: the study as plain values.
        broken: keys of the top level with errors under them.
    """

    def keys(*path: str) -> list[str]:
        value = raw
        for step in path:
            value = value.get(step) if isinstance(value, Mapping) else None
        return list(value) if isinstance(value, Mapping) else []

    methods, blocks = keys("methods"), keys("blocks") or ["shared"]
    known = [*keys("own_methods"), *registry.known()]
    if not set(methods) <= set(known):  # a misspelt one is told once, not at every claim about it
        methods = list(dict.fromkeys([*methods, *known]))
    return Names(methods, keys("search_space", "parameters"), blocks, keys("settings"), broken)


def check_known(path: KeyPath, name: str | None, allowed: Collection[str], what: str) -> Iterator[Problem]:
    """``name``, where there is one, is that of a ``what``."""
    if name is not None and name not in allowed:
        yield Problem(path, unknown(f"{name!r} is no {what}", name, allowed))


def misfit(name: str, what: str) -> str:
    """Why a name that a study gives to a ``what`` cannot be one, if it cannot."""
    return "" if _FITS.match(name) else f"the {what}'s name does not fit; allowed: {IN_WORDS}"
