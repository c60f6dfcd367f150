"""Pre-training of an encoder without labels, once for all the cells that start from it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import filelock
import torch
from torch import Tensor

from ssc_tune import data, losses
from ssc_tune.data import augmentation
from ssc_tune.methods.parts import projection
from ssc_tune.models import update_running_statistics
from ssc_tune.training import checkpoint, pulse
from ssc_tune.training.config import CellConfig, PretrainConfig
from ssc_tune.training.hardware import autocast, set_arithmetic, to_device
from ssc_tune.training.images import Images, divided
from ssc_tune.training.network import Network, make_encoder, start_encoder
from ssc_tune.training.optimization import NesterovSGD, cosine, norm_momentum
from ssc_tune.training.randomness import Order, generator

PARTS = 8
"""Checkpoints of a pre-training, evenly spaced."""


def encoder_state(config: CellConfig, *, device: torch.device, folder: Path | None = None) -> dict[str, Tensor]:
    """The weights of the encoder that a cell starts from, pre-trained now if nobody has done it yet.

    Args:
        config: of the cell; it has ``pretrain``.
        device: where to train.
        folder: where pre-trained encoders are kept, as ``<pretraining id>.pt``. Of several processes that want the same
            one, one trains it and the others wait; one that is interrupted is continued by the next, one that is
            damaged is set aside and trained again. None trains one for this call.

    Raises:
        OSError: the disk does not give or take a file.
        FloatingPointError: the loss is not finite.
    """
    if folder is None:
        return _SimCLR(config, device).run(None)["encoder"]  # type: ignore[no-any-return]
    name = config.pretraining_id
    path = folder / f"{name}.pt"
    content = checkpoint.load_or_set_aside(path, cell_id=name, device=device)
    if content is None:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / f"{name}.lock"):
            # By one that held the lock before.
            content = checkpoint.load_or_set_aside(path, cell_id=name, device=device)
            if content is None:
                partial = folder / f"{name}.partial.pt"
                content = _SimCLR(config, device).run(partial)
                checkpoint.save(path, content)
                partial.unlink(missing_ok=True)
    encoder: dict[str, Tensor] = content["encoder"]
    return encoder


class _SimCLR:
    """SimCLR (Chen et al., ICML 2020): the NT-Xent loss between two strong views of each unlabelled image.

    The views are those of the methods here, not the crops and colours of the original; SGD with the schedule of the
    methods in place of LARS; the last weights, no average.
    """

    def __init__(self, config: CellConfig, device: torch.device) -> None:
        assert config.pretrain is not None
        self._hp: PretrainConfig = config.pretrain
        self._training, self._id, self._device = config.training, config.pretraining_id, device
        seed = config.pretraining_seed
        dataset = data.load(config.data.source)
        self._dataset, self._images = dataset, Images(dataset.train_images, device)
        any_labels = config.data.model_copy(update={"labels_per_class": 1, "imbalance": 1.0})
        pool = divided(any_labels, dataset, seed=seed).unlabelled  # labels decide nothing of it
        self._order = Order(pool, seed=seed, stream="pretraining order")
        self._views = generator(seed, "pretraining views", device=device)
        draws, channels = generator(seed, "encoder"), dataset.train_images.shape[1]
        encoder = make_encoder(config.model, in_channels=channels, generator=draws)
        head = projection(
            encoder.num_features,
            layers=self._hp.projection_layers,
            out_width=self._hp.projection_width,
            generator=generator(seed, "pretraining head"),
        )
        self._network = Network(encoder, head)
        start_encoder(self._network, config.model)
        self._layout = torch.channels_last if self._training.channels_last else torch.contiguous_format
        self._network.to(device).to(memory_format=self._layout).train()
        self._optimizer = NesterovSGD(
            self._network.parameters(),
            learning_rate=self._hp.learning_rate,
            momentum=self._hp.momentum,
            weight_decay=self._hp.weight_decay,
        )
        self._step, self._losses = 0, torch.zeros(0)

    def run(self, partial: Path | None) -> dict[str, Any]:
        """Trains to the end and returns what is kept: the encoder's weights and the mean loss of each part."""
        if partial is not None:
            content = checkpoint.load_or_set_aside(partial, cell_id=self._id, device=self._device)
            if content is not None:
                self._load_state(content)
        for stop in (round(self._hp.steps * (part + 1) / PARTS) for part in range(PARTS)):
            if stop > self._step:
                self._advance(stop)
                if partial is not None:
                    checkpoint.save(partial, self._state())
        return {"cell_id": self._id, "encoder": self._network.encoder.state_dict(), "losses": self._losses}

    def _advance(self, stop: int) -> None:
        total = torch.zeros((), device=self._device)
        start = self._step
        for step in range(start, stop):
            pulse.beat()
            self._optimizer.zero_grad()
            loss = self._loss(step)
            torch.autograd.backward(loss)
            self._optimizer.learning_rate = self._hp.learning_rate * cosine(step, self._hp.steps)
            self._optimizer.step()
            update_running_statistics(self._network, norm_momentum(step))
            total += loss.detach()
        mean = float(total) / (stop - start)
        if not math.isfinite(mean):
            raise FloatingPointError(f"pre-training diverged before step {stop}; try a smaller pretrain.learning_rate")
        self._step, self._losses = stop, torch.cat([self._losses, torch.tensor([mean])])

    def _loss(self, step: int) -> Tensor:
        hp, precision = self._hp, self._training.precision
        set_arithmetic(precision, self._device)
        chosen = to_device(self._chosen(step), self._device)
        views = augmentation.strong(
            self._images.take(chosen.repeat(2)),
            generator=self._views,
            num_ops=hp.randaugment_n,
            magnitude=hp.randaugment_m,
            cutout=hp.cutout,
            horizontal_flip=self._dataset.horizontal_flip,
        )
        mean, std = self._dataset.mean, self._dataset.std
        inputs = augmentation.normalize(views, mean=mean, std=std, memory_format=self._layout)
        with autocast(precision, self._device):
            first, second = self._network(inputs).chunk(2)
        return losses.nt_xent_loss(first, second, temperature=hp.temperature)

    def _chosen(self, step: int) -> Tensor:
        """The images of a step: those of one permutation, the last few left out, so that none is there twice."""
        images, batch = len(self._order.pool), self._hp.batch_size
        round_number, place = divmod(step, images // batch)
        return self._order.take(round_number * images + place * batch, batch)

    def _state(self) -> dict[str, Any]:
        return {
            "cell_id": self._id,
            "step": self._step,
            "network": self._network.state_dict(),
            "velocities": self._optimizer.state(),
            "views": self._views.get_state(),
            "losses": self._losses,
        }

    def _load_state(self, content: dict[str, Any]) -> None:
        self._step, self._losses = content["step"], content["losses"].cpu()
        self._network.load_state_dict(content["network"])
        self._optimizer.load_state(content["velocities"])
        self._views.set_state(content["views"].cpu())
