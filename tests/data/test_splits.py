"""Properties of the division into labelled, unlabelled and validation images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssc_tune import data
from ssc_tune.data.splits import stratified
from ssc_tune.errors import InputError


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(["digits", "mnist5k"]),
    labels_per_class=st.integers(1, 60),
    validation=st.integers(1, 400),
    seed=st.integers(0, 2**40),
)
def test_parts_are_disjoint_balanced_and_complete(name: str, labels_per_class: int, validation: int, seed: int) -> None:
    dataset = data.load(name)
    parts = data.split(dataset, labels_per_class=labels_per_class, validation=validation, seed=seed)
    assert parts.with_label is None  # every image has one
    labelled, unlabelled, held_out = (set(part.tolist()) for part in parts[:3])
    assert all(part.dtype == torch.int64 for part in parts[:3])
    assert len(held_out) == len(parts.validation) == validation
    assert len(labelled) == len(parts.labelled) == 10 * labels_per_class
    assert labelled <= unlabelled
    assert not unlabelled & held_out
    assert unlabelled | held_out == set(range(len(dataset.train_labels)))
    assert dataset.train_labels[parts.labelled].bincount().tolist() == [labels_per_class] * 10
    share = validation / len(dataset.train_labels)
    seats = dataset.train_labels[parts.validation].bincount(minlength=10)
    assert ((seats - share * dataset.train_labels.bincount()).abs() < 1).all()


def test_validation_is_the_same_for_every_seed_and_budget() -> None:
    dataset = data.load("digits")
    first = data.split(dataset, labels_per_class=1, validation=300, seed=0)
    second = data.split(dataset, labels_per_class=25, validation=300, seed=7)
    assert torch.equal(first.validation, second.validation)
    assert torch.equal(first.unlabelled, second.unlabelled)


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_nested(seed: int) -> None:
    dataset = data.load("digits")
    one, four = (data.split(dataset, labels_per_class=n, validation=300, seed=seed).labelled for n in (1, 4))
    assert torch.equal(one, four[:10])


def test_seed_decides_the_labels() -> None:
    dataset = data.load("digits")
    draws = [
        tuple(data.split(dataset, labels_per_class=4, validation=300, seed=s).labelled.tolist()) for s in range(20)
    ]
    assert len(set(draws)) == 20
    assert draws[3] == tuple(data.split(dataset, labels_per_class=4, validation=300, seed=3).labelled.tolist())


def test_every_image_is_equally_likely_to_be_labelled() -> None:
    """Counts over seeds of the images of one class are uniform: chi-square over its degrees of freedom near 1."""
    dataset = data.load("digits")
    counts = torch.zeros(len(dataset.train_labels))
    for seed in range(2000):
        counts[data.split(dataset, labels_per_class=4, validation=300, seed=seed).labelled] += 1
    pool = data.split(dataset, labels_per_class=4, validation=300, seed=0).unlabelled
    zeros = counts[pool[dataset.train_labels[pool] == 0]]
    expected = 2000 * 4 / len(zeros)
    ratio = (((zeros - expected) ** 2).sum() / expected / (len(zeros) - 1)).item()
    assert 0.55 < ratio < 1.5  # draws without replacement: 1 - 4 / 100 in expectation, sd 0.14


@pytest.mark.parametrize(
    ("labels_per_class", "validation", "message"),
    [
        (200, 300, r"data\.labels_per_class: 200 .*; allowed: 1 to 9\d"),
        (0, 300, r"data\.labels_per_class: 0 .*; allowed: 1 to 9\d"),
        (4, 1297, r"data\.validation: 1297 of the 1297 .*; allowed: 1 to 1287"),
        (4, 0, r"data\.validation: 0 of the 1297 .*; allowed: 1 to 1287"),
    ],
)
def test_errors_name_key_and_what_is_allowed(labels_per_class: int, validation: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        data.split(data.load("digits"), labels_per_class=labels_per_class, validation=validation, seed=0)


@given(counts=st.lists(st.integers(1, 30), min_size=1, max_size=8), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_stratified_seats(counts: list[int], share: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    size = round(share * len(labels))
    chosen = stratified(labels, size, seed=seed)
    assert len(set(chosen.tolist())) == len(chosen) == size
    seats = np.bincount(labels[chosen], minlength=len(counts))
    assert (np.abs(seats - size * np.array(counts) / len(labels)) < 1).all()
