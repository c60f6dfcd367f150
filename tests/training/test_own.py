"""Cells of functions and commands: what they are told, what is made of what they say, and how they end."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ssc_tune.methods.own import Metric, OwnMethod
from ssc_tune.training import CellConfig, DataConfig, Evaluation, ModelConfig, RunResult, TrainingConfig
from ssc_tune.training.own import train_own

DEFAULTS = {"rate": 0.5, "depth": 3, "kind": "plain", "fast": True}


def config(**own: Any) -> CellConfig:
    made = OwnMethod.model_validate({"hyperparameters": DEFAULTS, **own})
    return CellConfig(
        data=DataConfig(labels_per_class=2),
        model=ModelConfig(),
        training=TrainingConfig(),
        method="mine",
        hyperparameters={"rate": 0.25},
        seed=7,
        own=made,
    )


@pytest.fixture
def function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a function with the given body, which ends up in a module of its own."""

    def run(signature: str, body: str, **own: Any) -> tuple[RunResult, list[Evaluation]]:
        module = f"module_{abs(hash((signature, body)))}"
        text = f"def train({signature}):\n" + "".join(f"    {line}\n" for line in body.splitlines())
        (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(sys, "path", list(sys.path))
        seen: list[Evaluation] = []
        cell = config(function=f"{module}:train", **own)
        found = train_own(cell, directory=tmp_path / "cell", folder=str(tmp_path), on_evaluation=seen.append)
        return found, seen

    return run


@pytest.fixture
def command(tmp_path: Path) -> Any:
    """Runs a Python program with the given text."""

    def run(text: str, *arguments: str, **own: Any) -> RunResult:
        (tmp_path / "program.py").write_text(text, encoding="utf-8")
        cell = config(command=("python", "program.py", *arguments), **own)
        return train_own(cell, directory=tmp_path / "cell", folder=str(tmp_path))

    return run


FINAL = "return {'validation_accuracy': 0.5, 'test_accuracy': 0.25}"


def test_a_function_is_given_what_its_signature_names(function: Any, tmp_path: Path) -> None:
    body = (
        "import json\n"
        "(folder / 'told.json').write_text(json.dumps([hyperparameters, seed, setting['data']['labels_per_class']]))\n"
    )
    found, _ = function("hyperparameters, seed, setting, folder", body + FINAL)
    told = json.loads((tmp_path / "cell" / "told.json").read_text())
    assert told == [{**DEFAULTS, "rate": 0.25}, 7, 2]
    assert (found.status, found.validation_accuracy, found.test_accuracy) == ("ok", 0.5, 0.25)
    assert found.history == ()


def test_a_function_may_take_everything(function: Any) -> None:
    found, _ = function("**given", "assert set(given) >= {'seed', 'report', 'folder'}\n" + FINAL)
    assert found.status == "ok"


def test_what_is_reported_on_the_way_is_its_course(function: Any) -> None:
    body = (
        "for step in (10, 20, 30):\n    report(step=step, validation_accuracy=step / 40, loss=1 / step)\n"
        "report(test_accuracy=0.6)"
    )
    found, seen = function("report", body)
    assert [(e.step, e.validation_accuracy) for e in found.history] == [(10, 0.25), (20, 0.5), (30, 0.75)]
    assert found.history == tuple(seen)
    assert found.history[1].signatures == {"loss": 0.05}
    assert found.history[0].confident_fraction is None
    assert (found.validation_accuracy, found.test_accuracy, found.steps) == (0.75, 0.6, 30)
    assert found.steps_to_90 == 30


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return {'test_accuracy': 0.5}", "validation_accuracy was not reported; got: test_accuracy"),
        ("return 0.5", "returned float; needed: a mapping with validation_accuracy and test_accuracy"),
        ("return {'validation_accuracy': 'high', 'test_accuracy': 1}", 'reported as "high"; needed: a number'),
        ("return {'validation_accuracy': 50, 'test_accuracy': 50}", "lies outside worst (0) to best (1)"),
        ("raise KeyError('mine')", "mine"),
    ],
)
def test_what_a_function_does_wrong_is_said(function: Any, body: str, told: str) -> None:
    with pytest.raises((ValueError, KeyError)) as caught:
        function("seed", body)
    assert told in str(caught.value)


