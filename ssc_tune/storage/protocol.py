"""What a storage does, and what a folder does that stands for one on this machine.

Names are relative to the storage, with ``/`` between their parts. A name that ends in ``.jsonl`` is a log, which grows
by whole lines.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

LOG = ".jsonl"
"""How the names of logs end."""


class Stat(NamedTuple):
    """What is known of a name without reading it."""

    size: int  # bytes
    time: float  # when it was written, in seconds since the epoch, by the clock of the storage
    version: str  # differs where the content does


class Storage(Protocol):
    """Where studies are kept.

    Whatever is written is there whole or not at all, and seen by everyone once the call has returned. A disk or server
    that fails raises an OSError that is neither FileNotFoundError nor FileExistsError.
    """

    @property
    def address(self) -> str:
        """The storage as a user names it, without secrets."""

    def read(self, name: str) -> bytes:
        """The content, of a log all of its lines.

        Raises:
            FileNotFoundError: there is none.
        """

    def write(self, name: str, content: bytes) -> None:
        """Replaces the content."""

    def create(self, name: str, content: bytes) -> bool:
        """Writes it unless there is something already, and says whether it did; of several at once one succeeds."""

    def append(self, name: str, line: str) -> None:
        """Adds one line to a log."""

    def list(self, below: str) -> dict[str, Stat]:
        """The names that begin with ``below``, which ends in ``/`` or is empty; nothing hidden below it."""

    def move(self, name: str, to: str) -> None:
        """Gives it another name, in the place of what has that; nothing where it is missing."""

    def remove(self, *names: str) -> None:
        """Takes names away, those that are there."""

    def put(self, path: Path, name: str) -> None:
        """Writes a file of any size."""

    def get(self, name: str, path: Path) -> None:
        """Reads into a file of any size.

        Raises:
            FileNotFoundError: there is none.
        """


class Working(Storage, Protocol):
    """A storage with a folder on this machine, where most of this program reads and writes.

    Where the storage is a folder it is this one, and nothing below has to do anything. Else the folder is a copy, in
    which no name is believed that was not asked for by one of these.
    """

    @property
    def reach(self) -> str:
        """How another process or machine names the storage: the address, or an absolute path."""

    is_copy: bool = False
    """Whether the folder only stands for the storage."""

    def fresh(self, name: str) -> None:
        """The file on this machine becomes what the storage has under this name, or goes."""
        return

    def fetch(self, name: str) -> None:
        """The same for a file of any size, unless this process knows that it is."""
        return

    def bring(self, below: str) -> None:
        """Fetches every name below."""
        return

    def keep(self, below: str, wanted: Callable[[str], bool]) -> None:
        """Writes wanted files to the storage that this process has not fetched or written there as they are."""
        return

    def leave(self, below: str) -> None:
        """Takes the files of this machine away, not those of the storage."""
        return

    def pull(self, below: str, wanted: Callable[[str], bool]) -> dict[str, Stat]:
        """All wanted files of this machine become what the storage has; the answer is what that is."""
