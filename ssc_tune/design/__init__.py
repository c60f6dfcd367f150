"""Points and cells: which trainings a study consists of."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.design import cell_source as cell_source
    from ssc_tune.design import cells as cells
    from ssc_tune.design import distinct as distinct
    from ssc_tune.design import look_source as look_source
    from ssc_tune.design import notes as notes
    from ssc_tune.design import points as points
    from ssc_tune.design import storage as storage
    from ssc_tune.design.cells import Cell as Cell
    from ssc_tune.design.cells import Placement as Placement
    from ssc_tune.design.cells import placements as placements
    from ssc_tune.design.points import Point as Point
    from ssc_tune.design.points import fixed_points as fixed_points

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["cell_source", "cells", "distinct", "look_source", "notes", "points", "storage"],
    submod_attrs={
        "cells": ["Cell", "Placement", "placements"],
        "points": ["Point", "fixed_points"],
    },
)
