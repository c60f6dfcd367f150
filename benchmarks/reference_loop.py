"""The plain loop that ours is measured against, written the way public FixMatch code is.

Per-image PIL transforms in a Dataset, one DataLoader for labelled and one for unlabelled images, float32 in NCHW order,
the views' tensors concatenated on every step, torch's own batch normalization, an average of the weights parameter by
parameter, and losses read by ``item()`` on every step. Same net, same optimizer, same augmentation law as ours. The
supervised contrastive loss builds its N x N masks in full.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from limits import split
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, RandomSampler
from torch.utils.data import Dataset as TorchDataset
from torchvision import transforms

from ssc_tune.data import Dataset
from ssc_tune.methods import Hyperparameters
from ssc_tune.models import BatchNorm2d
from ssc_tune.training.network import Network


def _affine(matrix: Callable[[float], tuple[float, ...]]) -> Callable[[Image.Image, float], Image.Image]:
    return lambda image, value: image.transform(image.size, Image.Transform.AFFINE, matrix(value))


def _shift(image: Image.Image, value: float, axis: int) -> Image.Image:
    pixels = value * image.size[axis]
    matrix = (1, 0, pixels, 0, 1, 0) if axis == 0 else (1, 0, 0, 0, 1, pixels)
    return image.transform(image.size, Image.Transform.AFFINE, matrix)


# Operation, neutral value, value at full strength, whether the sign is random.
OPERATIONS: list[tuple[Callable[[Image.Image, float], Image.Image], float, float, bool]] = [
    (lambda image, _: image, 0, 0, False),
    (lambda image, _: ImageOps.autocontrast(image), 0, 0, False),
    (lambda image, _: ImageOps.equalize(image), 0, 0, False),
    (lambda image, v: ImageOps.posterize(image, round(v)), 8, 4, False),
    (lambda image, v: ImageOps.solarize(image, round(v)), 256, 0, False),
    (lambda image, v: ImageEnhance.Brightness(image).enhance(v), 0.95, 0.05, False),
    (lambda image, v: ImageEnhance.Color(image).enhance(v), 0.95, 0.05, False),
    (lambda image, v: ImageEnhance.Contrast(image).enhance(v), 0.95, 0.05, False),
    (lambda image, v: ImageEnhance.Sharpness(image).enhance(v), 0.95, 0.05, False),
    (lambda image, v: image.rotate(v), 0, 30, True),
    (_affine(lambda v: (1, v, 0, 0, 1, 0)), 0, 0.3, True),
    (_affine(lambda v: (1, 0, 0, v, 1, 0)), 0, 0.3, True),
    (lambda image, v: _shift(image, v, 0), 0, 0.3, True),
    (lambda image, v: _shift(image, v, 1), 0, 0.3, True),
]


class RandAugment:
    """n operations at magnitude m, then a grey square."""

    def __init__(self, n: int, m: float, cutout: float) -> None:
        self.n, self.m, self.cutout = n, m, cutout

    def __call__(self, image: Image.Image) -> Image.Image:
        """One strong view."""
        for operation, neutral, strongest, signed in random.choices(OPERATIONS, k=self.n):
            value = neutral + self.m / 10 * random.random() * (strongest - neutral)
            image = operation(image, -value if signed and random.random() < 0.5 else value)
        width, height = image.size
        side = int(self.cutout * min(width, height))
        if side:
            x, y = random.uniform(0, width), random.uniform(0, height)
            left, top = int(max(0, x - side / 2)), int(max(0, y - side / 2))
            image = image.copy()
            grey = 127 if image.mode == "L" else (127, 127, 127)
            ImageDraw.Draw(image).rectangle((left, top, min(width, left + side), min(height, top + side)), grey)
        return image


class Images(TorchDataset[tuple[Any, ...]]):
    """Views of one image and its label, made when it is asked for."""

    def __init__(self, dataset: Dataset, indices: Tensor, hp: Hyperparameters, *, num_strong_views: int) -> None:
        self.images = dataset.train_images[indices].permute(0, 2, 3, 1).squeeze(-1).numpy()
        self.labels = dataset.train_labels[indices].numpy()
        size = dataset.train_images.shape[2]
        base: list[Any] = [transforms.RandomHorizontalFlip()] if dataset.horizontal_flip else []
        base.append(transforms.RandomCrop(size, padding=size // 8, padding_mode="reflect"))
        end = [transforms.ToTensor(), transforms.Normalize(dataset.mean, dataset.std)]
        turn: list[Any] = []
        if dataset.weak_rotation or dataset.weak_scale:
            scale = (1 - dataset.weak_scale, 1 + dataset.weak_scale)
            turn = [transforms.RandomAffine(dataset.weak_rotation, scale=scale)]
        self.weak = transforms.Compose([*turn, *base, *end])
        strong = RandAugment(hp.randaugment_n, hp.randaugment_m, hp.cutout)
        self.strong = transforms.Compose([*base, strong, *end])
        self.num_strong_views = num_strong_views

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        image = Image.fromarray(np.ascontiguousarray(self.images[index]))
        return (self.weak(image), *(self.strong(image) for _ in range(self.num_strong_views)), self.labels[index])


def with_torch_norm(module: nn.Module) -> nn.Module:
    """The same module with torch's own batch normalization at the published momentum."""
    for name, child in module.named_children():
        if isinstance(child, BatchNorm2d):
            setattr(module, name, nn.BatchNorm2d(child.num_channels, eps=child.eps, momentum=0.001))
        else:
            with_torch_norm(child)
    return module


