"""URIs are understood or refused, and no password is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.errors import InputError
from ssc_tune.masking import mask
from ssc_tune.tracking import (
    DEFAULT_URI,
    Experiment,
    charts_address,
    experiment_address,
    resolve_uri,
    runs_address,
    ui_command,
    ui_environment,
    ui_hint,
)

SECRET = "postgresql+psycopg://anna:hunter%402@db.example:5432/mlflow"


def test_relative_sqlite_paths_are_meant_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_uri(DEFAULT_URI) == f"sqlite:///{tmp_path}/mlflow.db"
    assert resolve_uri("sqlite:////a/b.db") == "sqlite:////a/b.db"


@pytest.mark.parametrize("uri", ["http://localhost:5000", "https://mlflow.example", SECRET, "databricks"])
def test_other_stores_are_left_as_they_are(uri: str) -> None:
    assert resolve_uri(uri) == uri


@pytest.mark.parametrize(
    "uri", ["file:///tmp/mlruns", "./mlruns", "ftp://host", "", "http://", "sqlite://", "sqlite:///"]
)
def test_what_cannot_work_is_refused_with_what_can(uri: str) -> None:
    with pytest.raises(InputError, match="allowed: sqlite:///PATH"):
        resolve_uri(uri)


def test_refusal_hides_the_password() -> None:
    with pytest.raises(InputError) as caught:
        resolve_uri("ftp://anna:hunter2@host")
    assert "hunter2" not in str(caught.value)


@given(st.text(st.characters(categories=["L", "N"], include_characters="@:%!$"), min_size=3, max_size=20))
def test_no_password_survives_masking(password: str) -> None:
    uri = f"https://anna:{password}@host.example/path"
    masked = mask(f"cannot reach {uri}: refused", uri)
    assert masked == "cannot reach https://***@host.example/path: refused"


def test_a_password_is_masked_wherever_an_error_repeats_it() -> None:
    text = mask("login as 'anna' with 'hunter@2' (hunter%402) failed", SECRET)
    assert "hunter" not in text
    assert mask("sqlite:////home/a@b/mlflow.db") == "sqlite:////home/a@b/mlflow.db"


def test_the_ui_listens_on_loopback_only() -> None:
    command = ui_command("sqlite:////data/mlflow.db", port=5055)
    assert command[1:4] == ["-m", "mlflow", "ui"]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "5055"
    assert command[command.index("--workers") + 1] == "1"
    assert command[command.index("--backend-store-uri") + 1] == "sqlite:////data/mlflow.db"


def test_a_password_goes_by_environment_and_not_by_the_command_line() -> None:
    assert not any("hunter" in part for part in ui_command(SECRET))
    assert ui_environment(SECRET)["MLFLOW_BACKEND_STORE_URI"] == SECRET
    assert "hunter" not in ui_hint(SECRET, "mine")


def test_the_hint_is_the_command_that_prints_the_addresses() -> None:
    assert ui_hint(DEFAULT_URI, "mine") == "MLflow: ssc-tune ui mine"
    assert ui_hint("https://host", "mine", storage="my runs") == (
        "MLflow: ssc-tune ui mine --storage 'my runs' --tracking-uri https://host"
    )
    assert ui_hint(SECRET, "mine").endswith("ssc-tune ui mine")


def test_a_server_has_its_own_ui() -> None:
    assert ui_command("https://anna:hunter2@mlflow.example/") == []
    server = "https://anna:hunter2@mlflow.example/"
    for address in (experiment_address, runs_address, charts_address):
        assert address(server, Experiment("7")).startswith("https://mlflow.example/#/experiments/7/runs?")


def test_the_address_is_the_overview_or_all_runs_or_the_list_as_far_as_they_are_known() -> None:
    uri, runs = "sqlite:////data/mlflow.db", "http://127.0.0.1:5055/#/experiments/7/runs?"
    prepared = Experiment("7", frozenset({"ssc-tune-overview", "ssc-tune"}))
    for_training = "workflowType=machine_learning"
    overview = f"{runs}viewStateShareKey=ssc-tune-overview&{for_training}"
    nested = f"{runs}{for_training}&orderByKey=attributes.start_time&orderByAsc=false"
    assert experiment_address(uri, prepared, port=5055) == overview
    assert experiment_address(uri, Experiment("7", frozenset({"ssc-tune"})), port=5055) == nested
    assert runs_address(uri, prepared, port=5055) == nested
    assert experiment_address(uri) == "http://127.0.0.1:5000/#/experiments"
