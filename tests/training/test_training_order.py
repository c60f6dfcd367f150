"""The endless order of images, against concatenated permutations."""

from __future__ import annotations

import itertools

import torch
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.training.randomness import Order, derive, generator


def _concatenated(pool: torch.Tensor, seed: int, stream: str, length: int) -> list[int]:
    found: list[int] = []
    number = 0
    while len(found) < length:
        drawn = torch.randperm(len(pool), generator=generator(seed, stream, number))
        found += [int(pool[i]) for i in drawn]
        number += 1
    return found[:length]


@given(
    size=st.integers(1, 30),
    seed=st.integers(0, 2**31),
    cuts=st.lists(st.integers(0, 90), max_size=6),
)
def test_any_division_of_the_sequence_is_concatenated_permutations(size: int, seed: int, cuts: list[int]) -> None:
    pool = torch.arange(size) * 7 + 3
    order = Order(pool, seed=seed, stream="unlabelled order")
    bounds = sorted({0, 90, *cuts})
    pieces = [order.take(a, b - a) for a, b in itertools.pairwise(bounds)]
    assert torch.cat(pieces).tolist() == _concatenated(pool, seed, "unlabelled order", 90)


def test_every_epoch_holds_every_image_once_in_another_order() -> None:
    order = Order(torch.arange(50), seed=1, stream="labelled order")
    first, second = order.take(0, 50).tolist(), order.take(50, 50).tolist()
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_a_part_can_be_had_without_those_before_it_and_in_any_sequence() -> None:
    order = Order(torch.arange(11), seed=2, stream="labelled order")
    late = order.take(100, 5)
    order.take(0, 3)
    assert order.take(100, 5).tolist() == late.tolist()
    assert order.take(4, 0).shape == (0,)


def test_streams_seeds_and_counters_are_apart() -> None:
    orders = [(seed, name, n) for seed in (0, 1) for name in ("labelled order", "unlabelled order") for n in (0, 1)]
    keys = [*orders, (0, "encoder"), (0, "head"), (1, "encoder"), (0, "weak views"), (0, "strong views")]
    assert len({derive(*key) for key in keys}) == len(keys)  # type: ignore[arg-type]
    assert derive(5, "start") == derive(5, "start")


def test_deriving_draws_nothing_from_the_global_generator() -> None:
    before = torch.random.get_rng_state()
    Order(torch.arange(9), seed=0, stream="labelled order").take(0, 20)
    assert torch.equal(torch.random.get_rng_state(), before)
