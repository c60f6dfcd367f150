"""``ssc-tune report`` and ``ssc-tune check``: from the records alone, without training."""

from __future__ import annotations

import json
from pathlib import Path

from ssc_tune import running
from ssc_tune.commands import state, stored
from ssc_tune.commands.registered import verify
from ssc_tune.commands.show import one_line_verdicts
from ssc_tune.exit_codes import EXIT_DONE, EXIT_SOME_FAILED
from ssc_tune.study import Study


def report(study: Study, storage: Path, *, as_json: bool) -> int:
    """Writes all files of the report again and prints their paths."""
    found = stored.look(study, storage)
    analysis, _, files = running.analyse(
        study, found.folder, found.progress.cells, found.progress.records, command=found.command, overhead=None
    )
    if as_json:
        print(json.dumps({"files": [str(path) for path in files], "verdicts": state.verdicts(analysis)}))
    else:
        print("\n".join(str(path) for path in files))
    return 0


def check(study: Study, storage: Path, *, as_json: bool, registration: str | None = None) -> int:
    """One line a claim, then the registration. Exits with 0 only if every claim has the verdict that the study expects.

    1 as well where a claim expects nothing, where there are no claims, and where cells are missing: a check that
    cannot say yes says no. And 1 where the file of registrations is damaged, or the plan has another hash than
    ``registration``. A study that was never registered, or whose claims are post hoc, is only told so.
    """
    found = stored.look(study, storage)
    rows = state.verdicts(stored.analysis_of(found))
    missing = state.state(found)["missing"]
    expected = bool(rows) and not missing and all(row["verdict"] == row["expected"] for row in rows)
    plan = verify(found, registration)
    if as_json:
        print(json.dumps({"as_expected": expected, "missing": missing, "verdicts": rows, "registration": plan}))
    else:
        print("\n".join(one_line_verdicts(rows) or ["no claim has been judged"]))
        if missing:
            print(f"{missing} cells have no record yet")
        print("\n".join(plan["lines"]))
    return EXIT_DONE if expected and plan["sound"] else EXIT_SOME_FAILED
