"""Reading YAML so that what is written is what is meant, and every value knows its line.

A loader of our own on PyYAML's safe one. It differs from YAML 1.1 as PyYAML reads it:

- ``1e-3``, ``1E5`` and ``.5`` are numbers (``1E5`` a whole one);
- ``yes``, ``no``, ``on``, ``off``, ``12:30`` and dates are text;
- a key given twice is an error, and so are anchors and aliases (a few hundred bytes can stand for gigabytes) and tags;
- keys are text, and lists are tuples, because nothing changes once it is read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ssc_tune.errors import InputError

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
MAX_NODES = 20_000
MAX_DIGITS = 18

KeyPath = tuple[str | int, ...]
"""Keys and list indices that lead to a value."""


class Document(NamedTuple):
    """A YAML text: plain values, and the line of every value by its path (the line of its key, counted from 1)."""

    value: Any
    lines: dict[KeyPath, int]


class _Unreadable(Exception):
    """What is wrong with a text, and where."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


class _Loader(yaml.SafeLoader):
    """Composes nodes; the tags are resolved by the few patterns below and nothing else."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.num_nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        assert event.start_mark is not None
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Unreadable(line, "anchors (&) and aliases (*) are not allowed; write the value out")
        if self.depth >= MAX_DEPTH:
            raise _Unreadable(line, f"nested deeper than {MAX_DEPTH} levels")
        self.num_nodes += 1
        if self.num_nodes > MAX_NODES:
            raise _Unreadable(line, f"more than {MAX_NODES:,} keys and values")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_NULL, _BOOL, _INT, _FLOAT, _STR = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str"))
_PATTERNS = (
    (_NULL, r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    (_BOOL, r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    (_INT, r"^[-+]?[0-9]+$", list("-+0123456789")),
    (_FLOAT, r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
)


def add_patterns(resolver: Any) -> None:
    """Give a loader or dumper class the scalar patterns of this module."""
    for tag, pattern, first in _PATTERNS:
        resolver.add_implicit_resolver(tag, re.compile(pattern), first)


add_patterns(_Loader)


def parse_yaml(text: str, name: str) -> Document:
    """The values of a YAML text.

    Args:
        text: at most one document.
        name: how errors call the text, for instance its file name.

    Raises:
        InputError: it is not YAML as described above; one line ``name:line: what`` for each problem.
    """
    try:
        node = _Loader(text).get_single_node()
    except _Unreadable as error:
        raise InputError(f"{name}:{error.line}: {error.text}") from None
    except (yaml.YAMLError, ValueError) as error:
        line, what = _syntax(error, text)
        raise InputError(f"{name}:{line}: not valid YAML: {what}") from None
    lines: dict[KeyPath, int] = {}
    problems: list[_Unreadable] = []
    value = None if node is None else _value(node, (), lines, problems)
    if problems:
        raise InputError([f"{name}:{problem.line}: {problem.text}" for problem in problems])
    return Document(value, lines)


def read_yaml(path: Path) -> Document:
    """The values of a YAML file whose top level is a mapping.

    Raises:
        InputError: missing, no file (but a pipe), too large, not UTF-8, empty, no mapping, or as :func:`parse_yaml`.
    """
    text = _read_text(path)
    document = parse_yaml(text, str(path))
    if document.value is None:
        raise InputError(f"{path}:1: the file is empty; it must hold a mapping (key: value lines)")
    if not isinstance(document.value, Mapping):
        raise InputError(
            f"{path}:1: the top level must be a mapping (key: value lines), not {describe(document.value)}"
        )
    return document


def describe(value: object) -> str:
    """A value as an error message shows it: short, on one line, as it is written in YAML."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, tuple | list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:56] + "..." + text[-1]


