"""Checkpoints: written whole or not at all, read without running code from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ssc_tune.atomic import replacing


def save(path: Path, content: dict[str, Any]) -> None:
    """Writes ``content`` to ``path``, the file before it standing until the new one is on the disk."""
    with replacing(path) as file:
        torch.save(content, file)


def load(path: Path, *, cell_id: str, device: torch.device) -> dict[str, Any] | None:
    """The content of a checkpoint of this cell; none if there is no file.

    Raises:
        ValueError: the file belongs to another cell, or cannot be read; it names the file and what to do.
    """
    if not path.exists():
        return None
    try:
        content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        if not isinstance(content, dict):
            raise TypeError(f"it holds a {type(content).__name__}")
    except Exception as error:
        raise ValueError(f"{path}: not a readable checkpoint ({error}); remove it to train from the start") from error
    if content.get("cell_id") != cell_id:
        raise ValueError(f"{path}: checkpoint of cell {content.get('cell_id')}, not of {cell_id}")
    return content