class WeightAverage:
    """Exponential moving average, one parameter after another."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.average, self.decay = copy.deepcopy(model).eval(), decay
        self.parameters = [name for name, _ in model.named_parameters()]
        self.buffers = [name for name, _ in model.named_buffers()]

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """average <- decay * average + (1 - decay) * weights."""
        new, old = model.state_dict(), self.average.state_dict()
        for name in self.parameters:
            old[name].copy_(old[name] * self.decay + (1.0 - self.decay) * new[name].detach())
        for name in self.buffers:
            old[name].copy_(new[name])


def supcon(rows: Tensor, labels: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Weighted supervised contrastive loss with masks of all pairs; rows (N, D) of unit length."""
    logits = rows @ rows.T / temperature
    logits = logits - logits.max(dim=1, keepdim=True).values.detach()
    others = 1 - torch.eye(len(rows), device=rows.device)
    positives = (labels.unsqueeze(0) == labels.unsqueeze(1)).float() * others
    log_probability = logits - torch.log((torch.exp(logits) * others).sum(1, keepdim=True))
    each = -(positives * log_probability).sum(1) / positives.sum(1).clamp(min=1)
    return (each * weights).sum() / weights.sum()


class ReferenceLoop:
    """The loop. ``steps(count)`` trains ``count`` steps."""

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        labelled: Tensor,
        unlabelled: Tensor,
        hp: Any,
        *,
        method: str,
        device: torch.device,
        workers: int,
        num_classes: int,
    ) -> None:
        self.device, self.hp, self.method, self.num_classes = device, hp, method, num_classes
        self.model = with_torch_norm(network).to(device).train()
        views = 2 if method == "ssc" else 1
        batch = hp.batch_size
        self._labelled = self._endless(Images(dataset, labelled, hp, num_strong_views=0), batch, workers)
        self._unlabelled = self._endless(
            Images(dataset, unlabelled, hp, num_strong_views=views), hp.mu * batch, workers
        )
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        spared = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": hp.weight_decay}, {"params": spared, "weight_decay": 0.0}]
        self.optimizer = torch.optim.SGD(groups, lr=hp.learning_rate, momentum=hp.momentum, nesterov=True)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda k: max(0.0, math.cos(7 * math.pi * k / (16 * 2**20)))
        )
        self.average = WeightAverage(self.model, hp.ema_decay)

    def _endless(self, images: Images, batch: int, workers: int) -> Iterator[Any]:
        sampler = RandomSampler(images, replacement=True, num_samples=10_000 * batch)
        loader = DataLoader(images, batch, sampler=sampler, num_workers=workers, drop_last=True, pin_memory=False)
        while True:
            yield from loader

    def batch(self) -> tuple[Tensor, Tensor, int, int]:
        """One step's images, concatenated, on the device, with labels and the numbers of images."""
        weak, labels = next(self._labelled)
        *unlabelled, _ = next(self._unlabelled)
        inputs = torch.cat([weak, *unlabelled]).to(self.device)
        return inputs, labels.to(self.device), len(weak), len(unlabelled[0])

    def loss(self, inputs: Tensor, labels: Tensor, num_labelled: int, num_unlabelled: int) -> Tensor:
        """The loss of one step."""
        outputs = self.model(inputs)
        labelled, rest = outputs[:num_labelled], outputs[num_labelled:]
        weak, *strong = rest.split(num_unlabelled)
        if self.method == "fixmatch":
            probability = torch.softmax(weak.detach(), dim=-1)
            largest, pseudo = torch.max(probability, dim=-1)
            mask = largest.ge(self.hp.tau).float()
            unlabelled = (F.cross_entropy(strong[0], pseudo, reduction="none") * mask).mean()
            loss: Tensor = F.cross_entropy(labelled, labels) + self.hp.unlabelled_weight * unlabelled
            return loss
        return self._contrastive(labelled, labels, weak, torch.cat(strong))

    def _contrastive(self, labelled: Tensor, labels: Tensor, weak: Tensor, strong: Tensor) -> Tensor:
        hp, classes = self.hp, self.num_classes
        prototypes = F.normalize(self.model.get_parameter("head.prototypes"))
        cosines = F.normalize(weak.detach()) @ prototypes.detach().T
        largest, pseudo = torch.softmax(cosines / hp.pseudo_temperature, dim=-1).max(dim=-1)
        confident = largest.ge(hp.tau)
        own = torch.where(confident, pseudo, classes + torch.arange(len(weak), device=weak.device))
        weight = torch.where(confident, hp.confident_weight, hp.unconfident_weight)
        rows = torch.cat([prototypes, F.normalize(labelled), F.normalize(strong)])
        all_labels = torch.cat([torch.arange(classes, device=weak.device), labels, own, own])
        weights = torch.cat([torch.ones(classes + len(labels), device=weak.device), weight, weight])
        return supcon(rows, all_labels, weights, hp.temperature)

    def steps(self, count: int) -> None:
        """Trains ``count`` steps."""
        for _ in range(count):
            loss = self.loss(*self.batch())
            torch.autograd.backward(loss)
            loss.item()
            self._update()

    def _update(self) -> None:
        self.optimizer.step()
        self.scheduler.step()
        self.average.update(self.model)
        self.model.zero_grad()

    def parts(self, count: int, device: torch.device) -> dict[str, float]:
        """Seconds a step of augmentation with all that makes a batch, forward, backward, update."""
        held: list[Any] = [None, None]

        def draw(_: int) -> None:
            held[0] = self.batch()

        def forward(_: int) -> None:
            held[1] = self.loss(*held[0])

        def backward(_: int) -> None:
            torch.autograd.backward(held[1])
            held[1].item()

        work = {"augmentation": draw, "forward": forward, "backward": backward, "update": lambda _: self._update()}
        return split(work, 0, count, device)
