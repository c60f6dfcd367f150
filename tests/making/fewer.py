"""Fewer repetitions of what only takes time in a test."""

from __future__ import annotations

import inspect

import pytest

from ssc_tune.analysis.analyze import analyze


def fewer_bootstraps(patch: pytest.MonkeyPatch, number: int) -> None:
    """Lets an analysis draw so many bootstrap samples."""
    patch.setitem(inspect.unwrap(analyze).__kwdefaults__, "num_bootstrap", number)
