"""``ssc-tune new``: a commented study file that runs as it is."""

from __future__ import annotations

import argparse
from pathlib import Path

from ssc_tune import study
from ssc_tune.errors import InputError

HELP = "write a commented study file that runs as it is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The name."""
    parser.add_argument("name", help="name of the study; the file is NAME.yaml")


def run(arguments: argparse.Namespace) -> int:
    """Writes the file; one that is there is left alone."""
    path = Path(f"{arguments.name}.yaml")
    if path.exists():
        raise InputError(f"{path}: there is such a file already; choose another name")
    path.write_text(study.reading.template.study_template(arguments.name), encoding="utf-8")
    print(f"{path} written; try it with: python -m ssc_tune.run {path} --dry-run")
    return 0
