"""The example notebook is stored with what it shows, and runs from its first cell to its last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.docs.blocks import ROOT

PATH = ROOT / "docs" / "example.ipynb"


def read() -> Any:
    return nbformat.read(PATH, as_version=4)


def shown(cell: Any) -> str:
    """All that the outputs of a cell say, pictures left out."""
    data = [output.get("data", {}) for output in cell.outputs]
    found = [text for one in data for kind, text in one.items() if not kind.startswith("image/")]
    return "\n".join([*found, *(output.text for output in cell.outputs if output.output_type == "stream")])


def test_it_is_stored_with_its_outputs_and_no_folder_of_a_machine() -> None:
    notebook = read()
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert all(cell.outputs for cell in code)
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in code for output in cell.outputs if output.get("name") == "stderr"]
    text = "\n".join(map(shown, code))
    assert re.findall(r"(?<![\w<.:/])/(?:\w+/)+\w+|[A-Z]:\\\\\w+|site-packages|https?://", text) == []


def texts(cell: Any, name: str) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == name)


@pytest.mark.slow
def test_it_runs_and_shows_what_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("SSC_TUNE_STORAGE", str(tmp_path / "runs"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook, stored = read(), read()
    after = nbformat.v4.new_code_cell("import os\nprint('python')\nos.system('echo native')")
    notebook.cells.append(after)
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": ROOT}}).execute()
    for cell, kept in zip(notebook.cells, stored.cells, strict=False):
        if cell.cell_type == "code":
            kinds = [[sorted(output.get("data", {})) for output in one.outputs] for one in (cell, kept)]
            assert kinds[0] == kinds[1], cell.source
    by_text = {cell.source.splitlines()[0]: cell for cell in notebook.cells if cell.cell_type == "code"}
    ran = next(cell for first, cell in by_text.items() if first.startswith("result = "))
    bar, result = ran.outputs
    assert 'value="36" max="36"' in bar.data["text/html"]
    assert "cells done: " in bar.data["text/html"]
    assert "<StudyResult example: 40 rows; stability:" in result.data["text/plain"]
    assert result.data["text/html"].count("<tr>") == 3
    assert texts(ran, "stdout") == texts(ran, "stderr") == ""  # what Ray prints goes to the log
    for figure in ("parameters", "spread"):
        chart = next(cell for cell in by_text.values() if cell.source.endswith(f'result.plot("{figure}")'))
        assert any("image/png" in output.get("data", {}) for output in chart.outputs)
    assert texts(after, "stdout").startswith("python")  # the streams of the kernel are as they were
    assert (tmp_path / "runs" / "example" / "report.html").is_file()
