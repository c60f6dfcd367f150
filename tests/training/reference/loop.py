"""The losses as their formulas are written, and a loop around them."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.training.reference import views
from tests.training.reference.net import Net

Array = npt.NDArray[np.int64]


class Data(NamedTuple):
    """Images (N, H, W) uint8 and labels."""

    train: views.Picture
    train_labels: Array
    test: views.Picture
    test_labels: Array
    mean: float
    std: float


class Setting(NamedTuple):
    """All that is chosen."""

    labels_per_class: int
    held_out: int  # training images that are never trained on
    steps: int
    batch: int
    mu: int
    tau: float
    learning_rate: float
    weight_decay: float
    size: int
    unlabelled_weight: float = 1.0
    temperature: float = 0.1
    pseudo_temperature: float = 0.08
    unconfident_weight: float = 0.2


def fixmatch(net: Net, labelled: Tensor, labels: Tensor, weak: Tensor, strong: Tensor, setting: Setting) -> Tensor:
    """CE(labelled, y) + lambda_u (1/U) sum_i [max p_i >= tau] CE(strong_i, argmax p_i)."""
    loss = F.cross_entropy(labelled, labels)
    confidence, guessed = weak.softmax(dim=1).max(dim=1)
    for i in (confidence >= setting.tau).nonzero().flatten().tolist():
        loss = loss - setting.unlabelled_weight * strong[0, i].log_softmax(dim=0)[guessed[i]] / len(weak)
    return loss


def ssc(net: Net, labelled: Tensor, labels: Tensor, weak: Tensor, strong: Tensor, setting: Setting) -> Tensor:
    """Khosla's L_out over prototypes, labelled images and both strong views, anchors weighed by their role."""
    assert net.prototypes is not None
    confidence, guessed = (net.scores(weak) / setting.pseudo_temperature).softmax(dim=1).max(dim=1)
    sure, classes = confidence >= setting.tau, len(net.prototypes)
    own = torch.where(sure, guessed, classes + torch.arange(len(weak)))
    rows = F.normalize(torch.cat([net.prototypes, labelled, strong[0], strong[1]]), dim=1)
    names = torch.cat([torch.arange(classes), labels, own, own])
    weights = torch.ones(len(rows))
    weights[classes + len(labels) :] = torch.where(sure, 1.0, setting.unconfident_weight).repeat(2)
    itself = torch.eye(len(rows), dtype=torch.bool)
    log_shares = (rows @ rows.T / setting.temperature).masked_fill(itself, -math.inf).log_softmax(dim=1)
    positive = (names[:, None] == names[None, :]) & ~itself
    counts = positive.sum(dim=1)
    losses = -torch.where(positive, log_shares, 0.0).sum(dim=1) / counts.clamp(min=1)
    weights = torch.where(counts > 0, weights, 0.0)
    return (weights * losses).sum() / weights.sum()


def endless(pool: Array, count: int, random: views.Random) -> Iterator[Array]:
    """``count`` at a time of shuffled passes through the pool."""
    waiting = np.zeros(0, dtype=np.int64)
    while True:
        while len(waiting) < count:
            waiting = np.concatenate([waiting, random.permutation(pool)])
        yield waiting[:count]
        waiting = waiting[count:]


def split(labels: Array, setting: Setting, random: views.Random) -> tuple[Array, Array]:
    """Labelled images, as many of each class, and unlabelled ones, which are all but those held out."""
    pool = random.permutation(len(labels))[setting.held_out :]
    labelled = [pool[labels[pool] == k][: setting.labels_per_class] for k in np.unique(labels)]
    return np.concatenate(labelled), pool


def accuracy(method: str, data: Data, setting: Setting, seed: int) -> float:
    """Test accuracy of the average of the weights after the last step."""
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    few, pool = split(data.train_labels, setting, random)
    net = Net(len(np.unique(data.train_labels)), prototypes=method == "ssc", size=setting.size)
    average = copy.deepcopy(net)
    held = [p for p in net.parameters()]
    groups = [
        {"params": [p for p in held if p.ndim > 1], "weight_decay": setting.weight_decay},
        {"params": [p for p in held if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.SGD(groups, lr=setting.learning_rate, momentum=0.9, nesterov=True)
    labelled, unlabelled = (endless(p, n * setting.batch, random) for p, n in ((few, 1), (pool, setting.mu)))

    def tensor(pictures: list[views.Picture]) -> Tensor:
        return (torch.from_numpy(np.stack(pictures)).unsqueeze(1) / 255 - data.mean) / data.std

    for step in range(setting.steps):
        drawn = [next(labelled), next(unlabelled)]
        pictures = [views.weak(data.train[i], random, turn=5, scale=0.05) for part in drawn for i in part]
        count = 2 if method == "ssc" else 1
        for _ in range(count):
            pictures += [views.strong(data.train[i], random, operations=2, cutout=0.5) for i in drawn[1]]
        retained = min(0.999, (1 + step) / (10 + step))
        for layer in net.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.momentum = 1 - retained
        outputs = net(tensor(pictures))
        known, weak, strong = outputs.split([setting.batch, len(drawn[1]), count * len(drawn[1])])
        loss = (ssc if method == "ssc" else fixmatch)(
            net,
            known,
            torch.from_numpy(data.train_labels[drawn[0]]),
            weak.detach(),
            strong.view(count, len(drawn[1]), -1),
            setting,
        )
        for group in optimizer.param_groups:
            group["lr"] = setting.learning_rate * math.cos(7 * math.pi * step / (16 * setting.steps))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        with torch.no_grad():
            for mean, new in zip(average.parameters(), net.parameters(), strict=True):
                mean.copy_(retained * mean + (1 - retained) * new)
    for kept, buffer in zip(average.buffers(), net.buffers(), strict=True):
        kept.copy_(buffer)
    with torch.no_grad():
        predicted = average.eval().scores(average(tensor(list(data.test)))).argmax(dim=1).numpy()
    return float((predicted == data.test_labels).mean())
