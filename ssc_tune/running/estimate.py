"""How long a study will take, from a few trained steps of its own cells."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune.design.cells import Cell, Placement, make_cell
from ssc_tune.design.points import fixed_points
from ssc_tune.design.work import images_per_step
from ssc_tune.late import Late
from ssc_tune.running.looks import until
from ssc_tune.running.options import folder_of
from ssc_tune.running.plan import StudyPlan
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import CellConfig

if TYPE_CHECKING:
    import torch

    from ssc_tune.running.options import Options
    from ssc_tune.training import cost
else:
    torch = Late("torch")
    cost = Late("ssc_tune.training.cost")

AROUND, BETWEEN = 23.5, 0.02
"""Seconds of a run in which no cell trains: before the first and after the last one together, and from cell to cell
of a worker. Medians of ``benchmarks/estimates.py``."""
MOST_AT_ONCE = 4
"""Processes that measure at the same time: as many as will train, up to this."""

Measure = Callable[[Sequence[CellConfig], int], "list[cost.Cost]"]


class Estimate(NamedTuple):
    """What the cells that are left will take."""

    by_method: dict[str, tuple[float, float]]  # seconds of the shortest and longest cell
    seconds: float  # of all these cells, pre-trainings included
    num_cells: int  # that the seconds are of
    unknown: tuple[str, ...]  # methods whose time is not known before a cell of theirs has run
    how: str
    least: Estimate | None = None  # where the study may end before its last look: up to the next one
    points: int = 0  # of that look

    def wall(self, workers: int) -> float:
        """Seconds that a run takes."""
        return AROUND + (self.seconds + self.num_cells * BETWEEN) / workers if self.num_cells else 0.0


def estimate(
    study: Study, options: Options, plan: StudyPlan, *, workers: int, measure: Measure | None = None
) -> Estimate:
    """The time of the cells that have no record.

    A cell takes what the median of this study's earlier cells like it took, where there are three; else what a few
    steps of it take that are trained for this, in as many processes at a time as will train. Cells are alike where
    they differ in real-valued hyperparameters, labels and seed alone. Of those that differ in images a step too, the
    smallest and the largest are measured, and time is taken to be linear between them.

    ``workers`` cells will run at once; ``measure`` takes the place of :func:`measured`.
    """
    left = _left(study, plan)
    ours = [cell for cell, _ in left if cell.config.is_ours_to_train]
    earlier = _earlier(study, options) if left else {}
    families: dict[str, dict[int, CellConfig]] = {}
    for cell in ours:
        if _kind(cell.config) not in earlier:
            families.setdefault(_family(cell.config), {}).setdefault(images_per_step(cell.config), cell.config)
    ends = {key: sorted({min(sizes), max(sizes)}) for key, sizes in families.items()}
    asked = [families[key][size] for key, sizes in ends.items() for size in sizes]
    costs = iter((measure or measured)(asked, workers) if asked else [])
    lines = {key: [(size, next(costs)) for size in sizes] for key, sizes in ends.items()}
    told = [(cell, _seconds(cell, earlier, lines), times) for cell, times in left]
    known = [(cell, seconds, times) for cell, seconds, times in told if seconds is not None]
    of_method: dict[str, list[float]] = {}
    for cell, seconds, _ in known:
        of_method.setdefault(cell.placement.method, []).append(seconds)
    there = {cell.placement.method for cell, _ in left}
    whole = Estimate(
        {name: (min(each), max(each)) for name, each in of_method.items()},
        sum(seconds * times for _, seconds, times in known) + _pretraining(ours, lines),
        sum(times for _, _, times in known),
        tuple(name for name in study.methods if name in there and name not in of_method),
        _how(any(_kind(cell.config) in earlier for cell, _ in left), lines, workers),
    )
    return _with_least(study, plan, whole, [(cell, seconds) for cell, seconds, _ in known], lines)


Lines = dict[str, list[tuple[int, "cost.Cost"]]]


def _seconds(cell: Cell, earlier: dict[str, list[float]], lines: Lines) -> float | None:
    """What one cell takes; none where nothing is known of it."""
    kind = _kind(cell.config)
    if kind in earlier:
        return statistics.median(earlier[kind])
    return _between(lines[_family(cell.config)], cell.config) if cell.config.is_ours_to_train else None


def _with_least(
    study: Study, plan: StudyPlan, whole: Estimate, known: Sequence[tuple[Cell, float]], lines: Lines
) -> Estimate:
    """The estimate, with that of the cells up to the next look at which the study may end."""
    if not study.stops_when_decided:
        return whole
    for points in study.looks[:-1]:
        needed = {cell.cell_id for cell in until(plan.cells, points)}
        some = [(cell, found) for cell, found in known if cell.cell_id in needed]
        if some:
            first = _pretraining([cell for cell, _ in some if cell.config.is_ours_to_train], lines)
            seconds = sum(found for _, found in some) + first
            least = whole._replace(seconds=seconds, num_cells=len(some))
            return whole._replace(least=least, points=points)
    return whole


def _left(study: Study, plan: StudyPlan) -> list[tuple[Cell, int]]:
    """Cells without a record, and how many each stands for: of points that a search will propose, the defaults."""
    left = {cell.cell_id: cell for cell in plan.cells if cell.cell_id not in plan.records}
    if not study.design.adaptive:
        return [(cell, 1) for cell in left.values()]
    places = [
        (block, setting, method)
        for block in study.blocks
        for setting in study.setting_names
        for method in study.block_methods(block)
    ]
    each = -(-plan.num_new // len(places)) if plan.num_new else 0
    made = [make_cell(study, Placement(*place, 0, 0), fixed_points(study, place[0])[0].values) for place in places]
    return [(cell, each) for cell in made if each]


def _family(config: CellConfig) -> str:
    """What decides the time of a step beside the number of images in it."""
    counted = ("batch_size", "mu")
    kept = {k: v for k, v in config.hyperparameters.items() if not isinstance(v, float) and k not in counted}
    source, own = list(config.data.source), None if config.own is None else config.own.identity()
    arithmetic = {k: v for k, v in config.training.identity().items() if k not in ("steps", "evaluations")}
    parts = [config.method, own, source, config.data.validation, config.model.identity(), arithmetic, kept]
    return json.dumps(parts, sort_keys=True, default=str)


def _kind(config: CellConfig) -> str:
    """What decides the time of a cell."""
    training = config.training
    counted = [config.hyperparameters.get(name) for name in ("batch_size", "mu")]
    return json.dumps([_family(config), training.steps, training.evaluations, counted])


def _between(line: Sequence[tuple[int, cost.Cost]], config: CellConfig) -> float:
    """Seconds of a cell on the line through what was measured."""
    (low, first), (high, last) = line[0], line[-1]
    share = (images_per_step(config) - low) / (high - low) if high > low else 0.0
    ends = (first.of(config.training), last.of(config.training))
    return ends[0] + share * (ends[1] - ends[0])


def _pretraining(cells: Sequence[Cell], lines: Lines) -> float:
    """Seconds of the pre-trainings of these cells, each counted once: two views an image, at a step's time an image."""
    total, done = 0.0, set()
    for cell in cells:
        first, family = cell.config.pretrain, _family(cell.config)
        if first is None or family not in lines or cell.config.pretraining_id in done:
            continue
        done.add(cell.config.pretraining_id)
        images, found = lines[family][-1]
        total += first.steps * 2 * first.batch_size * found.step / images
    return total


