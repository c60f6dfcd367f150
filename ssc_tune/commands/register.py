"""``ssc-tune register``: puts a study's plan on record before its cells."""

from __future__ import annotations

import argparse
import json

from ssc_tune import commands, records, running
from ssc_tune.commands.arguments import add_json, add_study, study_of
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
    content = {
        "study": found.study.name,
        "hash": made.hash,
        "time": made.time,
        "registered": made.when,
        "claims": len(found.study.claims),
        "cells": found.progress.num_total,
        "known": before.number,
        "sentence": commands.registered.sentence(found, made, before.words(were="had been")),
        "problems": problems,
    }
    if arguments.json:
        print(json.dumps(content))
        return EXIT_DONE
    print(f"registered: {made.short} on {made.when}")
    print(f"SHA-256:    {made.hash}")
    claims, cells = len(found.study.claims), found.progress.num_total
    file = found.folder.path / records.registrations.FILE
    print(f"plan:       {claims} claim{'s' * (claims != 1)}, {cells} cells; in {file}")
    if before.number:
        print(f"known:      {before.words()}: claims on them are post hoc")
    print(f"\n{content['sentence']}")
    for problem in problems:
        print(problem)
    return EXIT_DONE
