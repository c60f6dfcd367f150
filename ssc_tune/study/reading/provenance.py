"""Raw values and where each was written: in which file and line, or in which override."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ssc_tune.study.reading.yaml_reader import Document, KeyPath, describe, dotted


class Problem(NamedTuple):
    """Something wrong with the value, or the missing value, at ``path``."""

    path: KeyPath
    text: str


class Place(NamedTuple):
    """Where a value was written."""

    order: int  # of its file or override among those read
    name: str  # file, or the override as it was given
    line: int | None
    path: KeyPath  # the path within that file or override

    def show(self, rest: KeyPath, text: str) -> str:
        """The error line for what is ``rest`` below this place."""
        where = self.name if self.line is None else f"{self.name}:{self.line}"
        path = dotted((*self.path, *rest))
        return f"{where}: {path}: {text}" if path else f"{where}: {text}"


class Written:
    """The raw values of a study, put together from files and overrides."""

    def __init__(self, document: Document, name: str) -> None:
        """Begins with the first file; ``name`` is how errors call it."""
        self.value: Any = document.value
        self._places: dict[KeyPath, Place] = {}
        self._num_origins = 0
        self._add((), document, name)

    def graft(self, path: KeyPath, document: Document, name: str) -> None:
        """Put another document's value at ``path``; errors there will name that document."""
        self.value = replaced(self.value, path, document.value)
        self._forget(path)
        self._add(path, document, name)

    def merge(self, path: KeyPath, key: str) -> None:
        """Merge the mappings in the list at ``path``: later values replace earlier ones, under ``key`` one by one."""
        items = self.value
        for step in path:
            items = items[step]
        merged: dict[str, Any] = {}
        places = {where: place for where, place in self._places.items() if where[: len(path)] != path}
        places[path] = self._places[path]
        for i, item in enumerate(items):
            for name, value in item.items():
                one_by_one = name == key and isinstance(value, Mapping) and isinstance(merged.get(key, {}), Mapping)
                merged[name] = {**merged.get(key, {}), **value} if one_by_one else value
                for inner in [(name, other) for other in value] if one_by_one else [(name,)]:
                    places = {w: place for w, place in places.items() if w[: len(path) + len(inner)] != (*path, *inner)}
            for where, place in self._places.items():
                if where[: len(path) + 1] == (*path, i) and len(where) > len(path) + 1:
                    places[(*path, *where[len(path) + 1 :])] = place
        self.value, self._places = replaced(self.value, path, merged), places

    def override(self, path: KeyPath, value: Any, argument: str) -> None:
        """Set the value at ``path``; errors there will name the override.

        Raises:
            ValueError: ``path`` leads through something that holds no such key.
        """
        changed = replaced(self.value, path, value)
        path = _canonical(self.value, path)
        self.value = changed
        self._forget(path)
        self._num_origins += 1
        self._places[path] = Place(1000 + self._num_origins, f"--set {argument}", None, ())

    def show(self, problem: Problem) -> tuple[tuple[int, int], str]:
        """Sort key and line of a problem."""
        for end in range(len(problem.path), -1, -1):
            place = self._places.get(problem.path[:end])
            if place is not None:
                text = place.show(problem.path[end:], problem.text) + self._overrides_below(problem.path)
                return (place.order, place.line or 0), text
        raise AssertionError("the top level has a place")

    def show_all(self, problems: Iterable[Problem]) -> list[str]:
        """The lines of all problems, in the order of files and lines, without repetitions."""
        return list(dict.fromkeys(text for _, text in sorted(map(self.show, problems))))

    def _add(self, path: KeyPath, document: Document, name: str) -> None:
        order = self._num_origins
        self._num_origins += 1
        for where, line in document.lines.items():
            self._places[(*path, *where)] = Place(order, name, line, where)

    def _forget(self, path: KeyPath) -> None:
        self._places = {where: place for where, place in self._places.items() if where[: len(path)] != path}

    def _overrides_below(self, path: KeyPath) -> str:
        below = [
            place.name
            for where, place in self._places.items()
            if place.line is None and len(where) > len(path) and where[: len(path)] == path
        ]
        return f" (with {', '.join(below)})" if below and path else ""


def replaced(value: Any, path: KeyPath, new: Any) -> Any:
    """A copy of ``value`` with ``new`` at ``path``; mappings on the way are made where there is nothing.

    Raises:
        ValueError: the path leads through a scalar, or names a list item that does not exist.
    """
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, tuple):
        index = int(step) if isinstance(step, int) or (step.isascii() and step.isdigit()) else -1
        if not 0 <= index < len(value):
            allowed = f"0 to {len(value) - 1}" if value else "none, the list is empty"
            raise ValueError(f"no item {step!r} in the list; allowed: {allowed}")
        return (*value[:index], replaced(value[index], rest, new), *value[index + 1 :])
    if value is None or isinstance(value, Mapping):
        return {**(value or {}), str(step): replaced((value or {}).get(step), rest, new)}
    raise ValueError(f"cannot set {dotted(path)!r} inside {describe(value)}")


def _canonical(value: Any, path: KeyPath) -> KeyPath:
    """``path``, known to be good, with the steps into lists as whole numbers."""
    steps: list[str | int] = []
    for step in path:
        if isinstance(value, tuple):
            step = int(step)
            value = value[step]
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
        steps.append(step)
    return tuple(steps)