def _earlier(study: Study, options: Options) -> dict[str, list[float]]:
    """Seconds of this study's cells that ended well, by kind; kinds of fewer than three are left out."""
    found: dict[str, list[float]] = {}
    for record in folder_of(study, options).records.readable(whole=False):
        if record.result.status == "ok":
            found.setdefault(_kind(record.config), []).append(record.result.seconds)
    return {kind: seconds for kind, seconds in found.items() if len(seconds) >= 3}


def _how(known: bool, lines: Lines, workers: int) -> str:
    steps = sum(found.steps for line in lines.values() for _, found in line)
    told = [f"from {steps} trained steps, {min(workers, MOST_AT_ONCE)} at a time"] if lines else []
    return " and ".join([*told, *(["from earlier cells"] if known else [])])


def measured(configs: Sequence[CellConfig], workers: int) -> list[cost.Cost]:
    """What each configuration costs where ``workers`` cells train at once: means over so many processes."""
    at_once = max(1, min(workers, MOST_AT_ONCE))
    asked = [config.model_dump(mode="json") for config in configs]
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_measure_all, [asked] * at_once))
    return [_mean(each) for each in zip(*found, strict=True)]


def _measure_all(asked: Sequence[dict[str, object]]) -> list[cost.Cost]:
    torch.set_num_threads(1)
    return [cost.measure(CellConfig.model_validate(one)) for one in asked]


def _mean(found: Sequence[cost.Cost]) -> cost.Cost:
    times = [statistics.fmean(values) for values in zip(*(one[:4] for one in found), strict=True)]
    return found[0]._replace(start=times[0], step=times[1], evaluation=times[2], test=times[3])
