"""What the command line prints before and after a run."""

from __future__ import annotations

import sys
from collections import Counter

from rich.table import Table
from rich.text import Text

from ssc_tune import running
from ssc_tune.commands.arguments import warn
from ssc_tune.design.distinct import count, equal_points
from ssc_tune.design.notes import notes
from ssc_tune.design.points import fixed_points
from ssc_tune.errors import InputError
from ssc_tune.execution.place import Place, place_of
from ssc_tune.presentation.console import Console
from ssc_tune.presentation.numbers import duration
from ssc_tune.presentation.terminal import terminal_summary
from ssc_tune.running import Finished, Interrupted, Options, StudyPlan, Unjudged, folder_of, hints_of, looks
from ssc_tune.running.estimate import Estimate
from ssc_tune.running.registration import plan_lines
from ssc_tune.study.model.space import shown
from ssc_tune.study.model.study import Study


def show_plan(study: Study, options: Options, plan: StudyPlan, *, estimate: bool, price: float | None = None) -> None:
    """Points, cells and resources of a run; with ``estimate`` also each point, and the time and money it would take."""
    console = Console()
    console.print(Text.assemble((study.name, "bold"), " ", study.description.strip()), soft_wrap=True)
    if estimate:
        _show_points(console, study)
    places = dict.fromkeys((cell.placement.block, cell.placement.method, cell.cell_id) for cell in plan.cells)
    groups = Counter((block, method) for block, method, _ in places)
    for (block, method), number in groups.items():
        print(f"block {block}, {method}: {number} cells{_points(study, block, method)}")
    new, reused = plan.num_new, len(plan.reused)
    print(
        f"cells: {plan.num_total} in all; {len(plan.records) - reused} have a record"
        + (f", {reused} are taken over from other studies" if reused else "")
        + f", {new} are new (cells that stand in several blocks count once)"
    )
    folder = folder_of(study, options)
    for line in (
        *plan.changes.lines(),
        *plan_lines(study, folder, plan.cells, plan.records),
        *(f"note: {line}" for line in notes(study)),
        *([plan.stopped.words] if plan.stopped is not None else looks.outlook(study, plan.cells)),
    ):
        print(line)
    place = place_of(study, options.address, insecure=options.insecure_cluster)
    words, workers, refused = _held(study, place)
    print(words)
    stored = f", a copy of {folder.files.address}/{study.name}" if folder.files.is_copy else ""
    print(f"folder: {folder.path}{stored}", flush=True)
    if refused is not None and new:
        raise refused
    if estimate:
        for line in _costs(study, running.estimate.estimate(study, options, plan, workers=workers), workers, price):
            print(line)


def _held(study: Study, place: Place) -> tuple[str, int, InputError | None]:
    """How many cells run at once, in words, as a number to reckon with, and why none does."""
    r = study.resources
    each = f"{r.cpus:g} CPUs and {r.gpus:g} GPUs each"
    try:
        workers = place.workers(study)
    except InputError as error:
        return f"resources: no cell at once on this machine, {each}", 1, error
    if workers is not None:
        return f"resources: {workers} cells at once, {each}", workers, None
    held = f"as many cells at once as the cluster at {place.address} holds"
    if r.max_parallel is not None:
        return f"resources: {held}, at most {r.max_parallel}, {each}", r.max_parallel, None
    return f"resources: {held}, {each}; time is told as if it were one", 1, None


def _costs(study: Study, found: Estimate, workers: int, price: float | None) -> list[str]:
    """Time, use and money of the cells that are left."""
    lines = []
    if found.num_cells:
        each = ", ".join(
            f"{method} {low:.1f} s" if f"{low:.1f}" == f"{high:.1f}" else f"{method} {low:.1f} to {high:.1f} s"
            for method, (low, high) in found.by_method.items()
        )
        wall = duration(found.wall(workers))
        lines.append(f"time: about {wall} for {found.num_cells} cells ({each} a cell, {found.how})")
        lines.append(f"use: {_use(study, found, price)}")
    if found.least is not None:
        wall, number = duration(found.least.wall(workers)), found.least.num_cells
        use = _use(study, found.least, price)
        lines.append(f"at the least, every claim decided at {found.points} points: about {wall}, {number} cells, {use}")
    if found.unknown:
        lines.append(f"time of {' and '.join(found.unknown)}: not known before a cell of it has run")
    return lines


def _use(study: Study, found: Estimate, price: float | None) -> str:
    """Hours of a GPU, or of a core where cells use none, and what they cost."""
    gpus, r = bool(study.resources.gpus), study.resources
    hours = found.seconds / 3600 * (r.gpus if gpus else r.cpus)
    cost = "" if price is None else f", which costs {hours * price:,.2f} at {price:g} an hour"
    return f"{hours:,.2f} {'GPU' if gpus else 'CPU core'} hours{cost}"


def _points(study: Study, block: str, method: str) -> str:
    """How many points they are; nothing for a design that has none beforehand."""
    found = count(study, block, method)
    return f"; {found}{'' if study.design.defaults_count else ' and the defaults'}" if found.drawn else ""


def _show_points(console: Console, study: Study) -> None:
    for block in study.blocks:
        points = fixed_points(study, block)
        names, space = study.block_parameters(block), study.search_space.parameters
        table = Table(title=f"points of block {block}", title_justify="left", box=None, padding=(0, 2, 0, 0))
        for name in ("point", *names):
            table.add_column(name, justify="right")
        equal = equal_points(study, block)
        for point in points[:200]:
            label = f"{point.number} (defaults)" if point.number == 0 else str(point.number)
            label += f" = {equal[point.number]}" if point.number in equal else ""
            table.add_row(label, *(Text(shown(space[name], point.values[name])) for name in names))
        console.print(table)
        if len(points) > 200:
            print(f"... and {len(points) - 200} more")
    if study.design.adaptive:
        print(f"further points: {study.design.proposal}")


def show_result(study: Study, options: Options, result: Finished | Interrupted | Unjudged) -> None:
    """Verdicts, where things are, and how to go on."""
    warn(result.problems)
    if isinstance(result, Interrupted):
        print(f"interrupted: {result.num_missing} cells are left; go on with\n  {options.command}", file=sys.stderr)
        return
    if not isinstance(result, Finished):
        return
    terminal_summary(study, result.analysis, console=Console())
    folder = folder_of(study, options).path
    if result.overhead.get("workers"):
        o = result.overhead
        print(
            f"time: {duration(o['wall seconds'])} with {o['workers']:.0f} workers, of which "
            f"{o['share of worker time inside training']:.0%} inside training; "
            f"{duration(o['total wall seconds'])} in all, report and tracking included"
        )
    if result.num_failed:
        print(f"{result.num_failed} cells failed; they are in the report, and run again with --retry-failed")
    if result.num_lost:
        print(f"{result.num_lost} cells were lost by their machines; the same command runs them again")
    print(f"report:  {folder / 'report.html'}")
    print(f"table:   {folder / 'results.csv'}")
    for hint in hints_of(study, options):
        print(hint)
