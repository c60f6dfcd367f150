"""Independent random streams of one cell, all derived from its seed.

Each purpose has its own stream, so that two methods with the same seed share encoder weights, labelled images, data
order and weak views, however many strong views either draws.
"""

from __future__ import annotations

import numpy as np
import torch

_STREAMS = (
    "encoder",
    "head",
    "start",
    "labelled order",
    "unlabelled order",
    "weak views",
    "strong views",
    "pretraining order",
    "pretraining views",
    "pretraining head",
)
"""A stream's place decides its draws: new ones come last."""


def derive(seed: int, stream: str, *counters: int) -> int:
    """A 63-bit seed for one stream of a cell, and optionally for one counter value within it."""
    state = np.random.SeedSequence([seed, _STREAMS.index(stream), *counters]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


def generator(seed: int, stream: str, *counters: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for one stream of a cell."""
    return torch.Generator(device=device).manual_seed(derive(seed, stream, *counters))


class Order:
    """An endless sequence of image indices: one random permutation of the pool after another.

    Position p holds ``permutation_{p // n}[p % n]`` where each permutation depends on the seed and its number alone, so
    that any part of the sequence can be had without the parts before it.
    """

    def __init__(self, pool: torch.Tensor, *, seed: int, stream: str) -> None:
        self.pool = pool
        self._seed, self._stream = seed, stream
        self._cached: tuple[int, torch.Tensor] | None = None

    def _permutation(self, number: int) -> torch.Tensor:
        if self._cached is None or self._cached[0] != number:
            drawn = torch.randperm(len(self.pool), generator=generator(self._seed, self._stream, number))
            self._cached = (number, self.pool[drawn])
        return self._cached[1]

    def take(self, start: int, count: int) -> torch.Tensor:
        """Indices at positions start .. start + count - 1, shape (count,)."""
        size, parts, position = len(self.pool), [], start
        while position < start + count:
            number, offset = divmod(position, size)
            part = self._permutation(number)[offset : offset + start + count - position]
            parts.append(part)
            position += len(part)
        return torch.cat(parts) if parts else self.pool[:0]
