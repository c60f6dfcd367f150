"""Points that are one: equal cells have one result, and a result that is copied is no further evidence.

A point is repeated for a method where an earlier point gives it the same cells: drawn twice from a discrete space, or
different only in parameters that the method lacks. Of equal points the first stands for all. What is computed of one
method rests on its distinct points, each once: the estimand is the mean, or the spread, over these and not over the
draws, which weigh a value by how often it was drawn.

A comparison of two methods rests on pairs. Two points may be distinct for one method and equal for the other; taken as
two pairs they would share a result, and the test would count it twice. Therefore every cell enters one pair at most:
going through the points in their order, a point is kept if it is new for both methods. The choice sees no result. With
random and Sobol points the order says nothing of a point's values, so that the pairs kept are draws as good as any, and
enlarging a design never exchanges a pair. A grid runs through its levels in order; there points are gone through in an
order drawn once and for all, or a method's own parameter would stay at its first level.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssc_tune.design.points import Point, fixed_points
from ssc_tune.study.model.space import FloatParameter
from ssc_tune.study.model.study import Study


class Count(NamedTuple):
    """How many points a design has for a method or a pair of methods, and how many of them are distinct."""

    distinct: int
    drawn: int

    def __str__(self) -> str:
        """``2 distinct of 8 points``, or ``8 points`` where all are."""
        return (
            f"{self.drawn} points"
            if self.distinct == self.drawn
            else f"{self.distinct} distinct of {self.drawn} points"
        )


def in_order(study: Study, points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Points in the order in which the first of equal ones is looked for: their own, of a grid a fixed random one."""
    if not study.design.crossed:
        return np.sort(points)
    order = np.random.default_rng(0).random(int(points.max()) + 1) if len(points) else np.empty(0)
    return points[np.argsort(order[points], kind="stable")]


def stand_ins(*keys: Sequence[Hashable] | NDArray[np.int64]) -> NDArray[np.intp]:
    """For every point the position of the point that stands for it: its own, or that of an earlier one.

    Args:
        keys: one sequence a method, over the same points; equal keys are equal cells of that method. A point is kept if
            none of its keys is that of a point kept before; otherwise the first such point stands for it.
    """
    kept: list[dict[Hashable, int]] = [{} for _ in keys]
    found = []
    for position, own in enumerate(zip(*keys, strict=True)):
        taken = [seen[key] for seen, key in zip(kept, own, strict=True) if key in seen]
        found.append(min(taken) if taken else position)
        if not taken:
            for seen, key in zip(kept, own, strict=True):
                seen[key] = position
    return np.array(found, dtype=np.intp)


def count(study: Study, block: str, *methods: str) -> Count:
    """Points of a fixed design for one method, or pairs of them for two; an adaptive design has none beforehand."""
    points = [point for point in fixed_points(study, block) if point.number or study.design.defaults_count]
    if study.design.adaptive or not points:
        return Count(0, 0)
    by_number = {point.number: point for point in points}
    ordered = [by_number[int(n)] for n in in_order(study, np.array(list(by_number), dtype=np.int64))]
    keys = [[_values(study, method, point) for point in ordered] for method in methods]
    stands = stand_ins(*keys)
    return Count(int((stands == np.arange(len(ordered))).sum()), len(ordered))


def equal_points(study: Study, block: str) -> dict[int, int]:
    """Points of a fixed design that are, for every method of a block, an earlier one, and which."""
    points, running = fixed_points(study, block), study.block_methods(block)
    stands = stand_ins([tuple(_values(study, method, point) for method in running) for point in points])
    return {point.number: points[i].number for point, i in zip(points, stands, strict=True) if points[i] is not point}


def _values(study: Study, method: str, point: Point) -> Hashable:
    """What of a point decides a method's cells."""
    return tuple(value for name, value in point.values.items() if study.decides(name, method))


def varies_continuously(study: Study, block: str, method: str) -> bool:
    """Whether a method's points are draws of a real number, of which no two are alike."""
    space = study.search_space.parameters
    drawn = study.design.is_sample
    return drawn and any(
        isinstance(space[name], FloatParameter) and space[name].applies(method)
        for name in study.block_parameters(block)
    )
