"""Captured steps, as far as a machine without a GPU can show them: what is recorded, run as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import module_from_spec
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ssc_tune import data
from ssc_tune.training import captured
from ssc_tune.training.batches import Batches
from ssc_tune.training.loop import RunningCell
from ssc_tune.training.network import Network, make_method, make_network
from ssc_tune.training.optimization import Averaged, NesterovSGD
from ssc_tune.training.step import Pace, Stepper, Sums
from tests.making.cells import EVERY_METHOD, make_config

CPU = torch.device("cpu")


@pytest.fixture
def tensor_paces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eager steps with the numbers of a step as float32 tensors, as on CUDA."""

    def update(self: Stepper, step: int) -> None:
        self.move(Pace(*(torch.full((), value) for value in self.pace(step))))  # type: ignore[arg-type]

    monkeypatch.setattr(Stepper, "update", update)


def _tensors(cell: RunningCell, sums: Sums) -> list[torch.Tensor]:
    state = cell.state()
    parts = [*state["network"].values(), *state["average"].values(), *state["velocities"]]
    return [*parts, *state["generators"].values(), sums.loss, sums.largest_loss, *sums.terms.values(), *sums[3:]]


@pytest.mark.usefixtures("tensor_paces")
@pytest.mark.parametrize("method", EVERY_METHOD)
@pytest.mark.parametrize("group_bytes", [1_500_000, 20_000, 1])
def test_static_tensors_train_with_the_bits_of_eager_steps(
    method: str, group_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In groups of many steps, of some, with a shorter one at the end, and of one; over two intervals."""
    monkeypatch.setattr("ssc_tune.training.batches._GROUP_BYTES", group_bytes)
    eager, static = (RunningCell(make_config(method), CPU) for _ in range(2))
    steps = captured.Captured(static._stepper, static._batches)
    for start, stop in ((0, 7), (7, 12)):
        expected = eager._stepper.run(eager._batches.between(start, stop), start)
        found = steps.run(start, stop)
        for a, b in zip(_tensors(eager, expected), _tensors(static, found), strict=True):
            assert torch.equal(a, b)
    assert found.terms.keys() == expected.terms.keys()


def test_a_step_with_tensors_for_numbers_differs_in_rounding_alone() -> None:
    one, other = (RunningCell(make_config("ssc"), CPU) for _ in range(2))
    for step, (a, b) in enumerate(zip(one._batches.between(0, 3), other._batches.between(0, 3), strict=True)):
        for cell, batch in ((one, a), (other, b)):
            cell._stepper.backward(cell._stepper.loss(batch))
        one._stepper.update(step)
        other._stepper.move(Pace(*(torch.full((), value) for value in other._stepper.pace(step))))  # type: ignore[arg-type]
    pairs = zip(one.average.module.state_dict().values(), other.average.module.state_dict().values(), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("always", [False, True])
def test_no_cell_on_a_cpu_is_captured(wanted: bool, always: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captured, "ALWAYS", always)
    cell = RunningCell(make_config(), CPU)
    training = cell.config.training.model_copy(update={"compile": wanted})
    assert captured.of(training, cell._stepper, cell._batches) is None


@pytest.mark.parametrize(("given", "always"), [(None, True), ("", True), ("0", True), ("1", False)])
def test_an_environment_variable_asks_for_eager_steps(
    given: str | None, always: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read where the module is imported; here by a module of its own that is made of the same file."""
    monkeypatch.delenv("SSC_TUNE_EAGER", raising=False)
    if given is not None:
        monkeypatch.setenv("SSC_TUNE_EAGER", given)
    spec = captured.__spec__
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.ALWAYS is always


def test_work_is_run_as_it_is_then_captured_once_then_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of calls, with stand-ins for streams and graphs."""
    calls: list[str] = []

    class Graph:
        def replay(self) -> None:
            calls.append("replay")

    steps = captured.Replayed(lambda: calls.append("work"), torch.device("cuda"), eager=2)
    monkeypatch.setattr(steps, "_apart", lambda: calls.append("apart"))
    monkeypatch.setattr(steps, "_captured", lambda: [calls.append("capture"), Graph()][1])
    for _ in range(4):
        steps()
    assert calls == ["apart", "apart", "capture", "replay", "replay"]


class _Moves(TorchDispatchMode):
    """Notes operations between a tensor of the host and one of the device, and values read by the host."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, torch.Tensor)]
        self.count += 1
        if len({tensor.device.type for tensor in tensors}) > 1 or "_local_scalar" in str(func):
            self.found.append(str(func))
        return result


@pytest.fixture
def fake_cuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """A CUDA device of tensors without content: shapes and devices alone."""
    device, plain = torch.device("cuda", 0), torch.rand
    for dataset in ("digits", "mnist5k"):
        data.load(dataset)
    without = lambda size, *, generator, device, dtype: plain(size, device=device, dtype=dtype)  # noqa: E731
    monkeypatch.setattr("ssc_tune.data.augmentation.torch.rand", without)
    monkeypatch.setattr("ssc_tune.training.batches.generator", lambda *a, **k: None)
    monkeypatch.setattr("ssc_tune.data.randaugment._cached_table", lambda d: torch.empty(4, 14, device=d))
    monkeypatch.setattr(torch, "_fused_sgd_", lambda *a, **k: None)  # has no form for tensors without content
    # The one upload there is: an interval's order.
    monkeypatch.setattr(
        "ssc_tune.training.batches.to_device", lambda v, d: torch.empty(v.shape, dtype=v.dtype, device=d)
    )
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield device


def _moved(network: Network, device: torch.device) -> Network:
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, name, torch.nn.Parameter(torch.empty_like(parameter, device=device)))
        for name, buffer in list(module.named_buffers(recurse=False)):
            setattr(module, name, torch.empty_like(buffer, device=device))
    return network


