"""The figures of a report, one file each, in the order in which they are shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.analysis.tables import Tables
from ssc_tune.records.record import Record
from ssc_tune.report.cells import View, views
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
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import Geometry

_OF_EACH_VIEW: tuple[Callable[[View, Given], list[Figure]], ...] = (
    parameters.figures,
    seeds.figures,
    distribution.figures,
    interactions.figures,
    shares.figures,
    ranges.figures,
    curves.figures,
    training.figures,
    pseudo_labels.figures,
    geometry.figures,
    directions.figures,
)
_LAST: tuple[Callable[[Given], list[Figure]], ...] = (looks.figures, plane.figures)

NEEDS: Mapping[Callable[..., list[Figure]], tuple[str, str]] = {
    looks.figures: ("effects at each look", "two looks that were judged, with an effect at each"),
    parameters.figures: ("accuracy against each hyperparameter", "a hyperparameter in the search space of a block"),
    seeds.figures: ("every point on every seed", "two points of each method on average, and two seeds"),
    distribution.figures: ("distribution over the search space", "two complete points of each method on average"),
    interactions.figures: (
        "pairwise interactions",
        f"two hyperparameters that vary, {interactions.MIN_POINTS} complete points of each method, and bins that hold "
        "enough of them",
    ),
    shares.figures: ("where the variance comes from", "shares of variance that the analysis could tell"),
    ranges.figures: ("effects by range and prior", "a claim on a block and setting whose effect is seen under two"),
    curves.figures: ("what tuning buys, and the like", "curves that the analysis could draw"),
    training.figures: ("during training", "cells that kept their course"),
    pseudo_labels.figures: ("pseudo-labels against tau", "cells that kept their course, and a tau that varies"),
    geometry.figures: ("geometry of the prototypes", "cells that kept signatures of their prototypes"),
    directions.figures: ("cosines between prototypes", "pictures of prototypes that the best cells kept"),
    plane.figures: ("performance and sensitivity over settings", "two settings, with a sensitivity of some method"),
}
"""What each kind of figure is called and has to have; without it there is none."""


class Drawn(NamedTuple):
    """What came of drawing a study."""

    figures: list[Figure]
    absent: list[tuple[str, str]]  # kinds of which there is none: what each is called, and what it would need


def figures(
    study: Study,
    tables: Tables,
    analysis: StudyAnalysis,
    records: Sequence[Record] = (),
    geometries: Mapping[str, Geometry] | None = None,
) -> list[Figure]:
    """Every figure that has data: of the study, and of each block and setting."""
    return drawn(study, tables, analysis, records, geometries).figures


def drawn(
    study: Study,
    tables: Tables,
    analysis: StudyAnalysis,
    records: Sequence[Record] = (),
    geometries: Mapping[str, Geometry] | None = None,
) -> Drawn:
    """The same, and which kinds have nothing to show."""
    given = Given(study, tables, analysis, records, geometries or {})
    made: list[tuple[Callable[..., list[Figure]], Figure]] = [
        *(
            (draw, _placed(figure, view))
            for view in views(study, tables)
            for draw in _OF_EACH_VIEW
            for figure in draw(view, given)
        ),
        *((draw, figure) for draw in _LAST for figure in draw(given)),
    ]
    there = {draw for draw, _ in made}
    return Drawn([figure for _, figure in made], [text for draw, text in NEEDS.items() if draw not in there])


def _placed(figure: Figure, view: View) -> Figure:
    """Says which view the figure is of, and makes the name fit for a file."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", figure.name)
    return dataclasses.replace(figure, name=name, heading=view.heading)


__all__ = ["Drawn", "Figure", "Panel", "drawn", "figures"]
