"""Faults of cells, for processes that are started with this folder on their path.

``SSC_TUNE_FAULTS`` holds faults separated by commas: ``KIND:METHOD:SEED``, or ``KIND:METHOD:SEED:N`` for the first N
attempts only. ``raise`` raises and ``exit`` ends the process, both before the first step; ``slow`` sleeps a second
after each evaluation.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any

WORKER = "ssc_tune.execution.worker"


def _faults(task: Any, attempt: int) -> list[str]:
    kinds = []
    for fault in filter(None, os.environ.get("SSC_TUNE_FAULTS", "").split(",")):
        kind, method, seed, *attempts = fault.split(":")
        asked = method == task.config.method and int(seed) == task.config.seed
        if asked and not (attempts and attempt > int(attempts[0])):
            kinds.append(kind)
    return kinds


def _install(worker: ModuleType) -> None:
    trained, written = worker.train_cell, worker.write_atomically

    def train_cell(folder: Any, task: Any, attempt: int, *, resume: bool) -> Any:
        kinds = _faults(task, attempt)
        if "exit" in kinds:
            os._exit(75)
        if "raise" in kinds:
            raise RuntimeError("fault asked for by SSC_TUNE_FAULTS")

        def write(*arguments: Any) -> None:
            written(*arguments)
            time.sleep(1.0 if "slow" in kinds else 0.0)

        worker.write_atomically = write  # type: ignore[attr-defined]
        return trained(folder, task, attempt, resume=resume)

    worker.train_cell = train_cell  # type: ignore[attr-defined]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the worker's module as it is, and changes it once it is loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != WORKER:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _install(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if os.environ.get("SSC_TUNE_FAULTS"):
    sys.meta_path.insert(0, _Finder())
