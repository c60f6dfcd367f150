"""Parts of ``gpu_acceptance.py`` that compare: CPU with CUDA, eager steps with captured ones."""

from __future__ import annotations

from typing import Any

import torch
from gpu_context import METHODS, Context, captured_steps, flat, relative
from throughput import Ours, make_data

from ssc_tune.data import augmentation
from ssc_tune.training.batches import Batch
from ssc_tune.training.step import Sums

CPU = torch.device("cpu")
ROUNDOFF = {"float32": 2.0**-24, "tf32": 2.0**-11, "bfloat16": 2.0**-9}
AMPLIFIED = 30
"""CUDA may differ this many times as much as weights that are rounded once: every layer of every step rounds anew."""
FLOOR = {"float32": 1e-5, "tf32": 2e-3, "bfloat16": 2e-2}
"""What is always allowed: some hundred float32 roundings, some roundings of the factors in the others."""


def _losses(loop: Ours, batches: list[Batch], device: torch.device, scale: torch.Generator | None, size: float) -> Any:
    """Losses (steps,) and final weights of steps over given batches, the weights perturbed by ``size`` at first."""
    if scale is not None:
        with torch.no_grad():
            for p in loop.network.parameters():
                p.mul_(1 + size * (2 * torch.rand(p.shape, generator=scale) - 1))
    losses = []
    for step, batch in enumerate(batches):
        on_device = Batch(*(part.to(device) for part in batch))
        loss = loop.stepper.loss(on_device)
        loop.stepper.backward(loss)
        loop.stepper.update(step)
        losses.append(loss.total.detach())
    return torch.stack(losses).double().cpu(), flat(loop.network.parameters())


def precision(context: Context) -> None:
    """The CPU in float32 against the device, fed with the same batches, for every method and precision.

    A bound is justified by the steps themselves: weights perturbed at first by the precision's unit roundoff are
    trained on the CPU, and show how far these batches carry a rounding. The device may differ 30 times as much, or by
    a floor.
    """
    cases = [("small", 20), ("deep", 5)] if context.cuda else [("small", 4)]
    for setting, steps in cases:
        for method in METHODS:
            if context.late(f"{setting} {method}"):
                return
            variant = {"precision": "float32"}
            start = Ours(setting, method, variant, CPU)
            batches = list(start.batches.between(0, steps))
            loss, weights = _losses(Ours(setting, method, variant, CPU), batches, CPU, None, 0.0)
            for name, roundoff in ROUNDOFF.items():
                carried = [0.0, 0.0]
                for seed in range(2):
                    draw = torch.Generator().manual_seed(seed)
                    moved, ended = _losses(Ours(setting, method, variant, CPU), batches, CPU, draw, roundoff)
                    carried = [max(carried[0], _largest(moved, loss)), max(carried[1], relative(ended, weights))]
                there = Ours(setting, method, {"precision": name}, context.device)
                found, at_end = _losses(there, batches, context.device, None, 0.0)
                apart = [_largest(found, loss), relative(at_end, weights)]
                bounds = [max(FLOOR[name], AMPLIFIED * value) for value in carried]
                context.add(
                    setting=setting,
                    method=method,
                    precision=name,
                    steps=steps,
                    largest_loss_difference=apart[0],
                    loss_difference_by_step=_by_step(found, loss),
                    loss_bound=bounds[0],
                    weights_difference=apart[1],
                    weights_bound=bounds[1],
                    passed=all(a <= b for a, b in zip(apart, bounds, strict=True)),
                )


def _by_step(found: torch.Tensor, expected: torch.Tensor) -> list[float]:
    return ((found - expected).abs() / expected.abs().clamp_min(1e-12)).tolist()


def _largest(found: torch.Tensor, expected: torch.Tensor) -> float:
    return max(_by_step(found, expected))


