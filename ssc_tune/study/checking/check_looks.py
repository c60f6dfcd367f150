"""Checks of the looks that a design declares."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ssc_tune.study.model.names import Names
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.provenance import Problem


def check_looks(study: Study, names: Names) -> Iterator[Problem]:
    """Looks increase up to the design's points, there are claims to judge, and ``stop`` has looks to stop at."""
    design = study.design
    if "design" in names.broken or not design.is_sample:
        return
    looks = design.judged_at
    if not looks:
        if design.stops_when_decided:
            yield Problem(("design", "stop"), "when_decided needs design.looks: the numbers of points to stop at")
        return
    for i, (before, look) in enumerate(pairwise(looks), start=1):
        if look <= before:
            yield Problem(("design", "looks", i), f"must be more than the look before it ({before}), not {look}")
    if looks[-1] != design.num_points:
        text = f"the last look must be at all {design.num_points} points of the design, not at {looks[-1]}"
        yield Problem(("design", "looks", len(looks) - 1), text)
    if not study.claims and "claims" not in names.broken:
        yield Problem(("design", "looks"), "the study has no claims that could be judged at a look")
