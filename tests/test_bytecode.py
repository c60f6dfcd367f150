"""Compiled files are kept where the installation does not keep them, and nowhere else."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Listing = Callable[..., set[Path]]


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    """Calls a short command where Python may write nothing beside the sources; the files that are then in the cache."""

    def call(**environment: str) -> set[Path]:
        inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")}
        command = [sys.executable, "-m", "ssc_tune.cli", "list", "--storage", str(tmp_path / "runs")]
        given = {"PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": str(tmp_path / "cache"), **environment}
        ended = subprocess.run(command, env=inherited | given, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return {path for path in (tmp_path / "cache").rglob("*.pyc")}

    return call


def _without_compiled_ray(tmp_path: Path) -> str:
    """A folder to import from first, where the package that is looked at lies without compiled files."""
    package = tmp_path / "first" / "ray"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    return str(package.parent)


def test_they_are_kept_and_used(listing: Listing, tmp_path: Path) -> None:
    first = _without_compiled_ray(tmp_path)
    found = listing(PYTHONPATH=first)
    assert any(path.name.startswith("stored.") for path in found)
    assert (tmp_path / "cache/ssc_tune/bytecode").stat().st_mode & 0o777 == 0o700
    times = {path: path.stat().st_mtime_ns for path in found}
    assert listing(PYTHONPATH=first) == found
    assert {path: path.stat().st_mtime_ns for path in found} == times


def test_nothing_changes_where_they_are_compiled(listing: Listing, tmp_path: Path) -> None:
    first = _without_compiled_ray(tmp_path)
    compiled = f"{first}/ray/__pycache__/__init__.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(f"{first}/ray/__init__.py", cfile=compiled)
    assert listing(PYTHONPATH=first) == set()


def test_nothing_changes_where_a_folder_is_named(listing: Listing, tmp_path: Path) -> None:
    assert listing(PYTHONPATH=_without_compiled_ray(tmp_path), PYTHONPYCACHEPREFIX=str(tmp_path / "named")) == set()


@pytest.mark.parametrize("damage", ["file", "another's"])
def test_a_cache_that_is_not_ours_is_left(damage: str, listing: Listing, tmp_path: Path) -> None:
    folder = tmp_path / "cache/ssc_tune/bytecode"
    if damage == "file":
        folder.parent.parent.mkdir()
        folder.parent.write_text("")
    else:
        if os.getuid() != 0:
            pytest.skip("only root gives a folder away")
        folder.mkdir(parents=True)
        os.chown(folder, 65534, 65534)
    assert listing(PYTHONPATH=_without_compiled_ray(tmp_path)) == set()


@pytest.mark.slow
def test_what_workers_import_is_compiled_meanwhile(tmp_path: Path) -> None:
    """A process of its own: this one has imported it all."""
    code = "from ssc_tune import bytecode; import threading; bytecode.compile_ahead(); print(threading.active_count())"
    given = {"PYTHONPYCACHEPREFIX": str(tmp_path)}
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]

    def threads(**more: str) -> int:
        return int(subprocess.run(command, env=inherited | given | more, capture_output=True, check=True).stdout)

    assert threads(PYTHONDONTWRITEBYTECODE="1") == 1
    assert threads() == 2
    subprocess.run([sys.executable, "-m", "ssc_tune.bytecode"], env=inherited | given, check=True)
    assert [path for path in tmp_path.rglob("worker.*.pyc") if "execution" in path.parts]
    assert threads() == 1
