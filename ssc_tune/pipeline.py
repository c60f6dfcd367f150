"""From a study to its verdicts: plan, execute, analyse, report. The same steps serve the command line and Python."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TextIO

from ssc_tune import looks
from ssc_tune.changes import Changes, changes_since, stored_study
from ssc_tune.design.cells import Cell, Placement, fixed_cells, make_cell, placements
from ssc_tune.design.points import fixed_points, search_of
from ssc_tune.errors import InputError
from ssc_tune.records import Record, StudyFolder
from ssc_tune.registering import declare, register
from ssc_tune.study.claims import Claim
from ssc_tune.study.models import SearchDesign, Study
from ssc_tune.training.result import Geometry

if TYPE_CHECKING:
    from ssc_tune.analysis.result import StudyAnalysis
    from ssc_tune.analysis.tables import Tables
    from ssc_tune.execution.execute import Outcome
    from ssc_tune.tracking import Tracker


class Options(NamedTuple):
    """What a run is told beside its study."""

    storage: Path = Path("runs")
    tracking_uri: str | None = None  # none: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db; "none" writes no view
    optuna_storage: str | None = None
    retry_failed: bool = False
    command: str = ""
    log_models: Literal["none", "best", "all"] = "best"  # cells whose weights go to MLflow as models; 0.1 to 0.5 s each
    system_metrics: bool = False  # MLflow samples this machine into the study's parent run
    blind: bool = False  # trains and records, and shows no result: no verdict, report or MLflow view, cells as a total


class Progress(NamedTuple):
    """What is there and what is missing before a run."""

    cells: list[Cell]  # every placement that is known
    records: dict[str, Record]  # of settled cells: the study's own, and those of equal cells that other studies made
    reused: frozenset[str]  # cell ids of the latter
    num_total: int  # cells of the design, those of points not yet proposed included
    changes: Changes  # since the study's last run
    problems: list[str]
    stopped: looks.Stop | None = None  # the look at which every claim was decided; all above is up to there
    not_needed: frozenset[str] = frozenset()  # cell ids of later looks

    @property
    def num_new(self) -> int:
        """Cells that have to be run."""
        return self.num_total - len(self.records)


class Result(NamedTuple):
    """How a run ended."""

    analysis: StudyAnalysis | None
    tables: Tables | None
    files: list[Path]
    interrupted: bool
    num_failed: int
    num_missing: int
    overhead: dict[str, float]
    problems: list[str]


def folder_of(study: Study, options: Options) -> StudyFolder:
    """The study's folder under the storage path."""
    return StudyFolder(options.storage, study.name)


def survey(study: Study, options: Options, *, adopt: bool = False) -> Progress:
    """What of a study is there already, equal cells of other studies included; ``adopt`` copies their records."""
    folder = folder_of(study, options)
    cells = fixed_cells(study) if not isinstance(study.design, SearchDesign) else _search_cells(study, folder)
    ids = list(dict.fromkeys(cell.cell_id for cell in cells))
    found, problems = folder.records.read_many(ids)
    records = {key: r for key, r in found.items() if r.is_settled(retry_failed=options.retry_failed)}
    reused, stop = {}, looks.stop_of(study, cells, records)
    if stop is None:  # what other studies did after this one had stopped does not start it again
        reused = folder.elsewhere(key for key in ids if key not in records)
        stop = looks.stop_of(study, cells, records | reused) if reused else None
    cells = cells if stop is None else looks.until(cells, stop.points)
    needed = {cell.cell_id for cell in cells}
    records, reused = ({key: r for key, r in of.items() if key in needed} for of in (records, reused))
    if adopt:
        for record in reused.values():
            folder.records.write(record)
    total = _num_total(study, cells)
    changes = changes_since(study, folder.read_json("study.json"))
    not_needed = frozenset(ids) - needed
    return Progress(cells, records | reused, frozenset(reused), total, changes, problems, stop, not_needed)


def _num_total(study: Study, cells: Sequence[Cell]) -> int:
    if isinstance(study.design, SearchDesign):
        groups = sum(len(study.block_methods(block)) for block in study.blocks) * len(study.setting_names)
        return groups * (study.design.points * study.design.searches + 1) * study.seeds
    return len({cell.cell_id for cell in cells})


