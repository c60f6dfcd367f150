"""Long tails and label noise: counts by their formula, nested draws, and nothing of it where it is not asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune import data
from ssc_tune.data.splits import noisy_labels, split, tail
from ssc_tune.training import CellConfig, DataConfig, ModelConfig, TrainingConfig, train

DIGITS = data.load("digits")
LABELS = DIGITS.train_labels


def counts(indices: torch.Tensor) -> list[int]:
    return torch.bincount(LABELS[indices], minlength=10).tolist()


@given(st.integers(1, 5000), st.floats(1, 200), st.integers(2, 100))
def test_a_tail_falls_evenly_in_the_logarithm(most: int, imbalance: float, num_classes: int) -> None:
    found = tail(most, imbalance, num_classes)
    assert found[0] == most
    assert found[-1] == max(1, round(most / imbalance))
    assert found == sorted(found, reverse=True)
    for k, count in enumerate(found):
        exact = math.exp(math.log(most) - math.log(imbalance) * k / (num_classes - 1))
        assert count == 1 or abs(count - exact) <= 0.5 + 1e-6


def test_the_labelled_images_of_a_tail_are_among_those_of_the_balanced_draw() -> None:
    balanced = split(DIGITS, labels_per_class=20, validation=300, seed=3)
    skewed = split(DIGITS, labels_per_class=20, validation=300, seed=3, imbalance=10)
    assert counts(skewed.labelled) == tail(20, 10, 10)
    assert set(skewed.labelled.tolist()) < set(balanced.labelled.tolist())
    assert torch.equal(skewed.unlabelled, balanced.unlabelled)
    assert torch.equal(skewed.validation, balanced.validation)


def test_the_unlabelled_pool_keeps_a_tail_and_the_labelled_images() -> None:
    whole = split(DIGITS, labels_per_class=2, validation=300, seed=0)
    first, second = (
        split(DIGITS, labels_per_class=2, validation=300, seed=seed, unlabelled_imbalance=20) for seed in (0, 1)
    )
    wanted = tail(counts(whole.unlabelled)[0], 20, 10)
    assert all(n <= found <= n + 2 for n, found in zip(wanted, counts(first.unlabelled), strict=True))
    assert set(first.labelled.tolist()) <= set(first.unlabelled.tolist())
    others = [
        set(s.unlabelled.tolist()) - set(first.labelled.tolist()) - set(second.labelled.tolist())
        for s in (first, second)
    ]
    assert others[0] == others[1]  # the same for every seed


@pytest.mark.parametrize("kind", ["symmetric", "pair"])
def test_so_many_labels_are_wrong_and_those_of_a_lower_rate_are_among_them(kind: str) -> None:
    drawn = split(DIGITS, labels_per_class=10, validation=300, seed=2)
    wrong = {}
    for rate in (0.0, 0.2, 0.5):
        labels = noisy_labels(DIGITS, drawn, rate=rate, kind=kind, seed=2)  # type: ignore[arg-type]
        changed = torch.nonzero(labels != LABELS).flatten()
        assert set(changed.tolist()) <= set(drawn.labelled.tolist())
        assert len(changed) == round(rate * 100)
        assert int(labels.min()) >= 0
        assert int(labels.max()) <= 9
        if kind == "pair":
            assert torch.equal(labels[changed], (LABELS[changed] + 1) % 10)
        wrong[rate] = {int(i): int(labels[i]) for i in changed}
    assert wrong[0.2].items() <= wrong[0.5].items()


def test_symmetric_noise_is_even_over_the_other_classes() -> None:
    shifts = np.zeros(10)
    for seed in range(60):
        drawn = split(DIGITS, labels_per_class=20, validation=300, seed=seed)
        labels = noisy_labels(DIGITS, drawn, rate=0.9, kind="symmetric", seed=seed)
        shifts += np.bincount((labels - LABELS)[drawn.labelled] % 10, minlength=10)
    expected = shifts[1:].sum() / 9
    assert ((shifts[1:] - expected) ** 2 / expected).sum() < 27.9  # chi squared with 8 degrees, 0.9995


def test_a_cell_trains_on_them_and_its_id_knows() -> None:
    def config(**own: object) -> CellConfig:
        return CellConfig(
            data=DataConfig.model_validate({"labels_per_class": 4, **own}),
            model=ModelConfig(),
            training=TrainingConfig(steps=3, evaluations=1, precision="float32"),
            method="fixmatch",
            hyperparameters={"batch_size": 8, "mu": 2},
            seed=0,
        )

    plain, noisy = config(), config(label_noise=0.5, label_noise_kind="pair")
    skewed = config(imbalance=4, unlabelled_imbalance=4)
    assert len({plain.cell_id, noisy.cell_id, skewed.cell_id, config(label_noise=0.25).cell_id}) == 4
    losses = [train(each, device="cpu").history[0].train_loss for each in (plain, noisy, skewed)]
    assert len(set(losses)) == 3
