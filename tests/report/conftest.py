"""Reports that several tests look at, written once for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making.analyses import case
from tests.making.once import made_once
from tests.making.studies import REPORTED, study
from tests.report.written import HOSTILE, write


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report in which everything that users write tries to be HTML or Markdown."""
    return made_once(tmp_path_factory, "hostile", _write_hostile)


def _write_hostile(directory: Path) -> None:
    made = case(study(REPORTED, description=HOSTILE), num_failed=2, traceback=f"ValueError: {HOSTILE}\n```\nend")
    verdicts = tuple(v.model_copy(update={"sentence": HOSTILE, "reason": HOSTILE}) for v in made.analysis.verdicts)
    made = made._replace(analysis=made.analysis.model_copy(update={"verdicts": verdicts, "warnings": (HOSTILE,)}))
    write(made, directory, command=HOSTILE, versions={HOSTILE: HOSTILE}, hints=[HOSTILE])


@pytest.fixture(scope="session")
def in_blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a report on a study with two blocks."""
    blocks: dict[str, object] = {"shared": {}, "own": {"parameters": ["tau", "mu"]}}
    made = case(study(REPORTED, blocks=blocks))
    return made_once(tmp_path_factory, "in_blocks", lambda directory: write(made, directory)) / "report.html"