def _search_cells(study: Study, folder: StudyFolder) -> list[Cell]:
    """Cells of the points that a search has reached, by the records, which name their point.

    With a pruner, those that have a record: which seeds of a point are still to be run is decided on the way.
    """
    assert isinstance(study.design, SearchDesign)
    values: dict[tuple[str, str, str, int], dict[str, bool | int | float | str]] = {}
    for block in study.blocks:
        for setting in study.setting_names:
            for method in study.block_methods(block):
                values[block, setting, method, 0] = fixed_points(study, block)[0].values
    for path in sorted(folder.records.directory.glob("*.json")):
        record, _ = folder.records.read_or_set_aside(path.stem)
        if record is None or record.study != study.name or record.block not in study.blocks:
            continue
        if search_of(record.point) >= study.design.searches:
            continue
        kept = {
            name: record.config.hyperparameters[name]
            for name in study.block_parameters(record.block)
            if name in record.config.hyperparameters
        }
        values.setdefault((record.block, record.setting, record.config.method, record.point), kept)
    cells = [
        make_cell(study, Placement(*key, seed), point)
        for key, point in sorted(values.items(), key=lambda item: item[0])
        for seed in range(study.seeds)
    ]
    if study.design.pruner == "none":
        return cells
    return [cell for cell in cells if folder.records.path(cell.cell_id).exists()]


