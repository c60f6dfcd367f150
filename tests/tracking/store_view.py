"""What a store holds, read past our own code: with plain SQL, or with a client made here."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

TABLES = ("experiments", "experiment_tags", "runs", "tags", "params", "metrics", "latest_metrics", "inputs", "datasets")


def dump(database: Path) -> dict[str, list[Any]]:
    """Every row of the tables that hold the view, in an order that does not depend on writing."""
    connection = sqlite3.connect(database)
    try:
        return {table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in TABLES}
    finally:
        connection.close()


def query(database: Path, sql: str, *values: Any) -> list[Any]:
    """Rows of a query."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def runs(uri: str, experiment: str, where: str = "") -> list[Any]:
    """Runs of an experiment that a filter finds, through MLflow's own client."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id], where, max_results=1000))


def cells(uri: str, experiment: str = "stability") -> dict[str, Any]:
    """Cell runs by cell id."""
    found = runs(uri, experiment, 'tags.`ssc.role` = "cell"')
    by_id = {run.data.tags["cell_id"]: run for run in found}
    assert len(by_id) == len(found), "a cell has two runs"
    return by_id
