"""A folder for a paper of a small study, whose records are made up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ssc_tune.cli import main
from tests.making.fewer import fewer_bootstraps
from tests.making.files import Bench


@contextmanager
def written(folder: Path) -> Iterator[Bench]:
    """``ssc-tune paper small --output out``, called in ``folder``, whose bench it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "100")
        fewer_bootstraps(patch, 50)
        bench = Bench(folder)
        bench.fill(bench.cells[:-2])
        bench.fill(bench.cells[-2:-1], status="failed", validation_accuracy=None, test_accuracy=None, history=())
        assert main(["paper", "small", "--output", "out"]) == 0
        yield bench
