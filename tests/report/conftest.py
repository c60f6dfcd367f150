"""Reports that several tests look at, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making.analyses import case
from tests.making.studies import REPORTED, study
from tests.report.written import HOSTILE, write


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report in which everything that users write tries to be HTML or Markdown."""
    directory = tmp_path_factory.mktemp("hostile")
    made = case(study(REPORTED, description=HOSTILE), num_failed=2, traceback=f"ValueError: {HOSTILE}\n```\nend")
    verdicts = tuple(v.model_copy(update={"sentence": HOSTILE, "reason": HOSTILE}) for v in made.analysis.verdicts)
    made = made._replace(analysis=made.analysis.model_copy(update={"verdicts": verdicts, "warnings": (HOSTILE,)}))
    write(made, directory, command=HOSTILE, versions={HOSTILE: HOSTILE}, hints=[HOSTILE])
    return directory


@pytest.fixture(scope="session")
def in_blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a report on a study with two blocks."""
    directory = tmp_path_factory.mktemp("in_blocks")
    blocks: dict[str, object] = {"shared": {}, "own": {"parameters": ["tau", "mu"]}}
    write(case(study(REPORTED, blocks=blocks)), directory)
    return directory / "report.html"
