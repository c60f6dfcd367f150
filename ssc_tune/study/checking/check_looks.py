"""Checks of the looks that a design declares."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ssc_tune.study.model.names import Names
from ssc_tune.study.model.study import RandomDesign, SobolDesign, Study
from ssc_tune.study.reading.provenance import Problem


def check_looks(study: Study, names: Names) -> Iterator[Problem]:
    """Looks increase up to the design's points, there are claims to judge, and ``stop`` has looks to stop at."""
    design = study.design
    if "design" in names.broken or not isinstance(design, SobolDesign | RandomDesign):
        return
    if not design.looks:
        if design.stop != "never":
            yield Problem(("design", "stop"), f"{design.stop} needs design.looks: the numbers of points to stop at")
        return
    for i, (before, look) in enumerate(pairwise(design.looks), start=1):
        if look <= before:
            yield Problem(("design", "looks", i), f"must be more than the look before it ({before}), not {look}")
    if design.looks[-1] != design.points:
        text = f"the last look must be at all {design.points} points of the design, not at {design.looks[-1]}"
        yield Problem(("design", "looks", len(design.looks) - 1), text)
    if not study.claims and "claims" not in names.broken:
        yield Problem(("design", "looks"), "the study has no claims that could be judged at a look")
