"""What the pieces of :mod:`ssc_tune.analysis.explore.extras` work on, and what they return."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ssc_tune.analysis import arrays
from ssc_tune.analysis.estimates import cut_to, generator, joined
from ssc_tune.analysis.estimators import decomposition, sobol, surrogate
from ssc_tune.analysis.estimators.intervals import Band
from ssc_tune.analysis.estimators.variance import FloatArray as Array
from ssc_tune.analysis.result import Curve, Estimate, Share
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.space import ChoiceParameter, Parameter
from ssc_tune.study.model.study import Study

MOST_DRAWS = 200
"""Resamples of the points; they fix a standard error to 5%."""


class Findings(NamedTuple):
    """What one piece found."""

    curves: Sequence[Curve] = ()
    shares: Sequence[Share] = ()
    facts: Sequence[tuple[str, dict[str, Any]]] = ()
    reasons: Sequence[str] = ()  # why something is not there; empty ones say nothing


class Material:
    """One method's scores, and where its points lie in the unit cube of the parameters that vary for it.

    Args:
        whole: what is analysed, of which the parameters, the cells and the histories are read.
        scores: the method's scores at its complete points.
        block, setting, method: where they stand.
    """

    def __init__(self, whole: Materials, scores: arrays.Scores, block: str, setting: str, method: str) -> None:
        self.whole, self.study, self.tables, self.scores = whole, whole.study, whole.tables, scores
        self.block, self.setting, self.method = block, setting, method
        self.num_bootstrap = min(whole.num_bootstrap, MOST_DRAWS)
        where = arrays.coordinates(self.study, self.tables, block=block, setting=setting, points=scores.points)
        space = self.study.search_space.parameters
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
        self._fitted: surrogate.Fitted | None = None
        self._shares: dict[float, decomposition.Decomposition] = {}

    def _generator(self, name: str) -> np.random.Generator:
        return generator(self.whole.seed, self.block, self.setting, self.method, name)

    def stream(self, name: str) -> np.random.Generator:
        """Random numbers of a piece of the exploration, by its name."""
        return generator(self.whole.seed, f"{self.block}/{self.setting}/{self.method}/{name}")

    @property
    def means(self) -> Array:
        """Mean test accuracy of each point (N,)."""
        return np.asarray(self.scores.test.mean(axis=1))

    def fitted(self) -> surrogate.Fitted:
        """The surrogate, fitted at the first call.

        Raises:
            ValueError: too few points, or scores that do not vary.
        """
        if not self.names:
            raise ValueError("no parameter varies")
        needed = surrogate.least_points(len(self.names))
        if len(self.means) < needed:
            raise ValueError(f"too few points for a surrogate: {len(self.means)}, {needed} are needed")
        if self._fitted is None:
            rng = self._generator("surrogate")
            self._fitted = surrogate.fitted(self.unit, self.scores.test, categories=self.categories, rng=rng)
        return self._fitted

    def trusted(self) -> surrogate.Fitted:
        """The surrogate, for what is told of it: curves, shares, paths and dimensions.

        Raises:
            ValueError: there is none, or it explains too little of the point means.
        """
        fitted = self.fitted()
        refused = sobol.too_little(fitted.r2)
        if refused:
            raise ValueError(refused)
        return fitted

    @property
    def is_full_grid(self) -> bool:
        """Whether the points are all combinations of their levels."""
        return bool(self.names) and decomposition.is_full_grid(self.unit)

    def shares(self, confidence: float) -> decomposition.Decomposition:
        """Shares of the variance with their intervals: exact for a complete grid, functional otherwise.

        The shares are the same at every confidence, and with it the intervals are: the resamples are drawn once.

        Raises:
            ValueError: no parameter varies.
        """
        if confidence not in self._shares:
            self._shares[confidence] = self._decompose(confidence)
        return self._shares[confidence]

    def _decompose(self, confidence: float) -> decomposition.Decomposition:
        test = self.scores.test
        if not self.names:
            raise ValueError("no parameter varies")
        if self.study.design.crossed and self.is_full_grid and test.shape[1] > 1:
            return decomposition.anova(self.unit, test, self.names, confidence=confidence)
        try:
            model, r2 = self.fitted()
        except ValueError:  # decomposition.functional says why itself, and still separates points, seeds and residual
            model, r2 = None, None
        return decomposition.functional(
            self.unit,
            test,
            self.names,
            categories=self.categories,
            num_bootstrap=self.num_bootstrap,
            confidence=confidence,
            rng=self._generator("decomposition"),
            model=model,
            r2=r2,
        )

    def row(self, **values: Any) -> dict[str, Any]:
        """A row of facts about this method."""
        return {"block": self.block, "setting": self.setting, "method": self.method, **values}

    def share(self, source: str, share: Estimate, evaluator: str, whole: str) -> Share:
        """A part of the variance of this method's accuracy."""
        return Share(**self.row(source=source, share=share, evaluator=evaluator, whole=whole))

    def curve(self, kind: str, x_name: str, y_name: str, x: Iterable[Any], band: Band, note: str = "") -> Curve:
        """A curve of accuracies or shares, its band cut to [0, 1], which is noted; none where a limit is undefined."""
        y, given = band.values, band[1:3]
        banded = bool(np.isfinite(given).all())
        low, high = np.clip(band.low, np.minimum(y, 0), 1), np.clip(band.high, 0, np.maximum(y, 1))
        if banded and not np.array_equal((low, high), given):
            note = joined(note, cut_to(0, 1, "band"))
        shown = {
            "x": tuple(v if isinstance(v, str) else str(v) if isinstance(v, bool) else float(v) for v in x),
            "y": tuple(map(float, y)),
            "low": tuple(map(float, low)) if banded else None,
            "high": tuple(map(float, high)) if banded else None,
        }
        return Curve(**self.row(kind=kind, x_name=x_name, y_name=y_name, **shown, note=note))


class Materials:
    """A study's tables, and the material of every method, made once: claims, figures and tables read the same numbers.

    Args:
        study, tables: what is analysed.
        seed: of every bootstrap and permutation, in streams of their own names.
        num_bootstrap: draws of each.
    """

    def __init__(self, study: Study, tables: Tables, *, seed: int = 0, num_bootstrap: int = 2000) -> None:
        self.study, self.tables = study, tables
        self.seed, self.num_bootstrap = seed, num_bootstrap
        self._scores: dict[tuple[str, str, str, arrays.Policy], arrays.Scores] = {}
        self._known: dict[tuple[str, str, str, arrays.Policy], Material] = {}

    def scores(self, block: str, setting: str, method: str, policy: arrays.Policy = "chance") -> arrays.Scores:
        """Scores of a method at its complete points, failed cells by ``policy``."""
        key = (block, setting, method, policy)
        if key not in self._scores:
            self._scores[key] = arrays.load(
                self.study, self.tables, block=block, setting=setting, method=method, policy=policy
            )
        return self._scores[key]

    def of(self, block: str, setting: str, method: str, policy: arrays.Policy = "chance") -> Material | None:
        """The material of a method; None where no point is complete."""
        key, scores = (block, setting, method, policy), self.scores(block, setting, method, policy)
        if key not in self._known and len(scores.points):
            self._known[key] = Material(self, scores, block, setting, method)
        return self._known.get(key)


def plain(value: Any) -> Any:
    """JSON's own types; NaN becomes None."""
    if isinstance(value, dict):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