def run(
    study: Study,
    options: Options,
    *,
    stop: threading.Event | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> Result:
    """Runs what is missing of a study, then analyses and reports it."""
    from ssc_tune.execution.quiet import output_to

    if options.system_metrics:
        _check_system_metrics(options)
    began = time.monotonic()
    folder = folder_of(study, options)
    progress = survey(study, options, adopt=True)
    for cell_id in {cell.cell_id for cell in progress.cells} - set(progress.records):
        folder.records.put_aside(cell_id, "retried")
    _, problems = register(study, folder)
    progress = progress._replace(problems=[*progress.problems, *problems])
    folder.write_json("study.json", stored_study(study, options.command))
    with output_to(folder.path / "log.txt") as (screen, errors):
        return _run(study, options, folder, progress, stop or threading.Event(), out or screen, err or errors, began)


def _run(
    study: Study,
    options: Options,
    folder: StudyFolder,
    progress: Progress,
    stop: threading.Event,
    out: TextIO,
    err: TextIO,
    began: float,
) -> Result:
    from ssc_tune.design.source import make_source
    from ssc_tune.design.storage import open_storage
    from ssc_tune.execution.execute import Outcome, Watcher, execute, num_workers
    from ssc_tune.live import BlindView, LiveView

    records = dict(progress.records)
    for problem in progress.problems:
        print(problem, file=err)

    def score(cell_id: str) -> float | None:
        record = records.get(cell_id)
        if record is None:
            return None
        accuracy = record.result.validation_accuracy
        return 1 / record.result.num_classes if accuracy is None else accuracy

    earlier = [(cell.placement, cell.config.hyperparameters) for cell in progress.cells if cell.placement.point]
    follower = looks.Follower(study, records, score, progress.stopped) if study.looks else None
    source = follower.source if follower is not None else make_source(study, score, earlier)
    source.open(open_storage(options.optuna_storage, folder.path))
    workers = num_workers(study)
    tracker = None if options.blind else _start_tracker(study, options, folder, err)
    places = placements(progress.cells)
    for cell_id, record in records.items():
        if tracker is not None:
            tracker.cell(record, places[cell_id])
    outcome = Outcome(False, workers, 0.0, [])
    trained = 0.0
    if source.num_to_run:
        expected = _expected_by_method(study)
        shown = follower.cells if follower is not None else progress.cells
        view = BlindView if options.blind else LiveView
        with view(folder, shown, records, out=out, err=err, workers=workers, expected=expected) as live:
            if follower is not None:
                follower.watch(live)

            def finished(cell: Cell, record: Record) -> None:
                nonlocal trained
                records[cell.cell_id] = record
                trained += record.result.seconds
                source.finished(cell.cell_id)
                live.finished(cell, record)
                if tracker is not None:
                    tracker.cell(record, places.get(cell.cell_id, [cell.placement]))

            outcome = execute(study, folder, source, Watcher(live.started, finished), stop=stop)
    overhead = _overhead(trained, outcome)
    problems = [*progress.problems, *outcome.problems]
    cells = list(source.cells)
    stopped = looks.stop_of(study, cells, records)
    cells = cells if stopped is None else looks.until(cells, stopped.points)
    if outcome.interrupted:
        if tracker is not None:
            tracker.finish(None, [], timeout=20)
        missing = len({c.cell_id for c in cells} - set(records))
        return Result(None, None, [], True, _failed(records), missing, overhead, problems)
    if options.blind:
        missing = len({c.cell_id for c in cells} - set(records))
        return Result(None, None, [], False, _failed(records), missing, overhead, problems)
    analysis, tables, files = analyse(
        study, folder, cells, records, command=options.command, overhead=overhead, hints=hints_of(study, options)
    )
    if tracker is not None:
        from ssc_tune.tracking import models_of

        models = models_of(folder, records, options.log_models, tables.best_of_methods())
        problems += tracker.finish(analysis, files, timeout=180, models=models).problems
    overhead["total wall seconds"] = time.monotonic() - began
    missing = len({c.cell_id for c in cells} - set(records))
    return Result(analysis, tables, files, False, _failed(records), missing, overhead, problems)


def _expected_by_method(study: Study) -> dict[str, int] | None:
    if not isinstance(study.design, SearchDesign):
        return None
    each = (study.design.points * study.design.searches + 1) * study.seeds * len(study.setting_names)
    return {m: each * sum(m in study.block_methods(b) for b in study.blocks) for m in study.methods}


def _failed(records: Mapping[str, Record]) -> int:
    return sum(record.result.status in ("failed", "infrastructure") for record in records.values())


def _overhead(trained: float, outcome: Outcome) -> dict[str, float]:
    if not outcome.seconds:
        return {}
    return {
        "workers": float(outcome.workers),
        "wall seconds": outcome.seconds,
        "training seconds": trained,
        "share of worker time inside training": trained / (outcome.seconds * outcome.workers),
    }


def tracking_uri(given: str | None) -> str:
    """The MLflow store: as given, else ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``."""
    from ssc_tune.tracking import DEFAULT_URI

    return given or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def hints_of(study: Study, options: Options) -> list[str]:
    """How to look at the study's runs; nothing where they are not tracked."""
    from ssc_tune.tracking import ui_hint

    if options.tracking_uri == "none":
        return []
    return [ui_hint(tracking_uri(options.tracking_uri), study.name, storage=options.storage)]


def _check_system_metrics(options: Options) -> None:
    from ssc_tune.tracking import check_system_metrics

    if options.tracking_uri == "none":
        raise InputError("--system-metrics: nothing is tracked with --tracking-uri none; leave one of the two out")
    check_system_metrics()


def _start_tracker(study: Study, options: Options, folder: StudyFolder, err: TextIO) -> Tracker | None:
    from ssc_tune.tracking import DEFAULT_URI, Tracker

    if options.tracking_uri == "none":
        return None
    uri = tracking_uri(options.tracking_uri)
    tracker = Tracker(
        uri,
        study,
        directory=folder.path,
        user_uri_is_default=uri == DEFAULT_URI,
        system_metrics=options.system_metrics,
        on_problem=lambda text: print(text, file=err, flush=True),
    )
    tracker.start()
    return tracker


def analyse(
    study: Study,
    folder: StudyFolder,
    cells: Sequence[Cell],
    records: Mapping[str, Record],
    *,
    command: str,
    overhead: dict[str, float] | None,
    hints: Sequence[str] = (),
) -> tuple[StudyAnalysis, Tables, list[Path]]:
    """Tables, verdicts and files of a study, from its records alone."""
    from ssc_tune import report
    from ssc_tune.analysis.analyze import analyze
    from ssc_tune.analysis.build import build_tables

    tables = build_tables(study, cells, records)
    analysis = declare(study, folder, cells, records, analyze(study, tables))
    used = [records[key] for key in dict.fromkeys(cell.cell_id for cell in cells) if key in records]
    versions = used[0].versions if used else {}
    files = report.write(
        study,
        tables,
        analysis,
        folder.path,
        command=command,
        versions=versions,
        overhead=overhead,
        records=used,
        geometries=_geometries(folder, tables),
        hints=hints,
    )
    return analysis, tables, files


def _geometries(folder: StudyFolder, tables: Tables) -> dict[str, Geometry]:
    """The pictures of prototypes and images that each method's best cell left in each block and setting."""
    paths = {cell_id: folder.cell(cell_id) / "geometry.json" for cell_id in tables.best_cells().values()}
    return {
        cell_id: Geometry.model_validate_json(path.read_text(encoding="utf-8"))
        for cell_id, path in paths.items()
        if path.exists()
    }


def default_command(arguments: Sequence[str] | None = None) -> str:
    """The command as it would be typed again."""
    import shlex

    return "python -m ssc_tune.run " + shlex.join(arguments if arguments is not None else sys.argv[1:])


__all__ = ["Claim", "Options", "Progress", "Result", "analyse", "folder_of", "run", "survey"]
