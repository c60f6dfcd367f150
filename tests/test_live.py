"""What is seen while a study runs."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ssc_tune import methods
from ssc_tune.design import Cell
from ssc_tune.design.cells import fixed_cells
from ssc_tune.design.work import images
from ssc_tune.presentation.live import BlindView, LiveView
from ssc_tune.presentation.numbers import duration
from ssc_tune.records import Attempt, StudyFolder
from ssc_tune.training import CellConfig
from tests.making.records import evaluation, record
from tests.making.studies import study

CELLS = fixed_cells(study())


def _cell(method: str) -> Cell:
    return next(cell for cell in CELLS if cell.placement.method == method and cell.placement.point == 1)


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _view(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, *, width: int) -> LiveView:
    monkeypatch.setenv("COLUMNS", str(width))
    return LiveView(folder, CELLS, {}, out=_Terminal(), err=io.StringIO(), workers=2)


def _begin(folder: StudyFolder, view: LiveView, cell: Cell, *, images_per_second: float | None = None) -> None:
    folder.log_attempt(cell.cell_id, Attempt(number=1, started=1.0, outcome="running"))
    view.started(cell)
    if images_per_second is not None:
        seen = evaluation(3, 0.8125, images_per_second=images_per_second)
        (folder.cell(cell.cell_id) / "progress.json").write_text(seen.model_dump_json())


def _shown(view: LiveView, width: int) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=width, force_terminal=False).print(view._render())
    return text.getvalue().splitlines()


def test_a_running_cell_shows_steps_a_second_and_accuracy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, cell = StudyFolder(tmp_path, "small"), _cell("ssc")
    view = _view(folder, monkeypatch, width=100)
    mu, batch = cell.config.hyperparameters["mu"], cell.config.hyperparameters["batch_size"]
    _begin(folder, view, cell, images_per_second=12.5 * (batch + 3 * mu * batch))
    lines = [line.strip() for line in _shown(view, 100)]
    place = "" if cell.placement.block == "shared" else f" ({cell.placement.block})"
    assert f"ssc point 1 seed {cell.placement.seed}{place}: step 3/6, 12.5 steps/s, validation accuracy 0.812" in lines
    assert "images/s" not in "".join(lines)


def test_a_cell_without_an_evaluation_shows_no_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, cell = StudyFolder(tmp_path, "small"), _cell("fixmatch")
    view = _view(folder, monkeypatch, width=100)
    _begin(folder, view, cell)
    line = next(line for line in _shown(view, 100) if line.startswith("fixmatch point"))
    assert line.rstrip().endswith(": step 0/6")


def test_a_cell_that_no_worker_has_begun_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = StudyFolder(tmp_path, "small")
    view = _view(folder, monkeypatch, width=100)
    view.started(_cell("ssc"))
    assert not [line for line in _shown(view, 100) if " point " in line]


@pytest.mark.parametrize("width", [48, 60, 80, 120])
def test_rate_and_accuracy_are_there_in_any_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    folder, cell = StudyFolder(tmp_path, "small"), _cell("ssc")
    view = _view(folder, monkeypatch, width=width)
    _begin(folder, view, cell, images_per_second=1e6)
    lines = _shown(view, width)
    assert max(len(line.rstrip()) for line in lines) <= width
    line = next(line for line in lines if line.startswith("ssc point"))
    assert "steps/s" in line
    assert line.rstrip().endswith("0.812")


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_table_and_the_way_to_stop_are_whole_in_any_width(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    folder, cell = StudyFolder(tmp_path, "small"), _cell("fixmatch")
    view = _view(folder, monkeypatch, width=width)
    view.finished(cell, record(cell, 0.75))
    view.aim(CELLS, {}, "look 1 of 3, 16 of 64 points")
    lines = _shown(view, width)
    total = len({c.cell_id for c in CELLS if c.placement.method == "fixmatch"})
    assert max(len(line.rstrip()) for line in lines) <= width
    heading, row = lines[0].split(), next(line.split() for line in lines if line.startswith("fixmatch"))
    assert heading[:2] == ["method", "done"]
    assert "failed" in heading
    assert (row[1], row[-1]) == (f"1/{total}", "0.750")
    assert "…" not in "".join(lines)
    text = " ".join(" ".join(lines).split())
    assert "look 1 of 3, 16 of 64 points · elapsed" in text
    assert "Ctrl-C stops; the same command goes on" in text


@pytest.mark.parametrize(
    ("method", "given"),
    [("fixmatch", {}), ("fixmatch", {"num_strong_views": 2}), ("ssc", {"mu": 3}), ("supervised", {"batch_size": 5})],
)
def test_images_of_a_step_are_those_that_training_draws(method: str, given: dict[str, Any]) -> None:
    import torch

    from ssc_tune import data
    from ssc_tune.training.batches import Batches

    changed = {"method": method, "hyperparameters": {"batch_size": 4, "mu": 2, **given}}
    config = CellConfig.model_validate({**CELLS[0].config.model_dump(), **changed})
    dataset = data.load(config.data.name)
    split = data.split(
        dataset, labels_per_class=config.data.labels_per_class, validation=config.data.validation, seed=0
    )
    kind = methods.get(method)
    made = kind(kind.Hyperparameters.model_validate(config.hyperparameters), num_classes=10)
    batches = Batches(dataset, split, made, seed=0, device=torch.device("cpu"))
    assert made.images_per_step == len(next(batches.between(0, 1)).images)


def test_the_view_needs_no_torch() -> None:
    code = "import sys, ssc_tune.presentation.live; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_counts_and_time_left_follow_the_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, cell = StudyFolder(tmp_path, "small"), _cell("ssc")
    view = _view(folder, monkeypatch, width=120)
    _begin(folder, view, cell, images_per_second=100.0)
    view.finished(cell, record(cell, 0.75))
    text = "\n".join(_shown(view, 120))
    total = len({c.cell_id for c in CELLS if c.placement.method == "ssc"})
    assert f"1/{total}" in text
    assert "0.750" in text
    assert "steps/s" not in text


def test_a_blind_view_counts_cells_and_shows_nothing_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    folder, err, screen = StudyFolder(tmp_path, "small"), io.StringIO(), _Terminal()
    done = [_cell("ssc"), _cell("fixmatch")]
    with BlindView(folder, done, {}, out=screen, err=err, workers=2) as view:
        view.started(done[0])
        view.finished(done[0], record(done[0], 0.9871, status="diverged"))
        view.finished(done[1], record(done[1], 0.4321))
    assert "cells done: all methods 2/2" in err.getvalue()
    for told in ("ssc", "fixmatch", "diverged", "0.987", "0.432", "accuracy"):
        assert told not in err.getvalue() + screen.getvalue()


def test_what_is_waited_for_is_shown_until_a_cell_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, cell = StudyFolder(tmp_path, "small"), _cell("ssc")
    view = _view(folder, monkeypatch, width=80)
    view.wait("Ray starts")
    assert "Ray starts ..." in _shown(view, 80)
    view.wait("2 workers start and load PyTorch")
    assert [line for line in _shown(view, 80) if "..." in line] == ["2 workers start and load PyTorch ..."]
    view.started(cell)  # handed to a worker that is still starting
    assert "2 workers start and load PyTorch ..." in _shown(view, 80)
    _begin(folder, view, cell)
    assert not [line for line in _shown(view, 80) if "..." in line]


def test_where_lines_are_plain_it_is_one_of_them(tmp_path: Path) -> None:
    err = io.StringIO()
    LiveView(StudyFolder(tmp_path, "small"), CELLS, {}, out=io.StringIO(), err=err, workers=2).wait("Ray starts")
    assert err.getvalue() == "Ray starts ...\n"


def test_time_left_goes_by_the_work_that_is_left(tmp_path: Path) -> None:
    """Cells of 8 and of 2 units of images: after the long ones ran, the short ones take a quarter of their time."""
    of = study(blocks={"shared": {"parameters": ["learning_rate", "mu"]}}, methods=["fixmatch"])
    cells = sorted(fixed_cells(of), key=lambda cell: -images(cell.config))
    folder = StudyFolder(tmp_path, "small")
    view = LiveView(folder, cells, {}, out=io.StringIO(), err=io.StringIO(), workers=1)
    half = len(cells) // 2
    for cell in cells[:half]:
        view.finished(cell, record(cell, seconds=3.0 * images(cell.config)))
    left = 3.0 * sum(images(cell.config) for cell in cells[half:])
    assert view._time_left() == duration(left)
    assert images(cells[0].config) > images(cells[-1].config)


def test_time_left_of_a_method_that_has_not_begun_goes_by_the_images_of_one_that_has(tmp_path: Path) -> None:
    cells = fixed_cells(study())
    view = LiveView(StudyFolder(tmp_path, "small"), cells, {}, out=io.StringIO(), err=io.StringIO(), workers=1)
    ours = [cell for cell in {cell.cell_id: cell for cell in cells}.values() if cell.placement.method == "ssc"]
    others = [cell for cell in {cell.cell_id: cell for cell in cells}.values() if cell.placement.method == "fixmatch"]
    for cell in ours:
        view.finished(cell, record(cell, seconds=3.0 * images(cell.config)))
    assert images(others[0].config) < images(ours[0].config)
    assert view._time_left() == duration(3.0 * sum(images(cell.config) for cell in others))
