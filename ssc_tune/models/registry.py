"""Every encoder in one row: its names, which of them can be built, and how.

Nothing here imports torch, so that study files are checked in a moment. The pattern in the schema, the reference and
the messages follow from these rows.
"""

from __future__ import annotations

import difflib
import importlib.util
import pkgutil
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune.errors import InputError
from ssc_tune.late import Late

timm = Late("timm")

if TYPE_CHECKING:
    import torch

    from ssc_tune.models.layers import Encoder


class Family(NamedTuple):
    """Encoders of one kind."""

    title: str  # its names, as documents show them
    pattern: str  # that all its names fit
    allowed: str  # which names can be built, in words
    encoder: str  # "module:class", called with the sizes in the name, in_channels, generator and variant
    sizes: Callable[[str], tuple[int | str, ...]]  # of a name that fits; ValueError if it cannot be built
    variants: tuple[str, ...]  # the first is the default
    sources: tuple[str, ...] = ()  # where they were published, as keys of ssc_tune.sources
    resizes: bool = False  # whether it is called with input_size too, and resizes images to a size of its own


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


def _of_timm(name: str) -> tuple[str]:
    known = name.removeprefix("timm/")
    if importlib.util.find_spec("timm") is None:
        raise InputError(f"{name!r} needs timm, which is not installed; install it: pip install ssc-tune[timm]")
    if not timm.is_model(known):
        near = difflib.get_close_matches(known, timm.list_models(), n=3)
        hint = f" (did you mean {' or '.join(repr(f'timm/{other}') for other in near)}?)" if near else ""
        raise InputError(f"timm has no model {known!r}{hint}; allowed: the names of timm.list_models()")
    return (known,)


def _depth_and_width(name: str) -> tuple[int, ...]:
    depth, width = (int(part) for part in name.split("-")[1:])
    stages(depth)
    return depth, width


FAMILIES: tuple[Family, ...] = (
    Family(
        "wrn-DEPTH-WIDTH",
        r"wrn-[1-9]\d{0,3}-[1-9]\d{0,2}",
        "wrn-DEPTH-WIDTH with DEPTH = 6 n + 4 (wrn-10-1, wrn-28-2) or 8 n + 5 (wrn-37-2) and WIDTH >= 1",
        "ssc_tune.models.wrn:WideResNet",
        _depth_and_width,
        ("original", "authors"),
        ("zagoruyko2016wide",),
    ),
    Family(
        "resnet-DEPTH",
        "resnet-(?:18|50)",
        "resnet-18 or resnet-50",
        "ssc_tune.models.resnet:ResNet",
        lambda name: (int(name.removeprefix("resnet-")),),
        ("original", "authors"),
        ("he2016deep",),
    ),
    Family(
        "timm/NAME",
        r"timm/[a-z0-9_]+",
        "timm/NAME with a NAME of timm.list_models()",
        "ssc_tune.models.timm_nets:build_timm",
        _of_timm,
        ("original",),
        ("wightman2019timm",),
        resizes=True,
    ),
)

VARIANTS = tuple(dict.fromkeys(variant for family in FAMILIES for variant in family.variants))
"""Of all families; which of them a family has, its row says."""

PATTERN = f"^({'|'.join(family.pattern for family in FAMILIES)})$"
"""Of every name; not all names that fit it can be built (:func:`find`)."""
ALLOWED = ", or ".join(family.allowed for family in FAMILIES)
TITLES = " or ".join(family.title for family in FAMILIES)


def find(name: str) -> tuple[Family, tuple[int | str, ...]]:
    """The family of a name, and what it says of sizes. Names of timm's nets are looked up there, which imports torch.

    Raises:
        ValueError: no encoder has this name; the message says what is allowed.
    """
    for family in FAMILIES:
        if re.fullmatch(family.pattern, name):
            try:
                return family, family.sizes(name)
            except InputError:
                raise
            except ValueError:
                break
    raise ValueError(f"unknown model {name!r}; allowed: {ALLOWED}")


def find_variant(name: str, variant: str) -> None:
    """Nothing, where the family of ``name``, a known name, has this variant.

    Raises:
        ValueError: it has not; the message says what is allowed.
    """
    variants = find(name)[0].variants
    if variant not in variants:
        raise ValueError(f"{name} has no variant {variant!r}; allowed: {', '.join(variants)}")


def build(
    name: str,
    *,
    in_channels: int,
    generator: torch.Generator,
    variant: str = "original",
    input_size: int | None = None,
) -> Encoder:
    """A new encoder for images of any size from 8 x 8, on the CPU, in training mode.

    Args:
        name: see :data:`FAMILIES`.
        in_channels: channels C of the images.
        generator: a CPU generator, the only source of randomness: equal states give equal weights.
        variant: ``original``, or ``authors`` for the net of the published code of arXiv 2409.07292.
        input_size: images are resized to this many pixels a side, bilinearly; none leaves them as they are, or for
            nets of timm is the size that timm gives the net.

    Raises:
        ValueError: no encoder has this name, or the encoder no such variant; the message says what is allowed.
    """
    if in_channels < 1:
        raise ValueError(f"in_channels ({in_channels}) must be at least 1")
    family, sizes = find(name)
    find_variant(name, variant)
    make = pkgutil.resolve_name(family.encoder)
    further = {"input_size": input_size} if family.resizes else {}
    encoder: Encoder = make(*sizes, in_channels=in_channels, generator=generator, variant=variant, **further)
    if input_size is None or family.resizes:
        return encoder
    wrapped: Encoder = pkgutil.resolve_name("ssc_tune.models.layers:Wrapped")(encoder, encoder.num_features, input_size)
    return wrapped
