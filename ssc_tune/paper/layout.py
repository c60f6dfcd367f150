"""How the panels of a figure stand on a width that a journal asks for."""

from __future__ import annotations

from typing import NamedTuple

from ssc_tune.report.figures.base import Figure

INCH = 72
"""Points to an inch, the unit of a PDF page."""
SCALE = 2 / 3
"""Points to a unit of a drawing: letters of 11 units are a little over 7 points high."""
WIDTHS = {"column": 3.25, "page": 6.75}
"""Widths in inches, by the end of a file's name."""
GAP = 27.0
"""Between panels, in units; two panels and the gap are as wide as the page."""
TALLEST = 9 * INCH / SCALE
"""Height of a page's text, in units."""
MOST_COLUMNS = {"column": 2, "page": 4}
LEGEND_ROW = 20.0


class Layout(NamedTuple):
    """Sizes of a figure in units; its file is :data:`SCALE` points a unit."""

    inches: float
    width: float
    columns: int
    panel: float  # width of one


def layout(figure: Figure, width: str) -> Layout:
    """As few columns as make the figure no taller than a page, beside one another where there is room for it."""
    inches = WIDTHS[width]
    whole = inches * INCH / SCALE
    least = 1 if width == "column" else min(2, len(figure.panels))
    for columns in range(least, MOST_COLUMNS[width] + 1):
        panel = (whole - GAP * (columns - 1)) / columns
        found = Layout(inches, whole, columns, panel)
        if _height(figure, columns) <= TALLEST or columns >= len(figure.panels):
            break
    return found


def rows(figure: Figure, columns: int) -> list[list[int]]:
    """Indices of the panels, a list a row."""
    indices = range(len(figure.panels))
    return [list(indices[start : start + columns]) for start in range(0, len(indices), columns)]


def _height(figure: Figure, columns: int) -> float:
    return sum(max(figure.panels[i].height for i in row) + GAP for row in rows(figure, columns))
