"""Images that stay on the host, and images without a label."""

from __future__ import annotations

import pytest
import torch

from ssc_tune import data
from ssc_tune.methods.base import StepLoss
from ssc_tune.training import images as images_module
from ssc_tune.training import train
from ssc_tune.training.batches import Batch, Batches
from ssc_tune.training.images import RESIDENT_BYTES, Images, fits
from ssc_tune.training.loop import RunningCell
from ssc_tune.training.network import make_method
from tests.making.cells import make_config, without_times

CPU = torch.device("cpu")


def test_what_is_kept_on_an_accelerator() -> None:
    images = torch.zeros(8, 1, 4, 4, dtype=torch.uint8)
    assert fits(images, torch.device("cuda"), images.nbytes)
    assert not fits(images, torch.device("cuda"), images.nbytes - 1)
    assert fits(images, CPU, 0)
    stl10 = 105_000 * 3 * 96 * 96
    assert stl10 <= RESIDENT_BYTES


def test_streamed_batches_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_config("ssc", seed=3)
    dataset = data.load("digits")
    split = data.split(dataset, labels_per_class=2, validation=300, seed=3)
    method = make_method(config, dataset.num_classes)
    kept = Batches(dataset, split, method, seed=3, device=CPU)
    monkeypatch.setattr(images_module, "fits", lambda *_: False)
    sent = Batches(dataset, split, method, seed=3, device=CPU)
    assert sent.images.streamed
    assert not kept.images.streamed
    for one, other in zip(kept.between(0, 7), sent.between(0, 7), strict=True):
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


def test_a_cell_with_streamed_images_ends_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_config("ssc", steps=4, evaluations=2)
    kept = train(config, device="cpu")
    monkeypatch.setattr(images_module, "fits", lambda *_: False)
    assert without_times(train(config, device="cpu")) == without_times(kept)


def test_images_on_a_cpu_are_not_copied() -> None:
    images = data.load("digits").train_images
    assert Images(images, CPU)._kept.data_ptr() == images.data_ptr()


def test_images_without_a_label_are_neither_right_nor_wrong() -> None:
    confident = torch.tensor([True, True, True, True, False])
    loss = StepLoss(torch.zeros(()), {}, torch.tensor([0, 1, 2, 0, 1]), confident)
    hidden = torch.tensor([0, 2, -1, -1, 1])
    batch = Batch(torch.zeros(0), torch.zeros(0, dtype=torch.int64), hidden, torch.arange(5))
    stepper = RunningCell(make_config(), CPU)._stepper
    sums = stepper.add(stepper.add(None, loss, batch), loss, batch)
    assert (int(sums.right), int(sums.judged), sums.classes.tolist()) == (2, 4, [4, 2, 2, *[0] * 7])
