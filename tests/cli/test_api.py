"""From Python: the same study, the same numbers, whatever was imported first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import ssc_tune
from tests.making.files import FAILED, Bench, true_accuracy


def test_the_function_and_the_module_have_names_of_their_own() -> None:
    """Importing ``ssc_tune.run`` binds that name in the package: the function must not have it."""
    script = """
import sys
import ssc_tune
import ssc_tune.run as module
assert callable(ssc_tune.run_study) and not callable(ssc_tune.run) and callable(module.main)
try:
    ssc_tune.run_study("nowhere.yaml")
except ssc_tune.InputError as error:
    assert "nowhere.yaml" in str(error), error
else:
    raise AssertionError
assert module.main(["nowhere.yaml"]) == 2
assert not {"torch", "ray", "mlflow", "optuna"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys, ssc_tune; print(sorted(n for n in sys.modules if n.startswith(('ssc_tune.', 'pydantic'))))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert {"load_study", "run_study", "StudyResult", "InputError"} <= set(dir(ssc_tune))
    with pytest.raises(AttributeError, match="attribute nothing"):
        ssc_tune.nothing  # noqa: B018


def test_a_finished_study_gives_its_records_and_verdicts(bench: Bench) -> None:
    bench.fill(bench.cells[1:])
    bench.fill(bench.cells[:1], **FAILED)
    study = ssc_tune.load_study(bench.file)
    result = ssc_tune.run_study(study, tracking_uri="none")
    assert result.study == study
    assert [v.claim.name for v in result.verdicts] == ["better", "stability"]
    assert (result.num_failed, result.num_missing) == (1, 0)
    csv = next(path for path in result.files if path.name == "results.csv")
    pd.testing.assert_frame_equal(result.records, pd.read_csv(csv))
    first = bench.cells[0].cell_id
    accuracies = result.records.drop_duplicates("cell_id").set_index("cell_id")["test_accuracy"]
    assert accuracies.isna().sum() == 1
    assert accuracies.drop(first).to_dict() == {c.cell_id: true_accuracy(c) for c in bench.cells[1:]}
    assert "small" in repr(result)
    assert (Path("runs") / "small" / "report.html").is_file()
    assert bench.folder.read_json("study.json")["command"] == "ssc_tune.run_study('small', tracking_uri=\"none\")"


def test_an_interrupted_run_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssc_tune import running

    stopped = running.Interrupted(0, 0, 5, {}, [])
    monkeypatch.setattr(running, "train_and_judge", lambda *a, **k: stopped)
    with pytest.raises(KeyboardInterrupt, match="5 cells are left"):
        ssc_tune.run_study(str(bench.file), tracking_uri="none")
