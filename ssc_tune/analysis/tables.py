"""Records as tables: the only shape in which analysis reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from ssc_tune.records.record import Record


class Tables(NamedTuple):
    """A study's results.

    ``cells`` has a row a cell of the design that has a record, with columns ``study, block, setting, method, point,
    seed, status, validation_accuracy, test_accuracy, steps, steps_to_90, seconds, num_classes, cell_id``, those of
    :data:`ssc_tune.analysis.result.COST` (NaN where not known) and one column a hyperparameter (NaN where a method
    lacks it), and ``search`` after an adaptive one. Accuracies are NaN for cells that are not ``ok``. Point 0 is the
    defaults; a cell that stands in several blocks has a row in each. ``expected`` has the rows (block, setting, method,
    point, seed, cell_id) of the whole design.

    ``history`` has a row an evaluation: ``cell_id, step, time, train_loss, validation_accuracy, confident_fraction,
    confident_accuracy, learning_rate, images_per_second``.
    """

    cells: pd.DataFrame
    history: pd.DataFrame
    expected: pd.DataFrame

    def in_order(self, records: Mapping[str, Record]) -> list[Record]:
        """Records by cell id: those of the design's cells, each once, as the design has them."""
        return [records[key] for key in dict.fromkeys(self.expected["cell_id"]) if key in records]

    def best_cells(self) -> dict[tuple[str, str, str], str]:
        """The cell with the highest validation accuracy of each block, setting and method that has one that is ok.

        Of equal cells the one with the lowest point and seed.
        """
        ok = self.cells[self.cells["status"] == "ok"].dropna(subset=["validation_accuracy"])
        ranked = ok.sort_values(["validation_accuracy", "point", "seed"], ascending=[False, True, True], kind="stable")
        first = ranked.drop_duplicates(["block", "setting", "method"])
        keys = zip(first["block"], first["setting"], first["method"], strict=True)
        return dict(zip(keys, first["cell_id"], strict=True))

    def best_of_methods(self) -> dict[str, str]:
        """The best of a method's best cells, over blocks and settings; of equal ones the one with the least place."""
        own = self.best_cells()
        scores = self.cells.drop_duplicates("cell_id").set_index("cell_id")["validation_accuracy"]
        found: dict[str, str] = {}
        for place, cell_id in sorted(own.items(), key=lambda item: (-float(scores[item[1]]), item[0])):
            found.setdefault(place[2], cell_id)
        return found
