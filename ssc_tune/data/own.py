"""Data of one's own as arrays in the cache, by the fingerprint of their content."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch

from ssc_tune.data import cache, mapped
from ssc_tune.data.dataset import Dataset
from ssc_tune.data.facts import Source, SourceError, Survey

_FORMAT = 1


def read(source: Source, survey: Callable[[Source], Survey], convert: Callable[[Source, Path], None]) -> Dataset:
    """The data set, converted where that was not done before; then the data themselves are not needed any more.

    Mean and standard deviation are those of the training part, images without a label included.
    ``convert`` writes the parts ``train`` and ``test`` into a folder.

    Raises:
        SourceError: the data are not there, not what they have to be, or not those of ``source.fingerprint``.
    """
    fingerprint = source.fingerprint or survey(source).fingerprint

    def make(folder: Path) -> None:
        now = survey(source).fingerprint
        if now != fingerprint:
            raise SourceError("path", f"{source.path} has changed since the study was read: {fingerprint} is now {now}")
        convert(source, folder)
        images, labels = mapped.read(folder, "train")
        mean, std = mapped.moments(torch.split(images, 4096), images.shape[1])
        facts = {"mean": mean, "std": std, "num_classes": int(labels.max()) + 1}
        (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")

    key = f"{source.name}-{fingerprint}-{source.size or 'own'}-{_FORMAT}"
    folder = cache.made(key, make, lock=key)
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    parts = (*mapped.read(folder, "train"), *mapped.read(folder, "test"))
    moments = (tuple(facts["mean"]), tuple(max(value, 1e-6) for value in facts["std"]))
    return Dataset(source.name, *parts, facts["num_classes"], source.mirror, *moments)
