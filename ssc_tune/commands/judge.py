"""``ssc-tune report`` and ``ssc-tune check``: from the records alone, without training."""

from __future__ import annotations

import json
from pathlib import Path

from ssc_tune import pipeline
from ssc_tune.commands import state, stored
from ssc_tune.commands.show import one_line_verdicts
from ssc_tune.exit_codes import EXIT_DONE, EXIT_SOME_FAILED
from ssc_tune.study import Study


def report(study: Study, storage: Path, *, as_json: bool) -> int:
    """Writes all files of the report again and prints their paths."""
    found = stored.look(study, storage)
    analysis, _, files = pipeline.analyse(
        study, found.folder, found.progress.cells, found.progress.records, command=found.command, overhead=None
    )
    if as_json:
        print(json.dumps({"files": [str(path) for path in files], "verdicts": state.verdicts(analysis)}))
    else:
        print("\n".join(str(path) for path in files))
    return 0


def check(study: Study, storage: Path, *, as_json: bool) -> int:
    """One line a claim. The exit code is 0 only if every claim has the verdict that the study expects of it.

    1 as well where a claim expects nothing, where there are no claims, and where cells are missing: a check that
    cannot say yes says no.
    """
    found = stored.look(study, storage)
    rows = state.verdicts(stored.analysis_of(found))
    missing = state.state(found)["missing"]
    good = bool(rows) and not missing and all(row["verdict"] == row["expected"] for row in rows)
    if as_json:
        print(json.dumps({"as_expected": good, "missing": missing, "verdicts": rows}))
    else:
        print("\n".join(one_line_verdicts(rows) or ["no claim has been judged"]))
        if missing:
            print(f"{missing} cells have no record yet")
    return EXIT_DONE if good else EXIT_SOME_FAILED
