"""Tracking URIs: which are understood, where their files lie, and how to show them without their password."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from ssc_tune.errors import InputError

DEFAULT_URI = "sqlite:///mlflow.db"
"""The store in the working directory that MLflow itself looks at by default."""

ALLOWED = (
    "sqlite:///PATH",
    "http://HOST",
    "https://HOST",
    "postgresql://...",
    "mysql://...",
    "mssql://...",
    "databricks",
)

_SERVERS = ("http", "https", "databricks")
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<secret>[^/\s'\"]+)@")
_SECRET_QUERY = re.compile(r"(?P<key>[?&](?:password|passwd|token|api_key|secret)=)[^&\s'\"]+", re.IGNORECASE)


def _scheme(uri: str) -> str:
    return (uri.split(":", 1)[0] if ":" in uri else uri).split("+", 1)[0].lower()


def resolve_uri(uri: str, base: Path) -> str:
    """The URI with a relative SQLite path made absolute against ``base``.

    Raises:
        InputError: the scheme is not one that a study can be tracked in, or an SQLite URI names no file.
    """
    scheme = _scheme(uri)
    if scheme not in _SERVERS + _DATABASES:
        raise InputError(f"tracking URI {mask(uri)!r}: not understood; allowed: {', '.join(ALLOWED)}")
    if scheme in ("http", "https") and not urlsplit(uri).hostname:
        raise InputError(f"tracking URI {mask(uri)!r}: no host; allowed: {', '.join(ALLOWED)}")
    if scheme != "sqlite":
        return uri
    head, separator, path = uri.partition(":///")
    if not separator or not path or path == ":memory:":
        raise InputError(f"tracking URI {mask(uri)!r}: must name a file; allowed: sqlite:///PATH, e.g. {DEFAULT_URI}")
    return f"{head}:///{(base / path).resolve()}"


def is_server(uri: str) -> bool:
    """Whether the URI is a tracking server, which has its own UI, rather than a database."""
    return _scheme(uri) in _SERVERS


def sqlite_path(uri: str) -> Path | None:
    """The file of a resolved SQLite URI, ``None`` for any other store."""
    return Path(uri.partition(":///")[2].split("?")[0]) if _scheme(uri) == "sqlite" else None


def has_secret(uri: str) -> bool:
    """Whether the URI carries a user, password or token."""
    return mask(uri) != uri


def mask(text: str, uri: str = "") -> str:
    """``text`` without credentials: those of any URI in it, and ``uri``'s password wherever it stands."""
    password = urlsplit(uri).password if "@" in uri else None
    if password:
        for form in {password, unquote(password), quote(unquote(password), safe="")}:
            text = text.replace(form, "***")
    text = _CREDENTIALS.sub(lambda match: f"{match['scheme']}***@", text)
    return _SECRET_QUERY.sub(lambda match: f"{match['key']}***", text)
