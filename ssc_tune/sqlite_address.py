"""Addresses of SQLite files: SQLAlchemy reads ``%20`` as a blank in them, and ``?`` as their end."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

_SPECIAL = str.maketrans({"%": "%25", "?": "%3F"})


def to_address(path: Path) -> str:
    """The address by which a database library opens this file, whatever is in its name."""
    return f"sqlite:///{str(path).translate(_SPECIAL)}"


def to_path(address: str) -> Path:
    """The file that a database library opens by an address ``sqlite:///PATH``, with or without options after it."""
    return Path(unquote(address.partition(":///")[2].partition("?")[0]))
