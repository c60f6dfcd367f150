"""Names of encoders: the one place that knows which can be built. Without torch, so that study files can be checked."""

from __future__ import annotations

import re
from typing import NamedTuple

PATTERN = r"^(wrn-[1-9]\d{0,3}-[1-9]\d{0,2}|resnet-50)$"
"""Of every name; of the depths it allows not all can be built (:func:`stages`)."""
ALLOWED = "wrn-DEPTH-WIDTH with DEPTH = 6 n + 4 (wrn-10-1, wrn-28-2) or 8 n + 5 (wrn-37-2) and WIDTH >= 1, or resnet-50"


class WideResNetShape(NamedTuple):
    """What a name says of a wide residual network."""

    depth: int
    width: int


def stages(depth: int) -> tuple[int, tuple[int, ...]]:
    """Blocks in each stage of a wide residual network, and the stages' strides.

    Raises:
        ValueError: no family has this depth.
    """
    if depth >= 10 and (depth - 4) % 6 == 0:
        return (depth - 4) // 6, (1, 2, 2)
    if depth >= 13 and (depth - 5) % 8 == 0:
        return (depth - 5) // 8, (2, 2, 2, 2)
    raise ValueError(f"no wide residual network has depth {depth}; allowed: 6 n + 4 (10, 16, 22, 28, ...) or 8 n + 5")


def shape_of(name: str) -> WideResNetShape | None:
    """Depth and width of a wide residual network; none for resnet-50.

    Raises:
        ValueError: no encoder has this name; the message says what is allowed.
    """
    wrong = ValueError(f"unknown model {name!r}; allowed: {ALLOWED}")
    if re.fullmatch(PATTERN, name) is None:
        raise wrong
    if not name.startswith("wrn-"):
        return None
    _, depth, width = name.split("-")
    try:
        stages(int(depth))
    except ValueError:
        raise wrong from None
    return WideResNetShape(int(depth), int(width))
