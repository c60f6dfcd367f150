"""``ssc-tune validate``: checks study files and search-space files."""

from __future__ import annotations

import argparse
from pathlib import Path

from ssc_tune import design, execution, study
from ssc_tune.data import cache
from ssc_tune.errors import InputError
from ssc_tune.running.options import add_options

HELP = "check study files and search-space files without running anything"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="study file or search-space file")
    add_options(parser, "data_dir")


def run(arguments: argparse.Namespace) -> int:
    """Says what is wrong in all of the files at once."""
    cache.use(arguments.data_dir)
    problems: list[str] = []
    for path in arguments.files:
        try:
            for line in _checked(path):
                print(f"{path}: {line}")
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return 0


def _checked(path: Path) -> list[str]:
    """That the file is valid, and what is worth knowing of its design."""
    if _is_search_space(path):
        return [f"a valid search space of {len(study.load_search_space(path).parameters)} parameters"]
    of = study.load_study(path)
    return [
        f"valid; study {of.name}",
        *(f"note: {line}" for line in (*design.notes.notes(of), *execution.place.notes(of))),
    ]


def _is_search_space(path: Path) -> bool:
    """A search space has ``parameters`` and nothing that only a study has."""
    try:
        content = study.reading.yaml_reader.read_yaml(path).value
    except InputError:
        return False  # reading it as a study says what is wrong
    if not isinstance(content, dict) or "parameters" not in content:
        return False
    return not (set(study.Study.model_fields) - set(study.SearchSpace.model_fields)) & set(content)
