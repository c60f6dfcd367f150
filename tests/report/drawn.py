"""Drawing one figure or panel, as a report draws all of them."""

from __future__ import annotations

from ssc_tune.report.drawers import draw
from ssc_tune.report.figures.base import Figure, Panel
from ssc_tune.report.figures.inline import Drawing, inline
from ssc_tune.report.figures.specification import Datasets, of_panel, of_picture


def svg(figure: Figure) -> str:
    """The picture of a figure."""
    return draw(of_picture(figure))


def page_svg(panel: Panel, datasets: Datasets, *, name: str) -> str:
    """A panel for the page."""
    return draw(of_panel(panel, datasets, name=name))


def drawing(panel: Panel, datasets: Datasets, *, name: str) -> Drawing:
    """A panel as it stands in the page."""
    return inline(page_svg(panel, datasets, name=name))
