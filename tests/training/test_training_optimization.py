"""Schedule, averages, optimizer and the small counts, against closed forms and plain loops."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.models import build, update_running_statistics
from ssc_tune.training import TrainingConfig
from ssc_tune.training.loop import evaluation_steps, steps_to_share
from ssc_tune.training.network import Network
from ssc_tune.training.optimization import Averaged, NesterovSGD, cosine, ema_decay, norm_momentum
from tests.making.records import evaluation


def test_cosine_schedule_at_known_places() -> None:
    assert cosine(0, 200) == 1
    assert cosine(200, 200) == pytest.approx(math.cos(7 * math.pi / 16))
    assert cosine(8, 14) == pytest.approx(math.sqrt(2) / 2)  # 7 pi 8 / (16 14) = pi / 4
    assert cosine(160, 210) == pytest.approx(0.5)  # pi / 3


@given(steps=st.integers(2, 10_000))
def test_cosine_schedule_falls_and_stays_positive(steps: int) -> None:
    values = [cosine(k, steps) for k in (0, steps // 3, steps // 2, steps - 1)]
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0.19


@pytest.mark.parametrize(
    ("step", "ceiling", "decay"),
    [
        (0, 0.999, 0.1),
        (8, 0.999, 0.5),
        (80, 0.999, 0.9),
        (8988, 0.999, 8989 / 8998),
        (8990, 0.999, 0.999),
        (80, 0.6, 0.6),
    ],
)
def test_average_warms_up_to_its_ceiling(step: int, ceiling: float, decay: float) -> None:
    assert ema_decay(step, ceiling) == pytest.approx(decay, abs=1e-15)


def test_norm_momentum_is_nine_over_ten_plus_k_down_to_a_thousandth() -> None:
    for k in (0, 1, 17, 500, 8000):
        assert norm_momentum(k) == pytest.approx(9 / (10 + k))
    assert norm_momentum(50_000) == pytest.approx(0.001)


def _network() -> Network:
    draw = torch.Generator().manual_seed(0)
    encoder = build("wrn-10-1", in_channels=1, generator=draw)
    return Network(encoder, torch.nn.Linear(encoder.num_features, 10))


def test_weight_decay_spares_biases_and_normalization_and_nothing_else() -> None:
    network = _network()
    optimizer = NesterovSGD(network.parameters(), learning_rate=0.1, momentum=0.9, weight_decay=0.01)
    by_id = {id(p): group.weight_decay for group in optimizer.groups for p in group.parameters}
    for name, parameter in network.named_parameters():
        spared = "norm" in name or name.endswith("bias")
        assert by_id.pop(id(parameter)) == (0.0 if spared else 0.01), name
    assert not by_id


def test_updates_equal_nesterov_momentum_written_out() -> None:
    weight = torch.nn.Parameter(torch.tensor([[0.7, -1.2]]))
    optimizer = NesterovSGD([weight], learning_rate=0.2, momentum=0.9, weight_decay=0.05)
    expected, velocity = weight.detach().clone().double(), torch.zeros(1, 2, dtype=torch.float64)
    for step in range(6):
        (weight**3).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        gradient = 3 * expected**2 + 0.05 * expected
        velocity = gradient if step == 0 else 0.9 * velocity + gradient
        expected = expected - 0.2 * (gradient + 0.9 * velocity)
    torch.testing.assert_close(weight.detach().double(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("momentum", [0.9, 0.0])
@pytest.mark.parametrize("channels_last", [True, False])
def test_has_the_bits_of_torch_s_own_optimizer(momentum: float, channels_last: bool) -> None:
    """Also over a step in which some tensors have no gradient, and with a learning rate that moves."""
    ours = _network()
    theirs = copy.deepcopy(ours)
    if channels_last:
        ours, theirs = (net.to(memory_format=torch.channels_last) for net in (ours, theirs))
    optimizer = NesterovSGD(ours.parameters(), learning_rate=0.1, momentum=momentum, weight_decay=0.01)
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in theirs.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    oracle = torch.optim.SGD(groups, lr=0.1, momentum=momentum, nesterov=momentum > 0, fused=True)
    draw = torch.Generator().manual_seed(5)
    for step in range(5):
        rate = 0.1 / (1 + step)
        optimizer.zero_grad()
        oracle.zero_grad()
        for i, (a, b) in enumerate(zip(ours.parameters(), theirs.parameters(), strict=True)):
            if step == 2 and i % 3 == 0:
                continue
            a.grad = torch.empty_like(a).copy_(torch.randn(a.shape, generator=draw))
            b.grad = a.grad.clone()
        optimizer.learning_rate = rate
        for group in oracle.param_groups:
            group["lr"] = rate
        optimizer.step()
        oracle.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)


def test_average_of_weights_equals_a_loop_over_parameters() -> None:
    model = _network()
    average = Averaged(model, copy.deepcopy(model))
    expected = [p.detach().clone().double() for p in model.parameters()]
    draw = torch.Generator().manual_seed(1)
    for step in range(5):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn(parameter.shape, generator=draw))
        average.move(1 - ema_decay(step, 0.7))
        decay = min(0.7, (1 + step) / (10 + step))
        expected = [
            decay * e + (1 - decay) * p.detach().double() for e, p in zip(expected, model.parameters(), strict=True)
        ]
    for found, wanted in zip(average.module.parameters(), expected, strict=True):
        torch.testing.assert_close(found.double(), wanted, rtol=1e-5, atol=1e-5)
        assert not found.requires_grad


def test_running_statistics_follow_the_warm_up_and_reach_the_average() -> None:
    model = _network().train()
    average = Averaged(model, copy.deepcopy(model))
    norm = model.encoder.get_submodule("act.norm")
    expected = torch.zeros_like(norm.running_mean).double()
    draw = torch.Generator().manual_seed(2)
    for step in range(4):
        with torch.no_grad():
            model(torch.randn(6, 1, 8, 8, generator=draw))
        update_running_statistics(model, norm_momentum(step))
        expected += 9 / (10 + step) * (norm.batch_mean.double() - expected)
    torch.testing.assert_close(norm.running_mean.double(), expected, rtol=1e-5, atol=1e-6)
    average.copy_buffers()
    assert torch.equal(average.module.get_submodule("encoder.act.norm").running_mean, norm.running_mean)


@given(evaluations=st.integers(1, 40), extra=st.integers(0, 400))
def test_evaluations_are_even_distinct_and_end_with_the_last_step(evaluations: int, extra: int) -> None:
    steps = evaluations + extra
    found = evaluation_steps(TrainingConfig(steps=steps, evaluations=evaluations))
    assert len(set(found)) == len(found) == evaluations
    assert found == sorted(found)
    assert found[-1] == steps
    assert all(abs(place - steps * (i + 1) / evaluations) <= 0.5 for i, place in enumerate(found))


def test_steps_to_share_is_the_first_evaluation_that_reaches_it() -> None:
    history = [evaluation(10 * (i + 1), a) for i, a in enumerate([0.1, 0.73, 0.6, 0.75, 0.8])]
    assert steps_to_share(history, 0.9) == 20
    assert steps_to_share(history, 0.92) == 40
    assert steps_to_share(history, 1.0) == 50
    assert steps_to_share([], 0.9) is None
