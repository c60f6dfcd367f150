"""One cell as a whole: it repeats bit by bit, continues where it was stopped, and always ends as a result."""

from __future__ import annotations

import itertools
import math
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from ssc_tune import data, methods
from ssc_tune.training import CellConfig, Evaluation, train
from ssc_tune.training.batches import Batches
from ssc_tune.training.loop import CHECKPOINT
from ssc_tune.training.network import make_method, make_network
from tests.making.cells import EVERY_METHOD, make_config, without_times

CPU = torch.device("cpu")


class Stopped(Exception):
    """Raised by a test to end a cell."""


def _weights(directory: Path) -> dict[str, Any]:
    content = torch.load(directory / CHECKPOINT, weights_only=True)
    return {name: content[name] for name in ("network", "average", "velocities", "generators")}


def assert_same(a: Any, b: Any) -> None:
    """Equality of nested containers, tensors bit by bit."""
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, list):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    else:
        assert a == b


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_the_same_cell_twice_is_the_same_bit_by_bit(tmp_path: Path, method: str) -> None:
    config = make_config(method)
    first = train(config, directory=tmp_path / "1", device="cpu")
    torch.rand(3)  # the global generator has no part in it
    second = train(config, directory=tmp_path / "2", device="cpu")
    assert without_times(first) == without_times(second)
    assert_same(_weights(tmp_path / "1"), _weights(tmp_path / "2"))
    other = train(make_config(method, seed=1), device="cpu")
    assert without_times(other)["history"] != without_times(first)["history"]


@pytest.mark.parametrize(
    ("method", "more"),
    [
        *(pytest.param(*each.values, {}, marks=each.marks) for each in EVERY_METHOD),
        ("ssc", {"prototype_init": "kmeans"}),
    ],
)
def test_an_interrupted_cell_continues_bit_by_bit(tmp_path: Path, method: str, more: dict[str, Any]) -> None:
    config = make_config(method, hyperparameters=more)
    whole = train(config, directory=tmp_path / "whole", device="cpu")
    chosen = random.Random(f"{method} {more}").choice([e.step for e in whole.history[:-1]])

    def stop(evaluation: Evaluation) -> None:
        if evaluation.step == chosen:
            raise Stopped

    with pytest.raises(Stopped):
        train(config, directory=tmp_path / "cut", device="cpu", on_evaluation=stop)
    seen: list[int] = []
    again = train(config, directory=tmp_path / "cut", device="cpu", on_evaluation=lambda e: seen.append(e.step))
    assert seen == [e.step for e in whole.history if e.step > chosen]
    assert without_times(again) == without_times(whole)
    assert_same(_weights(tmp_path / "cut"), _weights(tmp_path / "whole"))
    assert without_times(train(config, directory=tmp_path / "cut", device="cpu")) == without_times(whole)


