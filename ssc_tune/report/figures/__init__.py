"""The figures of a report, one file each, in the order in which they are shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence

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


def figures(
    study: Study,
    tables: Tables,
    analysis: StudyAnalysis,
    records: Sequence[Record] = (),
    geometries: Mapping[str, Geometry] | None = None,
) -> list[Figure]:
    """Every figure that has data: of the study, and of each block and setting."""
    given = Given(study, tables, analysis, records, geometries or {})
    return [
        *(_placed(f, view) for view in views(study, tables) for draw in _OF_EACH_VIEW for f in draw(view, given)),
        *(figure for draw in _LAST for figure in draw(given)),
    ]


def _placed(figure: Figure, view: View) -> Figure:
    """Says which view the figure is of, and makes the name fit for a file."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", figure.name)
    return dataclasses.replace(figure, name=name, heading=view.heading)


__all__ = ["Figure", "Panel", "figures"]
