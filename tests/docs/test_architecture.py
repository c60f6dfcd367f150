"""The way of a hyperparameter, as docs/architecture.md lists it, goes through functions that are there."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
STOPS = re.findall(r"^\| (\d+) \| `([\w.]+)` \| (.*) \|$", TEXT, re.MULTILINE)


def test_every_stop_is_a_function_or_class_of_the_package() -> None:
    assert [int(number) for number, _, _ in STOPS] == list(range(1, len(STOPS) + 1))
    for _, name, _ in STOPS:
        module, _, attribute = name.rpartition(".")
        found = pkgutil.resolve_name(f"ssc_tune.{module}:{attribute}")
        assert callable(found), name
        assert found.__module__ == f"ssc_tune.{module}", name


def test_stops_and_returns_are_as_many_as_the_page_says() -> None:
    rooms = [name.split(".")[0] for _, name, _ in STOPS]
    left: set[str] = set()
    returns = []
    for before, room, (_, _, words) in zip(rooms, rooms[1:], STOPS[1:], strict=False):
        if room != before:
            left.add(before)
            told = re.search(r"\(return (\d+)\)", words)
            assert (told is not None) == (room in left), words
            returns += [int(told.group(1))] if told else []
    assert returns == list(range(1, len(returns) + 1))
    assert len(STOPS) <= 40
    assert len(returns) <= 20
