"""``ssc-tune check``: whether a study found what it expects, and is what was registered."""

from __future__ import annotations

import argparse

from ssc_tune import commands
from ssc_tune.commands.arguments import add_json, add_study, answer, study_of
from ssc_tune.exit_codes import EXIT_DONE, EXIT_SOME_FAILED

HELP = "tell whether every claim has the verdict that the study expects, and whether its plan is what was registered"
MORE = (
    "Exits with 0 if every claim has its verdict and every cell a record, with 1 otherwise, or if the file of "
    "registrations is damaged or the plan's hash is not the one given."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which study, and which plan it should have."""
    add_study(parser)
    parser.add_argument("--registration", metavar="HASH", help="hash that the plan must have, 16 digits of it or more")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """One line a claim, then the registration. Exits with 0 only if every claim has the verdict that the study expects.

    1 as well where a claim expects nothing, where there are no claims, and where cells are missing: a check that
    cannot say yes says no. And 1 where the file of registrations is damaged, or the plan has another hash than
    ``--registration``. A study that was never registered, or whose claims are post hoc, is only told so.
    """
    found, analysis = commands.stored.judged(study_of(arguments), arguments.storage, explore=False)
    rows = commands.state.verdicts(analysis)
    missing = commands.state.state(found)["missing"]
    expected = bool(rows) and not missing and all(row["verdict"] == row["expected"] for row in rows)
    plan = commands.registered.verify(found, arguments.registration)
    lines = commands.pages.one_line_verdicts(rows) or ["no claim has been judged"]
    lines += [f"{missing} cells have no record yet"] if missing else []
    content = {"as_expected": expected, "missing": missing, "verdicts": rows, "registration": plan}
    answer(arguments, content, [*lines, *plan["lines"]])
    return EXIT_DONE if expected and plan["sound"] else EXIT_SOME_FAILED
