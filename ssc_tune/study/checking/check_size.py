"""That a study can be run at all: its cells are made one by one, and a slip of a zero would take hours to be seen."""

from __future__ import annotations

from collections.abc import Iterator

from ssc_tune.study.model.names import Names
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.provenance import Problem

MOST_CELLS = 100_000


def check_size(study: Study, names: Names) -> Iterator[Problem]:
    """No more cells than are made in a minute; counted without making them."""
    if names.broken & {"design", "search_space", "blocks", "methods", "settings", "seeds"}:
        return
    design, settings = study.design, len(study.setting_names)
    by_block = {block: 1 + design.count(study.block_parameters(block)) for block in study.blocks}
    places = sum(number * len(study.block_methods(block)) for block, number in by_block.items()) * settings
    cells = places * study.seeds
    if cells <= MOST_CELLS:
        return
    points = max(by_block.values())
    key = ("seeds",) if study.seeds > points else ("design", "points" if design.named_levels is None else "levels")
    words = f"{points:,} points, {len(study.methods)} methods, {settings} settings and {study.seeds:,} seeds"
    yield Problem(key, f"{words} make {cells:,} cells; at most {MOST_CELLS:,} are allowed")
