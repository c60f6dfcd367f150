"""pydantic's findings in plain words: what is wrong with which value, and what is allowed."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ssc_tune.data import registry as data_names
from ssc_tune.models import registry as model_names
from ssc_tune.study.model.claims import ClaimForm
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.suggest import unknown
from ssc_tune.study.reading.yaml_reader import KeyPath, describe, dotted

KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "dict": "a mapping (key: value lines)",
    "model": "a mapping (key: value lines)",
    "model_attributes": "a mapping (key: value lines)",
    "tuple": "a list",
    "list": "a list",
}
WORDS: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "greater_than": lambda c, value: f"must be greater than {c['gt']:g}, not {value}",
    "greater_than_equal": lambda c, value: f"must be at least {c['ge']:g}, not {value}",
    "less_than": lambda c, value: f"must be less than {c['lt']:g}, not {value}",
    "less_than_equal": lambda c, value: f"must be at most {c['le']:g}, not {value}",
    "too_short": lambda c, value: f"needs at least {_count(c['min_length'])}, has {c['actual_length']}",
    "too_long": lambda c, value: f"takes at most {_count(c['max_length'])}, has {c['actual_length']}",
    "string_too_short": lambda c, value: "must not be empty text",
    "string_too_long": lambda c, value: f"must not be longer than {c['max_length']} characters",
    "string_pattern_mismatch": lambda c, value: f"{value} does not fit; allowed: {_pattern_in_words(c['pattern'])}",
    "value_error": lambda c, value: str(c["error"]),
}


def explain(error: ValidationError, raw: Any, model: type[BaseModel]) -> list[Problem]:
    """One problem for each value that ``model`` refuses, all kinds of a union in one sentence."""
    groups: dict[KeyPath, list[Any]] = {}
    for item in error.errors(include_url=False):
        groups.setdefault(_path(item, raw), []).append(item)
    return [Problem(path, _sentence(items, path, raw, model)) for path, items in groups.items()]


def _path(item: Any, raw: Any) -> KeyPath:
    """The path of an error without the names of union members that pydantic puts in between."""
    path: list[str | int] = []
    here = raw
    for step in item["loc"]:
        if not _holds(here, step):
            continue
        here = here[step]
        path.append(step)
    if item["type"] == "missing":
        path.append(item["loc"][-1])
    elif item["type"].startswith("union_tag"):
        path.append("type")
    return tuple(path)


def _holds(value: Any, step: str | int) -> bool:
    if isinstance(value, Mapping):
        return step in value
    return isinstance(value, tuple) and isinstance(step, int) and step < len(value)


def _value_at(raw: Any, path: KeyPath) -> Any:
    for step in path:
        raw = raw[step] if _holds(raw, step) else None
    return raw


def _sentence(items: list[Any], path: KeyPath, raw: Any, model: type[BaseModel]) -> str:
    item = items[0]
    kind, value = item["type"], _value_at(raw, path)
    if kind == "missing":
        return _missing(path, raw, model)
    if kind.startswith("union_tag"):
        return _type_problem(path, raw, model)
    if kind == "extra_forbidden":
        return _unknown_key(path, raw, model)
    if kind == "literal_error":
        allowed = _choices(model, path, raw)
        allowed += [_pattern_in_words(one["ctx"]["pattern"]) for one in items if "pattern" in one.get("ctx", {})]
        return unknown(f"{describe(value)} is not known", str(value), allowed)
    wanted = [KINDS[one["type"].removesuffix("_type")] for one in items if one["type"].removesuffix("_type") in KINDS]
    if wanted:
        return f"must be {_either(wanted)}, not {describe(value)}"
    said = WORDS.get(kind)
    return said(item["ctx"], describe(value)) if said else _fallback(item["msg"], value)


def _fallback(message: str, value: Any) -> str:
    text = message.replace("Input should be", "must be").replace("Input should", "must")
    return f"{text[:1].lower()}{text[1:]}, not {describe(value)}"


def _count(number: int) -> str:
    return f"{number} entry" if number == 1 else f"{number} entries"


def _either(words: list[str]) -> str:
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _pattern_in_words(pattern: str) -> str:
    if pattern == model_names.PATTERN:
        return model_names.ALLOWED
    if pattern == data_names.FUNCTION_PATTERN:
        return data_names.FUNCTION_IN_WORDS
    if pattern.startswith("^[A-Za-z0-9]["):
        return "letters, digits, '.', '_' and '-', beginning with a letter or digit"
    return f"text of the form {pattern}"


def _missing(path: KeyPath, raw: Any, model: type[BaseModel]) -> str:
    if path and isinstance(path[-1], int):
        return f"needs {_count(path[-1] + 1)}"
    allowed = _choices(model, path, raw)
    return "the key is missing" + (f"; allowed: {', '.join(allowed)}" if allowed else "")


def _type_problem(path: KeyPath, raw: Any, model: type[BaseModel]) -> str:
    names = [tag for annotation in _annotations(model, path[:-1], raw) for tag in _tags(annotation)]
    value = _value_at(raw, path)
    if value is None:
        return f"the key is missing; allowed: {', '.join(names)}"
    return unknown(f"{describe(value)} is not known", str(value), names)


def _unknown_key(path: KeyPath, raw: Any, model: type[BaseModel]) -> str:
    models = (found for annotation in _annotations(model, path[:-1], raw) if (found := _fields(annotation)))
    key = str(path[-1])
    elsewhere = _elsewhere(model, key) if len(path) == 1 else None
    return unknown("unknown key", key, next(models, ()), also=elsewhere)


def _elsewhere(model: type[BaseModel], key: str) -> str | None:
    """Where a key given at the top level belongs, if a section of the model has it."""
    sections = (name for name, annotation in _fields(model).items() if key in _fields(annotation))
    return next((dotted((section, key)) for section in sections), None)


def _fields(annotation: Any) -> dict[str, Any]:
    """The types of a model's fields by the keys as they are written; none of another type."""
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return {}
    return {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}


