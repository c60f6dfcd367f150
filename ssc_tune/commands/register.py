"""``ssc-tune register``: puts a study's plan on record before its cells."""

from __future__ import annotations

import argparse

from ssc_tune import commands, records, running
from ssc_tune.commands.arguments import add_json, add_study, answer, study_of
from ssc_tune.exit_codes import EXIT_DONE

HELP = "put a study's plan on record before its cells, and print its hash; runs nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which study."""
    add_study(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Registers a study's plan without running anything, and prints its hash and a sentence for a paper."""
    found = commands.stored.look(study_of(arguments), arguments.storage)
    made, problems = running.registration.register(found.study, found.folder)
    before = running.registration.known(found.study, found.progress.cells, found.progress.records)
    claims, cells = len(found.study.claims), found.progress.num_total
    counted = f"{claims} claim{'s' * (claims != 1)}"
    when = f"when {before.words(were='had been')}" if before.number else "before any of its cells was run"
    sentence = (
        f"The plan of this study ({counted} and {cells} cells) was registered with ssc_tune {made.version} "
        f"on {made.when}, {when}; the SHA-256 of the plan begins with {made.short}."
    )
    content = {
        "study": found.study.name,
        "hash": made.hash,
        "time": made.time,
        "registered": made.when,
        "claims": claims,
        "cells": cells,
        "known": before.number,
        "sentence": sentence,
        "problems": problems,
    }
    file = found.folder.path / records.registrations.FILE
    lines = [
        f"registered: {made.short} on {made.when}",
        f"SHA-256:    {made.hash}",
        f"plan:       {counted}, {cells} cells; in {file}",
        *([f"known:      {before.words()}: claims on them are post hoc"] if before.number else []),
        "",
        sentence,
    ]
    answer(arguments, content, [*lines, *problems])
    return EXIT_DONE
