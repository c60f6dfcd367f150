"""A folder for a paper of a small study, whose records are made up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ssc_tune.cli import main
from tests.making.fewer import fewer_bootstraps
from tests.making.files import FAILED, Bench


@contextmanager
def written(folder: Path) -> Iterator[Bench]:
    """``ssc-tune paper small --output out``, called in ``folder``, whose bench it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "100")
        fewer_bootstraps(patch, 50)
        bench = Bench(folder)
        cells = [cell for cell in bench.cells if cell.placement.block == "shared"]
        bench.fill(cells[1:], history=())
        bench.fill(cells[:1], **FAILED)
        assert main(["paper", "small", "--output", "out"]) == 0
        yield bench
