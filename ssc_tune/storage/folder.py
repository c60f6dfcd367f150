"""A folder: on a local disk, or shared between machines."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from ssc_tune.atomic import create, replacing, write_atomically
from ssc_tune.storage.lines import append_line
from ssc_tune.storage.protocol import Stat, Working


class FolderStorage(Working):
    """Names are paths below a folder, which is the storage itself: nothing has to be fetched, kept or left.

    Args:
        folder: need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def address(self) -> str:
        """The folder as it was given."""
        return str(self.folder)

    @property
    def reach(self) -> str:
        """The folder from anywhere on this machine."""
        return str(self.folder.absolute())

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """By renaming a new file."""
        write_atomically(self.folder / name, content)

    def create(self, name: str, content: bytes) -> bool:
        """By linking a new file."""
        return create(self.folder / name, content)

    def append(self, name: str, line: str) -> None:
        """To the file where it lies; a link is refused."""
        append_line(self.folder / name, line)

    def list(self, below: str) -> dict[str, Stat]:
        """Without following links."""
        found = {}
        for entry in _files(self.folder / below):
            with contextlib.suppress(FileNotFoundError):
                state = entry.stat(follow_symlinks=False)
                version = f"{state.st_mtime_ns} {state.st_size} {state.st_ino}"
                name = Path(entry.path).relative_to(self.folder).as_posix()
                found[name] = Stat(state.st_size, state.st_mtime, version)
        return dict(sorted(found.items()))

    def move(self, name: str, to: str) -> None:
        """By renaming."""
        if (self.folder / name).exists():
            (self.folder / to).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (self.folder / name).rename(self.folder / to)

    def remove(self, *names: str) -> None:
        """Files, and links themselves."""
        for name in names:
            with contextlib.suppress(NotADirectoryError):
                (self.folder / name).unlink(missing_ok=True)

    def put(self, path: Path, name: str) -> None:
        """As a copy."""
        with open(path, "rb") as source, replacing(self.folder / name) as target:
            shutil.copyfileobj(source, target)

    def get(self, name: str, path: Path) -> None:
        """As a copy."""
        with open(self.folder / name, "rb") as source, replacing(path) as target:
            shutil.copyfileobj(source, target)

    def pull(self, below: str, wanted: Callable[[str], bool]) -> dict[str, Stat]:
        """What is there is as it is, and nobody has to ask."""
        return {}


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Regular files below a folder, without those that are hidden and folders that are."""
    try:
        with os.scandir(folder) as scanned:
            entries = list(scanned)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield entry
