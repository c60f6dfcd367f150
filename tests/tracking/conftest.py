"""A store whose tables exist, made once: MLflow's first use of a database takes seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ssc_tune.tracking.client import open_client
from tests.making.once import made_once


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        open_client(f"sqlite:///{folder / 'mlflow.db'}", folder)

    return made_once(tmp_path_factory, "empty_database", make) / "mlflow.db"


@pytest.fixture
def uri(empty_database: Path, tmp_path: Path) -> str:
    """A fresh SQLite store of its own for each test."""
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"
