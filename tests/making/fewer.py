"""Fewer repetitions of what only takes time in a test."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache

import pytest

from ssc_tune.analysis.analyze import analyze
from ssc_tune.running import estimate
from ssc_tune.training.config import CellConfig
from ssc_tune.training.cost import Cost, measure


def fewer_bootstraps(patch: pytest.MonkeyPatch, number: int) -> None:
    """Lets an analysis draw so many bootstrap samples."""
    patch.setitem(inspect.unwrap(analyze).__kwdefaults__, "num_bootstrap", number)


def measure_here(patch: pytest.MonkeyPatch) -> None:
    """Lets the time of cells be measured on few steps, in this process, and once for each kind of cell.

    The processes that measure otherwise take seconds to start; tests/execution/test_enlarging.py has a run with them.
    """

    def measured(configs: Sequence[CellConfig], workers: int) -> list[Cost]:
        return [_cost(config.model_dump_json()) for config in configs]

    patch.setattr(estimate, "measured", measured)


@cache
def _cost(config: str) -> Cost:
    return measure(CellConfig.model_validate_json(config), seconds=0.05)