_KILLED = """
import os, signal, sys
from pathlib import Path
from ssc_tune.training import CellConfig, train
from ssc_tune.training.step import Stepper
plain = Stepper.__call__
def step(self, batch, number, sums):
    if number == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(self, batch, number, sums)
Stepper.__call__ = step
train(CellConfig.model_validate_json(sys.argv[1]), directory=Path(sys.argv[2]), device="cpu")
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fixmatch", "ssc"])
@pytest.mark.parametrize("step", [1, 7])
def test_a_killed_process_continues_bit_by_bit(tmp_path: Path, method: str, step: int) -> None:
    config = make_config(method)
    arguments = [sys.executable, "-c", _KILLED, config.model_dump_json(), str(tmp_path / "killed"), str(step)]
    assert subprocess.run(arguments, check=False, timeout=120).returncode == -9
    again = train(config, directory=tmp_path / "killed", device="cpu")
    whole = train(config, directory=tmp_path / "whole", device="cpu")
    assert without_times(again) == without_times(whole)
    assert_same(_weights(tmp_path / "killed"), _weights(tmp_path / "whole"))


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_a_diverged_cell_is_a_result(tmp_path: Path, method: str) -> None:
    config = make_config(method, hyperparameters={"learning_rate": 1e6, "weight_decay": 0.1})
    result = train(config, directory=tmp_path, device="cpu")
    assert result.status == "diverged"
    assert result.test_accuracy is None
    assert result.validation_accuracy is None
    assert result.steps_to_90 is None
    assert 1 <= result.steps <= 12
    assert all(math.isfinite(e.train_loss) for e in result.history)
    assert without_times(train(config, directory=tmp_path, device="cpu")) == without_times(result)


def test_a_finished_cell_reports_what_it_did() -> None:
    result = train(make_config("ssc", steps=10, evaluations=3), device="cpu")
    assert result.status == "ok"
    assert [e.step for e in result.history] == [3, 7, 10]
    assert result.steps == 10
    assert result.num_classes == 10
    assert result.validation_accuracy == result.history[-1].validation_accuracy
    assert result.test_accuracy is not None
    assert (result.test_accuracy * 500) == pytest.approx(round(result.test_accuracy * 500))
    for e in result.history:
        assert sum(e.loss_terms.values()) == pytest.approx(e.train_loss, rel=1e-5)
        assert set(e.loss_terms) == {"prototypes", "labelled", "confident", "unconfident"}
        assert e.learning_rate == pytest.approx(0.03 * math.cos(7 * math.pi * (e.step - 1) / 160))


def _batches(config: CellConfig) -> Batches:
    dataset = data.load("digits")
    method = make_method(config, dataset.num_classes)
    split = data.split(dataset, labels_per_class=2, validation=300, seed=config.seed)
    return Batches(dataset, split, method, seed=config.seed, device=CPU)


@pytest.mark.parametrize("group_bytes", [1_500_000, 20_000, 1])
def test_methods_share_weights_labels_order_and_weak_views(monkeypatch: pytest.MonkeyPatch, group_bytes: int) -> None:
    monkeypatch.setattr("ssc_tune.training.batches._GROUP_BYTES", group_bytes)
    configs = [make_config("fixmatch", seed=3), make_config("ssc", seed=3)]
    encoders = [make_network(c, make_method(c, 10), in_channels=1).encoder.state_dict() for c in configs]
    assert_same(dict(encoders[0]), dict(encoders[1]))
    shared = 8 + 16  # labelled and weak views come first
    for one, other in zip(*(_batches(c).between(0, 25) for c in configs), strict=True):
        assert torch.equal(one.images[:shared], other.images[:shared])
        assert torch.equal(one.labels, other.labels)
        assert torch.equal(one.hidden_labels, other.hidden_labels)
        assert one.images.shape[0] == shared + 16
        assert other.images.shape[0] == shared + 32


def test_labelled_images_are_the_split_and_change_with_the_seed() -> None:
    split = data.split(data.load("digits"), labels_per_class=2, validation=300, seed=0)
    batches = _batches(make_config("fixmatch"))
    taken = batches._labelled.take(0, 20)
    assert sorted(taken.tolist()) == sorted(split.labelled.tolist())
    assert taken.tolist() != _batches(make_config("fixmatch", seed=1))._labelled.take(0, 20).tolist()


def test_the_weak_view_apart_learns_and_differs_from_joint() -> None:
    longer = {"steps": 60, "evaluations": 2, "hyperparameters": {"batch_size": 16}}
    for method in ("fixmatch", "ssc"):
        joint = train(make_config(method, **longer), device="cpu")
        separate = train(make_config(method, weak_view="separate", **longer), device="cpu")
        assert separate.status == "ok"
        assert separate.test_accuracy is not None
        assert separate.test_accuracy > 0.3  # chance is 0.1
        assert separate.history[0].train_loss != joint.history[0].train_loss


def test_memory_order_and_group_size_do_not_matter_beyond_rounding() -> None:
    plain = train(make_config("ssc", channels_last=False, steps=4), device="cpu")
    other = train(make_config("ssc", channels_last=True, steps=4), device="cpu")
    for a, b in zip(plain.history, other.history, strict=True):
        assert a.train_loss == pytest.approx(b.train_loss, rel=1e-4)


_ALONE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("ray", "optuna", "mlflow"):
            raise ImportError(f"{name} is not here")
sys.meta_path.insert(0, Refuse())
from ssc_tune.training import CellConfig, train
for config in sys.argv[1:]:
    assert train(CellConfig.model_validate_json(config), device="cpu").status == "ok"
print([name for name in ("torch._dynamo", "sympy", "triton") if name in sys.modules])
"""


def test_training_runs_alone_and_does_not_import_the_compiler() -> None:
    """torch._dynamo, with sympy and triton, would cost each worker seconds and memory that nothing here needs."""
    configs = [make_config(method, steps=1, evaluations=1).model_dump_json() for method in methods.names]
    run = subprocess.run([sys.executable, "-c", _ALONE, *configs], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fixmatch", "ssc"])
def test_compiled_equals_eager(method: str) -> None:
    torch._dynamo.reset()
    eager = train(make_config(method, steps=6, evaluations=3), device="cpu")
    compiled = train(make_config(method, steps=6, evaluations=3, compile=True), device="cpu")
    for a, b in zip(eager.history, compiled.history, strict=True):
        assert a.train_loss == pytest.approx(b.train_loss, rel=2e-3)
        assert a.signatures["prototype_mean_cosine"] == pytest.approx(b.signatures["prototype_mean_cosine"], abs=1e-3)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the process's size from /proc")
def test_memory_is_flat_over_ten_thousand_steps() -> None:
    seen: list[tuple[int, float]] = []

    def note(evaluation: Evaluation) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        seen.append((evaluation.step, pages * 4096 / 1e6))

    tiny = {"batch_size": 2, "mu": 1}
    train(make_config("ssc", hyperparameters=tiny, steps=10_000, evaluations=20), device="cpu", on_evaluation=note)
    # The allocator gives pages back and takes them again, several MB at a time: a difference of two readings measures
    # that. A leak grows from step to step: the median slope over all pairs of readings (Theil and Sen) finds it.
    pairs = itertools.combinations(seen[1:], 2)
    growth = 10_000 * statistics.median((b - a) / (after - before) for (before, a), (after, b) in pairs)
    assert growth < 5  # MB over 10,000 steps, thus 500 bytes a step: one small tensor kept a step is found
