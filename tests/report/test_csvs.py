"""Tables for other programs."""

from __future__ import annotations

import csv
import io

from ssc_tune.presentation.csvs import results_csv, summary_csv, verdicts_csv
from tests.making.analyses import case
from tests.making.studies import REPORTED, study

PARAMETERS = ["tau", "learning_rate", "mu"]


def test_columns_are_those_promised() -> None:
    made = case()
    header = results_csv(made.study, made.tables).splitlines()[0].split(",")
    first = ["study", "method", "point", "seed", "status"]
    last = ["validation_accuracy", "test_accuracy", "steps", "seconds", "cell_id", "block", "setting", "steps_to_90"]
    cost = ["images_per_second", "num_parameters", "peak_memory"]
    assert header == [*first, *PARAMETERS, *last, *cost]


def test_every_cell_has_a_row_that_reads_back_exactly() -> None:
    made = case(
        study(REPORTED, blocks={"shared": {}, "own": {"parameters": ["tau", "temperature", "prototypes"]}}),
        num_failed=2,
    )
    rows = {row["cell_id"]: row for row in csv.DictReader(io.StringIO(results_csv(made.study, made.tables)))}
    assert len(rows) == len(made.records)
    for record in made.records:
        row = rows[record.cell_id]
        assert (row["method"], row["point"], row["seed"]) == (
            record.config.method, str(record.point), str(record.config.seed)
        )  # fmt: skip
        accuracy = record.result.test_accuracy
        assert row["test_accuracy"] == ("" if accuracy is None else repr(accuracy))
        for name in ("tau", "temperature", "prototypes"):
            value = record.config.hyperparameters.get(name)
            assert row[name] == ("" if value is None else str(value))


def test_methods_stand_in_the_order_of_the_study() -> None:
    made = case(study(REPORTED, methods=["ssc", "fixmatch"]))
    rows = list(csv.DictReader(io.StringIO(results_csv(made.study, made.tables))))
    assert list(dict.fromkeys(row["method"] for row in rows)) == ["ssc", "fixmatch"]


def test_summary_and_verdicts_hold_the_numbers_of_the_analysis() -> None:
    made = case()
    summaries = list(csv.DictReader(io.StringIO(summary_csv(made.analysis))))
    for row, summary in zip(summaries, made.analysis.summaries, strict=True):
        assert row["std"] == repr(summary.std.value)
        assert row["cvar_low"] == repr(summary.cvar.low)
        assert summary.best is not None
        assert row["best_test"] == repr(summary.best.test)
        assert row["default_regret"] == ""
    verdicts = list(csv.DictReader(io.StringIO(verdicts_csv(made.analysis))))
    for row, verdict in zip(verdicts, made.analysis.verdicts, strict=True):
        assert (row["claim"], row["verdict"], row["effect"]) == (
            verdict.claim.name, verdict.verdict, repr(verdict.effect.value)
        )  # fmt: skip
