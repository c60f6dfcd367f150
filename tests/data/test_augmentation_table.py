"""docs/augmentation.md holds what the command prints."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "augmentation.md"
augmentation_table = SimpleNamespace(**runpy.run_path(str(DOCS.with_name("augmentation_tables.py"))))


def test_document_holds_the_printed_tables(capsys: pytest.CaptureFixture[str]) -> None:
    augmentation_table.main()
    tables = capsys.readouterr().out.strip().split("\n\n")
    assert len(tables) == 2
    text = DOCS.read_text()
    assert all(table in text for table in tables)


def test_every_row_has_every_column() -> None:
    for table in (augmentation_table.operations_table(), augmentation_table.grid_table()):
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_values_worked_out_by_hand() -> None:
    table = augmentation_table.operations_table()
    assert "| rotate | degrees | 0 | -9 to 9 | -15 to 15 | -21 to 21 | -30 to 30 |" in table
    assert "| posterize | bits kept | 8 | 8 to 6.8 | 8 to 6 | 8 to 5.2 | 8 to 4 |" in table
    assert "| (3, 5) | (3, 10) | (3, 5) | 2.571 |" in augmentation_table.grid_table()  # 3 * (11 + 2 * 0.5) / 14
