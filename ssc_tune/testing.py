"""For authors of methods: what our training loop and our statistics ask of one, as a check to call from a test.

    from ssc_tune.testing import check_method

    def test_contract():
        check_method(MyMethod)

A failed check raises ``AssertionError`` with what was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ssc_tune.methods.base import Method, Starter, StepLoss, Views
from ssc_tune.methods.own import OwnMethod
from ssc_tune.training import CellConfig, DataConfig, ModelConfig, TrainingConfig, train

_FEATURES, _CLASSES, _LABELLED, _UNLABELLED = 16, 5, 6, 8


def check_method(kind: type[Method[Any]], hyperparameters: Mapping[str, Any] | None = None) -> None:
    """Checks a class of methods: its loss on made-up outputs, and a short training run on digits.

    Args:
        kind: the class.
        hyperparameters: other than its defaults.

    Raises:
        AssertionError: it does not keep what the training loop relies on.
    """
    given = dict(hyperparameters or {})
    _check_hyperparameters(kind, given)
    method = kind(kind.Hyperparameters.model_validate(given), num_classes=_CLASSES)
    head = method.head(_FEATURES, generator=_generator(1))
    again = method.head(_FEATURES, generator=_generator(1))
    pairs = zip(head.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs), "head: equal generators must give equal weights"
    if method.needs_start:
        outputs, labels = head(torch.randn(2 * _CLASSES, _FEATURES)), torch.arange(2 * _CLASSES) % _CLASSES
        method.start(head, Starter(outputs, labels, outputs), generator=_generator(2))
    for spread in (0.1, 1.0, 30.0):  # no image confident, some, all
        _check_loss(method, head, spread)
    _check_scores(method, head)
    _check_training(kind, given)


def _check_hyperparameters(kind: type[Method[Any]], given: Mapping[str, Any]) -> None:
    fields = kind.Hyperparameters.model_fields
    assert isinstance(getattr(kind, "name", None), str), "name: a class attribute that is text"
    for name, field in fields.items():
        assert not field.is_required(), f"Hyperparameters.{name} needs a default: point 0 of a study is the defaults"
        assert field.description, f"Hyperparameters.{name} needs a description: the report and the reference show it"
    assert set(given) <= set(fields), f"no hyperparameters of {kind.__name__}: {sorted(set(given) - set(fields))}"


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _views(method: Method[Any], head: Any, spread: float) -> tuple[Views, Tensor, list[Tensor]]:
    draw = _generator(3)
    sizes = (_LABELLED, _UNLABELLED, method.num_strong_views * _UNLABELLED)
    if not method.uses_unlabelled:
        sizes = (_LABELLED, 0, 0)
    features = [(spread * torch.randn(n, _FEATURES, generator=draw)).requires_grad_() for n in sizes]
    labelled, weak, strong = (head(part) for part in features)
    views = method.num_strong_views if method.uses_unlabelled else 0
    shaped = strong.reshape(views, -1 if views else 0, *strong.shape[1:])
    labels = torch.arange(_LABELLED) % _CLASSES
    return Views(labelled, weak.detach(), shaped), labels, features


def _check_loss(method: Method[Any], head: Any, spread: float) -> None:
    views, labels, features = _views(method, head, spread)
    state = torch.random.get_rng_state()
    loss: StepLoss = method.loss(head, views, labels)
    assert torch.equal(state, torch.random.get_rng_state()), "loss: draw from a generator you are given, or not at all"
    assert loss.total.shape == (), "loss: total must be a scalar"
    assert bool(loss.total.isfinite()), f"loss: total is {float(loss.total)} for outputs of spread {spread}"
    count = len(views.weak)
    assert loss.pseudo_labels.shape == loss.confident.shape == (count,), f"loss: one pseudo-label an image, {count}"
    assert loss.pseudo_labels.dtype == torch.int64, "loss: pseudo_labels must be int64"
    assert loss.confident.dtype == torch.bool, "loss: confident must be bool"
    for name, term in loss.terms.items():
        assert term.shape == (), f"loss: term {name!r} must be a scalar"
    loss.total.backward()  # type: ignore[no-untyped-call]
    assert features[0].grad is not None, "loss: labelled images must have a gradient"
    for part in features:
        assert part.grad is None or bool(part.grad.isfinite().all()), (
            f"loss: gradients at spread {spread} are not finite"
        )


def _check_scores(method: Method[Any], head: Any) -> None:
    outputs = head(torch.randn(7, _FEATURES, generator=_generator(4)))
    scores = method.scores(head, outputs)
    assert scores.shape == (7, _CLASSES), f"scores: (N, K) = (7, {_CLASSES}), not {tuple(scores.shape)}"
    rows = method.prototypes(head)
    assert rows.shape[:1] == (_CLASSES,), f"prototypes: one row a class, not {tuple(rows.shape)}"


def _check_training(kind: type[Method[Any]], given: Mapping[str, Any]) -> None:
    config = CellConfig(
        data=DataConfig(name="digits", labels_per_class=2),
        model=ModelConfig(name="wrn-10-1"),
        training=TrainingConfig(steps=4, evaluations=2, precision="float32"),
        method="under_test",
        hyperparameters={"batch_size": 8, "mu": 2, **given},
        seed=0,
        own=OwnMethod(method=f"{kind.__module__}:{kind.__qualname__}"),
    )
    first, second = train(config, device="cpu"), train(config, device="cpu")
    assert first.status == "ok", f"a short training run ended {first.status}"
    course = [[(e.train_loss, e.validation_accuracy) for e in result.history] for result in (first, second)]
    assert course[0] == course[1], (
        "two training runs of one seed differ: everything must follow from the generators given"
    )