def _on(device: torch.device, method: str, **more: Any) -> tuple[Stepper, Batches, list[torch.nn.Parameter]]:
    config = make_config(method, **more)
    dataset = data.load("digits")
    kind = make_method(config, dataset.num_classes)
    network, twin = (_moved(make_network(config, kind, in_channels=1), device).train() for _ in range(2))
    every = torch.arange(len(dataset.train_labels))
    batches = Batches(dataset, data.Split(every[:20], every, every[:9]), kind, seed=0, device=device)
    optimizer = NesterovSGD(network.parameters(), learning_rate=0.1, momentum=0.9, weight_decay=5e-4)
    stepper = Stepper(config.training, network, kind, optimizer, Averaged(network, twin), dataset)
    return stepper, batches, list(network.parameters())


def _gradients(parameters: list[torch.nn.Parameter]) -> Callable[[object], None]:
    """In place of the backward pass, which cannot run on tensors without content."""

    def backward(_: object) -> None:
        for parameter in parameters:
            parameter.grad = torch.empty_like(parameter)

    return backward


@pytest.mark.parametrize("method", EVERY_METHOD)
@pytest.mark.parametrize("weak_view", ["joint", "separate"])
def test_no_step_on_cuda_moves_anything_between_host_and_device(
    fake_cuda: torch.device, method: str, weak_view: str
) -> None:
    stepper, batches, parameters = _on(fake_cuda, method, weak_view=weak_view)
    stepper.backward = _gradients(parameters)  # type: ignore[method-assign]
    with _Moves() as moves:
        sums = stepper.run(batches.between(0, 3), 0)
    assert sums.loss.device == fake_cuda
    assert moves.count > 200
    assert moves.found == []


def test_a_move_would_be_noticed(fake_cuda: torch.device) -> None:
    with _Moves() as moves:
        torch.tensor([1.0]).to(fake_cuda)
    assert len(moves.found) == 1
