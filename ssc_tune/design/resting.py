"""Views that fail, one after another or for a while: nothing waits for them, and nothing is left out for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

SECONDS = 30.0
"""How long a view that failed is left alone."""

Item = TypeVar("Item")


class Rest:
    """A view that failed is left alone for a while, or every cell that ends would wait for it.

    Attributes:
        missed: whether it has failed since it was last whole.
    """

    def __init__(self) -> None:
        self.missed = False
        self._until = 0.0

    @property
    def resting(self) -> bool:
        """Whether it is left alone now."""
        return time.monotonic() < self._until

    @contextmanager
    def after_an_error(self) -> Iterator[None]:
        """An error within begins a rest, and is raised."""
        try:
            yield
        except Exception:
            self.missed, self._until = True, time.monotonic() + SECONDS
            raise


def act_on_all(act: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Acts on every item, whatever happens with the others.

    Raises:
        Exception: the first that was raised, when all have had their turn.
    """
    errors: list[Exception] = []
    for item in items:
        try:
            act(item)
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
