"""``ssc-tune list``: studies in the storage folder."""

from __future__ import annotations

import argparse

from ssc_tune import commands
from ssc_tune.commands.arguments import add_json
from ssc_tune.running.options import add_options

HELP = "studies in the storage folder, how far they are, and their verdicts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where they are."""
    add_options(parser, "storage")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Lists them."""
    return commands.pages.list_studies(arguments.storage, as_json=arguments.json)
