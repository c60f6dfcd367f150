"""Leaving out the parts of a study that have errors of their own, so that the rest can be checked as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ssc_tune.study.reading.yaml_reader import KeyPath

_DEPTHS = {"claims": 2, "blocks": 2, "settings": 2, "hyperparameters": 2, "methods": 3, "search_space": 3}
"""How long the path of the smallest part is that can be left out; elsewhere it is the key of the top level."""

_STAND_INS = {"name": "unnamed", "design": {"type": "sobol", "points": 1000}}


def prune(raw: Any, paths: Iterable[KeyPath]) -> Any:
    """``raw`` without the parts at ``paths``. Required ones are replaced where a stand-in changes nothing else."""
    cuts = list(dict.fromkeys(path[: _DEPTHS.get(str(path[0]), 1)] for path in paths if path))
    pruned = _without(raw, (), cuts)
    for key, value in _STAND_INS.items():
        if (key,) in cuts:
            pruned[key] = value
    if isinstance(pruned.get("methods"), Mapping):
        for cut in cuts:
            if cut[0] == "methods" and len(cut) == 2:
                pruned = {**pruned, "methods": {**pruned["methods"], cut[1]: {}}}
    if not pruned.get("blocks", True):
        del pruned["blocks"]
    return pruned


def positions(raw: Any, pruned: Any) -> list[int]:
    """Index in ``raw`` of each claim that is left in ``pruned``."""
    before, after = raw.get("claims"), pruned.get("claims", ())
    return [next(i for i, claim in enumerate(before) if claim is kept) for kept in after]


def _without(value: Any, path: KeyPath, cuts: list[KeyPath]) -> Any:
    if isinstance(value, Mapping):
        return {k: _without(v, (*path, k), cuts) for k, v in value.items() if (*path, k) not in cuts}
    if isinstance(value, tuple) and path == ("claims",):
        return tuple(v for i, v in enumerate(value) if (*path, i) not in cuts)
    return value
