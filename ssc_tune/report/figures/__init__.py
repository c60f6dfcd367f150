"""The figures of a report, one file each, in the order in which they are shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence

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
    shares,
    training,
)
from ssc_tune.report.figures.base import Figure, Panel
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import Geometry


def figures(
    study: Study,
    tables: Tables,
    analysis: StudyAnalysis,
    records: Sequence[Record] = (),
    geometries: Mapping[str, Geometry] | None = None,
) -> list[Figure]:
    """Every figure that has data; one that has none is left out."""
    known = geometries or {}
    whole = looks.figure(analysis)
    found = [figure for view in views(study, tables) for figure in _of_view(view, tables, analysis, records, known)]
    found += plane.figures(study, analysis)
    return found if whole is None else [whole, *found]


def _of_view(
    view: View,
    tables: Tables,
    analysis: StudyAnalysis,
    records: Sequence[Record],
    geometries: Mapping[str, Geometry],
) -> list[Figure]:
    found = [
        parameters.figure(view, analysis),
        distribution.figure(view),
        interactions.figure(view),
        shares.figure(view, analysis),
        *ranges.figures(view, analysis),
        *curves.figures(view, analysis),
        training.figure(view, tables, analysis),
        pseudo_labels.figure(view, tables),
        geometry.figure(view, records),
        *directions.figures(view, tables, geometries),
    ]
    return [_placed(figure, view) for figure in found if figure is not None]


def _placed(figure: Figure, view: View) -> Figure:
    """Says which view the figure is of, and makes the name fit for a file."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", figure.name)
    return dataclasses.replace(figure, name=name, heading=view.heading)


__all__ = ["Figure", "Panel", "figures"]
