"""What is seen while a study runs: a live table on a terminal, sparse plain lines elsewhere."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ssc_tune.design import Cell
from ssc_tune.design.points import label
from ssc_tune.design.work import images, images_per_step
from ssc_tune.presentation.numbers import duration
from ssc_tune.records import Record, StudyFolder

_PLAIN_SECONDS = 30.0
"""Least time between two plain progress lines."""
_WIDE, _NARROW = 90, 60
"""Columns from which the table has its long titles, and a bar."""


class _MethodCount:
    """Cells of one method."""

    def __init__(self) -> None:
        self.total = self.done = self.failed = self.ran = 0
        self.best: float | None = None
        self.seconds = 0.0
        self.waiting: dict[str, int] = {}  # images of each cell that is known and has no record
        self.images = 0  # of the cells that ran

    def seconds_left(self, a_cell: float, an_image: float) -> float:
        """Of one worker, by the images of the cells that wait where they are known, else by their number.

        Args:
            a_cell: seconds of a cell, where none of this method ran.
            an_image: seconds of an image, likewise; 0 where it is not known.
        """
        if self.ran:
            a_cell, an_image = self.seconds / self.ran, self.seconds / self.images if self.images else 0.0
        waiting, left = sum(self.waiting.values()), self.total - self.done
        return left * waiting / len(self.waiting) * an_image if waiting and an_image else left * a_cell

    def add(self, record: Record) -> None:
        """Counts an ended cell."""
        self.done += 1
        if record.result.status in ("failed", "infrastructure"):
            self.failed += 1
        accuracy = record.result.validation_accuracy
        if accuracy is not None:
            self.best = accuracy if self.best is None else max(self.best, accuracy)


class LiveView:
    """Counts cells and shows them. Used as a context manager around an execution; safe to call from any thread."""

    what = "the live view"
    _blind = False

    def __init__(
        self,
        folder: StudyFolder,
        cells: Sequence[Cell],
        records: dict[str, Record],
        *,
        out: TextIO,
        err: TextIO,
        workers: int,
        expected: dict[str, int] | None = None,
    ) -> None:
        self._folder, self._workers = folder, workers
        self._console = Console(file=io.StringIO() if self._blind else out)
        self._plain = not self._console.is_terminal
        self._err = err
        self._lock = threading.RLock()
        self._counts: dict[str, _MethodCount] = {}
        self._running: dict[str, Cell] = {}
        self._recent: list[str] = []
        self._last_line = 0.0
        self._title = self._waited_for = ""
        self._counted: set[str] = set()
        self.aim(cells, records)
        for method, total in (expected or {}).items():
            self._counts.setdefault(method, _MethodCount()).total = total
        self._began = time.monotonic()
        self._live: Live | None = None

    def hold(self, workers: int) -> None:
        """Counts with so many cells at once from now on."""
        self._workers = max(1, workers)

    def wait(self, what: str) -> None:
        """Shows what is being waited for, until a worker is at a cell."""
        self._waited_for = what
        if self._plain:
            print(f"{what} ...", file=self._err, flush=True)

    def __enter__(self) -> LiveView:
        if not self._plain:
            # Nothing is to be caught from stdout and stderr: both lead to the log file by now.
            self._live = Live(
                get_renderable=self._render,
                console=self._console,
                refresh_per_second=2,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Takes the table off the screen."""
        if self._live is not None:
            self._live.stop()

    def aim(self, cells: Sequence[Cell], records: Mapping[str, Record], title: str = "") -> None:
        """The cells to be done from now on, those that are done among them; ``title`` says what they are for."""
        with self._lock:
            self._title = title
            for cell in cells:
                if cell.cell_id in self._counted:
                    continue
                self._counted.add(cell.cell_id)
                count = self._counts.setdefault(cell.placement.method, _MethodCount())
                count.total += 1
                if cell.cell_id in records:
                    count.add(records[cell.cell_id])
                else:
                    count.waiting[cell.cell_id] = images(cell.config)

    def say(self, lines: Sequence[str]) -> None:
        """Prints lines that stay."""
        with self._lock:
            for line in lines:
                self._console.print(Text(line), soft_wrap=True)

    def tell(self, text: str) -> None:
        """Shows a line that stays: of what the machines do."""
        if self._plain:
            print(text, file=self._err, flush=True)
        else:
            self.say([text])

    def started(self, cell: Cell) -> None:
        """A cell was handed to a worker."""
        with self._lock:
            self._running[cell.cell_id] = cell

    def finished(self, cell: Cell, record: Record) -> None:
        """A cell has its record."""
        with self._lock:
            self._running.pop(cell.cell_id, None)
            self._waited_for = ""
            count = self._counts.setdefault(cell.placement.method, _MethodCount())
            count.add(record)
            count.ran += 1
            count.seconds += record.result.seconds
            count.waiting.pop(cell.cell_id, None)
            count.images += images(cell.config)
            if record.result.status != "ok":
                self._note(f"{_name(cell)}: {record.result.status}")
        if self._plain:
            self._line()

    def _note(self, text: str) -> None:
        self._recent = [*self._recent[-4:], text]
        if self._plain:
            print(text, file=self._err, flush=True)

    def _line(self) -> None:
        now = time.monotonic()
        everything = all(c.done >= c.total for c in self._counts.values())
        if now - self._last_line < _PLAIN_SECONDS and not everything:
            return
        self._last_line = now
        print(f"{self._done('; ')}; time left {self._time_left()}", file=self._err, flush=True)

    def _done(self, between: str) -> str:
        parts = [f"{name} {c.done}/{c.total}{f', {c.failed} failed' * bool(c.failed)}" for name, c in self._items()]
        return f"{self._title}{': ' * bool(self._title)}cells done: {between.join(parts)}"

    def _items(self) -> list[tuple[str, _MethodCount]]:
        return list(self._counts.items())

    def _time_left(self) -> str:
        if not any(count.ran for count in self._counts.values()):
            return "unknown until the first cells are done"
        ran = [count for count in self._counts.values() if count.ran]
        longest = max(count.seconds / count.ran for count in ran)
        an_image = max((count.seconds / count.images for count in ran if count.images), default=0.0)
        left = sum(count.seconds_left(longest, an_image) for count in self._counts.values())
        return duration(left / self._workers)

    def _render(self) -> RenderableType:
        with self._lock:
            at_work = self._at_work()
            lines: list[RenderableType] = [self._table(at_work)]
            if at_work:
                self._waited_for = ""
            elif self._waited_for:
                lines.append(Text(f"{self._waited_for} ...", style="dim", overflow="ellipsis", no_wrap=True))
            lines += [
                Text(self._running_line(cell), style="dim", overflow="ellipsis", no_wrap=True) for cell in at_work
            ]
            lines += [Text(text, style="red", overflow="ellipsis", no_wrap=True) for text in self._recent]
            elapsed = duration(time.monotonic() - self._began)
            footer = f"elapsed {elapsed} · time left {self._time_left()} · Ctrl-C stops; the same command goes on"
            footer = f"{self._title} · {footer}" if self._title else footer
            lines.append(Text(footer, overflow="fold"))
            return Group(*lines)

    def _table(self, at_work: Sequence[Cell]) -> Table:
        """A row a method, with shorter titles and a shorter bar, or none, where the terminal is narrow."""
        width = self._console.width
        bar = 20 if width >= _WIDE else 10 if width >= _NARROW else 0
        titles = ("method", "done", "", "running", "failed", "best validation accuracy")
        table = Table(box=None, padding=(0, 2, 0, 0), expand=False)
        for title in titles if width >= _WIDE else ("method", "done", "", "now", "failed", "best"):
            if title or bar:
                table.add_column(title, overflow="ellipsis", no_wrap=True)
        for name, count in self._items():
            table.add_row(
                name,
                f"{count.done}/{count.total}",
                *([ProgressBar(total=max(1, count.total), completed=count.done, width=bar)] if bar else []),
                str(sum(1 for cell in at_work if cell.placement.method == name)),
                Text(str(count.failed), style="bold red" if count.failed else ""),
                "" if count.best is None else f"{count.best:.3f}",
            )
        return table

    def _at_work(self) -> list[Cell]:
        """Cells that a worker has begun; Tune asks for a few more than that beforehand."""
        asked = self._running.values()
        return [cell for cell in asked if (self._folder.cell(cell.cell_id) / "attempts.jsonl").exists()]

    def _running_line(self, cell: Cell) -> str:
        """Step, steps a second and accuracy of a cell at its last evaluation; shorter where the terminal is narrow."""
        progress = _progress(self._folder.cell(cell.cell_id) / "progress.json")
        known = cell.config.is_ours_to_train  # how far another training goes is its own affair
        steps = f"/{cell.config.training.steps}" if known else ""
        if progress is None:
            return f"{_name(cell)}: step 0{steps}"
        step, accuracy, images_per_second = progress
        rate = f"{_rate(images_per_second / images_per_step(cell.config))}, " if images_per_second else ""
        line = f"{_name(cell)}: step {step}{steps}, {rate}validation accuracy {accuracy:.3f}"
        return line if len(line) <= self._console.width else f"{_name(cell)}: {step}{steps}, {rate}{accuracy:.3f}"


class BlindView(LiveView):
    """Counts the cells of all methods together, in plain lines: nothing of what they show."""

    _blind = True

    def _note(self, text: str) -> None:
        pass  # it would name the method of a cell that did not end well

    def _items(self) -> list[tuple[str, _MethodCount]]:
        together = _MethodCount()
        for count in self._counts.values():
            together.total += count.total
            together.done += count.done
            together.failed += count.failed
        return [("all methods", together)]


def _progress(path: Path) -> tuple[int, float, float | None] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content["step"], content["validation_accuracy"], content["images_per_second"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _rate(steps_per_second: float) -> str:
    """``12.3 steps/s``, ``0.0312 steps/s``, ``1,230 steps/s``."""
    digits = ",.0f" if steps_per_second >= 100 else ".3g"
    return f"{steps_per_second:{digits}} steps/s"


def _name(cell: Cell) -> str:
    p = cell.placement
    place = "" if p.block == "shared" else f" ({p.block})"
    return f"{p.method} point {label(p.point)} seed {p.seed}{place}"
