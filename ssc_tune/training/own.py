"""Training that is not ours: a function or a command of a user's, from a cell's configuration to its result.

What it reports is the same for both: ``step`` with ``validation_NAME`` as it goes, where it can, and at its end
``validation_NAME`` and ``test_NAME``, NAME being the metric's (``accuracy`` unless told otherwise). Choices between
points are made by the validation value and scored by the test value, as for our methods. Other numbers are kept and
tracked.
"""

from __future__ import annotations

import importlib
import inspect
import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ssc_tune.data import registry
from ssc_tune.methods.own import OwnMethod, add_folder
from ssc_tune.training import pulse
from ssc_tune.training.config import CellConfig
from ssc_tune.training.own_command import run_command
from ssc_tune.training.result import Evaluation, RunResult, steps_to_share

OnEvaluation = Callable[[Evaluation], None]


def train_own(
    config: CellConfig, *, directory: Path, folder: str = "", on_evaluation: OnEvaluation | None = None
) -> RunResult:
    """Runs a cell of a function or command.

    Args:
        config: everything that decides the result.
        directory: for checkpoints of its own; what is there from an earlier attempt is left there.
        folder: of the study file, where modules are looked for first and commands run; the working directory if empty.
        on_evaluation: called with every value reported on the way.

    Returns:
        The result; ``diverged`` where a final value is not finite.

    Raises:
        ValueError: what was reported is no number, lies outside the metric's ends, or lacks a final value.
        RuntimeError: the command ended with an error; its last lines stand in the message.
        Exception: whatever the function raises.
    """
    own = config.own
    assert own is not None
    directory.mkdir(parents=True, exist_ok=True)
    course = _Course(own, on_evaluation)
    started = time.perf_counter()
    if own.function is not None:
        final = _call(own.function, folder, _given(config, directory) | {"report": course.report})
        course.ended(final)
    else:
        assert own.command is not None
        run_command(own.command, Path(folder or "."), _given(config, directory), course.report)
    num_classes = registry.info(config.data.source).num_classes
    return course.result(num_classes, time.perf_counter() - started)


def _given(config: CellConfig, directory: Path) -> dict[str, Any]:
    setting = config.model_dump(mode="json", include={"data", "model", "training"})
    return {
        "hyperparameters": dict(config.hyperparameters),
        "seed": config.seed,
        "setting": setting,
        "folder": directory.absolute(),
    }


def _call(target: str, folder: str, given: Mapping[str, Any]) -> Any:
    """Calls a function with what its signature names."""
    add_folder(folder)
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    taken = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken):
        return function(**given)
    return function(**{parameter.name: given[parameter.name] for parameter in taken if parameter.name in given})


class _Course:
    """What was reported so far."""

    def __init__(self, own: OwnMethod, on_evaluation: OnEvaluation | None) -> None:
        self._own, self._on_evaluation = own, on_evaluation
        self._history: list[Evaluation] = []
        self._final: dict[str, float] = {}
        self._validation, self._test = (f"{part}_{own.metric.name}" for part in ("validation", "test"))

    def report(self, step: int | None = None, **values: float) -> None:
        """Takes values: of a step, or without one the final ones.

        Raises:
            ValueError: a value is no number, or outside the metric's ends.
        """
        pulse.beat()
        numbers = {name: _number(name, value) for name, value in values.items()}
        final = {name: numbers.pop(name) for name in (self._test,) if name in numbers}
        if step is None:
            final |= {name: numbers.pop(name) for name in (self._validation,) if name in numbers}
        self._final |= final
        if step is not None and self._validation in numbers:
            self._evaluated(int(step), numbers)

    def ended(self, returned: Any) -> None:
        """Takes what a function returned."""
        if isinstance(returned, Mapping):
            self.report(**{str(name): value for name, value in returned.items() if name != "step"})
        elif returned is not None:
            raise ValueError(
                f"{self._own.function} returned {type(returned).__name__}; needed: a mapping with "
                f"{self._validation} and {self._test}, or None where both were reported"
            )

    def _evaluated(self, step: int, numbers: dict[str, float]) -> None:
        share = self._own.metric.share(numbers.pop(self._validation))
        if not math.isfinite(share):
            return
        evaluation = Evaluation(
            step=step,
            time=time.time(),
            loss_terms={},
            validation_accuracy=share,
            signatures={name: value for name, value in numbers.items() if math.isfinite(value)},
        )
        self._history.append(evaluation)
        if self._on_evaluation is not None:
            self._on_evaluation(evaluation)

    def result(self, num_classes: int, seconds: float) -> RunResult:
        """The outcome.

        Raises:
            ValueError: a final value is missing.
        """
        shares = {name: self._own.metric.share(value) for name, value in self._final.items()}
        if self._history:
            shares.setdefault(self._validation, self._history[-1].validation_accuracy)
        for name in (self._validation, self._test):
            if name not in shares:
                raise ValueError(f"{name} was not reported; got: {', '.join(shares) or 'nothing'}")
        validation, test = shares[self._validation], shares[self._test]
        ok = math.isfinite(validation) and math.isfinite(test)
        return RunResult(
            status="ok" if ok else "diverged",
            steps=self._history[-1].step if self._history else 0,
            validation_accuracy=validation if ok else None,
            test_accuracy=test if ok else None,
            steps_to_90=steps_to_share(self._history, 0.9) if ok else None,
            seconds=seconds,
            images_per_second=None,
            num_classes=num_classes,
            num_parameters=0,
            history=tuple(self._history),
        )


def _number(name: str, value: Any) -> float:
    try:
        if isinstance(value, bool | str):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        text = json.dumps(value, default=repr)
        raise ValueError(f"{name} was reported as {text}; needed: a number") from None
