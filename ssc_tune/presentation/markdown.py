"""Text in Markdown: names and descriptions come from study files, and mean themselves, never markup, HTML or a link."""

from __future__ import annotations

from collections.abc import Sequence

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})


class Markup(str):
    """What is Markdown already, of our own making."""

    __slots__ = ()


def escaped(value: object) -> str:
    """Text that means itself, on one line."""
    return value if isinstance(value, Markup) else " ".join(str(value).split()).translate(_SPECIAL)


def code(value: object) -> str:
    """Literal text within a line, in a table too: its fence is longer than any run of backticks inside."""
    text = " ".join(str(value).split()).replace("|", "\\|")
    ticks = _fence_around(text, "`")
    return f"{ticks} {text} {ticks}" if "`" in text else f"{ticks}{text}{ticks}"


def fence(value: object) -> str:
    """A block of literal text."""
    text = str(value).rstrip("\n")
    ticks = _fence_around(text, "```")
    return f"{ticks}\n{text}\n{ticks}"


def _fence_around(text: str, ticks: str) -> str:
    while ticks in text:
        ticks += "`"
    return ticks


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; each of its cells means itself."""
    lines = ["| " + " | ".join(map(escaped, line)) + " |" for line in (header, *rows)]
    return "\n".join([lines[0], "| " + " | ".join(["---"] * len(header)) + " |", *lines[1:]])