def test_a_value_that_is_not_finite_is_a_divergence(function: Any) -> None:
    found, _ = function("", "return {'validation_accuracy': float('nan'), 'test_accuracy': 0.1}")
    assert (found.status, found.validation_accuracy, found.test_accuracy) == ("diverged", None, None)


def test_an_error_rate_counts_from_its_other_end(function: Any) -> None:
    body = "report(step=1, validation_error=0.75)\nreturn {'validation_error': 0.25, 'test_error': 0.125}"
    found, seen = function("report", body, metric={"name": "error", "larger_is_better": False})
    assert (found.validation_accuracy, found.test_accuracy) == (0.75, 0.875)
    assert seen[0].validation_accuracy == 0.25


def test_a_metric_has_two_ends_in_its_own_order() -> None:
    rmse = Metric(name="rmse", larger_is_better=False, worst=10, best=0)
    assert [rmse.share(v) for v in (10, 4, 0)] == [0, 0.6, 1]
    assert not rmse.is_accuracy
    assert Metric().is_accuracy
    assert math.isnan(Metric().share(math.nan))
    with pytest.raises(ValueError, match=r"best \(0\) must lie above worst \(10\)"):
        Metric(name="score", worst=10, best=0)


PROGRAM = """\
import json, os, sys
print("starting", sys.argv[1:])
print(json.dumps({"step": 5, "validation_accuracy": 0.25, "note": "text is left out"}))
given = json.loads(os.environ["SSC_TUNE_HYPERPARAMETERS"])
assert given["rate"] == 0.25 and os.environ["SSC_TUNE_SEED"] == "7", given
assert json.loads(os.environ["SSC_TUNE_SETTING"])["data"]["labels_per_class"] == 2
print("{not json}")
print(json.dumps({"validation_accuracy": 0.5, "test_accuracy": 0.75}))
"""


def test_a_command_is_told_by_arguments_and_environment(command: Any, tmp_path: Path) -> None:
    found = command(PROGRAM, "--rate={rate}", "{seed}", "{depth}", "{other}", "{folder}")
    assert (found.validation_accuracy, found.test_accuracy, found.steps) == (0.5, 0.75, 5)
    output = (tmp_path / "cell" / "output.txt").read_text()
    assert output.startswith(f"starting ['--rate=0.25', '7', '3', '{{other}}', '{tmp_path / 'cell'}']")
    assert "{not json}" in output


def test_a_command_may_write_its_results_to_a_file(command: Any) -> None:
    text = (
        "import json, os\nwith open(os.environ['SSC_TUNE_RESULTS'], 'a') as file:\n"
        "    file.write(json.dumps({'validation_accuracy': 0.1, 'test_accuracy': 0.2}) + '\\n')\n"
    )
    assert command(text).test_accuracy == 0.2


def test_a_command_that_fails_shows_its_last_lines(command: Any) -> None:
    with pytest.raises(RuntimeError, match="exit code 3") as caught:
        command("import sys\nprint('first')\nprint('why it failed', file=sys.stderr)\nsys.exit(3)")
    assert "why it failed" in str(caught.value)


def test_a_command_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    (tmp_path / "program.py").write_text(
        f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    )
    (tmp_path / "cell.json").write_text(config(command=("python", "program.py")).model_dump_json())
    script = (
        "import pathlib; from ssc_tune.training import CellConfig; from ssc_tune.training.own import train_own;"
        "cell = CellConfig.model_validate_json(pathlib.Path('cell.json').read_text());"
        "train_own(cell, directory=pathlib.Path('cell'), folder='.')"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path)
    try:
        _until(lambda: pid.exists() and bool(pid.read_text()))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    _until(lambda: not _alive(int(pid.read_text())))


def _until(condition: Any) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_a_final_value_that_is_not_finite_is_not_replaced_by_an_earlier_one(function: Any) -> None:
    body = "report(step=1, validation_accuracy=0.5)\nreturn {'validation_accuracy': float('nan'), 'test_accuracy': 0.1}"
    assert function("report", body)[0].status == "diverged"
