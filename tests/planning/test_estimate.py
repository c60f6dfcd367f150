"""What a study will take: which cells are measured, and what their seconds add up to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ssc_tune import data, running
from ssc_tune.design.cells import fixed_cells
from ssc_tune.errors import InputError
from ssc_tune.records import StudyFolder
from ssc_tune.running.estimate import AROUND, BETWEEN, Estimate, estimate, measured
from ssc_tune.training.config import CellConfig, DataConfig
from ssc_tune.training.cost import Cost, measure
from tests.making.cells import make_config
from tests.making.records import record
from tests.making.studies import FAKE, RATE, study

PER_IMAGE = 0.001


class Ruler:
    """Costs by a rule, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[CellConfig] = []

    def __call__(self, configs: Sequence[CellConfig], workers: int) -> list[Cost]:
        self.asked += configs
        return [self.cost(config) for config in configs]

    def cost(self, config: CellConfig) -> Cost:
        """0.5 s to begin, a millisecond an image of a step, 0.1 s an evaluation, 0.2 s for the test images."""
        hp = config.hyperparameters
        images = hp["batch_size"] * (1 + hp["mu"] * (3 if config.method == "ssc" else 2))
        return Cost(0.5, PER_IMAGE * images, 0.1, 0.2, images, 7)

    def seconds(self, config: CellConfig) -> float:
        """Of a whole cell."""
        found, training = self.cost(config), config.training
        return 0.5 + training.steps * found.step + training.evaluations * 0.1 + 0.2


def estimated(tmp_path: Path, ruler: Ruler, workers: int = 2, **changes: Any) -> Estimate:
    made = study(FAKE, **changes)
    options = running.Options(storage=tmp_path)
    return estimate(made, options, running.survey(made, options), workers=workers, measure=ruler)


def test_cells_that_differ_in_real_values_and_seeds_are_measured_once(tmp_path: Path) -> None:
    ruler = Ruler()
    found = estimated(tmp_path, ruler)
    cells = fixed_cells(study(FAKE))
    assert sorted(config.method for config in ruler.asked) == ["fixmatch", "ssc"]
    assert found.seconds == pytest.approx(sum(ruler.seconds(cell.config) for cell in cells))
    assert (found.num_cells, found.unknown) == (len(cells), ())
    assert found.wall(2) == pytest.approx(AROUND + (found.seconds + BETWEEN * len(cells)) / 2)
    assert found.how == "from 14 trained steps, 2 at a time"


def test_between_the_fewest_and_the_most_images_time_is_linear(tmp_path: Path) -> None:
    ruler = Ruler()
    parameters = {"learning_rate": RATE, "batch_size": {"type": "int", "default": 16, "low": 4, "high": 64}}
    changes = {"search_space": {"parameters": parameters}}
    found = estimated(tmp_path, ruler, **changes)
    sizes = {config.hyperparameters["batch_size"] for config in ruler.asked}
    every = [cell.config for cell in fixed_cells(study(FAKE, **changes))]
    drawn = {config.hyperparameters["batch_size"] for config in every}
    assert len(drawn) > 2
    assert sizes == {min(drawn), max(drawn)}
    assert len(ruler.asked) == 4
    assert found.seconds == pytest.approx(sum(ruler.seconds(config) for config in every))
    low, high = found.by_method["ssc"]
    assert low < high


def test_labels_are_not_measured_apart_but_nets_are(tmp_path: Path) -> None:
    ruler = Ruler()
    settings = {
        "few": {"data": {"name": "digits", "labels_per_class": 1}},
        "many": {"data": {"name": "digits", "labels_per_class": 4}},
        "wide": {"model": {"name": "wrn-10-2"}},
    }
    estimated(tmp_path, ruler, settings=settings, claims=[])
    assert sorted((c.method, c.model.name) for c in ruler.asked) == [
        ("fixmatch", "wrn-10-1"), ("fixmatch", "wrn-10-2"), ("ssc", "wrn-10-1"), ("ssc", "wrn-10-2")
    ]  # fmt: skip


def test_a_pretraining_counts_once_for_the_cells_that_share_it(tmp_path: Path) -> None:
    ruler = Ruler()
    plain = estimated(tmp_path, ruler)
    found = estimated(tmp_path, ruler, pretrain={"steps": 10, "batch_size": 50})
    assert found.seconds - plain.seconds == pytest.approx(3 * 10 * 2 * 50 * PER_IMAGE)  # one each of three seeds


