"""The names that the parts of a study may refer to."""

from __future__ import annotations

from typing import NamedTuple


class Names(NamedTuple):
    """Everything as written in the study, parts with errors of their own included, so that no error causes another."""

    methods: list[str]
    parameters: list[str]
    blocks: list[str]
    settings: list[str]
    broken: frozenset[str] = frozenset()  # keys of the top level with errors under them
