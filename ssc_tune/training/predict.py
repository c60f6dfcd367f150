"""Using a trained cell on new images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ssc_tune import data
from ssc_tune.data import augmentation
from ssc_tune.methods import Method
from ssc_tune.training import checkpoint
from ssc_tune.training.config import CellConfig
from ssc_tune.training.hardware import resolve_device
from ssc_tune.training.network import Network, make_method, make_network


class Predictor:
    """The moving average of a cell's weights, as it was evaluated: float32 arithmetic, running statistics."""

    def __init__(self, network: Network, method: Method[Any], dataset: data.Dataset, *, device: torch.device) -> None:
        self._mean, self._std = dataset.mean, dataset.std
        self._shape = tuple(dataset.train_images.shape[1:])
        self._method, self._network, self._device = method, network.eval().to(device), device

    @classmethod
    def load(cls, path: Path, config: CellConfig, *, device: str = "auto") -> Predictor:
        """The predictor of a checkpoint; the weights are those of its last evaluation.

        Args:
            path: the cell's ``checkpoint.pt``.
            config: the configuration of the cell that wrote it.
            device: ``auto``, ``cpu`` or ``cuda``.

        Raises:
            ValueError: there is no such file, it cannot be read, or it is another cell's.
        """
        where = resolve_device(device)
        content = checkpoint.load(path, cell_id=config.cell_id, device=where)
        if content is None:
            raise ValueError(f"{path}: no such checkpoint")
        dataset = data.load(config.data.source)
        method = make_method(config, dataset.num_classes)
        network = make_network(config, method, in_channels=dataset.train_images.shape[1])
        network.load_state_dict(content["average"])
        if config.training.channels_last:
            network = network.to(memory_format=torch.channels_last)
        return cls(network, method, dataset, device=where)

    def scores(self, images: npt.ArrayLike, *, batch_size: int = 2048) -> npt.NDArray[np.float32]:
        """Class scores (N, K), larger is more likely: logits, or for prototypes cosine similarities.

        Args:
            images: uint8 (N, C, H, W), or (N, H, W) where there is one channel, on the scale of the data set: 0 to 255.
            batch_size: images through the net at once.

        Raises:
            ValueError: images of another type or shape than those the net was trained on.
        """
        tensor = self._checked(images)
        with torch.no_grad():
            parts = [self._forward(part) for part in torch.split(tensor, batch_size)]
        return torch.cat(parts).float().cpu().numpy()

    def predict(self, images: npt.ArrayLike, *, batch_size: int = 2048) -> npt.NDArray[np.int64]:
        """Labels (N,): argmax of the scores. Arguments and errors as :meth:`scores`."""
        labels: npt.NDArray[np.int64] = self.scores(images, batch_size=batch_size).argmax(axis=1)
        return labels

    def _forward(self, images: Tensor) -> Tensor:
        inputs = augmentation.normalize(images.to(self._device), mean=self._mean, std=self._std)
        return self._method.scores(self._network.head, self._network(inputs))

    def _checked(self, images: npt.ArrayLike) -> Tensor:
        array = np.asarray(images)
        expected = f"uint8 images of shape (N, {', '.join(map(str, self._shape))})"
        if array.dtype != np.uint8:
            raise ValueError(f"expected {expected}; got values of type {array.dtype}")
        if array.ndim == 3:
            array = array[:, None]
        if array.ndim != 4 or array.shape[1:] != self._shape:
            raise ValueError(f"expected {expected}; got shape {np.shape(images)}")
        return torch.from_numpy(np.ascontiguousarray(array))
