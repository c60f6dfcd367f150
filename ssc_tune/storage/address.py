"""Addresses of storages: which there are, and what they need."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from ssc_tune.errors import InputError
from ssc_tune.masking import mask_address


class Kind(NamedTuple):
    """One kind of object store: one whose objects can be created only where there is none, by whoever comes first."""

    package: str
    extra: str
    keys: str
    """Where its credentials are looked for."""
    options: dict[str, Any]
    """For fsspec's file system."""


KINDS = {
    "s3": Kind(
        "s3fs",
        "s3",
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile of the AWS CLI",
        {"use_listings_cache": False, "config_kwargs": {"connect_timeout": 10, "read_timeout": 60}},
    ),
    "gs": Kind("gcsfs", "gs", "GOOGLE_APPLICATION_CREDENTIALS", {"use_listings_cache": False}),
}
"""By the beginning of their addresses."""

ALLOWED = f"a folder, or {' or '.join(f'{name}://BUCKET/...' for name in KINDS)}"
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(?:/)?(.*)", re.DOTALL)
"""With one ``/`` as well, which is what ``pathlib`` leaves of two."""
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")


class Place(NamedTuple):
    """An address taken apart."""

    kind: str
    root: str
    """Bucket and names within it, without ``/`` at the end."""

    @property
    def address(self) -> str:
        """Together again."""
        return f"{self.kind}://{self.root}"


def is_address(given: str | Path) -> bool:
    """Whether it is an address, and no folder."""
    return _ADDRESS.fullmatch(str(given)) is not None


def place_of(given: str | Path) -> Place:
    """Takes an address apart.

    Raises:
        InputError: it is none that is known, or has more in it than bucket and names.
    """
    found = _ADDRESS.fullmatch(str(given))
    assert found is not None
    kind, rest = found[1].lower(), found[2].strip("/")
    shown = f"--storage {mask_address(f'{found[1]}://{found[2]}')}"
    if kind not in KINDS:
        raise InputError(f"{shown}: {kind}:// is not known; allowed: {ALLOWED}")
    if "@" in rest:
        raise InputError(
            f"{shown}: keys do not belong in an address, which is kept and shown; allowed: {KINDS[kind].keys}"
        )
    bucket, *names = rest.split("/")
    if not _BUCKET.fullmatch(bucket) or any(name in ("", ".", "..") or set(name) & set("?#*[]\\") for name in names):
        raise InputError(f"{shown}: allowed: {kind}://BUCKET/..., plain names with / between them")
    return Place(kind, rest)


def named(given: str | Path) -> str:
    """A storage in words that a user can give again, whatever stands for it here."""
    return place_of(given).address if is_address(given) else str(given)
