"""What is compiled ahead is what would be imported, and nothing of it is run."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ssc_tune.compiling import ROOTS, compile_all

PACKAGE = {
    "__init__.py": "raise SystemExit('nobody')\nfrom . import first\nimport ssc_made.second.deep as x, json",
    "first.py": """\
from .second import (  # both of them
    one,  # (the first)
    two as also,
)
from .second.deep import VALUE
""",
    "second/__init__.py": "from ..third import *\nif True:\n    from .. import unseen\n",
    "second/one.py": "from .nowhere import nothing\nimport json.decoder\n",
    "second/two.py": "this is no Python\n",
    "second/deep.py": "def later():\n    from .. import unseen\n",
    "third.py": "# -*- coding: latin-1 -*-\nimport ssc_made.space.inner\n",
    "space/inner.py": "",
    "unseen.py": "",
}


def test_a_module_is_compiled_with_all_that_it_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in PACKAGE.items():
        path = tmp_path / "ssc_made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    before = set(sys.modules)
    names = compile_all(["ssc_made"])
    assert names[0] == "ssc_made"
    compiled = {path.name.split(".")[0] for path in (tmp_path / "kept").rglob("*.pyc") if "ssc_made" in str(path)}
    assert compiled == {"__init__", "first", "one", "deep", "third"}
    assert not {name for name in set(sys.modules) - before if name.startswith("ssc_made")}
    assert {"json", "json.decoder"} <= set(names)


_IMPORTS = """
import json, os, sys
from importlib import machinery
import ssc_tune.commands.run, ssc_tune.running.plan  # which the process that is ahead does not wait for
compiled = []
made = machinery.SourceFileLoader.source_to_code
def noted(self, data, path, **more):
    compiled.append(len(data))
    return made(self, data, path, **more)
machinery.SourceFileLoader.source_to_code = noted
import ray.tune, torch, optuna.storages._rdb.storage, ssc_tune.execution.worker, ssc_tune.execution.tuning
files = {getattr(module, '__file__', None) or '' for module in list(sys.modules.values())}
total = sum(os.path.getsize(file) for file in files if file.endswith('.py') and os.path.exists(file))
print(json.dumps([sum(compiled), total]))
"""


def _compiling_into(cache: Path) -> dict[str, str]:
    """An environment whose processes keep their compiled files there."""
    left = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"}
    return {k: v for k, v in os.environ.items() if k not in left} | {"PYTHONPYCACHEPREFIX": str(cache)}


def test_it_ends_with_the_run_that_began_it(tmp_path: Path) -> None:
    environment = _compiling_into(tmp_path)
    code = "from ssc_tune import bytecode; import sys; bytecode.compile_ahead(); sys.stdin.read()"
    end = time.monotonic() + 120
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE):
        while not _compiling(tmp_path) and time.monotonic() < end:
            time.sleep(0.02)
        assert _compiling(tmp_path)
    while _compiling(tmp_path) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _compiling(tmp_path)
    assert not [path for path in tmp_path.rglob("*.pyc") if "distributions" in path.parts]  # the last of the roots


def _compiling(cache: Path) -> list[str]:
    """Processes that compile into a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"ssc_tune.compiling" in (process / "cmdline").read_bytes():
                found += [process.name] if bytes(cache) in (process / "environ").read_bytes() else []
    return found


@pytest.mark.slow
def test_little_of_what_a_run_imports_is_left_to_compile(tmp_path: Path) -> None:
    assert all(importlib.util.find_spec(root) is not None for root in ROOTS)
    environment = _compiling_into(tmp_path)

    def run(*words: str) -> str:
        return subprocess.run(
            [sys.executable, *words], env=environment, text=True, capture_output=True, check=True
        ).stdout

    run("-m", "ssc_tune.compiling", str(os.getpid()))
    compiled, total = json.loads(run("-c", _IMPORTS))
    assert total > 20_000_000
    assert compiled < total / 10  # what functions import, and what is imported by its name as a text
