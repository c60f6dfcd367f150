"""What is done once beside a block is done when the block ends, whatever either raises."""

from __future__ import annotations

import threading

import pytest

from ssc_tune.recurring import beside


def test_it_is_done_beside_the_block_and_waited_for() -> None:
    go, done = threading.Event(), list[str]()

    def act() -> None:
        assert go.wait(60)
        done.append("act")

    with beside(act, name="act"):
        assert done == []
        go.set()
    assert done == ["act"]


def test_what_it_raises_is_raised_at_the_end_of_the_block() -> None:
    reached = []

    def act() -> None:
        raise ValueError("no storage")

    with pytest.raises(ValueError, match="no storage"), beside(act, name="act"):
        reached.append("the end")
    assert reached == ["the end"]


def test_what_the_block_raises_comes_first() -> None:
    def act() -> None:
        raise ValueError("no storage")

    with pytest.raises(OSError, match="no Ray"), beside(act, name="act"):
        raise OSError("no Ray")
