"""``ssc-tune clean``: what a storage folder holds that nothing needs, and removing it."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssc_tune import commands, presentation, records, running
from ssc_tune.commands.arguments import add_json, answer, warn
from ssc_tune.errors import InputError
from ssc_tune.exit_codes import EXIT_DONE, EXIT_SOME_FAILED
from ssc_tune.running.options import add_options
from ssc_tune.storage import named

if TYPE_CHECKING:
    from ssc_tune.running.leftovers import Kept, Leftover

HELP = "show what a storage folder holds that nothing needs, with sizes, and remove it with --yes"
MORE = "Never records, registrations or reports, and nothing while a run of the study is under way."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which study, and whether it is meant."""
    parser.add_argument("study", nargs="?", help="name of a study in the storage folder; all of them when absent")
    add_options(parser, "storage", "keep_checkpoints")
    parser.add_argument("--yes", action="store_true", help="remove it; without this it is only shown")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Shows, with their sizes, what may go; removes it where that is meant."""
    found, problems = _found(arguments)
    with contextlib.ExitStack() as held:
        gone = _removed(found, arguments.storage, held) if arguments.yes else set()
    left = [one.path for one in found if arguments.yes and one.path not in gone]
    problems += [f"{path}: could not be removed" for path in left]
    rows = [{"kind": o.kind, "path": str(o.path), "bytes": o.size, "removed": o.path in gone} for o in found]
    lines = _lines(found, [one for one in found if one.path in gone] if arguments.yes else None)
    answer(arguments, {"files": rows, "bytes": _bytes(found), "problems": problems}, lines)
    warn(problems)
    return EXIT_SOME_FAILED if left else EXIT_DONE


def _removed(found: Sequence[Leftover], storage: Path, held: contextlib.ExitStack) -> set[Path]:
    """Removes them while nobody runs any of their studies, which no other process begins meanwhile.

    Raises:
        InputError: one of them is being run; nothing is removed then.
    """
    for name in dict.fromkeys(one.path.relative_to(storage).parts[0] for one in found):
        if name != records.store.PRETRAINED:
            lease = records.lease.lease_of(records.StudyFolder(storage, name))
            held.enter_context(lease.held(lambda line: warn([line]), lambda line: None))
    return {one.path for one in found if running.leftovers.remove(one, storage)}


def _bytes(found: Iterable[Leftover]) -> int:
    return sum(one.size for one in found)


def _found(arguments: argparse.Namespace) -> tuple[list[Leftover], list[str]]:
    storage: Path = arguments.storage
    paths = {path.parent.name: path for path in commands.stored.study_files(storage)}
    if arguments.study is not None and arguments.study not in paths:
        raise InputError(f"{arguments.study}: no study in {named(storage)}; there: {', '.join(paths) or 'none'}")
    studies, problems = [], []
    for name, path in paths.items():
        try:
            studies.append(_kept(path, storage))
        except InputError as error:
            problems += [f"{problem}; nothing of {name} is touched" for problem in error.problems]
    chosen = [one for one in studies if arguments.study in (None, one.folder.study)]
    found = [left for one in chosen for left in running.leftovers.leftovers(one, arguments.keep_checkpoints)]
    if arguments.study is None and len(studies) == len(paths):
        found += running.leftovers.encoders(storage, studies)
    return found, problems


def _kept(path: Path, storage: Path) -> Kept:
    """A study with its cells and with every record of its folder that can be read; nothing is renamed by looking."""
    of = commands.stored.read(path)
    folder = records.StudyFolder(storage, path.parent.name)
    found = {record.cell_id: record for record in folder.records.readable()}
    return running.leftovers.Kept(of, folder, commands.stored.look(of, storage).progress.cells, found)


def _lines(found: Sequence[Leftover], removed: Sequence[Leftover] | None) -> list[str]:
    if not found:
        return ["nothing that could go"]
    size = presentation.numbers.size
    of: dict[str, list[Leftover]] = {}
    for one in found:
        of.setdefault(one.kind, []).append(one)
    lines = [f"{size(_bytes(ones)):>9}  {kind}: {len(ones)}" for kind, ones in of.items()]
    if removed is None:
        return [*lines, f"{size(_bytes(found)):>9}  in all; --yes removes it"]
    return [*lines, f"{size(_bytes(removed)):>9}  removed: {len(removed)} of {len(found)}"]
