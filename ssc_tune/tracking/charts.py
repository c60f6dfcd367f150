"""What MLflow's UI draws of a study: the cards of its charts, and what runs carry for them.

The UI loads 100 runs, gives each a colour by chance, and cannot nest and chart at once. So every run carries the colour
of its method, and a tag to find and to sort it by: the study comes first, then the methods of each block, then the
cells seed by seed and point by point, so that the first 100 hold the same points of each method. "Load more" shows the
others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ssc_tune.design import Placement
from ssc_tune.study.model.study import Study
from ssc_tune.tracking.content import varying_key

COLOUR_TAG = "mlflow.runColor"
CHART_TAG = "ssc.chart"

MAX_RUNS = 100  # what the UI loads at once
MAX_SCATTERS = 6  # of one view; parallel coordinates show every hyperparameter

SECTION = "study"


def study_tag(version: str) -> str:
    """The value of ``CHART_TAG`` for the run of a version."""
    return f"0 study, version {version}"


def group_tag(number: int, version: str) -> str:
    """The value of ``CHART_TAG`` for the run of a method in a block: its number among them, to sort by."""
    return f"1 method {number:04d} version {version}"


def cell_tag(placement: Placement, version: str) -> str:
    """The value of ``CHART_TAG`` for a cell: seed and point, to sort by, and the version that it is shown under."""
    return f"2 seed {placement.seed:04d} point {placement.point:06d} version {version}"


def is_cell_of(tag: str, version: str) -> bool:
    """Whether a value of ``CHART_TAG`` is that of a cell of the version."""
    return tag.startswith("2 ") and tag.endswith(f" version {version}")


def _card(kind: str, name: str, **content: Any) -> dict[str, Any]:
    place = {"metricSectionId": SECTION, "deleted": False, "isGenerated": False}
    return {"type": kind, "uuid": name, **place, "runsCountToCompare": MAX_RUNS, **content}


def method_cards() -> list[dict[str, Any]]:
    """Mean and spread of each method as bars."""
    return [_card("BAR", f"bars {measure}", metricKey=f"summary/{measure}") for measure in ("mean", "std")]


def cell_cards() -> list[dict[str, Any]]:
    """Validation accuracy of each cell as a line by step."""
    metric = "validation_accuracy"
    lines = _card(
        "LINE",
        f"lines {metric}",
        metricKey=metric,
        selectedMetricKeys=[metric],
        lineSmoothness=0,
        scaleType="linear",
        xAxisScaleType="linear",
        range={},
        xAxisKey="step",
        selectedXAxisMetricKey="",
        yAxisKey="metric",
        yAxisExpressions=[],
        ignoreOutliers=False,
        useGlobalXaxisKey=True,
        useGlobalLineSmoothing=True,
    )
    return [lines]


def block_cards(study: Study, block: str) -> Iterator[dict[str, Any]]:
    """Methods as bars, their cells as lines by step, then each varying hyperparameter against test accuracy."""
    yield from method_cards()
    yield from cell_cards()
    if not study.design.varies:
        return
    parameters = [varying_key(study, name) for name in study.block_parameters(block)]
    shown = {"selectedParams": [*parameters, "method"], "selectedMetrics": ["test_accuracy"]}
    yield _card("PARALLEL", "parallel", **shown, showAllRuns=False)
    for name in parameters[:MAX_SCATTERS]:
        axes = {"xaxis": {"key": name, "type": "PARAM"}, "yaxis": {"key": "test_accuracy", "type": "METRIC"}}
        yield _card("SCATTER", f"scatter {name}", **axes)
