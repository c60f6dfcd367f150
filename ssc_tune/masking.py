"""Passwords: where they stand in what a user gives, and texts without them.

An address may hold them in two places: before the host (``//user:password@host``, or a lone token) and in its query
(``?password=...``). What is kept or shown goes through :func:`mask` (a text), :func:`mask_address` (one whole address)
or :func:`mask_command` (a command line). Nothing is kept here: what is secret is asked anew of the arguments of this
process and of its environment.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from ssc_tune.atomic import write_atomically

MARK = "***"
"""What stands where a secret stood."""

VARIABLES = (
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_FLASK_SERVER_SECRET_KEY",
    "PGPASSWORD",
    "MYSQL_PWD",
    "DATABRICKS_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
"""Variables of the environment that are secrets as a whole; those that hold addresses are known by their look."""

SHORTEST = 4
"""Characters of a secret that is looked for as a word of its own: a shorter one would stand in any text by chance."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NO_SCHEME = re.compile(r"(?P<head>(?:--[\w-]+=)?)(?P<user>[^\s/@:=]+:[^@]*(?:@[^@]*)*)@(?P<rest>[^@]*)")
"""An address with a slip in its beginning: ``postgresql:user:password@host``, ``user:password@host``."""
_TOKEN_SCHEMES = ("http", "https", "ftp")
"""A lone name before the host may be a token here; a database takes it for the user, which is no secret."""
_SECRET_KEY = re.compile(r"pass|pwd|token|secret|api_?key|access_?key|sig$|signature|credential|odbc_connect", re.I)
_QUERY = re.compile(r"\?(?=[^=&?@/]+=)")
_PAIR = re.compile(r"(?P<before>[?&;])(?P<key>[^=&;?\s'\"]+)=(?P<value>[^&\s'\"]*)")
_INSIDE = re.compile(r"(?:PWD|PASSWORD)=([^;]*)", re.I)
_IN_TEXT = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/\s'\"]+)@")


class Parts(NamedTuple):
    """An address, taken apart: ``scheme://``, what stands before the ``@``, and the rest."""

    head: str
    user: str
    rest: str

    @property
    def public(self) -> str:
        """The address without user and password."""
        return self.head + self.rest


def parts_of(address: str) -> Parts:
    """Takes an address apart. A password may hold anything, even what it should not: ``/``, ``?``, ``#`` or ``@``."""
    found = _SCHEME.search(address)
    if found is None:
        slip = _NO_SCHEME.fullmatch(address)
        return Parts("", "", address) if slip is None else Parts(slip["head"], slip["user"], slip["rest"])
    head, body = address[: found.end()], address[found.end() :]
    at = body.find("@")
    if at < 0 or body.startswith("/"):  # no host, so that an @ belongs to a path
        return Parts(head, "", body)
    queries = (mark.start() for mark in _QUERY.finditer(body, at))
    # Between the password and a query there is a host.
    query = next((start for start in queries if start > body.rfind("@", 0, start) + 1), len(body))
    at = body.rfind("@", 0, query)
    return Parts(head, body[:at], body[at + 1 :])


def _is_secret(head: str, user: str) -> bool:
    name = head.removesuffix("://").rpartition("=")[2].lower()
    return ":" in user or (name.split("+")[0] in _TOKEN_SCHEMES and re.fullmatch(r"[^/?#\s]+", user) is not None)


def mask_address(address: str) -> str:
    """One whole address, or an argument ``--option=address``, without its secrets."""
    head, user, rest = parts_of(address)
    if not head and not user:
        return address
    shown = f"{MARK}@" if _is_secret(head, user) else f"{user}@" if user else ""
    return head + shown + _PAIR.sub(_masked_pair, rest)


def _masked_pair(found: re.Match[str]) -> str:
    if not found["value"] or not _SECRET_KEY.search(unquote(found["key"])):
        return found[0]
    return f"{found['before']}{found['key']}={MARK}"


def has_secret(address: str) -> bool:
    """Whether an address carries a password or token."""
    return mask_address(address) != address


def is_masked(address: str) -> bool:
    """Whether a secret was taken out of an address."""
    return f"{MARK}@" in address or f"={MARK}" in address


def mask_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command line, each address among them without its secrets."""
    return [mask_address(argument) for argument in arguments]


def mask_command(command: str) -> str:
    """A command line as it was kept, perhaps by a version that did not mask it."""
    if "@" not in command and "://" not in command:
        return command
    try:
        return shlex.join(mask_arguments(shlex.split(command)))
    except ValueError:  # no shell would read it either, as a call in Python
        return mask(command)


def secrets(*addresses: str) -> frozenset[str]:
    """Every secret of these addresses, of the arguments of this process and of its environment, however written."""
    found: set[str] = set()
    of_environment = (value for value in os.environ.values() if "://" in value and "\n" not in value)
    for address in (*addresses, *sys.argv[1:], *of_environment):
        found.update(_of_address(address))
    found.update(os.environ.get(name, "") for name in VARIABLES)
    forms = {form for secret in found for form in _forms(secret)}
    return frozenset(form for form in forms if len(form) >= SHORTEST and form != MARK)


def _of_address(address: str) -> Iterator[str]:
    head, user, rest = parts_of(address)
    if _is_secret(head, user):
        name, colon, password = user.partition(":")
        yield password if colon else name
        # Whoever splits the address wrongly repeats a piece of it.
        yield from re.split(r"[/?#@]", password)
        yield base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
    for pair in _PAIR.finditer(rest):
        if _SECRET_KEY.search(unquote(pair["key"])):
            yield pair["value"]
            yield from _INSIDE.findall(unquote(pair["value"]))


def _forms(secret: str) -> Iterator[str]:
    for plain in (secret, unquote(secret), unquote_plus(secret)):
        yield plain
        yield quote(plain, safe="")
        yield quote(plain, safe=" +")  # as SQLAlchemy writes it
        yield quote_plus(plain)


def mask(text: str, *addresses: str) -> str:
    """A text without secrets: those of any address in it, and all of :func:`secrets` wherever they stand."""
    for address in sorted(filter(None, set(addresses)), key=len, reverse=True):
        text = text.replace(address, mask_address(address))
    text = _IN_TEXT.sub(_masked_user, text)
    text = _PAIR.sub(_masked_pair, text)
    for secret in sorted(secrets(*addresses), key=len, reverse=True):
        text = text.replace(secret, MARK)
    return text


def _masked_user(found: re.Match[str]) -> str:
    return f"{found['scheme']}://{MARK}@" if _is_secret(found["scheme"], found["user"]) else found[0]


@contextmanager
def scrubbing(log: Path, *addresses: str) -> Iterator[None]:
    """Takes secrets out of a log that libraries write meanwhile: at the end, and what a killed run left."""
    _scrub(log, *addresses)
    try:
        yield
    finally:
        _scrub(log, *addresses)


def _scrub(log: Path, *addresses: str) -> None:
    try:
        content = log.read_bytes()
    except FileNotFoundError:
        return
    clean = content
    for secret in sorted(secrets(*addresses), key=len, reverse=True):
        clean = clean.replace(secret.encode(), MARK.encode())
    if clean != content:
        write_atomically(log, clean)
