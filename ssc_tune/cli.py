"""The console script ``ssc-tune``: a study's commands beside the run itself."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssc_tune import run as front_door
from ssc_tune.errors import InputError

if TYPE_CHECKING:
    from ssc_tune.analysis.result import Verdict
    from ssc_tune.study.models import Study


def make_parser() -> argparse.ArgumentParser:
    """The parser with every subcommand."""
    parser = argparse.ArgumentParser(prog="ssc-tune", description="Studies of hyperparameter sensitivity.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    front_door.add_arguments(add("run", "train what is missing of a study and judge its claims"))
    for name, text in (
        ("report", "write the report again, from the records alone"),
        ("check", "exit 0 only if every claim has the verdict that the study expects"),
        ("show", "state, cells and verdicts of a study"),
    ):
        command = add(name, text)
        _add_study(command)
        command.add_argument("--json", action="store_true", help="print JSON")
    commands.choices["show"].add_argument("cell", nargs="?", help="id of one cell to show instead")
    sync = add("sync", "write the MLflow view again, from the records alone")
    _add_study(sync)
    sync.add_argument("--tracking-uri", metavar="URI", help="MLflow store or server")
    ui = add("ui", "start the MLflow UI on loopback and print its address")
    _add_study(ui)
    ui.add_argument("--tracking-uri", metavar="URI", help="MLflow store")
    ui.add_argument("--port", type=int, default=5000)
    listing = add("list", "studies in the storage folder")
    front_door.add_storage(listing)
    listing.add_argument("--json", action="store_true", help="print JSON")
    new = add("new", "write a commented study file that runs as it is")
    new.add_argument("name", help="name of the study; the file is NAME.yaml")
    validate = add("validate", "check study files without running them")
    validate.add_argument("files", nargs="+", type=Path)
    return parser


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", type=Path, help="study file, or the name of a study in the storage folder")
    parser.add_argument(
        "--set", dest="overrides", metavar="PATH.TO.KEY=VALUE", action="append", default=[], help="override a value"
    )
    front_door.add_storage(parser)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    return front_door.guarded(lambda: _dispatch(make_parser().parse_args(given), given))


def _dispatch(arguments: argparse.Namespace, given: list[str]) -> int:
    match arguments.command:
        case "run":
            return front_door.execute(arguments, given[1:])
        case "new":
            return _new(arguments.name)
        case "validate":
            return _validate(arguments.files)
        case "list":
            return _list(arguments.storage, as_json=arguments.json)
        case "report" | "check" | "show":
            return _inspect(arguments)
        case "sync":
            return _sync(arguments)
        case _:
            return _ui(arguments)


def _new(name: str) -> int:
    from ssc_tune.study.template import study_template

    path = Path(f"{name}.yaml")
    if path.exists():
        raise InputError(f"{path}: there is such a file already; choose another name")
    text = study_template(name)
    path.write_text(text, encoding="utf-8")
    print(f"{path} written; try it with: python -m ssc_tune.run {path} --dry-run")
    return 0


def _validate(files: Sequence[Path]) -> int:
    from ssc_tune.study import load_study

    problems: list[str] = []
    for path in files:
        try:
            load_study(path)
            print(f"{path}: valid")
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return 0


def _load(arguments: argparse.Namespace) -> Study:
    from ssc_tune.study import load_study
    from ssc_tune.study.models import Study

    if arguments.study.is_file():
        return load_study(arguments.study, arguments.overrides)
    stored = arguments.storage / arguments.study / "study.json"
    if not stored.is_file():
        known = ", ".join(p.parent.name for p in sorted(arguments.storage.glob("*/study.json"))) or "none"
        raise InputError(f"{arguments.study}: neither a study file nor a study in {arguments.storage}; there: {known}")
    return Study.model_validate(json.loads(stored.read_text(encoding="utf-8"))["study"])


def _inspect(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from ssc_tune import pipeline, report

    study = _load(arguments)
    options = pipeline.Options(storage=arguments.storage)
    folder = pipeline.folder_of(study, options)
    if getattr(arguments, "cell", None):
        record = folder.records.read(arguments.cell)
        if record is None:
            raise InputError(f"{folder.records.path(arguments.cell)}: no such record")
        print(record.model_dump_json(indent=2))
        return 0
    progress = pipeline.survey(study, options)
    command = folder.read_json("study.json").get("command", "")
    analysis, _, files = pipeline.analyse(
        study, folder, progress.cells, progress.records, command=str(command), overhead=None
    )
    if arguments.command == "report":
        print("\n".join(str(path) for path in files))
        return 0
    if arguments.command == "check":
        return _check(analysis.verdicts)
    if arguments.json:
        counts = {"cells": progress.num_total, "recorded": len(progress.records)}
        print(json.dumps({"study": study.name, **counts, "analysis": analysis.model_dump(mode="json", by_alias=True)}))
        return 0
    print(f"{study.name}: {len(progress.records)} of {progress.num_total} cells have a record")
    report.terminal_summary(study, analysis, console=Console())
    return 0


def _check(verdicts: Sequence[Verdict]) -> int:
    """One line a claim; 0 only if every claim has an expected verdict and that is what it got."""
    wrong = 0
    for verdict in verdicts:
        expected = verdict.claim.expected
        agrees = verdict.verdict == expected
        wrong += not agrees
        said = (
            "as expected" if agrees else f"expected {expected}" if expected else "no verdict is expected in the study"
        )
        print(f"{verdict.claim.name}: {verdict.verdict} ({said})")
    return 1 if wrong else 0


def _list(storage: Path, *, as_json: bool) -> int:
    found = []
    for path in sorted(storage.glob("*/study.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        records = len(list((path.parent / "records").glob("*.json")))
        found.append({"study": path.parent.name, "records": records, "command": content.get("command", "")})
    if as_json:
        print(json.dumps(found))
    else:
        for item in found:
            print(f"{item['study']}: {item['records']} records; {item['command']}")
    return 0


def _sync(arguments: argparse.Namespace) -> int:
    from ssc_tune import pipeline
    from ssc_tune.design import placements
    from ssc_tune.tracking import DEFAULT_URI, sync

    study = _load(arguments)
    options = pipeline.Options(storage=arguments.storage)
    folder = pipeline.folder_of(study, options)
    progress = pipeline.survey(study, options)
    analysis, _, files = pipeline.analyse(
        study,
        folder,
        progress.cells,
        progress.records,
        command=str(folder.read_json("study.json").get("command", "")),
        overhead=None,
    )
    places = placements(progress.cells)
    uri = arguments.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    pairs = [(record, places[key]) for key, record in progress.records.items()]
    done = sync(study, pairs, analysis, files, uri=uri, directory=folder.path)
    print(f"runs: {done.num_created} created, {done.num_updated} updated, {done.num_unchanged} unchanged")
    for problem in done.problems:
        print(problem, file=sys.stderr)
    return 1 if done.problems else 0


def _ui(arguments: argparse.Namespace) -> int:
    from ssc_tune.tracking import DEFAULT_URI, experiment_address, resolve_uri, ui_command, ui_environment

    _load(arguments)
    uri = arguments.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    print(f"MLflow UI: {experiment_address(uri, port=arguments.port)} (Ctrl-C ends it)", flush=True)
    command = ui_command(resolve_uri(uri, Path.cwd()), port=arguments.port)
    if not command:
        return 0
    return subprocess.call(command, env={**os.environ, **ui_environment(uri)})


if __name__ == "__main__":
    sys.exit(main())
