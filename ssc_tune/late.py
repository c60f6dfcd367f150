"""Modules that are imported when something of them is first used."""

from __future__ import annotations

import importlib
from typing import Any


class Late:
    """A module by its name, imported at the first use of an attribute, by whichever thread comes first.

    ``lazy_loader.load`` would put a placeholder into ``sys.modules``, which before Python 3.11.9 a second thread finds
    half loaded (CPython issue 114763); here other threads wait for the import, as they do for any.

    Args:
        name: as in ``import name``.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)
