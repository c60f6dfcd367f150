"""The charts of a study in MLflow's UI: a saved view that a link opens, and what runs carry for it.

The UI keeps a view that someone saves as JSON in an experiment tag, lists it under "Views" by its name, and opens it by
a link that holds its key. Neither the tag nor its JSON is documented; they are written here as the UI of MLflow 3.17
writes them, and a test opens the result in a browser. A UI that does not understand them shows its own default view.

The UI loads 100 runs, gives each a colour by chance, and cannot nest and chart at once. So every run carries the colour
of its method, and a tag to find and to sort it by: the runs of methods come first, then the cells seed by seed and
point by point, so that the first 100 hold the same points of each method. "Load more" shows the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ssc_tune.design import Placement
from ssc_tune.study.model.study import Study
from ssc_tune.tracking.content import MAX_TAG, varying_key

VIEW_KEY = "ssc-tune"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
COLOUR_TAG = "mlflow.runColor"
CHART_TAG = "ssc.chart"

MAX_RUNS = 100  # what the UI loads at once
MAX_SCATTERS = 6  # of one view; parallel coordinates show every hyperparameter

_SECTION = "study"
_FOLDED = ("Model metrics", "loss", "signature", "summary", "effect", "p_value", "System metrics")
"""Sections that the UI adds for the metrics of all runs that it has loaded; closed, for they hold dozens of charts."""


def group_tag(version: str) -> str:
    """The value of ``CHART_TAG`` for the run of a method."""
    return f"0 version {version}"


def cell_tag(placement: Placement, version: str) -> str:
    """The value of ``CHART_TAG`` for a cell: seed and point, to sort by, and the version that it is shown under."""
    return f"1 seed {placement.seed:04d} point {placement.point:06d} version {version}"


def page(experiment_id: str) -> str:
    """The page of the prepared charts, below the ``#/`` of the UI's address."""
    return f"experiments/{experiment_id}/runs?viewStateShareKey={VIEW_KEY}&compareRunsMode=CHART"


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


def _card(kind: str, name: str, **content: Any) -> dict[str, Any]:
    place = {"metricSectionId": _SECTION, "deleted": False, "isGenerated": False}
    return {"type": kind, "uuid": name, **place, "runsCountToCompare": MAX_RUNS, **content}


def _lines(metric: str) -> dict[str, Any]:
    return _card(
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


def _scatter(parameter: str, metric: str) -> dict[str, Any]:
    axes = {"xaxis": {"key": parameter, "type": "PARAM"}, "yaxis": {"key": metric, "type": "METRIC"}}
    return _card("SCATTER", f"scatter {parameter}", **axes)


def _parallel(parameters: Sequence[str], metric: str) -> dict[str, Any]:
    return _card(
        "PARALLEL", "parallel", selectedParams=[*parameters, "method"], selectedMetrics=[metric], showAllRuns=False
    )


def _cards(study: Study, block: str) -> Iterator[dict[str, Any]]:
    """Methods as bars, their cells as lines by step, then each varying hyperparameter against test accuracy."""
    for measure in ("mean", "std"):
        yield _card("BAR", f"bars {measure}", metricKey=f"summary/{measure}")
    yield _lines("validation_accuracy")
    if not study.design.varies:
        return
    parameters = [varying_key(study, name) for name in study.block_parameters(block)]
    yield _parallel(parameters, "test_accuracy")
    for parameter in parameters[:MAX_SCATTERS]:
        yield _scatter(parameter, "test_accuracy")


def _filter(study: Study, version: str, block: str) -> str:
    parts = [f'tags.`{CHART_TAG}` LIKE "%{version}"', f"tags.block = {_quoted(block)}"]
    if len(study.setting_names) > 1:
        parts.append(f"tags.setting = {_quoted(study.setting_names[0])}")
    return " and ".join(parts)


def view(study: Study, version: str) -> str | None:
    """The value of ``VIEW_TAG``: charts of the first block (and setting) of a version; None if it were too long.

    Its time is 0, so that the same study always gives the same text.
    """
    block = next(iter(study.blocks))
    sections = [{"uuid": _SECTION, "name": f"block {block}", "display": True, "columns": 2, "cardHeight": 330}]
    sections += [{"uuid": f"folded {name}", "name": name, "display": False} for name in _FOLDED]
    state = {
        "searchFilter": _filter(study, version, block),
        "orderByKey": f"tags.`{CHART_TAG}`",
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "runsHiddenMode": "SHOW_ALL",
        "compareRunCharts": list(_cards(study, block)),
        "compareRunSections": [{**section, "isReordered": True} for section in sections],
        "isAccordionReordered": True,  # else the UI sorts the sections by name
        "groupBy": None,
        "hideEmptyCharts": True,
    }
    envelope = {"name": f"{study.name}, block {block}", "createdAt": 0, "updatedAt": 0, "state": _compact(state)}
    text = _compact(envelope)
    return text if len(text) <= MAX_TAG else None


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
