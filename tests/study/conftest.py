"""A way to write study files, and to see what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune.errors import InputError
from ssc_tune.study import load_study


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes a file into the working directory; errors then name it without a folder."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes, name: str = "s.yaml") -> Path:
        content = text.encode() if isinstance(text, str) else text
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)
        return Path(name)

    return write


@pytest.fixture
def problems(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """The error lines of a study file, none if it is valid."""

    def problems(text: str | bytes, *overrides: str) -> list[str]:
        try:
            load_study(write(text), overrides)
        except InputError as error:
            return list(error.problems)
        return []

    return problems
