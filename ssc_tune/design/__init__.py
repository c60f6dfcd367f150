"""Points and cells: which trainings a study consists of."""

from __future__ import annotations

from ssc_tune.design.cells import Cell, Placement, placements
from ssc_tune.design.points import Point, fixed_points

__all__ = ["Cell", "Placement", "Point", "fixed_points", "placements"]
