"""What a cell costs, measured on a few of its own steps that are trained and thrown away."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import torch

from ssc_tune import data
from ssc_tune.data import Dataset
from ssc_tune.data.facts import largest_remainders
from ssc_tune.errors import InputError
from ssc_tune.training.config import CellConfig, DataConfig, TrainingConfig
from ssc_tune.training.hardware import resolve_device
from ssc_tune.training.loop import RunningCell

_MANY = 1_000_000
_WARM = 2
_SPARE = 4096


class Cost(NamedTuple):
    """Seconds on one device, with the data in memory."""

    start: float  # from nothing to before the first step
    step: float
    evaluation: float  # on the validation images
    test: float
    images_per_step: int
    steps: int  # that were timed

    def of(self, training: TrainingConfig) -> float:
        """Seconds of a whole cell."""
        return self.start + training.steps * self.step + training.evaluations * self.evaluation + self.test


def measure(config: CellConfig, *, device: str = "auto", seconds: float = 0.5) -> Cost:
    """Trains a few steps of a cell, for about ``seconds`` after they have warmed up, or one step where that is longer.

    Data that are not on this machine are stood in for by random images of their size. A pre-training is left out.
    """
    where = resolve_device(device)
    training = config.training.model_copy(update={"steps": _MANY, "evaluations": 1})
    try:
        dataset = data.load(config.data.source)
    except InputError:
        dataset = _stand_in(config.data)
    started = time.perf_counter()
    cell = RunningCell(config.model_copy(update={"training": training}), where, dataset=dataset)
    start = time.perf_counter() - started
    step, evaluation, steps = _timed(cell, 1)
    if step < seconds:
        _timed(cell, _WARM)
        step, evaluation, steps = _timed(cell, max(1, min(200, round(seconds / step))))
    test = evaluation * len(dataset.test_labels) / config.data.held_out(data.num_labelled(dataset))
    return Cost(start, step, evaluation, test, cell.method.images_per_step, steps)


def _timed(cell: RunningCell, steps: int) -> tuple[float, float, int]:
    """Seconds of a step and of an evaluation, over so many further steps and one evaluation."""
    before, started = cell.train_seconds, time.perf_counter()
    cell.advance(cell.step + steps)
    trained = cell.train_seconds - before
    return trained / steps, time.perf_counter() - started - trained, steps


def _stand_in(config: DataConfig) -> Dataset:
    """Random images of a registered set's size, as many as a split and a few steps need."""
    info = data.info(config.source)
    wanted = config.held_out(info.train_size) + info.num_classes * config.labels_per_class + _SPARE
    counts = largest_remainders(info.train_counts, min(wanted, info.train_size))
    labels = torch.from_numpy(np.repeat(np.arange(info.num_classes), counts))
    draws = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (len(labels), *info.image_shape), dtype=torch.uint8, generator=draws)
    test = torch.arange(min(info.test_size, _SPARE))
    level = (0.5,) * info.image_shape[0]
    return Dataset(
        name=config.name,
        train_images=images,
        train_labels=labels,
        test_images=images[test % len(images)],
        test_labels=labels[test % len(images)],
        num_classes=info.num_classes,
        horizontal_flip=True,
        mean=level,
        std=level,
    )