def _read_text(path: Path) -> str:
    try:
        # Opened without waiting: nobody may ever write into a FIFO, and whoever does may do so for ever.
        with open(path, "rb", opener=_open_at_once) as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = file.read(MAX_BYTES + 1) if regular else b""
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory, not a file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not regular:
        raise InputError(f"{path}: is a device, pipe or socket, not a file")
    if len(content) > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: not UTF-8 text (byte 0x{error.object[error.start]:02x})") from None


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _syntax(error: Exception, text: str) -> tuple[int, str]:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "syntax error"
        if "'\\t'" in what:
            what = "a tab; indent with spaces"
        elif what == "but found another document":
            what = "a second document (---)"
        elif what == "mapping values are not allowed here":
            what = "a second ':' on the line, or wrong indentation; put text that holds ': ' in quotes"
        return (mark.line + 1 if mark else 1), " ".join(what.split())
    if isinstance(error, yaml.reader.ReaderError):
        return text[: error.position].count("\n") + 1, f"character {chr(error.character)!r} is not allowed"
    return 1, " ".join(str(error).split())


def _value(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], problems: list[_Unreadable]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        if node.tag != "tag:yaml.org,2002:map":
            problems.append(_tag_problem(node))
        return _mapping(node, path, lines, problems)
    if isinstance(node, yaml.SequenceNode):
        if node.tag != "tag:yaml.org,2002:seq":
            problems.append(_tag_problem(node))
        return tuple(_value(item, (*path, i), lines, problems) for i, item in enumerate(node.value))
    assert isinstance(node, yaml.ScalarNode)
    try:
        return _scalar(node)
    except _Unreadable as problem:
        problems.append(problem)
        return None


def _mapping(
    node: yaml.MappingNode, path: KeyPath, lines: dict[KeyPath, int], problems: list[_Unreadable]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or not key_node.value.strip():
            problems.append(_Unreadable(line, "a key must be a word"))
            continue
        try:
            key = _text(key_node.value, line)
        except _Unreadable as problem:
            problems.append(problem)
            continue
        if key in result:
            first = lines[(*path, key)]
            name = dotted((*path, key))
            problems.append(_Unreadable(line, f"{name}: the key is given twice, first on line {first}"))
            continue
        lines[(*path, key)] = line
        result[key] = _value(value_node, (*path, key), lines, problems)
    return result


def _scalar(node: yaml.ScalarNode) -> bool | int | float | str | None:
    text, line = node.value, node.start_mark.line + 1
    if node.tag == _STR:
        return _text(text, line)
    if node.tag == _NULL and text in ("", "~", "null", "Null", "NULL"):
        return None
    if node.tag == _BOOL and text.lower() in ("true", "false"):
        return bool(text.lower() == "true")
    if node.tag in (_INT, _FLOAT):
        return _number(text, line)
    raise _tag_problem(node)


def _number(text: str, line: int) -> int | float:
    digits = text.lstrip("+-")
    if len(digits) > (MAX_DIGITS if digits.isdigit() else 2 * MAX_DIGITS):
        raise _Unreadable(line, f"the number {text[:12]}... has too many digits")
    try:
        if digits.isdigit():
            return int(text)
        number = float(text)
    except ValueError:
        raise _Unreadable(line, f"{text[:40]!r} is not a number") from None
    if number in (float("inf"), float("-inf")):
        raise _Unreadable(line, f"the number {text[:40]} is too large")
    whole = "e" in text.lower() and number.is_integer() and abs(number) < 10**MAX_DIGITS
    return int(number) if whole else number


def _text(text: str, line: int) -> str:
    """Text with the two halves of characters that JSON escapes in halves put together."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _Unreadable(line, "half of a character (an escape from \\ud800 to \\udfff) is no text") from None


def _tag_problem(node: yaml.Node) -> _Unreadable:
    return _Unreadable(node.start_mark.line + 1, f"tags such as {node.tag!r} are not allowed")


def dotted(path: KeyPath) -> str:
    """``path.to.key``, on one line whatever the keys hold."""
    return ".".join(part if part.isprintable() else repr(part)[1:-1] for part in map(str, path))