def test_what_a_search_will_propose_is_counted_at_the_defaults(tmp_path: Path) -> None:
    ruler = Ruler()
    found = estimated(tmp_path, ruler, design={"type": "search", "points": 6}, claims=[])
    assert found.num_cells == 2 * (6 + 1) * 3
    assert len(ruler.asked) == 2


def test_cells_that_have_run_say_more_than_a_measurement(tmp_path: Path) -> None:
    made, ruler = study(FAKE), Ruler()
    folder = StudyFolder(tmp_path, made.name)
    for cell in [cell for cell in fixed_cells(made) if cell.placement.method == "ssc"][:3]:
        folder.records.write(record(cell, study=made.name, times=(0.0, 40.0)))
    found = estimated(tmp_path, ruler)
    assert found.by_method["ssc"] == (40.0, 40.0)
    assert [config.method for config in ruler.asked] == ["fixmatch"]
    assert found.num_cells == len(fixed_cells(made)) - 3
    assert found.how == "from 7 trained steps, 2 at a time and from earlier cells"


def test_a_damaged_record_says_nothing_of_time(tmp_path: Path) -> None:
    made, ruler = study(FAKE), Ruler()
    folder = StudyFolder(tmp_path, made.name)
    first, *others = [cell for cell in fixed_cells(made) if cell.placement.method == "ssc"][:4]
    for cell in others:
        folder.records.write(record(cell, study=made.name, times=(0.0, 40.0)))
    folder.records.path(first.cell_id).write_text("{")
    found = estimated(tmp_path, ruler)
    assert found.by_method["ssc"] == (40.0, 40.0)
    assert folder.records.path(first.cell_id).read_text() == "{"


def test_a_study_that_may_stop_early_has_a_least_and_a_most(tmp_path: Path) -> None:
    design = {"type": "sobol", "points": 16, "looks": [8, 16], "stop": "when_decided"}
    ruler = Ruler()
    found = estimated(tmp_path, ruler, design=design)
    early = [cell for cell in fixed_cells(study(FAKE, design=design)) if cell.placement.point <= 8]
    assert found.least is not None
    assert (found.points, found.least.num_cells) == (8, len(early))
    assert found.least.seconds == pytest.approx(sum(ruler.seconds(cell.config) for cell in early))
    assert found.num_cells == 2 * 17 * 3
    assert estimated(tmp_path, Ruler(), design={**design, "stop": "never"}).least is None


def test_nets_that_are_a_factor_are_measured_each_and_labels_once(tmp_path: Path) -> None:
    ruler = Ruler()
    parameters = {
        "learning_rate": RATE,
        "labels_per_class": {"type": "int", "default": 4, "low": 1, "high": 20},
        "model": {"type": "choice", "default": "wrn-10-1", "choices": ["wrn-10-1", "wrn-10-2"]},
    }
    estimated(tmp_path, ruler, search_space={"parameters": parameters}, claims=[])
    assert sorted((c.method, c.model.name) for c in ruler.asked) == [
        ("fixmatch", "wrn-10-1"), ("fixmatch", "wrn-10-2"), ("ssc", "wrn-10-1"), ("ssc", "wrn-10-2")
    ]  # fmt: skip


def test_a_function_is_not_known_before_a_cell_of_it_has_run(tmp_path: Path) -> None:
    own = {"mine": {"function": "anywhere:train", "hyperparameters": {"learning_rate": 0.03, "tau": 0.9}}}
    made = study(FAKE, methods=["fixmatch", "mine"], own_methods=own, claims=[])
    options = running.Options(storage=tmp_path)
    found = estimate(made, options, running.survey(made, options), workers=2, measure=Ruler())
    assert found.unknown == ("mine",)
    assert set(found.by_method) == {"fixmatch"}


@pytest.mark.parametrize("method", ["supervised", "fixmatch", "ssc"])
def test_steps_are_trained_to_measure_them(method: str) -> None:
    config = make_config(method)
    found = measure(config, device="cpu", seconds=0.05)
    assert found.steps >= 1
    assert min(found[:4]) > 0
    assert found.of(config.training) == pytest.approx(found.start + 12 * found.step + 4 * found.evaluation + found.test)


def test_data_that_are_not_here_are_stood_in_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSC_TUNE_DATA", str(tmp_path))

    def missing(source: Any) -> Any:
        raise InputError("offline")

    monkeypatch.setattr(data, "load", missing)
    config = make_config("fixmatch").model_copy(update={"data": DataConfig(name="cifar10", validation=500)})
    found = measure(config, device="cpu", seconds=0.01)
    assert found.step > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_two_processes_measure_at_once() -> None:
    (found,) = measured([make_config("fixmatch")], 2)
    assert found.step > 0
