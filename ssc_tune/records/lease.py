"""One driver a study: whoever runs it holds a lease, a file that says who that is and is touched while it lives."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
from pydantic import ValidationError

from ssc_tune.atomic import write_atomically
from ssc_tune.errors import InputError, Unreachable
from ssc_tune.frozen import Frozen
from ssc_tune.records.store import StudyFolder
from ssc_tune.recurring import every

FILE = "lease.json"
BEAT = 10.0
"""Seconds between two touches."""
EXPIRES = 4 * BEAT
"""Seconds without a touch after which the holder on another machine counts as gone."""


class Holder(Frozen):
    """Who runs a study."""

    token: str
    host: str
    machine: str  # tells apart machines, their boots and containers, which count processes each for itself
    pid: int
    process: str  # when it began, by the machine, since numbers of processes come again
    since: float  # seconds since the epoch

    @property
    def words(self) -> str:
        """``process 123 on host, since 2026-11-23 21:11:05``."""
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid} on {self.host}, since {since}"


def me() -> Holder:
    """This process, with a token that is new."""
    return Holder(
        token=secrets.token_hex(8),
        host=socket.gethostname(),
        machine=_machine(),
        pid=os.getpid(),
        process=_began(os.getpid()) or "",
        since=time.time(),
    )


class Lease:
    """The lease of one study.

    Args:
        folder: of the study.
        wait: waits so many seconds.
        beat: seconds between touches.
    """

    def __init__(self, folder: Path, *, wait: Callable[[float], None] = time.sleep, beat: float = BEAT) -> None:
        self._path, self._wait, self._beat = folder / FILE, wait, beat
        self._where = str(folder)

    def holder(self) -> Holder | None:
        """Who holds it, living or not; none where nobody does, or the file is not readable."""
        try:
            return Holder.model_validate_json(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, UnicodeDecodeError, ValidationError):
            return None

    def take(self, say: Callable[[str], None]) -> Holder:
        """Makes this process the holder.

        Args:
            say: is told of a holder that is gone, or that may be and is watched.

        Raises:
            InputError: another process runs the study; the message says which.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        mine = me()
        with filelock.FileLock(self._path.with_name(".lease.lock")):
            self._refuse_living(self.holder(), mine, say)
            write_atomically(self._path, mine.model_dump_json() + "\n")
        return mine

    def _refuse_living(self, other: Holder | None, mine: Holder, say: Callable[[str], None]) -> None:
        if other is None:
            return
        if self._is_alive(other, mine, say):
            raise InputError(
                f"{self._where}: another run of this study is under way: {other.words}; "
                "wait for its end or stop it (Ctrl-C there): it can be gone on with"
            )
        say(f"the last run of this study ended without a word ({other.words}); going on from what it left")

    def _is_alive(self, other: Holder, mine: Holder, say: Callable[[str], None]) -> bool:
        if other.machine == mine.machine:
            return _began(other.pid) == other.process
        say(f"another run may be under way: {other.words}; waiting {EXPIRES:.0f} s for a sign of it")
        before = self._stamp()
        for _ in range(round(EXPIRES / self._beat)):
            self._wait(self._beat)
            if self._stamp() != before:
                return True
        return False

    def _stamp(self) -> tuple[int, int] | None:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return None
        return state.st_mtime_ns, state.st_ino

    @contextlib.contextmanager
    def held(self, say: Callable[[str], None], lost: Callable[[str], None]) -> Iterator[Holder]:
        """Holds the lease for the block; ``lost`` is called, in a thread, once another process has it."""
        mine = self.take(say)

        def renew() -> bool:
            with contextlib.suppress(OSError):
                other = self.holder()
                if other is not None and other.token != mine.token:
                    lost(f"another run has taken this study over: {other.words}")
                    return True
                self._touch()
            return False

        try:
            with every(self._beat, renew, name="lease"):
                yield mine
        finally:
            with contextlib.suppress(Unreachable):  # it expires
                held = self.holder()
                if held is not None and held.token == mine.token:
                    self._release()

    def _touch(self) -> None:
        os.utime(self._path)

    def _release(self) -> None:
        self._path.unlink(missing_ok=True)


class StoredLease(Lease):
    """The lease of a study in an object store: the last of its objects ``<study>/lease/NUMBER.json`` says who holds it.

    Whoever takes it creates the next one, which one process alone can do, and writes it anew while it lives. One that
    was replaced without knowing may go on writing its own, which nobody reads any more. The last is never removed, so
    that no number comes again; an empty one is held by nobody.
    """

    def __init__(self, folder: StudyFolder, *, wait: Callable[[float], None] = time.sleep, beat: float = BEAT) -> None:
        super().__init__(folder.path, wait=wait, beat=beat)
        self._files, self._below = folder.files, f"{folder.study}/{FILE.removesuffix('.json')}/"
        self._where, self._number, self._beats = f"{folder.files.address}/{folder.study}", 0, 0
        self._mine: Holder | None = None

    def holder(self) -> Holder | None:
        """Who holds it, living or not."""
        return self._last()[1]

    def take(self, say: Callable[[str], None]) -> Holder:
        """Makes this process the holder; of several at once one."""
        mine = me()
        while True:
            last, other = self._last()
            self._refuse_living(other, mine, say)
            if self._files.create(self._name(last + 1), self._content(mine)):
                break
        self._number, self._mine = last + 1, mine
        self._files.remove(*(name for name in self._files.list(self._below) if name < self._name(self._number)))
        return mine

    def _last(self) -> tuple[int, Holder | None]:
        names = list(self._files.list(self._below))
        if not names:
            return 0, None
        number = int(names[-1].removeprefix(self._below).removesuffix(".json"))
        try:
            text = self._files.read(names[-1]).decode().partition("\n")[0]
            return number, Holder.model_validate_json(text)
        except FileNotFoundError:  # another has taken it meanwhile
            return self._last()
        except (UnicodeDecodeError, ValidationError):
            return number, None

    def _stamp(self) -> tuple[int, int] | None:
        found = list(self._files.list(self._below).items())
        if not found:
            return None
        name, stat = found[-1]
        return hash((name, stat.version)), round(stat.time)

    def _touch(self) -> None:
        assert self._mine is not None
        self._beats += 1
        self._files.write(self._name(self._number), self._content(self._mine))

    def _release(self) -> None:
        self._files.write(self._name(self._number), b"")

    def _name(self, number: int) -> str:
        return f"{self._below}{number:08d}.json"

    def _content(self, holder: Holder) -> bytes:
        return f"{holder.model_dump_json()}\n{self._beats}\n".encode()


def lease_of(folder: StudyFolder) -> Lease:
    """The lease of a study, wherever it is stored."""
    return StoredLease(folder) if folder.files.is_copy else Lease(folder.path)


def _machine() -> str:
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _began(pid: int) -> str | None:
    """When a process began, in ticks since the boot; none if there is no such process, empty if it cannot be told."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:  # there is one, of another user
        pass
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return None if fields[0] in "ZX" else fields[19]
