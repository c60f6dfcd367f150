"""A folder on this machine that stands for an object store, and finding out what stands for what.

The store is the truth: every name is written there first, and what lies here can be thrown away at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ssc_tune import caches
from ssc_tune.atomic import write_atomically
from ssc_tune.errors import InputError
from ssc_tune.storage.address import is_address, place_of
from ssc_tune.storage.folder import FolderStorage
from ssc_tune.storage.objects import ObjectStorage
from ssc_tune.storage.protocol import LOG, Stat, Storage, Working

VARIABLE = "SSC_TUNE_MIRRORS"
"""Environment variable that names the folder of all mirrors."""
MARKER = ".storage.json"
"""In a mirror: which address it stands for."""
INDEX = ".index.json"
"""In a mirror: what was fetched or written, as the storage and this machine had it then."""
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "FSSPEC_S3_ENDPOINT_URL", "FSSPEC_S3", "STORAGE_EMULATOR_HOST")
"""Variables by which the same address leads to another server."""
_AT_ONCE = 16
"""Requests under way at once."""

_Index = dict[str, tuple[str, int, int]]
"""Version in the storage, time in nanoseconds and size on this machine, by name."""


def place(given: str | Path) -> Path:
    """The folder that a storage is worked with in: itself, or the mirror of an address, which is made.

    Raises:
        InputError: the address is not understood, or there is no place for a mirror.
    """
    if not is_address(given):
        return Path(given)
    address = place_of(given).address
    server = " ".join(os.environ.get(name, "") for name in ENDPOINTS)
    digest = hashlib.sha256(f"{address} {server}".encode()).hexdigest()[:16]
    folder = caches.folder("mirrors", VARIABLE) / digest
    if not (folder / MARKER).is_file():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(folder / MARKER, json.dumps({"address": address}) + "\n")
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error}); {VARIABLE} names another folder") from error
    return folder


def opened(folder: Path) -> Working:
    """The storage that is worked with in a folder, as :func:`place` has given it."""
    try:
        address = json.loads((folder / MARKER).read_text(encoding="utf-8"))["address"]
    except (FileNotFoundError, NotADirectoryError):
        return FolderStorage(folder)
    return Mirror(folder, ObjectStorage(address))


def named(folder: Path) -> str:
    """A storage as a user names it, by the folder that :func:`place` has given for it."""
    return opened(folder).address


def storage_at(address: str) -> Storage:
    """The storage at an address, or a folder, without anything that stands for it."""
    return ObjectStorage(address) if is_address(address) else FolderStorage(Path(address))


class Mirror:
    """What is written goes to the store first.

    Args:
        folder: on this machine.
        store: the truth.
    """

    is_copy = True

    def __init__(self, folder: Path, store: Storage) -> None:
        self._here, self._store = FolderStorage(folder), store
        self._kept: dict[str, tuple[int, int]] = {}  # files that the store has, as they were then
        self._folder = folder

    @property
    def address(self) -> str:
        """Of the store."""
        return self._store.address

    @property
    def reach(self) -> str:
        """The store: others have mirrors of their own."""
        return self._store.address

    def read(self, name: str) -> bytes:
        """From the store."""
        return self._store.read(name)

    def write(self, name: str, content: bytes) -> None:
        """Both."""
        self._store.write(name, content)
        self._here.write(name, content)
        self._kept[name] = _state(self._folder / name)

    def create(self, name: str, content: bytes) -> bool:
        """Where another was faster, this machine gets what it wrote."""
        made = self._store.create(name, content)
        if made:
            self._here.write(name, content)
        else:
            self.fresh(name)
        return made

    def append(self, name: str, line: str) -> None:
        """Both; others' lines come by :meth:`fresh`."""
        self._store.append(name, line)
        self._here.append(name, line)

    def list(self, below: str) -> dict[str, Stat]:
        """Of the store."""
        return self._store.list(below)

    def move(self, name: str, to: str) -> None:
        """Both."""
        self._store.move(name, to)
        self._here.move(name, to)

    def remove(self, *names: str) -> None:
        """Both."""
        self._store.remove(*names)
        self._here.remove(*names)

    def put(self, path: Path, name: str) -> None:
        """To the store alone."""
        self._store.put(path, name)

    def get(self, name: str, path: Path) -> None:
        """From the store."""
        self._store.get(name, path)

    def fresh(self, name: str) -> None:
        """One small file; written only where it differs."""
        try:
            content = self._store.read(name)
        except FileNotFoundError:
            self._here.remove(name)
            return
        with contextlib.suppress(FileNotFoundError):
            if self._here.read(name) == content:
                return
        self._here.write(name, content)

    def fetch(self, name: str) -> None:
        """Not where this process has fetched or written it as it is."""
        path = self._folder / name
        try:
            if self._kept.get(name, ()) == _state(path):
                return
        except FileNotFoundError:
            pass
        try:
            self._store.get(name, path)
            self._kept[name] = _state(path)
        except FileNotFoundError:
            self._here.remove(name)

    def bring(self, below: str) -> None:
        """One after another; logs are made fresh."""
        for name in self._store.list(below):
            if name.endswith(LOG):
                self.fresh(name)
            else:
                self.fetch(name)

    def keep(self, below: str, wanted: Callable[[str], bool]) -> None:
        """One after another; logs are there already."""
        for name in self._here.list(below):
            path = self._folder / name
            if name.endswith(LOG) or not wanted(name):
                continue
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                state = _state(path)
                if self._kept.get(name) != state:
                    self._store.put(path, name)
                    self._kept[name] = state

    def leave(self, below: str) -> None:
        """All files below, hidden ones too."""
        shutil.rmtree(self._folder / below, ignore_errors=True)

    def pull(self, below: str, wanted: Callable[[str], bool]) -> dict[str, Stat]:
        """Fetches what has changed since it was last fetched, several at once, and drops what is gone."""
        began = time.time()
        there = {name: stat for name, stat in self._store.list(below).items() if wanted(name)}
        here = {name: stat for name, stat in self._here.list(below).items() if wanted(name)}
        index = self._index()
        missing = [name for name, stat in there.items() if not self._is_as_fetched(name, stat, index.get(name))]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self.fresh, missing))
        # What came while the store was listed may be in it.
        gone = [name for name, stat in here.items() if name not in there and stat.time < began]
        self._here.remove(*gone)
        self._note(index, there, gone)
        return there

    def _is_as_fetched(self, name: str, stat: Stat, noted: tuple[str, int, int] | None) -> bool:
        path = self._folder / name
        try:
            now = _state(path)
        except FileNotFoundError:
            return False
        if noted is not None and tuple(noted) == (stat.version, *now):
            return True
        # Many stores give the MD5 of an object as its version.
        return now[1] == stat.size and hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == stat.version

    def _index(self) -> _Index:
        try:
            found = json.loads((self._folder / INDEX).read_text(encoding="utf-8"))
            return {str(name): (str(v), int(t), int(s)) for name, (v, t, s) in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):  # there is none, or it is torn: all is looked at again
            return {}

    def _note(self, before: _Index, there: Mapping[str, Stat], gone: Iterable[str]) -> None:
        now = {name: noted for name, noted in before.items() if name not in set(gone)}
        for name, stat in there.items():
            with contextlib.suppress(FileNotFoundError):
                now[name] = (stat.version, *_state(self._folder / name))
        if now != before:
            write_atomically(self._folder / INDEX, json.dumps(now))


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
