"""No text of a study is one that a terminal would obey."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.yaml_reader import KeyPath


def check_texts(study: Study, positions: Sequence[int]) -> Iterator[Problem]:
    """Texts with control characters; ``positions`` are the indices of the study's claims in its file."""
    for path, text in _texts((), study.model_dump(mode="json", by_alias=True)):
        found = next((c for c in text if unicodedata.category(c) == "Cc" and c not in "\t\n\r"), None)
        if found is not None:
            if path[0] == "claims":
                path = ("claims", positions[int(path[1])], *path[2:])
            yield Problem(path, f"holds the control character {found!r}; allowed: text that a terminal only shows")


def _texts(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts((*path, key), key)
            yield from _texts((*path, key), inner)
    elif isinstance(value, Sequence):
        for i, inner in enumerate(value):
            yield from _texts((*path, i), inner)
