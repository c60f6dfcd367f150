"""Cells with nets of timm, weights from a file, frozen encoders: correct, and equal in bits when continued."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ssc_tune.atomic import digest
from ssc_tune.errors import InputError
from ssc_tune.study import load_study
from ssc_tune.study.registration import plan_hash
from ssc_tune.training import CellConfig, Evaluation, ModelConfig, train
from ssc_tune.training.loop import CHECKPOINT
from ssc_tune.training.network import make_method, make_network
from ssc_tune.training.predict import Predictor
from tests.making.cells import make_config, without_times


class Stop(Exception):
    pass


def cell(method: str = "fixmatch", training: dict[str, Any] | None = None, **model: Any) -> CellConfig:
    config = make_config(method, **{"steps": 4, "evaluations": 2, **(training or {})})
    return config.model_copy(update={"model": ModelConfig.model_validate({"name": "wrn-10-1", **model})})


def interrupted(config: CellConfig, directory: Path) -> Any:
    """Trained to the first evaluation, and then to the end by a later call."""

    def stop(_: Evaluation) -> None:
        raise Stop

    with pytest.raises(Stop):
        train(config, directory=directory, device="cpu", on_evaluation=stop)
    return train(config, directory=directory, device="cpu")


def weights_of(directory: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(directory / CHECKPOINT, weights_only=True)
    return {f"{part}.{k}": v for part in ("network", "average") for k, v in content[part].items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet10t", "mobilenetv3_small_050", "vit_tiny_patch16_224"])
def test_a_net_of_timm_continued_ends_with_equal_bits_and_predicts(name: str, tmp_path: Path) -> None:
    pytest.importorskip("timm")
    config = cell(name=f"timm/{name}", input_size=32)
    whole = train(config, directory=tmp_path / "whole", device="cpu")
    assert without_times(interrupted(config, tmp_path / "parts")) == without_times(whole)
    first, second = weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts")
    assert all(torch.equal(value, second[key]) for key, value in first.items())
    moved = [key for key in first if key.startswith("average") and key.endswith("running_var")]
    assert all(not torch.equal(first[key], torch.ones_like(first[key])) for key in moved)
    assert (len(moved) == 0) == name.startswith("vit")
    found = Predictor.load(tmp_path / "whole" / CHECKPOINT, config, device="cpu")
    assert found.scores(torch.zeros(2, 1, 8, 8, dtype=torch.uint8).numpy()).shape == (2, 10)


def written(path: Path) -> str:
    config = cell()
    network = make_network(config.model_copy(update={"seed": 9}), make_method(config, 10), in_channels=1)
    torch.save(network.encoder.state_dict(), path)
    return digest(path) or ""


@pytest.mark.parametrize("method", ["fixmatch", "ssc"])
def test_a_frozen_encoder_does_not_move(method: str, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    sha = written(path)
    config = cell(method, weights=str(path), weights_sha256=sha, train="head")
    whole = train(config, directory=tmp_path / "whole", device="cpu")
    path.rename(tmp_path / "elsewhere.pt")
    found, start = weights_of(tmp_path / "whole"), torch.load(tmp_path / "elsewhere.pt", weights_only=True)
    assert all(
        torch.equal(found[f"{part}.encoder.{key}"], value)
        for key, value in start.items()
        for part in ("network", "average")
    )
    assert whole.status == "ok"
    (tmp_path / "elsewhere.pt").rename(path)
    assert without_times(interrupted(config, tmp_path / "parts")) == without_times(whole)


def test_weights_are_where_training_starts(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    sha = written(path)
    config = cell(weights=str(path), weights_sha256=sha, training={"steps": 1, "evaluations": 1})
    train(config, directory=tmp_path / "a", device="cpu")
    train(cell(training={"steps": 1, "evaluations": 1}), directory=tmp_path / "b", device="cpu")
    start = torch.load(path, weights_only=True)["stem.weight"]
    near, far = (weights_of(tmp_path / name)["network.encoder.stem.weight"] for name in "ab")
    assert 0 < (near - start).norm() < 0.2 * (far - start).norm()
    path.write_bytes(b"other")
    with pytest.raises(InputError, match="is another file than it was"):
        train(config, device="cpu")


def test_the_id_follows_what_is_in_the_file_and_not_where_it_lies() -> None:
    first, second = (cell(weights=path, weights_sha256="0" * 64) for path in ("a.pt", "b.pt"))
    assert first.cell_id == second.cell_id != cell().cell_id
    assert cell(weights="a.pt", weights_sha256="1" * 64).cell_id != first.cell_id
    assert cell(train="head").cell_id != cell().cell_id
    with pytest.raises(ValueError, match="go together"):
        cell(weights="a.pt")


STUDY = """
name: small
methods: [fixmatch, ssc]
search_space: {parameters: {tau: {type: float, default: 0.9, low: 0.8, high: 0.95}}}
design: {type: sobol, points: 4}
model: {weights: w.pt}
settings: {a: {}, b: {model: {weights: w.pt, train: head}}}
"""


def test_a_study_knows_its_files(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    sha = written(path)
    (tmp_path / "s.yaml").write_text(STUDY)
    study = load_study(tmp_path / "s.yaml")
    assert study.model.weights_sha256 == sha == study.setting("b")[1].weights_sha256
    assert study.model.weights == str(path)
    registered = plan_hash(study)
    (tmp_path / "other").mkdir()
    (tmp_path / "s.yaml").write_text(STUDY.replace("w.pt", "other/v.pt"))
    path.rename(tmp_path / "other" / "v.pt")
    assert plan_hash(load_study(tmp_path / "s.yaml")) == registered
    (tmp_path / "s.yaml").write_text(STUDY)
    with pytest.raises(InputError) as caught:
        load_study(tmp_path / "s.yaml")
    assert len(caught.value.problems) == 2
    assert "s.yaml:6: model.weights: no file 'w.pt' in" in caught.value.problems[0]
