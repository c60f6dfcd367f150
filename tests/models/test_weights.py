"""Weights from a file: what fits, and what is said of a file that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ssc_tune.atomic import digest
from ssc_tune.errors import InputError
from ssc_tune.models import build, load_weights
from ssc_tune.models.layers import Encoder

Weights = dict[str, Any]


def encoder(seed: int, name: str = "wrn-10-1", **how: Any) -> Encoder:
    return build(name, in_channels=3, generator=torch.Generator().manual_seed(seed), **how)


def saved(content: Any, path: Path) -> str:
    torch.save(content, path)
    return digest(path) or ""


@pytest.mark.parametrize(
    "form",
    [
        lambda w: w,
        lambda w: {"state_dict": w, "epoch": 3},
        lambda w: {f"module.{k}": v for k, v in w.items()},
        lambda w: {**{f"encoder.{k}": v for k, v in w.items()}, "head.classifier.weight": torch.zeros(2, 2)},
        lambda w: {**w, "fc.weight": torch.zeros(10, 64), "bn.num_batches_tracked": torch.tensor(3)},
    ],
)
def test_a_state_dict_comes_back(form: Callable[[Weights], Weights], tmp_path: Path) -> None:
    source, target = encoder(0), encoder(1)
    path = tmp_path / "w.pt"
    sha = saved(form(source.state_dict()), path)
    load_weights(target, path, sha256=sha)
    assert all(torch.equal(value, target.state_dict()[key]) for key, value in source.state_dict().items())


def test_torchvisions_weights_fit(tmp_path: Path) -> None:
    torchvision = pytest.importorskip("torchvision")
    theirs = torchvision.models.resnet18(weights=None).eval()
    target, path = encoder(1, "resnet-18", input_size=40), tmp_path / "w.pt"
    load_weights(target, path, sha256=saved(theirs.state_dict(), path))
    theirs.fc = nn.Identity()
    x = torch.randn(2, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(target.eval()(x), theirs(x), rtol=1e-4, atol=1e-5)


def test_timms_weights_fit(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    theirs = timm.create_model("resnet10t").eval()
    target, path = encoder(1, "timm/resnet10t", input_size=32), tmp_path / "w.pt"
    load_weights(target, path, sha256=saved(theirs.state_dict(), path))
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(target.eval()(x), theirs.forward_head(theirs.forward_features(x), pre_logits=True))


def changed(weights: dict[str, Tensor], change: str) -> Any:
    name = "blocks.0.conv1.weight"
    if change == "missing":
        return {key: value for key, value in weights.items() if key != name}
    if change == "shape":
        return {**weights, name: torch.zeros(16, 16, 1, 1)}
    return {**weights, "blocks.9.weight": torch.zeros(1)} if change == "further" else [1, 2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("missing", r"does not fit: missing: blocks\.0\.conv1\.weight$"),
        ("shape", r"of another shape: blocks\.0\.conv1\.weight is \(16, 16, 1, 1\), not \(16, 16, 3, 3\)"),
        ("further", r"not of this net: blocks\.9\.weight"),
        ("list", r"missing: stem\.weight, .* and \d+ more"),
    ],
)
def test_what_does_not_fit_is_listed_and_changes_nothing(change: str, said: str, tmp_path: Path) -> None:
    target, path = encoder(1), tmp_path / "w.pt"
    before = {key: value.clone() for key, value in target.state_dict().items()}
    sha = saved(changed(encoder(0).state_dict(), change), path)
    with pytest.raises(InputError, match=said):
        load_weights(target, path, sha256=sha)
    assert all(torch.equal(value, target.state_dict()[key]) for key, value in before.items())


def test_another_file_a_torn_one_and_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    with pytest.raises(InputError, match="no file"):
        load_weights(encoder(0), path, sha256="0" * 64)
    saved(encoder(0).state_dict(), path)
    with pytest.raises(InputError, match="is another file than it was"):
        load_weights(encoder(0), path, sha256="0" * 64)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="cannot be read as a state dict"):
        load_weights(encoder(0), path, sha256=digest(path) or "")
