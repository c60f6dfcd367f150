"""Methods of one's own: a class for our training loop, or any function or command that trains and says how well.

Nothing here imports torch or what it names: a study file is checked without running anything of it.
"""

from __future__ import annotations

import math
import sys
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, create_model, model_validator

from ssc_tune.frozen import Frozen

Value = bool | int | float | str


def add_folder(folder: str) -> None:
    """Lets modules beside a study file be found, before installed ones; nothing where ``folder`` is empty."""
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)


class Metric(Frozen):
    """What a function or command reports. Its values are read as shares of the way from ``worst`` to ``best``.

    .. math:: a = (v - worst) / (best - worst)

    For accuracy that is the accuracy itself, for an error rate one minus it. All of a study's figures are of ``a``.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")] = Field(
        "accuracy", description="Its name: `validation_NAME` and `test_NAME` are reported."
    )
    larger_is_better: bool = Field(True, description="False for an error or a loss.")
    worst: float | None = Field(
        None, description="The value that counts as 0, and that a failed run gets; 0, or 1 where smaller is better."
    )
    best: float | None = Field(None, description="The value that counts as 1; 1, or 0 where smaller is better.")

    @property
    def ends(self) -> tuple[float, float]:
        """Worst and best value."""
        worst, best = (0.0, 1.0) if self.larger_is_better else (1.0, 0.0)
        return worst if self.worst is None else self.worst, best if self.best is None else self.best

    @property
    def is_accuracy(self) -> bool:
        """Whether values are accuracies, so that a failed run counts as guessing and not as the worst."""
        return self.name == "accuracy" and self.ends == (0.0, 1.0)

    @model_validator(mode="after")
    def _ordered(self) -> Metric:
        worst, best = self.ends
        if (best > worst) is not self.larger_is_better or best == worst:
            side = "above" if self.larger_is_better else "below"
            raise ValueError(f"best ({best:g}) must lie {side} worst ({worst:g})")
        return self

    def share(self, value: float) -> float:
        """``value`` on the way from worst to best.

        Raises:
            ValueError: the value lies outside; widen worst and best.
        """
        worst, best = self.ends
        share = (value - worst) / (best - worst)
        if not -1e-9 <= share <= 1 + 1e-9 and math.isfinite(value):
            raise ValueError(f"{self.name} {value:g} lies outside worst ({worst:g}) to best ({best:g}) of the metric")
        return min(max(share, 0.0), 1.0) if math.isfinite(share) else share


class OwnMethod(Frozen):
    """A method of one's own, by exactly one of ``method``, ``function`` and ``command``.

    A ``method`` is a class that our training loop trains. A ``function`` or ``command`` is any training at all.
    """

    method: str | None = Field(
        None, description="`module:Class` of an `ssc_tune.methods.base.Method`, trained as ours are."
    )
    function: str | None = Field(
        None,
        description="`module:function`, called with what it takes of what every run is given.",
    )
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None, description="A program and its arguments, run in the study file's folder; `{NAME}` becomes a value."
    )
    hyperparameters: dict[str, Value] = Field(
        {}, description="What a function or command can be given, with the default of each."
    )
    metric: Metric = Field(Metric(), description="What a function or command reports.")
    files: tuple[str, ...] = Field(
        (), description="Further files that decide the result; with them the module, or files in the command."
    )
    version: str = Field("", description="Said instead of looking at files: a new version is run anew.")
    fingerprint: str = Field("", description="SHA-256 of those files, found when the study is read.")
    folder: str = Field("", exclude=True, description="Of the study file; found when the study is read.")

    @model_validator(mode="after")
    def _one_of_three(self) -> OwnMethod:
        given = [key for key in ("method", "function", "command") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of method, function and command, not {' and '.join(given) or 'none'}")
        for key in ("method", "function"):
            target = getattr(self, key)
            module, _, name = (target or "a:b").partition(":")
            if not (name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
                raise ValueError(f"{key} must be module:name, not {target!r}")
        if self.method is not None and self.hyperparameters:
            raise ValueError("hyperparameters of a method are those that its class declares; leave the key out")
        return self

    @property
    def is_ours_to_train(self) -> bool:
        """Whether our training loop trains it."""
        return self.method is not None

    @property
    def model(self) -> type[Frozen]:
        """The hyperparameters of a function or command as a model: names, types of the defaults, defaults."""
        return _model(tuple(self.hyperparameters.items()), tuple(map(type, self.hyperparameters.values())))


@lru_cache(maxsize=256)
def _model(defaults: tuple[tuple[str, Value], ...], kinds: tuple[type, ...]) -> type[Frozen]:
    fields: dict[str, Any] = {name: (kind, value) for (name, value), kind in zip(defaults, kinds, strict=True)}
    made: type[Frozen] = create_model("OwnHyperparameters", __base__=Frozen, **fields)
    return made
