"""What a registration is of: the whole plan of a study, in one canonical form, and its hash.

The plan holds everything that decides cells or verdicts: data, net, training, methods with their fixed
hyperparameters, search space, design, blocks, settings, seeds, claims, threads where they are more than one, and the
version of the training semantics. It leaves out the study's name and description, the rest of its resources, its
cluster, retries, timeout, the reasons of ranges, and of claims the verdict expected and the source.

Keys at their default are left out, so that a later version with further optional keys hashes an old file to the same
value. For the same reason nothing is listed here that is to be in the plan: what is not named below is in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ssc_tune.study.model.factors import FACTORS
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import SEMANTICS_VERSION

SHOWN = 16
"""Hexadecimal digits of a hash that are shown; it is kept whole."""

_NOT_STUDY = {
    *("name", "description", "resources", "cluster", "retries", "timeout"),
    *("methods", "hyperparameters", "search_space", "claims"),
}
_NOT_PARAMETER = {"reason", "factor"}  # a factor is a way to write low, high and log, which are in the plan
_NOT_CLAIM = {"expected", "source"}

Plan = dict[str, Any]


def plan_of(study: Study) -> Plan:
    """The plan as JSON values, equal for studies that run the same cells and judge the same claims.

    Parameters are a list of pairs: their order decides the columns of the Sobol sequence and with it the points.
    Claims are sorted by name and whole numbers have no decimal point, since neither decides anything. ``methods`` holds
    the fixed hyperparameters of each method that differ from its defaults, wherever the file fixes them.
    """
    plan: Plan = study.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=_NOT_STUDY)
    for part in (plan, *plan.get("settings", {}).values()):
        if "fingerprint" in part.get("data", {}):
            part["data"].pop("path", None)
        part.get("model", {}).pop("weights", None)  # their SHA-256 stays
    plan["semantics"] = SEMANTICS_VERSION
    if study.resources.threads > 1:
        plan["threads"] = study.resources.threads
    plan["methods"] = {method: _fixed(study, method) for method in study.methods}
    plan["parameters"] = [
        [name, parameter.model_dump(mode="json", exclude_defaults=True, exclude=_NOT_PARAMETER)]
        for name, parameter in study.search_space.parameters.items()
    ]
    claims = sorted(study.claims, key=lambda claim: claim.name)
    plan["claims"] = [
        claim.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=_NOT_CLAIM) for claim in claims
    ]
    normal = _normal(plan)
    assert isinstance(normal, dict)
    return normal


def hash_of(plan: Mapping[str, Any]) -> str:
    """SHA-256, 64 hexadecimal digits, of the plan's canonical JSON: keys sorted, no spaces, ASCII."""
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def plan_hash(study: Study) -> str:
    """The hash of a study's plan: what is registered."""
    return hash_of(plan_of(study))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two plans, a line each: ``design.points: 8 -> 16``."""
    return list(_differences("", _by_name(before), _by_name(now)))


def may_share_cells(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two plans train alike: the same training, and a method, a data set and a net in common.

    What is a factor in one of them may be anything in the other.
    """
    varying = {name for plan in (first, second) for name, _ in plan["parameters"]}
    alike = all(first.get(key) == second.get(key) for key in ("semantics", "training", "threads"))
    return (
        alike
        and bool(set(first["methods"]) & set(second["methods"]))
        and bool(_places(first, varying) & _places(second, varying))
    )


def _fixed(study: Study, method: str) -> dict[str, Any]:
    known = study.hyperparameters_of(method).model_fields
    given = {**study.hyperparameters, **study.methods[method]}
    return {name: value for name, value in given.items() if name in known and value != known[name].get_default()}


def _normal(value: Any) -> Any:
    """The same with 1.0 as 1, as JSON of other languages writes it, and sequences as lists."""
    if isinstance(value, Mapping):
        return {str(key): _normal(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_normal(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _places(plan: Mapping[str, Any], varying: Collection[str]) -> set[str]:
    common = {key: plan.get(key, {}) for key in ("data", "model", "pretrain")}
    left_out = {(factor.part, factor.key) for name, factor in FACTORS.items() if name in varying}
    found = [{**common, **own} for own in (plan.get("settings") or {"main": {}}).values()]
    for place in found:
        for part in ("data", "model"):
            place[part] = {key: value for key, value in place[part].items() if (part, key) not in left_out}
    return {json.dumps(place, sort_keys=True) for place in found}


def _by_name(plan: Mapping[str, Any]) -> Plan:
    """Parameters and claims by their names, with the order of the parameters, for comparison."""
    parameters, claims = plan.get("parameters", []), plan.get("claims", [])
    return {
        **plan,
        "parameters": dict(parameters),
        "order of parameters": ", ".join(name for name, _ in parameters),
        "claims": {claim["name"]: {k: v for k, v in claim.items() if k != "name"} for claim in claims},
    }


def _differences(path: str, before: Any, now: Any) -> Iterator[str]:
    if before == now:
        return
    if isinstance(before, Mapping) and isinstance(now, Mapping) and (before or now):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(f"{path}.{key}" if path else str(key), before.get(key), now.get(key))
        return
    yield f"{path}: {_short(before)} -> {_short(now)}"


def _short(value: object) -> str:
    text = "not given" if value is None else json.dumps(value)
    return text if len(text) <= 120 else text[:117] + "..."
