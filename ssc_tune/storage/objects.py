"""A bucket of an object store, by fsspec: objects cannot be appended to or renamed, and come whole or not at all."""

from __future__ import annotations

import contextlib
import datetime
import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssc_tune.atomic import replacing
from ssc_tune.errors import InputError, Unreachable, cause
from ssc_tune.late import Late
from ssc_tune.masking import mask
from ssc_tune.storage.address import KINDS, place_of
from ssc_tune.storage.protocol import LOG, Stat

if TYPE_CHECKING:
    import fsspec
else:
    fsspec = Late("fsspec")

_PART = re.compile(r"(?P<log>.+\.jsonl)/\d{8}")
"""A line of a log, which is an object of its own."""


class Missing(FileNotFoundError):
    """There is no such object, and there could be: the bucket is there."""


class ObjectStorage:
    """Names are those of objects below an address.

    Args:
        address: ``s3://bucket/...``.

    Raises:
        InputError: the address is not understood, or the package that it needs is not installed.
    """

    def __init__(self, address: str) -> None:
        self._place = place_of(address)
        self._is_there = False  # the bucket, as far as it was seen
        kind = KINDS[self._place.kind]
        try:
            self._fs: Any = fsspec.filesystem(self._place.kind, **kind.options)
        except ImportError as error:
            raise InputError(
                f"--storage {self.address}: needs the package {kind.package}; pip install 'ssc-tune[{kind.extra}]'"
            ) from error
        except Exception as error:  # credentials that cannot be read, for one
            raise InputError(f"--storage {self.address}: {mask(cause(error))}") from error

    @property
    def address(self) -> str:
        """The address."""
        return self._place.address

    def read(self, name: str) -> bytes:
        """The content of an object; the lines of a log are fetched at once."""
        with self._told(name), self._may_be_missing():
            if not name.endswith(LOG):
                return bytes(self._fs.cat_file(self._key(name)))
            parts = sorted(self._found(f"{name}/"))
            if not parts:
                raise FileNotFoundError(errno.ENOENT, "no such log", self._key(name))
            found = self._fs.cat(parts)
            return b"".join(found[part] for part in parts)

    def write(self, name: str, content: bytes) -> None:
        """One object."""
        with self._told(name):
            self._fs.pipe_file(self._key(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """By the condition that there is no such object, which the server looks at."""
        with self._told(name):
            try:
                self._fs.pipe_file(self._key(name), content, mode="create")
            except FileExistsError:
                return False
            return True

    def append(self, name: str, line: str) -> None:
        """As an object that has the next number: of several at once each gets one."""
        with self._told(name):
            number = len(self._found(f"{name}/")) + 1
        while not self.create(f"{name}/{number:08d}", line.encode() + b"\n"):
            number += 1

    def list(self, below: str) -> dict[str, Stat]:
        """All pages of it."""
        with self._told(below):
            objects = self._found(below)
        found: dict[str, Stat] = {}
        lines: dict[str, list[Stat]] = {}
        for key, info in sorted(objects.items()):
            name = key[len(self._place.root) + 1 :]
            if any(part.startswith(".") for part in name[len(below) :].split("/")):
                continue
            part = _PART.fullmatch(name)
            if part is None:
                found[name] = _stat(info)
            else:
                lines.setdefault(part["log"], []).append(_stat(info))
        for log, parts in lines.items():
            size, time = sum(one.size for one in parts), max(one.time for one in parts)
            found[log] = Stat(size, time, f"{len(parts)} {size} {time}")
        return dict(sorted(found.items()))

    def move(self, name: str, to: str) -> None:
        """As a copy, then without the first; a reader between the two sees both."""
        try:
            with self._told(name), self._may_be_missing():
                self._fs.cp_file(self._key(name), self._key(to))
        except FileNotFoundError:
            return
        self.remove(name)

    def remove(self, *names: str) -> None:
        """One by one: a request for several is not the same with every server."""
        with self._told(names[0] if names else ""):
            keys = [self._key(name) for name in names if not name.endswith(LOG)]
            for name in names:
                keys += self._found(f"{name}/") if name.endswith(LOG) else []
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    self._fs.rm_file(key)

    def put(self, path: Path, name: str) -> None:
        """In parts where it is large."""
        with self._told(name, path=path):
            self._fs.put_file(str(path), self._key(name))

    def get(self, name: str, path: Path) -> None:
        """Into a file that gets its name at the end."""
        with replacing(path) as target, self._told(name), self._may_be_missing():
            self._fs.get_file(self._key(name), target.name)

    def _key(self, name: str) -> str:
        return f"{self._place.root}/{name}"

    def _found(self, below: str) -> dict[str, Any]:
        """The objects below a name."""
        found: dict[str, Any] = self._fs.find(self._key(below).rstrip("/"), detail=True)
        return {key: info for key, info in found.items() if key.startswith(self._key(below))}

    @contextmanager
    def _may_be_missing(self) -> Iterator[None]:
        """Within the block an object may not be there. Its bucket must be."""
        try:
            yield
        except FileNotFoundError as error:
            self._is_there = self._is_there or self._fs.exists(self._place.root.partition("/")[0])
            if not self._is_there:
                raise
            raise Missing(error.errno, "no such object", self.address) from error

    @contextmanager
    def _told(self, name: str, *, path: Path | None = None) -> Iterator[None]:
        """What goes wrong is told as what it is: there is none, there is one, or the store does not do it.

        Where the block writes or lists, there is always one or no bucket; a ``path`` that it reads may go.
        """
        try:
            yield
        except (FileExistsError, Unreachable, Missing):
            raise
        except Exception as error:
            if path is not None and not path.exists():
                raise
            where = f"{self.address}/{name}".rstrip("/")
            raise Unreachable(f"{where}: {mask(_why(error))}") from error


def _why(error: Exception) -> str:
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return text[:300] or type(error).__name__


def _stat(info: dict[str, Any]) -> Stat:
    when = next((info[key] for key in ("LastModified", "updated", "mtime", "created") if info.get(key)), 0.0)
    if isinstance(when, str):
        when = datetime.datetime.fromisoformat(when)
    time = when.timestamp() if isinstance(when, datetime.datetime) else float(when)
    version = str(info.get("ETag") or info.get("etag") or f"{time} {info['size']}").strip('"')
    return Stat(int(info["size"]), time, version)
