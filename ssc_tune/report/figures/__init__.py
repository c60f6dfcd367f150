"""The figures of a report, one file each, in the order in which they are shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ssc_tune.report.cells import views
from ssc_tune.report.figures import (
    curves,
    directions,
    distribution,
    geometry,
    interactions,
    looks,
    parameters,
    plane,
    pseudo_labels,
    ranges,
    seeds,
    shares,
    training,
)
from ssc_tune.report.figures.base import Figure, Given, Panel


class Kind(NamedTuple):
    """A kind of figure: what draws it, what it is called, and what it has to have; without that there is none."""

    draw: Callable[..., list[Figure]]
    name: str
    needs: str
    of_study: bool = False  # drawn once, after those of each block and setting


KINDS = (
    Kind(looks.figures, "effects at each look", "two looks that were judged, with an effect at each", of_study=True),
    Kind(parameters.figures, "accuracy against each hyperparameter", "a hyperparameter of a block that varies"),
    Kind(seeds.figures, "every point on every seed", "two points of each method on average, and two seeds"),
    Kind(distribution.figures, "distribution over the search space", "two complete points of each method on average"),
    Kind(
        interactions.figures,
        "pairwise interactions",
        f"two hyperparameters that vary, {interactions.MIN_POINTS} complete points of each method, and bins that hold "
        "enough of them",
    ),
    Kind(shares.figures, "where the variance comes from", "shares of variance that the analysis could tell"),
    Kind(ranges.figures, "effects by range and prior", "a claim on a block and setting whose effect is seen under two"),
    Kind(curves.figures, "what tuning buys, and the like", "curves that the analysis could draw"),
    Kind(training.figures, "during training", "cells that kept their course"),
    Kind(pseudo_labels.figures, "pseudo-labels against tau", "cells that kept their course, and a tau that varies"),
    Kind(geometry.figures, "geometry of the prototypes", "cells that kept signatures of their prototypes"),
    Kind(directions.figures, "cosines between prototypes", "pictures of prototypes that the best cells kept"),
    Kind(
        plane.figures,
        "performance and sensitivity over settings",
        "two settings, with a sensitivity of some method",
        of_study=True,
    ),
)


class Drawn(NamedTuple):
    """What came of drawing a study."""

    figures: list[Figure]
    absent: list[tuple[str, str]]  # kinds of which there is none: what each is called, and what it would need


def each(given: Given) -> Iterator[tuple[Kind, Figure]]:
    """Every figure that has data, as it is found, with its kind: of each block and setting, then of the study.

    Their names are fit for files.
    """
    for view in views(given.study, given.tables):
        for kind in KINDS:
            if not kind.of_study:
                yield from ((kind, _named(figure, view.heading)) for figure in kind.draw(view, given))
    for kind in KINDS:
        if kind.of_study:
            yield from ((kind, _named(figure, figure.heading)) for figure in kind.draw(given))


def figures(given: Given) -> Drawn:
    """All of them, and the kinds that have nothing to show."""
    made = list(each(given))
    there = [kind for kind, _ in made]
    return Drawn([figure for _, figure in made], [(kind.name, kind.needs) for kind in KINDS if kind not in there])


def _named(figure: Figure, heading: str) -> Figure:
    return dataclasses.replace(figure, name=re.sub(r"[^A-Za-z0-9_-]+", "_", figure.name), heading=heading)


__all__ = ["Drawn", "Figure", "Given", "Panel", "each", "figures"]
