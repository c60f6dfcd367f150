"""Pre-training: once for all cells that share it, whoever asks first, with equal bits when continued."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ssc_tune import data
from ssc_tune.errors import InputError
from ssc_tune.study import load_study
from ssc_tune.training import CellConfig, ModelConfig, PretrainConfig, checkpoint, pretrain, train
from ssc_tune.training.loop import CHECKPOINT
from ssc_tune.training.pretrain import encoder_state
from tests.making.cells import make_config, without_times

CPU = torch.device("cpu")
SMALL = {"steps": 16, "batch_size": 32, "randaugment_m": 5.0, "cutout": 0.25}


def cell(method: str = "fixmatch", *, seed: int = 0, model: dict[str, Any] | None = None, **pre: Any) -> CellConfig:
    config = make_config(method, seed=seed, steps=2, evaluations=1)
    changes = {"pretrain": PretrainConfig.model_validate({**SMALL, **pre})}
    if model is not None:
        changes["model"] = ModelConfig.model_validate(model)  # type: ignore[assignment]
    return config.model_copy(update=changes)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, other[key]) for key, value in one.items())


def test_what_decides_the_encoder_decides_its_id_and_nothing_else_does() -> None:
    first = cell()
    fewer = first.model_copy(update={"data": first.data.model_copy(update={"labels_per_class": 1})})
    alike = [cell("ssc"), fewer, cell(model={"name": "wrn-10-1", "train": "head"})]
    assert {other.pretraining_id for other in alike} == {first.pretraining_id}
    others = [cell(seed=1), cell(steps=17), cell(temperature=0.2), cell(model={"name": "wrn-10-2"})]
    assert len({other.pretraining_id for other in [first, *others]}) == 5
    shared = [cell(seed=seed).model_copy(update={"pretrain": PretrainConfig(seed="shared")}) for seed in (0, 1)]
    assert shared[0].pretraining_id == shared[1].pretraining_id
    assert len({config.cell_id for config in (*alike, *others, *shared, first)}) == 10


def test_without_pretraining_the_id_stays() -> None:
    plain = make_config()
    assert plain.model_copy(update={"pretrain": None}).cell_id == plain.cell_id != cell().cell_id
    assert CellConfig.model_validate(cell().model_dump()) == cell()


def test_interrupted_ends_as_uninterrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = encoder_state(cell(), device=CPU, folder=tmp_path / "whole")
    assert same(whole, encoder_state(cell(), device=CPU))
    saves = []

    def stopping(path: Path, content: dict[str, Any]) -> None:
        saves.append(path.name)
        original(path, content)
        if len(saves) == 3:
            raise KeyboardInterrupt

    original = checkpoint.save
    monkeypatch.setattr(pretrain.checkpoint, "save", stopping)
    with pytest.raises(KeyboardInterrupt):
        encoder_state(cell(), device=CPU, folder=tmp_path / "parts")
    assert same(whole, encoder_state(cell("ssc"), device=CPU, folder=tmp_path / "parts"))
    assert saves == [f"{cell().pretraining_id}.partial.pt"] * pretrain.PARTS + [f"{cell().pretraining_id}.pt"]
    assert list((tmp_path / "parts").glob("*.partial*")) == []


@pytest.mark.fault("a pre-trained encoder that is damaged", "set aside and trained again")
@pytest.mark.parametrize("name", ["{}.pt", "{}.partial.pt"])
def test_one_that_is_damaged_is_set_aside_and_trained_again(tmp_path: Path, name: str) -> None:
    whole = encoder_state(cell(), device=CPU, folder=tmp_path)
    path = tmp_path / name.format(cell().pretraining_id)
    content = (tmp_path / f"{cell().pretraining_id}.pt").read_bytes()
    (tmp_path / f"{cell().pretraining_id}.pt").unlink()
    path.write_bytes(content[:999] + bytes([content[999] ^ 1]) + content[1000:])
    assert same(whole, encoder_state(cell(), device=CPU, folder=tmp_path))
    assert path.with_name(path.name + ".damaged").exists()


SCRIPT = """
import sys
from pathlib import Path
import torch
from ssc_tune.training import CellConfig, pretrain
torch.set_num_threads(1)
made = pretrain._SimCLR
class Telling(made):
    def run(self, partial):
        print("trained", flush=True)
        return super().run(partial)
