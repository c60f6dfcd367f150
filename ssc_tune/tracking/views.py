"""Views that are prepared in MLflow's UI: which runs, which columns, in which order, with which charts.

The UI keeps a view that someone saves as JSON in an experiment tag, lists it under "Views" by its name, and opens it by
a link that holds its key. Neither the tag nor its JSON is documented; they are written here as the UI of MLflow 3.17
writes them, and a test opens them in a browser. A UI that does not understand them shows its own default view.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from ssc_tune.presentation.places import told
from ssc_tune.presentation.words import join
from ssc_tune.study.model.study import Study
from ssc_tune.tracking import charts
from ssc_tune.tracking.charts import CHART_TAG
from ssc_tune.tracking.content import MAX_TAG, varying_key
from ssc_tune.tracking.lookup import VIEW_TAG
from ssc_tune.tracking.notes import ATTENTION_TAG, FINDING_TAG, Link
from ssc_tune.tracking.store import ACCURACY, RunStore

OVERVIEW, WORST, ATTENTION, BLOCK = "ssc-tune-overview", "ssc-tune-worst", "ssc-tune-attention", "ssc-tune"
"""Keys; the first block's is ``BLOCK``, those of others begin with it."""

MAX_VIEWS = 24  # of blocks and settings; the menu of the UI is one list
MAX_COLUMNS = 12  # of varying hyperparameters
MAX_NAMED = 3  # hyperparameters in the text of a link
WIDE = 640  # of a column of text

TRAINING = "workflowType=machine_learning"
"""Without it a browser that has not been told otherwise opens the UI's pages for language models."""

_FOLDED = ("Model metrics", "loss", "signature", "summary", "effect", "p_value", "System metrics")
"""Sections that the UI adds for the metrics of all runs that it has loaded; closed, for they hold dozens of charts."""
_RUN_NAME = "attributes.`Run Name`"


class View(NamedTuple):
    """One view: ``name`` stands in the UI's list, ``link`` in the study's note; ``drawn``: opened as charts."""

    key: str
    name: str
    link: str
    state: Mapping[str, Any]
    drawn: bool = False


def page(experiment_id: str, key: str, *, drawn: bool = False) -> str:
    """The page of the view with a key, below the ``#/`` of the UI's address."""
    mode = "&compareRunsMode=CHART" if drawn else ""
    return f"experiments/{experiment_id}/runs?viewStateShareKey={key}{mode}&{TRAINING}"


def runs_page(experiment_id: str) -> str:
    """The page of all runs, nested, which they are only while they are sorted by creation."""
    return f"experiments/{experiment_id}/runs?{TRAINING}&orderByKey=attributes.start_time&orderByAsc=false"


def curves_page(experiment_id: str, run_id: str) -> str:
    """The page of a run's metrics by step."""
    return f"experiments/{experiment_id}/runs/{quote(run_id)}/model-metrics?{TRAINING}"


def views(study: Study, version: str) -> list[View]:
    """All of them, in the order of the list, but for those that no tag can hold."""
    found = [_overview(study, version), _worst(study, version), _attention(study, version), *_blocks(study, version)]
    return [view for view in found if len(_text(view, MAX_VIEWS)) <= MAX_TAG]


def tags(study: Study, version: str) -> dict[str, str]:
    """The experiment tags that hold the views; the same study always gives the same text."""
    found = views(study, version)
    return {f"{VIEW_TAG}{view.key}": _text(view, len(found) - number) for number, view in enumerate(found)}


def links(study: Study, version: str, store: RunStore) -> list[Link]:
    """To the overview, the worst runs, those that need a look, and the charts of each block."""
    runs = [run for run in store.cells() if charts.is_cell_of(run.tags.get(CHART_TAG, ""), version)]
    scored = [(run.metrics[ACCURACY], run.tags[CHART_TAG], run.run_id) for run in runs if ACCURACY in run.metrics]
    attention = sum(ATTENTION_TAG in run.tags for run in runs)
    found = []
    for view in views(study, version):
        text, address = view.link, f"#/{page(store.experiment_id, view.key, drawn=view.drawn)}"
        if view.key == ATTENTION and runs:  # the UI's page of no runs says nothing
            text, address = (f"{text} ({attention})", address) if attention else (f"none {text}", "")
        found.append(Link(text, address))
        if view.key == WORST and scored:
            found.append(Link("curves of the worst", f"#/{curves_page(store.experiment_id, min(scored)[2])}"))
    return found


