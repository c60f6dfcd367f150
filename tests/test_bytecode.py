"""Compiled files are kept where the installation does not keep them, and nowhere else."""

from __future__ import annotations

import os
import py_compile
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssc_tune import bytecode

SHORTEST = ("-c", "from ssc_tune import bytecode; bytecode.keep(); import ssc_tune.errors")
"""What every front door does first: where nothing may be kept, one module more shows it as well as a thousand."""


class Listing:
    """Calls a short command where Python may write nothing beside the sources, with a cache of its own."""

    def __init__(self, place: Path) -> None:
        self._runs, self._cache = place / "runs", place / "cache"

    def started(
        self, *words: str, limit: Callable[[], None] = lambda: None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")}
        listed = ("-m", "ssc_tune.cli", "list", "--storage", str(self._runs))
        given = {"PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": str(self._cache), **environment}
        return subprocess.run(
            [sys.executable, *(words or listed)],
            env=inherited | given,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=limit,
        )

    def __call__(self, *words: str, **given: Any) -> set[Path]:
        """The compiled files that are in the cache after it, or after what Python is given instead."""
        ended = self.started(*words, **given)
        assert ended.returncode == 0, ended.stderr
        return set(self._cache.rglob("*.pyc"))


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    return Listing(tmp_path)


def _without_compiled_ray(tmp_path: Path) -> str:
    """A folder to import from first, where the package that is looked at lies without compiled files."""
    package = tmp_path / "first" / "ray"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    return str(package.parent)


def test_they_are_kept_and_used(listing: Listing, tmp_path: Path) -> None:
    first = _without_compiled_ray(tmp_path)
    assert [path.name.split(".")[0] for path in listing(*SHORTEST, PYTHONPATH=first)].count("errors") == 1
    found = listing(PYTHONPATH=first)
    assert any(path.name.startswith("stored.") for path in found)
    assert (tmp_path / "cache/ssc_tune/bytecode").stat().st_mode & 0o777 == 0o700
    times = {path: path.stat().st_mtime_ns for path in found}
    assert listing(PYTHONPATH=first) == found
    assert {path: path.stat().st_mtime_ns for path in found} == times


def test_damaged_ones_are_taken_away_and_the_next_command_is_as_ever(listing: Listing, tmp_path: Path) -> None:
    first = _without_compiled_ray(tmp_path)
    for path in listing(PYTHONPATH=first):
        path.write_bytes(path.read_bytes()[:30])  # as a disk leaves them that was full
    done = listing.started(PYTHONPATH=first)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{tmp_path}/cache/ssc_tune/bytecode: compiled files were damaged and are removed: give the same command again"
    ]
    assert listing(PYTHONPATH=first)


def test_none_are_kept_where_files_cannot_be_whole(listing: Listing, tmp_path: Path) -> None:
    given = {"PYTHONPATH": _without_compiled_ray(tmp_path)}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert (
        listing(*SHORTEST, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1])), **given)
        == set()
    )


def test_nothing_changes_where_they_are_compiled(listing: Listing, tmp_path: Path) -> None:
    first = _without_compiled_ray(tmp_path)
    compiled = f"{first}/ray/__pycache__/__init__.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(f"{first}/ray/__init__.py", cfile=compiled)
    assert listing(*SHORTEST, PYTHONPATH=first) == set()


def test_nothing_changes_where_a_folder_is_named(listing: Listing, tmp_path: Path) -> None:
    assert (
        listing(*SHORTEST, PYTHONPATH=_without_compiled_ray(tmp_path), PYTHONPYCACHEPREFIX=str(tmp_path / "named"))
        == set()
    )


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
    assert listing(*SHORTEST, PYTHONPATH=_without_compiled_ray(tmp_path)) == set()


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
    subprocess.run([sys.executable, "-m", "ssc_tune.compiling", str(os.getpid())], env=inherited | given, check=True)
    assert [path for path in tmp_path.rglob("worker.*.pyc") if "execution" in path.parts]
    assert threads() == 1


def test_those_of_installations_that_are_gone_are_left_over(tmp_path: Path) -> None:
    kept, here = tmp_path / "kept", tmp_path / "here/lib/site-packages"
    here.mkdir(parents=True)
    for place in (here, tmp_path / "gone/lib/site-packages", tmp_path / "gone/too/site-packages"):
        (kept / place.relative_to("/") / "package").mkdir(parents=True)
    gone = {kept / (tmp_path / name / "site-packages").relative_to("/") for name in ("gone/lib", "gone/too")}
    assert set(bytecode._left_over(kept)) == gone
