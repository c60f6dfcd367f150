"""The runs that people look for first: the worst, and those that need a look. Notes lead to them."""

from __future__ import annotations

from ssc_tune.study.model.study import Study
from ssc_tune.tracking import notes, views
from ssc_tune.tracking.charts import CHART_TAG, is_cell_of
from ssc_tune.tracking.findings import ATTENTION_TAG
from ssc_tune.tracking.store import ACCURACY, RunStore


def links(study: Study, version: str, store: RunStore) -> list[notes.Link]:
    """To the overview, the worst runs, those that need a look, and the charts of each block."""
    runs = [run for run in store.cells() if is_cell_of(run.tags.get(CHART_TAG, ""), version)]
    scored = [(run.metrics[ACCURACY], run.tags[CHART_TAG], run.run_id) for run in runs if ACCURACY in run.metrics]
    attention = sum(ATTENTION_TAG in run.tags for run in runs)
    found = []
    for view in views.views(study, version):
        text, page = view.link, f"#/{view.page(store.experiment_id)}"
        if view.key == views.ATTENTION and runs:  # the UI's page of no runs says nothing
            text, page = (f"{text} ({attention})", page) if attention else (f"none {text}", "")
        found.append(notes.Link(text, page))
        if view.key == views.WORST and scored:
            address = f"#/{views.curves_page(store.experiment_id, min(scored)[2])}"
            found.append(notes.Link("curves of the worst", address))
    return found