def views(context: Context) -> None:
    """The same draws on the CPU and on the device: values that differ, and by how much.

    Coordinates are in fixed point and blends exact, so that views are the same but for the last bit of sine and cosine
    and of a mean: at most one value in a thousand may differ.
    """
    count = 2048 if context.cuda else 64
    for name in ("small", "deep"):
        images = make_data(name)[0].train_images[:count]
        for kind in ("weak", "strong"):
            made = [_views(images.to(device), kind) for device in (CPU, context.device)]
            apart = (made[0].int() - made[1].cpu().int()).abs()
            share = float((apart > 0).double().mean())
            context.add(
                images=list(images.shape),
                view=kind,
                share_of_values_that_differ=share,
                share_of_images_that_differ=float((apart.flatten(1).amax(1) > 0).double().mean()),
                largest=int(apart.max()),
                passed=share <= 1e-3,
            )


def _views(images: torch.Tensor, kind: str) -> torch.Tensor:
    draws = torch.Generator().manual_seed(7)

    def uniforms(rows: int, drawn_for: torch.Tensor, _: torch.Generator) -> torch.Tensor:
        return torch.rand(rows, len(drawn_for), generator=draws).to(drawn_for.device)

    plain, augmentation._uniforms = augmentation._uniforms, uniforms  # type: ignore[assignment]
    try:
        if kind == "weak":
            return augmentation.weak(images, generator=draws, horizontal_flip=True, max_rotation=10.0, max_scale=0.1)
        return augmentation.strong(images, generator=draws, num_ops=3, magnitude=8.0, cutout=0.4, horizontal_flip=True)
    finally:
        augmentation._uniforms = plain


def captured(context: Context) -> None:
    """Eager steps against captured ones from the same start: sums, weights, average, statistics, draws.

    Both launch the same kernels with the same numbers, so that equal bits are to be expected where eager steps repeat
    theirs; else they may differ by rounding, or ten times as much as two eager runs of the same cell.
    """
    cases: list[tuple[str, list[int]]] = [("small", [70, 37, 70]), ("deep", [20, 12]), ("a", [4, 4])]
    for setting, intervals in cases if context.cuda else [("small", [5, 3])]:
        for method in METHODS if setting == "small" else ("ssc",):
            for name in ("float32", "bfloat16") if context.cuda else ("float32",):
                if context.late(f"{setting} {method} {name}"):
                    return
                _compare(context, setting, method, name, intervals)


def _compare(context: Context, setting: str, method: str, name: str, intervals: list[int]) -> None:
    variant = {"precision": name}
    eager, again, static = (Ours(setting, method, variant, context.device) for _ in range(3))
    captured_steps(static)
    sums = [[_numbers(loop.steps(count)) for count in intervals] for loop in (eager, again, static)]
    twice, apart = (
        max(
            abs(x - y) / max(abs(x), 1e-12)
            for one, other in zip(sums[0], found, strict=True)
            for x, y in zip(one, other, strict=True)
        )
        for found in sums[1:]
    )
    states = [_state(loop) for loop in (eager, again, static)]
    differences = [{part: relative(found[part], states[0][part]) for part in found} for found in states[1:]]
    bits = [all(torch.equal(states[0][part], found[part]) for part in found) for found in states[1:]]
    draws = all(
        torch.equal(a.get_state(), b.get_state())
        for a, b in zip(eager.batches.generators, static.batches.generators, strict=True)
    )
    worst = [max(found.values()) for found in differences]
    context.add(
        setting=setting,
        method=method,
        precision=name,
        steps=sum(intervals),
        bits_equal=bits[1],
        largest_difference_of_sums=apart,
        differences=differences[1],
        eager_twice_bits_equal=bits[0],
        eager_twice_difference_of_sums=twice,
        eager_twice_differences=differences[0],
        same_draws=draws,
        passed=draws and apart <= max(1e-3, 10 * twice) and worst[1] <= max(1e-3, 10 * worst[0]),
    )


def _numbers(sums: Sums) -> list[float]:
    counts = [float(sums.right), *sums.classes.double().tolist()]
    return [float(sums.loss), float(sums.largest_loss), *map(float, sums.terms.values()), *counts]


def _state(loop: Ours) -> dict[str, torch.Tensor]:
    network, average = loop.network, loop.average.module
    return {
        "weights": flat(network.parameters()),
        "average": flat(average.parameters()),
        "velocities": flat(loop.optimizer.state()),
        "statistics": flat(value for value in network.state_dict().values() if value.is_floating_point()),
    }
