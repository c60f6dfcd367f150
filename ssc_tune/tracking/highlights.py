"""The runs that people look for first: the worst, and those that need a look. Notes lead to them."""

from __future__ import annotations

from ssc_tune.records.record import Record
from ssc_tune.study.model.study import Study
from ssc_tune.tracking import charts, findings, notes, views
from ssc_tune.tracking.store import RunStore


class Highlights:
    """What the cells that were written stand out by.

    Args:
        study: whose cells they are.
        version: of the study.
    """

    def __init__(self, study: Study, version: str) -> None:
        self._views = views.views(study, version)
        self._worst: tuple[float, str, str] | None = None  # test accuracy, place and id of the worst cell
        self._attention: set[str] = set()

    def look_at(self, record: Record, tags: dict[str, str]) -> None:
        """Keeps what is worth it of a cell, and adds to its tags why it needs a look, if it does."""
        why = findings.attention(record)
        if why is not None:
            tags[findings.ATTENTION_TAG] = why
            self._attention.add(record.cell_id)
        if record.result.test_accuracy is not None:
            mine = (record.result.test_accuracy, tags[charts.CHART_TAG], record.cell_id)
            self._worst = mine if self._worst is None else min(mine, self._worst)

    def links(self, store: RunStore) -> list[notes.Link]:
        """To the overview, the worst runs, those that need a look, and the charts of each block."""
        worst = None if self._worst is None else store.find(("cell", self._worst[2]))
        links = []
        for view in self._views:
            count = f" ({len(self._attention)})" if view.key == views.ATTENTION and self._attention else ""
            links.append(notes.Link(f"{view.link}{count}", f"#/{view.page(store.experiment_id)}"))
            if view.key == views.WORST and worst is not None:
                address = f"#/{views.curves_page(store.experiment_id, worst.run_id)}"
                links.append(notes.Link("curves of the worst", address))
        return links
