"""RandAugment(n, m): the operations of FixMatch, how they are drawn, and how a batch is put through them.

Each image goes through n operations one after another, each drawn uniformly from :data:`OPERATIONS`, with replacement
and for every image anew. An operation's value at magnitude m in [0, 10] is

    value = neutral + m / 10 * (weakest + (strongest - weakest) u - neutral),    u uniform in [0, 1),

with a random sign for the geometric ones. At m = 10 this is the range of FixMatch (table 12 of arXiv 2001.07685); at
m = 0 every operation leaves the image as it is; in between all are proportional. Autocontrast and equalize have no
value: they are applied with probability m / 10. The number of bits is rounded to the nearest whole number, the pixels
of a shift are not rounded.

Two other laws of drawing are for reproduction (:data:`ssc_tune.data.facts.LAWS`). FixMatch's TensorFlow code applies
each operation with probability 1/2, at a whole level l drawn from 1 .. m - 1 (9 at its m of 10): here u = l / 10 at the
full range. The public PyTorch code of arXiv 2409.07292 stores m and does not use it: the full range whatever m, as
m = 10 here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ssc_tune.data import geometric, pointwise


class Operation(NamedTuple):
    """One row of the table; ``weakest`` and ``strongest`` are the ends of the range at m = 10."""

    name: str
    neutral: float
    weakest: float
    strongest: float
    signed: bool = False
    meaning: str = ""


OPERATIONS: tuple[Operation, ...] = (
    Operation("identity", 0, 0, 0),
    Operation("autocontrast", 0, 1, 1, meaning="probability of being applied"),
    Operation("equalize", 0, 1, 1, meaning="probability of being applied"),
    Operation("posterize", 8, 8, 4, meaning="bits kept"),
    Operation("solarize", 256, 256, 0, meaning="level from which on it inverts"),
    Operation("brightness", 1, 0.95, 0.05, meaning="share of the image, the rest black"),
    Operation("color", 1, 0.95, 0.05, meaning="share of the image, the rest its luma"),
    Operation("contrast", 1, 0.95, 0.05, meaning="share of the image, the rest its mean luma"),
    Operation("sharpness", 1, 0.95, 0.05, meaning="share of the image, the rest smoothed"),
    Operation("rotate", 0, 0, 30, True, meaning="degrees"),
    Operation("shear_x", 0, 0, 0.3, True, meaning="pixels a row"),
    Operation("shear_y", 0, 0, 0.3, True, meaning="pixels a column"),
    Operation("translate_x", 0, 0, 0.3, True, meaning="share of the width"),
    Operation("translate_y", 0, 0, 0.3, True, meaning="share of the height"),
)
_INDEX = {operation.name: i for i, operation in enumerate(OPERATIONS)}
_FIRST_GEOMETRIC = _INDEX["rotate"]

UNIFORMS_PER_OPERATION = 3
"""Uniform numbers a layer uses: operation, u, sign."""


class Layer(NamedTuple):
    """One operation an image, with every parameter neutral that belongs to another operation."""

    operation: Tensor  # (N,) int64, index into OPERATIONS; identity where the drawn one is not applied
    bits: Tensor  # (N,) int64
    threshold: Tensor  # (N,) float32
    factor: Tensor  # (N,) float32, of the four blends
    matrix: Tensor  # (N, 6) int32


def _table(device: torch.device) -> Tensor:
    """Neutral, weakest, strongest, signed (4, 14) float32."""
    rows = [(o.neutral, o.weakest, o.strongest, float(o.signed)) for o in OPERATIONS]
    return torch.tensor(rows, dtype=torch.float32, device=device).T.contiguous()


_cached_table = lru_cache(maxsize=4)(_table)  # a copy to an accelerator waits for it, so it is made once


def values(operation: Tensor, u: Tensor, sign: Tensor, *, magnitude: float) -> Tensor:
    """Values of operations (...) int64 for ``u`` and ``sign`` (...) uniform in [0, 1); negative where sign < 1/2."""
    table = _table if torch.compiler.is_compiling() else _cached_table  # a compiler makes it a constant
    neutral, weakest, strongest, signed = (row[operation] for row in table(operation.device).unbind(0))
    value = neutral + (magnitude / 10) * (weakest + (strongest - weakest) * u - neutral)
    return torch.where((signed > 0) & (sign < 0.5), -value, value)


def layers(uniforms: Tensor, *, magnitude: float, size: tuple[int, int], law: str = "ours") -> list[Layer]:
    """The layers that uniform numbers (n, 3, N) in [0, 1) stand for, for images of ``size`` (H, W).

    The three are, in this order: which operation, its strength u (with ``fixmatch`` the lower half of it: applied, at
    which level), its sign.
    """
    which, u, sign = uniforms.unbind(1)
    operation = (which * len(OPERATIONS)).long()
    if law == "fixmatch":
        operation = torch.where(u < 0.5, operation, _INDEX["identity"])
        levels = max(1, round(magnitude) - 1)  # 1 .. m - 1, and 1 alone for a smaller m
        u = (1 + (2 * u * levels).floor().clamp(max=levels - 1)) / 10
    if law != "ours":
        magnitude = 10.0
    skipped = (operation >= _INDEX["autocontrast"]) & (operation <= _INDEX["equalize"]) & (u >= magnitude / 10)
    operation = torch.where(skipped, _INDEX["identity"], operation)
    value = values(operation, u, sign, magnitude=magnitude)

    def of(name: str, neutral: float = 0.0) -> Tensor:
        return torch.where(operation == _INDEX[name], value, neutral)

    blended = (operation >= _INDEX["brightness"]) & (operation <= _INDEX["sharpness"])
    matrix = geometric.affine_matrix(
        of("rotate"),
        of("shear_x"),
        of("shear_y"),
        of("translate_x") * size[1],
        of("translate_y") * size[0],
        size=size,
    )
    parts = (
        operation,
        of("posterize", 8.0).round().long(),
        of("solarize", 256.0),
        pointwise.whole_factors(torch.where(blended, value, 1.0)),
        matrix,
    )
    return [Layer(*(part[i] for part in parts)) for i in range(len(uniforms))]


def apply(images: Tensor, chosen: list[Layer]) -> Tensor:
    """Images (N, C, H, W) uint8 after all layers, by the way that is faster on their device; both give the same."""
    fixed = images.device.type != "cpu" or torch.compiler.is_compiling()
    return apply_everywhere(images, chosen) if fixed else apply_sorted(images, chosen)


def apply_everywhere(images: Tensor, chosen: list[Layer]) -> Tensor:
    """Every operation on every image, neutral where another one was drawn: fixed shapes, no wait for the device."""
    for layer in chosen:
        drawn = layer.operation.view(-1, 1, 1, 1)
        contrasted = torch.where(drawn == _INDEX["autocontrast"], pointwise.autocontrast(images), images)
        equalized = torch.where(drawn == _INDEX["equalize"], pointwise.equalize(images), contrasted)
        moved = geometric.affine(equalized, layer.matrix)
        levelled = pointwise.solarize(pointwise.posterize(moved, layer.bits), layer.threshold)
        degenerate = torch.where(drawn == _INDEX["color"], pointwise.grey(levelled), 0.0)
        degenerate = torch.where(drawn == _INDEX["contrast"], pointwise.mean_grey(levelled), degenerate)
        degenerate = torch.where(drawn == _INDEX["sharpness"], pointwise.smooth(levelled), degenerate)
        images = pointwise.blend(levelled, degenerate, layer.factor)
    return images


def apply_sorted(images: Tensor, chosen: list[Layer]) -> Tensor:
    """Images sorted by operation, each operation on its own alone; reads how many there are on the host."""
    place = torch.arange(len(images), device=images.device)
    for layer in chosen:
        order = layer.operation[place].argsort(stable=True)
        place, images = place[order], images.index_select(0, order)
        counts = torch.bincount(layer.operation, minlength=len(OPERATIONS)).tolist()
        images = torch.cat(_by_operation(images, place, layer, counts))
    return images.index_select(0, place.argsort())


def _by_operation(images: Tensor, place: Tensor, layer: Layer, counts: list[int]) -> list[Tensor]:
    """The parts of sorted images, each after its own operation; ``place`` says which image's parameters are whose."""
    counts = [*counts[:_FIRST_GEOMETRIC], sum(counts[_FIRST_GEOMETRIC:])]
    result = []
    for i, (part, at) in enumerate(zip(images.split_with_sizes(counts), place.split_with_sizes(counts), strict=True)):
        if len(part) == 0 or i == _INDEX["identity"]:
            result.append(part)
        elif i == _FIRST_GEOMETRIC:
            result.append(geometric.affine(part, layer.matrix[at]))
        else:
            result.append(_pointwise(OPERATIONS[i].name, part, at, layer))
    return result


def _pointwise(name: str, images: Tensor, at: Tensor, layer: Layer) -> Tensor:
    if name in ("autocontrast", "equalize"):
        changed: Tensor = getattr(pointwise, name)(images)
        return changed
    if name == "posterize":
        return pointwise.posterize(images, layer.bits[at])
    if name == "solarize":
        return pointwise.solarize(images, layer.threshold[at])
    blended: Tensor = getattr(pointwise, name)(images, layer.factor[at])
    return blended
