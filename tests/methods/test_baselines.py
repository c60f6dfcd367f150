"""Pseudo-label, Mean Teacher, UDA and full supervision against loops over their formulas."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from ssc_tune import data, methods
from ssc_tune.methods.base import Extent, StepLoss, Views
from ssc_tune.training import CellConfig
from ssc_tune.training.loop import RunningCell
from tests.methods.policy_oracles import probabilities, softmax

K, STEPS = 3, 10
LABELS = torch.tensor([0, 1, 2, 0])


def made(name: str, **hyperparameters: Any) -> tuple[Any, Any]:
    method = methods.make(name, hyperparameters, num_classes=K, extent=Extent(steps=STEPS))
    return method, method.head(5, generator=torch.Generator().manual_seed(0))


def outputs(seed: int, views: int) -> Views:
    draw = torch.Generator().manual_seed(seed)
    labelled, weak, strong = (2 * torch.randn(*size, K, generator=draw) for size in ((4,), (6,), (views, 6)))
    return Views(labelled, weak, strong)


def cross_entropy(views: Views) -> float:
    rows = probabilities(views.labelled)
    return -math.fsum(math.log(row[y]) for row, y in zip(rows, LABELS.tolist(), strict=True)) / 4


def step(name: str, views: Views, times: int = 1, **hyperparameters: Any) -> StepLoss:
    method, head = made(name, **hyperparameters)
    for _ in range(times):
        loss = method.loss(head, views, LABELS)
    return loss


@pytest.mark.parametrize(("times", "weight"), [(1, 0.0), (2, 0.25), (3, 0.5), (5, 1.0), (9, 1.0)])
def test_pseudo_label_is_its_formula_and_its_weight_rises(times: int, weight: float) -> None:
    views = outputs(1, 0)
    expected = cross_entropy(views)
    for row in probabilities(views.weak):
        if max(row) >= 0.7:
            expected -= 2 * weight * math.log(max(row)) / 6
    loss = step("pseudo-label", views, times, tau=0.7, unlabelled_weight=2.0, ramp_up=0.4)
    assert 0 < int(loss.confident.sum()) < 6
    assert float(loss.total) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("times", "x"), [(1, 0.0), (3, 0.5), (9, 1.0)])
def test_mean_teacher_is_its_formula(times: int, x: float) -> None:
    views = outputs(2, 1)
    expected = cross_entropy(views)
    for teacher, student in zip(probabilities(views.weak), probabilities(views.strong[0]), strict=True):
        gap = math.fsum((a - b) ** 2 for a, b in zip(teacher, student, strict=True)) / K
        expected += 50 * math.exp(-5 * (1 - x) ** 2) * gap / 6
    loss = step("mean-teacher", views, times, ramp_up=0.4)
    assert float(loss.total) == pytest.approx(expected, rel=1e-5)


def test_uda_is_its_formula() -> None:
    views = outputs(3, 1)
    expected = cross_entropy(views)
    for weak, student in zip(views.weak.tolist(), probabilities(views.strong[0]), strict=True):
        if max(softmax(weak)) >= 0.8:
            goal = softmax([value / 0.4 for value in weak])
            expected += math.fsum(q * math.log(q / p) for q, p in zip(goal, student, strict=True) if q) / 6
    loss = step("uda", views)
    assert 0 < int(loss.confident.sum()) < 6
    assert float(loss.total) == pytest.approx(expected, rel=1e-5)


def test_uda_sharpened_to_the_limit_is_fixmatch() -> None:
    views = outputs(4, 1)
    limit, fixmatch = step("uda", views, sharpening=1e-3, tau=0.6), step("fixmatch", views, tau=0.6)
    assert float(limit.total) == pytest.approx(float(fixmatch.total), rel=1e-5)


def cell(name: str, **training: Any) -> RunningCell:
    content = {
        "data": {"name": "digits", "labels_per_class": 2},
        "model": {"name": "wrn-10-1"},
        "training": {"steps": 6, "evaluations": 2, "precision": "float32", **training},
        "method": name,
        "hyperparameters": {"batch_size": 8, "mu": 2},
        "seed": 0,
    }
    return RunningCell(CellConfig.model_validate(content), torch.device("cpu"))


def test_full_supervision_draws_from_all_images_but_those_for_validation() -> None:
    full, few = cell("supervised-full"), cell("supervised")
    assert sorted(full._batches._labelled.pool.tolist()) == sorted(full._split.unlabelled.tolist())
    assert len(full._batches._labelled.pool) == len(data.load("digits").train_labels) - 300
    assert len(few._batches._labelled.pool) == 20


@pytest.mark.parametrize("weak_view", ["joint", "separate"])
def test_the_teacher_is_the_moving_average_by_batch_statistics(weak_view: str) -> None:
    moving = cell("mean-teacher", weak_view=weak_view)
    moving._stepper.run(moving._batches.between(0, 3), 0)
    batch = next(moving._batches.between(3, 4))
    seen: list[Tensor] = []
    plain = moving.method.loss
    moving.method.loss = lambda head, views, labels: (seen.append(views.weak), plain(head, views, labels))[1]  # type: ignore[method-assign]
    moving._stepper.loss(batch)
    teacher = moving.average.module
    assert not teacher.training
    with torch.no_grad():
        expected = teacher.train()(moving._stepper.prepare(batch.images[8:24]))
    assert torch.equal(seen[0], expected)
    assert not seen[0].requires_grad
    assert not torch.equal(seen[0], moving.network(moving._stepper.prepare(batch.images[8:24])))


@pytest.mark.parametrize("weak_view", ["joint", "separate"])
def test_pseudo_label_learns_from_the_weak_view(weak_view: str) -> None:
    moving = cell("pseudo-label", weak_view=weak_view)
    seen: list[bool] = []
    plain = moving.method.loss
    moving.method.loss = lambda head, views, labels: (  # type: ignore[method-assign]
        seen.append(views.weak.requires_grad),
        plain(head, views, labels),
    )[1]
    moving._stepper.run(moving._batches.between(0, 1), 0)
    assert seen == [True]
    assert moving.method.images_per_step == 8 + 16