def _choices(model: type[BaseModel], path: KeyPath, raw: Any) -> list[str]:
    """The values that are listed for ``path``."""
    literals = (member for member in _annotations(model, path, raw) if get_origin(member) is Literal)
    return list(dict.fromkeys(str(value) for literal in literals for value in get_args(literal)))


def _annotations(model: Any, path: KeyPath, raw: Any) -> list[Any]:
    """The types that the value at ``path`` may have; of a union those that the value names."""
    current, here = _meant([model], raw), raw
    for step in path:
        here = _value_at(here, (step,))
        current = _meant([inner for member in current for inner in _inside(member, step)], here)
    return current


def _meant(annotations: Sequence[Any], value: Any) -> list[Any]:
    """The members of unions that a value names; all where it names none."""
    members = [member for annotation in annotations for member in _members(annotation)]
    return [member for member in members if _is_meant(member, value)] or members


def _is_meant(member: Any, value: Any) -> bool:
    """Whether a member of a union is the one that a value names, by its ``type`` or by the keys of a claim's form."""
    if not isinstance(value, Mapping):
        return True
    if isinstance(member, type) and issubclass(member, ClaimForm):
        return any(value.get(key) is not None for key in member.KEYS)
    tags = _tags(member)
    return not tags or value.get("type") in tags


def _inside(member: Any, step: str | int) -> list[Any]:
    """The type that a step into a type leads to, if it leads anywhere."""
    origin, arguments = get_origin(member), get_args(member)
    if origin in (dict, tuple):
        return [arguments[1] if origin is dict else arguments[0]]
    return [annotation for key, annotation in _fields(member).items() if key == step]


def _members(annotation: Any) -> list[Any]:
    """The types a union is made of, annotations stripped; the type itself where it is none."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for member in get_args(annotation) for inner in _members(member)]
    return [annotation]


def _tags(member: Any) -> tuple[str, ...]:
    """The values of a model's ``type``."""
    return get_args(_fields(member).get("type"))
