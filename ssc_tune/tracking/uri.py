"""Tracking URIs: which are understood, and where their files lie."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from ssc_tune.errors import InputError
from ssc_tune.masking import mask_address, parts_of
from ssc_tune.sqlite_address import to_address, to_path

DEFAULT_URI = "sqlite:///mlflow.db"
"""The store in the working directory that MLflow itself looks at by default."""

_ALLOWED = "sqlite:///PATH, http://HOST, https://HOST, postgresql://..., mysql://..., mssql://..., databricks"

_SERVERS = ("http", "https", "databricks")
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")


def _scheme(uri: str) -> str:
    return (uri.split(":", 1)[0] if ":" in uri else uri).split("+", 1)[0].lower()


def resolve_uri(uri: str) -> str:
    """The URI with a relative SQLite path made absolute against the working directory, which may hold ``%`` and ``?``.

    Raises:
        InputError: the scheme is not one that a study can be tracked in, or an SQLite URI names no file.
    """
    scheme = _scheme(uri)
    if scheme not in _SERVERS + _DATABASES:
        raise InputError(f"tracking URI {mask_address(uri)!r}: not understood; allowed: {_ALLOWED}")
    if scheme in ("http", "https") and not urlsplit(parts_of(uri).public).hostname:
        raise InputError(f"tracking URI {mask_address(uri)!r}: no host; allowed: {_ALLOWED}")
    if scheme != "sqlite":
        return uri
    head, separator, path = uri.partition(":///")
    if not separator or not path or path == ":memory:":
        raise InputError(
            f"tracking URI {mask_address(uri)!r}: must name a file; allowed: sqlite:///PATH, e.g. {DEFAULT_URI}"
        )
    file, mark, options = path.partition("?")
    return f"{head}:{to_address(to_path(f':///{file}').resolve()).partition(':')[2]}{mark}{options}"


def is_server(uri: str) -> bool:
    """Whether the URI is a tracking server, which has its own UI, rather than a database."""
    return _scheme(uri) in _SERVERS


def sqlite_path(uri: str) -> Path | None:
    """The file of a resolved SQLite URI, ``None`` for any other store."""
    return to_path(uri) if _scheme(uri) == "sqlite" else None
