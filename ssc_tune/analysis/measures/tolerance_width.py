"""How much of a parameter's range is near the best level, one at a time."""

from __future__ import annotations

from ssc_tune.analysis import arrays
from ssc_tune.analysis.estimators import curves, intervals
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.measures.base import ClaimData, Effect, undefined
from ssc_tune.analysis.measures.registry import measure
from ssc_tune.study.model.measures import TOLERANCE
from ssc_tune.study.model.space import ChoiceParameter


@measure("tolerance_width")
def tolerance_width(data: ClaimData) -> Effect:
    """Share of a parameter's range within TOLERANCE of the best, one at a time; first minus second."""
    parameter = data.claim.parameter
    assert parameter is not None
    name = f"tolerance width in {parameter} of {{x}} minus that of {{y}}"
    if len(data.first.seeds) < 3:
        return undefined(name, "fewer than 3 seeds: no interval")
    points = data.first.points
    where = arrays.coordinates(data.study, data.tables, block=data.claim.block, setting=data.setting, points=points)
    if parameter not in where.names:
        return undefined(name, f"{parameter} does not vary in this block")
    column = where.names.index(parameter)
    rows = curves.rows_of(column, where.unit, where.default)
    if len(rows) < 2:
        return undefined(name, "fewer than 2 levels have a result of both methods for every seed")
    choice = isinstance(data.study.search_space.parameters[parameter], ChoiceParameter)
    positions = None if choice else where.unit[rows, column]

    def difference(*y: FloatArray) -> float:
        widths = [
            curves.tolerance_width(test, TOLERANCE, choose_by=by, positions=positions).estimate
            for test, by in (y[:2], y[2:])
        ]
        return widths[0] - widths[1]

    tables = [table[rows] for s in (data.first, data.second) for table in (s.test, s.validation)]
    seeds = intervals.left_out(difference, *tables, axis=1)
    found = intervals.jackknife(difference(*tables), seeds, data.claim.confidence)
    how = f"within {TOLERANCE} of the best level, chosen and scored on different seeds; delete-one-seed jackknife, t"
    return Effect(found.tested(), name, how)
