"""How cells are grouped, and which version of a study they belong to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import NamedTuple

from ssc_tune.study.model.study import Study


class Group(NamedTuple):
    """The cells that one group run holds."""

    method: str
    block: str
    setting: str


def groups_of(study: Study) -> Iterator[Group]:
    """Every method of every block in every setting."""
    for block in study.blocks:
        for method in study.block_methods(block):
            yield from (Group(method, block, setting) for setting in study.setting_names)


def study_version(study: Study) -> str:
    """12 hexadecimal digits of the SHA-256 of everything in the study that decides its cells or its verdicts.

    ``resources`` but for threads, ``cluster``, ``retries`` and ``description`` are left out: a study that goes on with
    fewer machines at once, or with a better description, is the same version.
    """
    left_out = ("resources", "cluster", "retries", "description")
    content = {name: value for name, value in study.identity().items() if name not in left_out}
    if study.resources.threads > 1:
        content["threads"] = study.resources.threads
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