pretrain._SimCLR = Telling
config = CellConfig.model_validate_json(sys.argv[1])
print(sum(float(v.double().sum()) for v in
    pretrain.encoder_state(config, device=torch.device("cpu"), folder=Path(sys.argv[2])).values()))
"""


@pytest.mark.slow
def test_two_processes_train_it_once(tmp_path: Path) -> None:
    folder = tmp_path / "pretrained"
    texts = [cell(method, steps=40).model_dump_json() for method in ("fixmatch", "ssc")]
    started = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, text, str(folder)], stdout=subprocess.PIPE, text=True)
        for text in texts
    ]
    said = [process.communicate(timeout=300)[0].split() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert sum("trained" in words for words in said) == 1
    assert said[0][-1] == said[1][-1]


def test_cells_start_from_it_and_go_on_without_it(tmp_path: Path) -> None:
    config = cell("ssc", steps=8)
    whole = train(config, directory=tmp_path / "a", device="cpu", pretrained=tmp_path / "pretrained")
    (kept,) = (tmp_path / "pretrained").glob("*.pt")
    start = torch.load(kept, weights_only=True)["encoder"]
    found = torch.load(tmp_path / "a" / CHECKPOINT, weights_only=True)["network"]
    plain = make_config("ssc", steps=2, evaluations=1)
    train(plain, directory=tmp_path / "b", device="cpu")
    other = torch.load(tmp_path / "b" / CHECKPOINT, weights_only=True)["network"]
    near, far = ((x["encoder.stem.weight"] - start["stem.weight"]).norm() for x in (found, other))
    assert 0 < near < far
    kept.unlink()
    again = train(config, directory=tmp_path / "a", device="cpu", pretrained=tmp_path / "pretrained")
    assert without_times(again) == without_times(whole)
    assert not kept.exists()


@pytest.mark.slow
def test_it_learns_and_a_frozen_encoder_is_better_for_it() -> None:
    few = {"steps": 120, "batch_size": 64, "learning_rate": 0.05}
    content = pretrain._SimCLR(cell(**few), CPU).run(None)
    assert content["losses"][-1] < content["losses"][0] - 0.3
    frozen = {"name": "wrn-10-1", "train": "head"}
    longer = {"training": make_config(steps=40, evaluations=1).training}
    before = cell("supervised", model=frozen).model_copy(update={**longer, "pretrain": None})
    after = cell("supervised", model=frozen, **few).model_copy(update=longer)
    accuracies = [train(config, device="cpu").test_accuracy or 0.0 for config in (before, after)]
    assert accuracies[1] > accuracies[0]


def test_no_image_is_in_a_step_twice_and_none_is_of_validation() -> None:
    config = cell()
    stage = pretrain._SimCLR(config, CPU)
    split = data.split(data.load("digits"), labels_per_class=2, validation=300, seed=0)
    seen = [stage._chosen(step) for step in range(70)]
    assert all(len(set(step.tolist())) == 32 for step in seen)
    assert set(torch.cat(seen).tolist()) <= set(split.unlabelled.tolist())


def test_divergence_says_what_to_change() -> None:
    with pytest.raises(FloatingPointError, match=r"diverged before step \d+; try a smaller pretrain\.learning_rate"):
        encoder_state(cell(learning_rate=1e30), device=CPU)


STUDY = """
name: small
methods: [fixmatch, ssc]
search_space: {parameters: {tau: {type: float, default: 0.9, low: 0.8, high: 0.95}}}
design: {type: sobol, points: 4}
settings:
  with: {pretrain: {steps: 20, batch_size: BATCH}}
  without: {}
"""


def test_settings_with_and_without(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(STUDY.replace("BATCH", "32"))
    study = load_study(path)
    assert study.pretraining("without") is None
    assert study.pretraining("with") == PretrainConfig(steps=20, batch_size=32)
    path.write_text(STUDY.replace("BATCH", "1000"))
    with pytest.raises(
        InputError, match=r"s\.yaml:7: settings\.with\.pretrain\.batch_size: must be at most 997 for dig"
    ):
        load_study(path)
