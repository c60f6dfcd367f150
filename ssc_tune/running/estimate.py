"""How long a cell will take, without training one."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from ssc_tune import data, methods, training
from ssc_tune.design.cells import Cell, Placement, make_cell
from ssc_tune.design.points import fixed_points
from ssc_tune.late import Late
from ssc_tune.running.options import folder_of
from ssc_tune.study.model.study import Study

if TYPE_CHECKING:
    import torch

    from ssc_tune.running.options import Options
else:
    torch = Late("torch")


def seconds_by_method(study: Study, options: Options) -> tuple[dict[str, float], str]:
    """Seconds a cell of each method, and in words where they come from.

    From the median of this study's earlier cells with the same data, model and training where there are any of every
    method; otherwise from one timed forward pass a method: backward is taken as twice forward. Then a function or
    command is left out: nothing is known of it.
    """
    earlier: dict[str, list[float]] = {}
    for path in folder_of(study, options).records.directory.glob("*.json"):
        record, _ = folder_of(study, options).records.read_or_set_aside(path.stem)
        if record is None or record.result.status != "ok":
            continue
        same = record.config.training == study.training and record.config.data == study.data
        if same and record.config.model == study.model:
            earlier.setdefault(record.config.method, []).append(record.result.seconds)
    if all(method in earlier for method in study.methods):
        return {m: statistics.median(earlier[m]) for m in study.methods}, "median of earlier cells"
    cells = {method: _default_cell(study, method) for method in study.methods}
    known = {method: _from_forward(cell) for method, cell in cells.items() if cell.config.is_ours_to_train}
    return known, "from one timed forward pass"


def _default_cell(study: Study, method: str) -> Cell:
    block = next(b for b in study.blocks if method in study.block_methods(b))
    place = Placement(block, study.setting_names[0], method, 0, 0)
    return make_cell(study, place, fixed_points(study, block)[0].values)


def _from_forward(cell: Cell) -> float:
    config = cell.config
    dataset = data.load(config.data.source)
    method = methods.make(config.method, config.hyperparameters, num_classes=dataset.num_classes, own=config.own)
    images, sample = method.images_per_step, dataset.train_images
    device = training.hardware.resolve_device("auto")
    torch.set_num_threads(1)
    draws = torch.Generator().manual_seed(0)
    encoder = training.network.make_encoder(config.model, in_channels=sample.shape[1], generator=draws)
    layout = torch.channels_last if config.training.channels_last else torch.contiguous_format
    encoder = encoder.to(device).to(memory_format=layout)
    count = min(images, 256)
    inputs = torch.zeros(count, *sample.shape[1:], device=device).contiguous(memory_format=layout)
    best = float("inf")
    with torch.no_grad(), training.hardware.autocast(config.training.precision, device):
        for _ in range(3):
            started = time.perf_counter()
            encoder(inputs)
            if device.type == "cuda":
                torch.cuda.synchronize()
            best = min(best, time.perf_counter() - started)
    return best / count * images * 3 * config.training.steps
