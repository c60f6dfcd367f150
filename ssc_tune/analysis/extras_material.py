"""What the pieces of :mod:`ssc_tune.analysis.extras` work on, and what they return."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ssc_tune.analysis import arrays, surrogate
from ssc_tune.analysis.result import Curve, Share
from ssc_tune.analysis.tables import Tables
from ssc_tune.analysis.variance import FloatArray as Array
from ssc_tune.study.models import Study
from ssc_tune.study.space import ChoiceParameter, Parameter


class Findings(NamedTuple):
    """What one piece found."""

    curves: Sequence[Curve] = ()
    shares: Sequence[Share] = ()
    facts: Sequence[tuple[str, dict[str, Any]]] = ()
    reasons: Sequence[str] = ()


class Fitted(NamedTuple):
    """A surrogate of point means with its cross-validated R2."""

    model: surrogate.Surrogate
    r2: float


class Material:
    """One method's scores, and where its points lie in the unit cube of the parameters that vary for it.

    Args:
        study, tables: of which the parameters, the cells and the histories are read.
        scores: the method's scores at its complete points.
        block, setting, method: where they stand.
    """

    def __init__(
        self, study: Study, tables: Tables, scores: arrays.Scores, *, block: str, setting: str, method: str
    ) -> None:
        self.study, self.tables, self.scores = study, tables, scores
        self.block, self.setting, self.method = block, setting, method
        where = arrays.coordinates(study, tables, block=block, setting=setting, points=scores.points)
        space = study.search_space.parameters
        kept = [
            k
            for k, name in enumerate(where.names)
            if space[name].applies(method) and np.isfinite(where.unit[:, k]).all() and np.ptp(where.unit[:, k]) > 0
        ]
        self.names = tuple(where.names[k] for k in kept)
        self.unit: Array = np.clip(where.unit[:, kept], 0, 1)
        self.default: Array = where.default[kept]
        self.parameters: tuple[Parameter, ...] = tuple(space[name] for name in self.names)
        self.categories = {k: len(p.choices) for k, p in enumerate(self.parameters) if isinstance(p, ChoiceParameter)}
        self._fitted: Fitted | None = None

    @property
    def means(self) -> Array:
        """Mean test accuracy of each point (N,)."""
        return np.asarray(self.scores.test.mean(axis=1))

    def fitted(self, rng: np.random.Generator) -> Fitted:
        """The surrogate, fitted at the first call.

        Raises:
            ValueError: too few points, or scores that do not vary.
        """
        if not self.names:
            raise ValueError("no parameter varies")
        needed = max(10, 2 * (len(self.names) + 1))
        if len(self.means) < needed:
            raise ValueError(f"too few points for a surrogate: {len(self.means)}, {needed} are needed")
        if self._fitted is None:
            model = surrogate.fit(self.unit, self.scores.test, categories=self.categories, rng=rng)
            r2 = surrogate.cross_validated_r2(
                self.unit, self.means, categories=self.categories, rng=rng, start=model.kernel
            )
            self._fitted = Fitted(model, r2)
        return self._fitted

    def row(self, **values: Any) -> dict[str, Any]:
        """A row of facts about this method."""
        return {"block": self.block, "setting": self.setting, "method": self.method, **values}

    def curve(
        self,
        kind: str,
        x_name: str,
        y_name: str,
        x: Iterable[Any],
        y: Array,
        low: Array,
        high: Array,
        note: str = "",
    ) -> Curve:
        """A curve of this method; without a band where a limit is undefined."""
        banded = bool(np.isfinite(low).all() and np.isfinite(high).all())
        return Curve(
            kind=kind,
            method=self.method,
            block=self.block,
            setting=self.setting,
            x_name=x_name,
            y_name=y_name,
            x=tuple(v if isinstance(v, str) else str(v) if isinstance(v, bool) else float(v) for v in x),
            y=tuple(map(float, y)),
            low=tuple(map(float, low)) if banded else None,
            high=tuple(map(float, high)) if banded else None,
            note=note,
        )


def collect(study: Study, tables: Tables, *, block: str, setting: str, method: str) -> Material | None:
    """The material of a method; None where no point of the design is complete."""
    scores = arrays.load(study, tables, block=block, setting=setting, method=method)
    if len(scores.points) == 0:
        return None
    return Material(study, tables, scores, block=block, setting=setting, method=method)


def plain(value: Any) -> Any:
    """JSON's own types; NaN becomes None."""
    if isinstance(value, dict):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
