"""Lines that carry their checksum."""

from __future__ import annotations

import hashlib


def sealed(key: str, body: str) -> str:
    """One line of JSON: ``body``, itself JSON, under ``key``, behind its SHA-256."""
    return f'{{"checksum":"{hashlib.sha256(body.encode()).hexdigest()}","{key}":{body}}}'


def unsealed(key: str, line: str) -> str:
    """The body of a line from :func:`sealed`, without its line end.

    Raises:
        ValueError: it is not what was written.
    """
    _, separator, rest = line.partition(f',"{key}":')
    body = rest[:-1]
    if not separator or line != sealed(key, body):
        raise ValueError("checksum does not match")
    return body
