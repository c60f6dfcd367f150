"""In the driver: ends workers that show no sign of life, which no watchdog inside them can do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ssc_tune.execution.watchdog import Signs, interval

GRACE = 3
"""Signs that may stay away beyond the time that is allowed."""


class _Seen(NamedTuple):
    stamp: tuple[int, int]
    since: float  # by the driver's own clock, which nobody sets


class Vigil:
    """Looks at the workers' files of signs.

    Args:
        folder: of the files.
        timeout: seconds without a new sign after which a worker counts as frozen.
        end: kills a worker.
        clock: seconds from any start.
    """

    def __init__(
        self,
        folder: Path,
        timeout: float,
        end: Callable[[Signs, float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._end, self._clock = folder, end, clock
        self._allowed = timeout + GRACE * interval(timeout)
        self._seen: dict[Path, _Seen] = {}

    def look(self) -> None:
        """Ends the workers whose file has not changed for too long; each once."""
        now = self._clock()
        for path in self._folder.glob("*.json"):
            try:
                state = path.stat()
                stamp = (state.st_mtime_ns, state.st_ino)
                seen = self._seen.get(path)
                if seen is None or seen.stamp != stamp:
                    self._seen[path] = _Seen(stamp, now)
                elif now - seen.since > self._allowed:
                    signs: Signs = json.loads(path.read_text(encoding="utf-8"))
                    path.unlink()
                    self._end(signs, now - seen.since)
            except (OSError, ValueError):  # gone meanwhile, or the disk does not answer
                continue
