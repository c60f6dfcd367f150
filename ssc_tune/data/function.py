"""Data that a function of one's own returns, named as ``module:function``."""

from __future__ import annotations

import os
import pkgutil
import sys
from functools import cache

import torch
from torch import Tensor

from ssc_tune.data import surveys
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.facts import DatasetInfo, Source, SourceError, Survey


def read(source: Source) -> Dataset:
    """What the function returns; it is called once a process.

    Its module is looked for where Python does (``PYTHONPATH``, installed packages) and in the working directory.

    Raises:
        SourceError: there is no such function, it does not return a data set, or not that of ``source.fingerprint``.
    """
    dataset = _returned(source.name)
    if source.fingerprint is not None and _fingerprint(source.name) != source.fingerprint:
        text = f"{source.name} returned other data when the study was read: {source.fingerprint} then"
        raise SourceError("name", f"{text}, {_fingerprint(source.name)} now")
    return dataset


def survey(source: Source) -> Survey:
    """Sizes and fingerprint of what the function returns.

    Raises:
        SourceError: there is no such function, or it does not return a data set.
    """
    dataset = _returned(source.name)
    counts = dataset.train_labels[dataset.train_labels >= 0].bincount(minlength=dataset.num_classes).tolist()
    channels, height, width = dataset.train_images.shape[1:]
    unlabelled = int((dataset.train_labels < 0).sum())
    info = DatasetInfo(source.name, (channels, height, width), tuple(counts), len(dataset.test_labels), unlabelled)
    found = Survey(_fingerprint(source.name), info)
    surveys.keep(found, source.size)
    return found


@cache
def _returned(name: str) -> Dataset:
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        function = pkgutil.resolve_name(name)
    except (ImportError, AttributeError) as error:
        text = f"{name} cannot be found ({error}); its module must be in the working directory or on PYTHONPATH"
        raise SourceError("name", text) from error
    dataset = function() if callable(function) else None
    if not isinstance(dataset, Dataset):
        raise SourceError("name", f"{name} must be a function without arguments that returns an ssc_tune.data.Dataset")
    wrong = _wrong(dataset)
    if wrong:
        raise SourceError("name", f"{name} returned {wrong}")
    return dataset


def _wrong(dataset: Dataset) -> str | None:
    shape = dataset.train_images.shape[1:]
    train = _wrong_part("train", dataset.train_images, dataset.train_labels, dataset, least=-1)
    wrong = train or _wrong_part("test", dataset.test_images, dataset.test_labels, dataset, least=0)
    if wrong:
        return wrong
    counts = dataset.train_labels[dataset.train_labels >= 0].bincount(minlength=dataset.num_classes)
    if len(counts) < 2 or int(counts.min()) == 0:
        return f"no training image of class {int(counts.argmin())}; needed: some of each of at least 2 classes"
    if not len(dataset.mean) == len(dataset.std) == shape[0] or min(dataset.std) <= 0:
        return f"mean {dataset.mean} and std {dataset.std}; needed: one number a channel, std above 0"
    return None


def _wrong_part(part: str, images: Tensor, labels: Tensor, dataset: Dataset, *, least: int) -> str | None:
    shape = dataset.train_images.shape[1:]
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):
        return f"{part}_images of {_kind(images)}; allowed: uint8 (N, C, H, W), C 1 or 3"
    if images.shape[1:] != shape:
        return f"{part}_images of shape {tuple(images.shape[1:])}, train_images of {tuple(shape)}"
    if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
        return f"{part}_labels of {_kind(labels)}; allowed: int64 ({len(images)},)"
    if int(labels.min()) < least or int(labels.max()) >= dataset.num_classes:
        found = f"{int(labels.min())} to {int(labels.max())}"
        return f"{part}_labels from {found}; allowed: {least} to {dataset.num_classes - 1}"
    return None


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


@cache
def _fingerprint(name: str) -> str:
    dataset = _returned(name)
    parts = [value for value in dataset if isinstance(value, Tensor)]
    rest = [value for value in dataset[1:] if not isinstance(value, Tensor)]
    shapes = [tuple(part.shape) for part in parts]
    content = [part.contiguous().numpy().data.cast("B") for part in parts]
    return surveys.digest([repr((rest, shapes)).encode(), *content])
