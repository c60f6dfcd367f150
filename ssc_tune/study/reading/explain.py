"""pydantic's findings in plain words: what is wrong with which value, and what is allowed."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
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
BOUNDS = {
    "greater_than": ("greater than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


SIZES: dict[str, Callable[[Mapping[str, Any], Any], str]] = {
    "too_short": lambda c, value: f"needs at least {_count(c['min_length'])}, has {c['actual_length']}",
    "too_long": lambda c, value: f"takes at most {_count(c['max_length'])}, has {c['actual_length']}",
    "string_too_short": lambda c, value: "must not be empty text",
    "string_too_long": lambda c, value: f"must not be longer than {c['max_length']} characters",
    "string_pattern_mismatch": lambda c, value: (
        f"{describe(value)} does not fit; allowed: {_pattern_in_words(c['pattern'])}"
    ),
}


def explain(error: ValidationError, raw: Any, model: type[BaseModel]) -> list[Problem]:
    """One problem for each value that ``model`` refuses, all kinds of a union in one sentence."""
    groups: dict[KeyPath, list[Any]] = {}
    for item in error.errors(include_url=False):
        groups.setdefault(_path(item, raw), []).append(item)
    return [Problem(path, _sentence(items, path, raw, model)) for path, items in groups.items()]


def keys(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


def choices(annotation: Any) -> list[str] | None:
    """The values of a ``Literal``, or of a union with one; none for any other type."""
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    for member in _members(annotation):
        if get_origin(member) is Literal:
            return choices(member)
    return None


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
        raw = raw[step] if not isinstance(raw, Mapping) else raw.get(step)
    return raw


def _sentence(items: list[Any], path: KeyPath, raw: Any, model: type[BaseModel]) -> str:
    item = items[0]
    kind, context = item["type"], item.get("ctx", {})
    if kind == "missing":
        return _missing(path, raw, model)
    if kind.startswith("union_tag"):
        names = re.findall(r"'([^']*)'", context["expected_tags"]) if "expected_tags" in context else None
        return _type_problem(path, raw, model, names)
    value = _value_at(raw, path)
    if kind == "extra_forbidden":
        return _unknown_key(path, raw, model)
    return _wrong_value(items, kind, context, value)


def _wrong_value(items: list[Any], kind: str, context: Mapping[str, Any], value: Any) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        allowed = [text for one in items for text in _literals(one)]
        allowed += [_pattern_in_words(one["ctx"]["pattern"]) for one in items if "pattern" in one.get("ctx", {})]
        return unknown(f"{describe(value)} is not known", str(value), allowed)
    wanted = [KINDS[one["type"].removesuffix("_type")] for one in items if one["type"].removesuffix("_type") in KINDS]
    if wanted:
        return f"must be {_either(wanted)}, not {describe(value)}"
    if kind in BOUNDS:
        words, key = BOUNDS[kind]
        return f"must be {words} {context[key]:g}, not {describe(value)}"
    said = SIZES.get(kind)
    return said(context, value) if said else _fallback(items[0]["msg"], value)


def _fallback(message: str, value: Any) -> str:
    text = message.replace("Input should be", "must be").replace("Input should", "must")
    return f"{text[:1].lower()}{text[1:]}, not {describe(value)}"


def _count(number: int) -> str:
    return f"{number} entry" if number == 1 else f"{number} entries"


def _either(words: list[str]) -> str:
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _literals(item: Any) -> list[str]:
    expected = item.get("ctx", {}).get("expected", "")
    return [quoted or bare for quoted, bare in re.findall(r"'([^']*)'|(\d+(?:\.\d+)?)", expected)]


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
    field_type = next((t for name, t in _fields(model, path[:-1], raw) if name == path[-1]), None)
    allowed = choices(field_type)
    return "the key is missing" + (f"; allowed: {', '.join(allowed)}" if allowed else "")


def _type_problem(path: KeyPath, raw: Any, model: type[BaseModel], names: list[str] | None) -> str:
    names = names or [tag for annotation in _annotations(model, path[:-1], raw) for tag in _tags(annotation)]
    value = _value_at(raw, path)
    if value is None:
        return f"the key is missing; allowed: {', '.join(names)}"
    return unknown(f"{describe(value)} is not known", str(value), names)


def _unknown_key(path: KeyPath, raw: Any, model: type[BaseModel]) -> str:
    allowed = [name for name, _ in _fields(model, path[:-1], raw)]
    key = str(path[-1])
    elsewhere = _elsewhere(model, key) if len(path) == 1 else None
    return unknown("unknown key", key, allowed, also=elsewhere)


def _elsewhere(model: type[BaseModel], key: str) -> str | None:
    """Where a key given at the top level belongs, if a section of the model has it."""
    for section, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and key in keys(annotation):
            return dotted((section, key))
    return None


def _fields(model: type[BaseModel], path: KeyPath, raw: Any) -> list[tuple[str, Any]]:
    """Key and type of every field of the model that stands at ``path``."""
    for annotation in _annotations(model, path, raw):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return [(field.alias or name, field.annotation) for name, field in annotation.model_fields.items()]
    return []


def _annotations(model: Any, path: KeyPath, raw: Any) -> Iterator[Any]:
    """The types that the value at ``path`` may have; of a union by ``type``, the one that the value names."""
    current = [model]
    here = raw
    for step in path:
        current = [inner for annotation in current for inner in _inside(annotation, step, here)]
        here = _value_at(here, (step,))
    for annotation in current:
        members = _members(annotation)
        yield from [member for member in members if _is_meant(member, here)] or members


def _is_meant(member: Any, value: Any) -> bool:
    """Whether a member of a union is the one that a value names, by its ``type`` or by the keys of a claim's form."""
    if not isinstance(value, Mapping):
        return True
    if isinstance(member, type) and issubclass(member, ClaimForm):
        return any(value.get(key) is not None for key in member.KEYS)
    tags = _tags(member)
    return not tags or value.get("type") in tags


def _inside(annotation: Any, step: str | int, value: Any) -> Iterator[Any]:
    for member in _members(annotation):
        origin, arguments = get_origin(member), get_args(member)
        if isinstance(member, type) and issubclass(member, BaseModel):
            if isinstance(value, Mapping) and _is_meant(member, value):
                yield from (f.annotation for n, f in member.model_fields.items() if (f.alias or n) == step)
        elif origin is dict:
            yield arguments[1]
        elif origin is tuple:
            yield arguments[0]


def _members(annotation: Any) -> list[Any]:
    """The types a union is made of, annotations stripped; the type itself where it is none."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for member in get_args(annotation) for inner in _members(member)]
    return [annotation]


def _tags(annotation: Any) -> list[str]:
    """The values of ``type`` of a union's members."""
    found: list[str] = []
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel) and "type" in member.model_fields:
            found.extend(choices(member.model_fields["type"].annotation) or [])
    return found