def _text(view: View, order: int) -> str:
    """A view as the UI keeps it. Its times are small numbers that sort it: the UI shows the newest first."""
    return _compact({"name": view.name, "createdAt": order, "updatedAt": order, "state": _compact(view.state)})


def outdated(present: Iterable[str], kept: Iterable[str]) -> list[str]:
    """Tags of views that we wrote, and that the study has no more."""
    gone = set(present) - set(kept)
    return sorted(name for name in gone if name.startswith(f"{VIEW_TAG}{BLOCK}"))


def _overview(study: Study, version: str) -> View:
    state = _state(
        f'tags.`ssc.version` = "{version}"',
        columns={f"tags.`{FINDING_TAG}`": WIDE},
        cards=charts.method_cards(),
        section="all blocks",
    )
    return View(OVERVIEW, "overview: verdicts, spread of each method", "overview", state)


def _worst(study: Study, version: str) -> View:
    varying = dict.fromkeys(key for block in study.blocks for key in _varying(study, block))
    columns = {"metrics.`test_accuracy`": 120, **{f"params.`{name}`": 110 for name in [*varying][:MAX_COLUMNS]}}
    where = f'tags.`{CHART_TAG}` LIKE "2 %{version}"'
    state = _state(where, columns, charts.cell_cards(), "worst runs", order="metrics.`test_accuracy`")
    return View(WORST, "worst runs first", "worst runs", state)


def _attention(study: Study, version: str) -> View:
    where = f'tags.`{CHART_TAG}` LIKE "2 %{version}" and tags.{ATTENTION_TAG} LIKE "%"'
    columns = {f"tags.`{ATTENTION_TAG}`": WIDE, "metrics.`test_accuracy`": 120}
    state = _state(where, columns, charts.cell_cards(), "diverged, failed or warned")
    return View(ATTENTION, "diverged, failed or warned", "diverged or warned", state)


def _blocks(study: Study, version: str) -> Iterator[View]:
    places = [(block, setting) for block in study.blocks for setting in study.setting_names]
    for number, (block, setting) in enumerate(places[:MAX_VIEWS]):
        named = told(study, block, setting)
        varying = _varying(study, block)
        state = _state(
            _where(study, version, block, setting),
            {"metrics.`test_accuracy`": 120},
            list(charts.block_cards(study, block)),
            f"block {block}",
        )
        key = BLOCK if number == 0 else f"{BLOCK}-{number + 1}"
        yield View(key, f"charts, {named}" if named else "charts", _link(varying, named), state, drawn=True)


def _link(varying: Sequence[str], named: str) -> str:
    more = len(varying) - MAX_NAMED
    against = [*varying[:MAX_NAMED], *([f"{more} more"] if more > 0 else [])]
    text = f"accuracy against {join(against)}" if against else "charts"
    return f"{text} ({named})" if named else text


def _varying(study: Study, block: str) -> list[str]:
    return [varying_key(study, name) for name in study.block_parameters(block)] if study.design.varies else []


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


def _where(study: Study, version: str, block: str, setting: str) -> str:
    parts = [f'tags.`{CHART_TAG}` LIKE "%{version}"', f"tags.block = {_quoted(block)}"]
    if len(study.setting_names) > 1:
        parts.append(f"tags.setting = {_quoted(setting)}")
    return " and ".join(parts)


def _state(
    where: str,
    columns: Mapping[str, int],
    cards: Sequence[Mapping[str, Any]],
    section: str,
    *,
    order: str = f"tags.`{CHART_TAG}`",
) -> dict[str, Any]:
    """What the UI keeps of a view.

    Args:
        where: which runs.
        columns: beside name, time and duration, with their widths.
        cards: its charts.
        section: the heading of these.
        order: what they are sorted by, upwards.
    """
    sections = [{"uuid": charts.SECTION, "name": section, "display": True, "columns": 2, "cardHeight": 330}]
    sections += [{"uuid": f"folded {name}", "name": name, "display": False} for name in _FOLDED]
    widths = {_RUN_NAME: 230, **columns}
    return {
        "searchFilter": where,
        "orderByKey": order,
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "runsHiddenMode": "SHOW_ALL",
        "selectedColumns": list(columns),
        "columnOrder": list(widths),
        "columnWidths": widths,
        "compareRunCharts": list(cards),
        "compareRunSections": [{**one, "isReordered": True} for one in sections],
        "isAccordionReordered": True,  # else the UI sorts the sections by name
        "groupBy": None,
        "hideEmptyCharts": True,
    }


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
