"""The example notebook is stored without outputs and runs from its first cell to its last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.docs.blocks import ROOT

PATH = ROOT / "docs" / "example.ipynb"


def read() -> Any:
    return nbformat.read(PATH, as_version=4)


def test_it_is_valid_and_holds_no_outputs() -> None:
    notebook = read()
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def texts(cell: Any, name: str) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == name)


@pytest.mark.slow
def test_it_runs_and_its_output_stays_in_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("SSC_TUNE_STORAGE", str(tmp_path / "runs"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = read()
    after = nbformat.v4.new_code_cell("import os\nprint('python')\nos.system('echo native')")
    notebook.cells.append(after)
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": ROOT}}).execute()
    by_text = {cell.source.splitlines()[0]: cell for cell in notebook.cells if cell.cell_type == "code"}
    ran = next(cell for first, cell in by_text.items() if first.startswith("result = "))
    shown = [output for output in ran.outputs if output.output_type == "execute_result"]
    assert "<StudyResult example: 40 rows; stability:" in shown[0].data["text/plain"]
    assert texts(ran, "stdout") == ""  # what Ray prints goes to the log
    assert "cells done" in texts(ran, "stderr")
    verdicts = next(cell for first, cell in by_text.items() if first.startswith("from ssc_tune.presentation"))
    assert texts(verdicts, "stdout").count("ssc has a ") == 2
    assert texts(verdicts, "stdout").count("  mean of ssc minus mean of fixmatch is ") == 1
    assert texts(verdicts, "stdout").count("sd of fixmatch") == 1  # with a reason where there is no value
    chart = next(cell for first, cell in by_text.items() if first.startswith("import altair"))
    assert any("image/png" in output.get("data", {}) for output in chart.outputs)
    assert texts(after, "stdout").startswith("python")  # the streams of the kernel are as they were
    assert (tmp_path / "runs" / "example" / "report.html").is_file()
