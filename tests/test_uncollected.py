"""Garbage collection is off within, and afterwards what it was before."""

from __future__ import annotations

import gc

import pytest

from ssc_tune.uncollected import uncollected


@uncollected
def inside(*, fails: bool = False) -> bool:
    if fails:
        raise ValueError("no")
    return gc.isenabled()


def test_it_is_off_within_and_on_again_afterwards() -> None:
    assert gc.isenabled()
    assert not inside()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="no"):
        inside(fails=True)
    assert gc.isenabled()


def test_whoever_has_turned_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        assert not inside()
        assert not gc.isenabled()
    finally:
        gc.enable()
