"""Which function estimates which measure: one file a measure, or a few that share an estimator.

A measure's row is in :mod:`ssc_tune.study.model.measures`; its estimator registers under the row's name::

    @measure("mean", weighted=Weighted(multiverse.mean_levels))
    def mean(data: ClaimData) -> Effect: ...

Every module of this package is imported when the first claim is judged, so that a new file is all that a new measure
needs beside its row.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from ssc_tune.analysis import measures
from ssc_tune.analysis.estimators.multiverse import Levels
from ssc_tune.analysis.estimators.variance import FloatArray
from ssc_tune.analysis.measures.base import ClaimData, Effect, Measurer
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.measures import MEASURES


def _as_it_is(claim: Claim, values: FloatArray) -> FloatArray:
    return values


def _none(*_: object) -> list[str]:
    return []


class Weighted(NamedTuple):
    """A measure over other ranges and priors, where its row says that it is ``weighted``."""

    levels: Callable[[FloatArray, FloatArray], Levels]  # of weights (N,) and scores (N, R) of one method
    scale: Callable[[Claim, FloatArray], FloatArray] = _as_it_is  # of the claim's effect
    fraction: float = 1.0  # of the points that it is an average of
    undefined: str = "undefined"  # why it has no value


class Estimator(NamedTuple):
    """What a measure computes, and what it has to say beside it."""

    effect: Measurer
    warnings: Callable[[ClaimData], list[str]]  # of its own, beside those of every measure
    notes: Callable[[ClaimData, Effect], list[str]]
    weighted: Weighted | None


_REGISTERED: dict[str, Estimator] = {}


def measure(
    name: str,
    *,
    warnings: Callable[[ClaimData], list[str]] = _none,
    notes: Callable[[ClaimData, Effect], list[str]] = _none,
    weighted: Weighted | None = None,
) -> Callable[[Measurer], Measurer]:
    """Registers a function as the estimator of the measure with this name, which must have a row."""
    if MEASURES[name].weighted != (weighted is not None):
        raise ValueError(f"{name}: its row and its estimator disagree on whether it can be weighted")

    def register(effect: Measurer) -> Measurer:
        _REGISTERED[name] = Estimator(effect, warnings, notes, weighted)
        return effect

    return register


@cache
def estimators() -> Mapping[str, Estimator]:
    """The estimator of every measure, by name."""
    for found in pkgutil.iter_modules(measures.__path__):
        importlib.import_module(f"{measures.__name__}.{found.name}")
    return MappingProxyType(_REGISTERED)


def estimator(claim: Claim) -> Estimator:
    """That of a claim's measure."""
    return estimators()[claim.measure]
