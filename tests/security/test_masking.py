"""No secret of an address survives, and nothing else is lost."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.design.storage import open_storage
from ssc_tune.errors import InputError
from ssc_tune.masking import has_secret, mask, mask_address, mask_command, scrubbing, secrets
from ssc_tune.running.options import cautions, default_command, options_from, optuna_storage, tracking_uri

MASKED = {
    "postgresql://anna:hunter2@db.example:5432/optuna": "postgresql://***@db.example:5432/optuna",
    "postgresql+psycopg://anna:hunter%402@db/optuna": "postgresql+psycopg://***@db/optuna",
    "postgresql://anna:hun/ter2@db/optuna": "postgresql://***@db/optuna",
    "postgresql://anna:hun?ter2@db/optuna": "postgresql://***@db/optuna",
    "postgresql://anna:hunter2@x@db/optuna": "postgresql://***@db/optuna",
    "postgresql://anna:hun ter2'\"@db/optuna": "postgresql://***@db/optuna",
    "postgresql:///optuna?host=db&user=anna&password=hunter2": "postgresql:///optuna?host=db&user=anna&password=***",
    "postgresql://db/optuna?sslpassword=hunter2&sslmode=require": "postgresql://db/optuna?sslpassword=***&sslmode=require",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dhunter2": "mssql+pyodbc:///?odbc_connect=***",
    "mysql://anna:hunter2@db/x?ssl_ca=ca.pem": "mysql://***@db/x?ssl_ca=ca.pem",
    "https://anna:hunter2@mlflow.example/": "https://***@mlflow.example/",
    "https://hunter2@mlflow.example": "https://***@mlflow.example",
    "https://mlflow.example/?api_key=hunter2": "https://mlflow.example/?api_key=***",
    "https://mlflow.example/?access-token=hunter2": "https://mlflow.example/?access-token=***",
    "postgresql:anna:hunter2@db/optuna": "***@db/optuna",
    "postgresql:/anna:hunter2@db/optuna": "***@db/optuna",
    "anna:hunter2@db/optuna": "***@db/optuna",
    "--optuna-storage=anna:hun/ter2@db/x": "--optuna-storage=***@db/x",
    "--optuna-storage=postgresql://anna:hunter2@db/x": "--optuna-storage=postgresql://***@db/x",
    "--tracking-uri=https://hunter2@mlflow.example": "--tracking-uri=https://***@mlflow.example",
}
WHOLE = (
    "sqlite:////home/a@b/mlflow.db",
    "sqlite:///mlflow.db",
    "postgresql://anna@db.example/optuna",
    "postgresql+psycopg://db.example/optuna?sslmode=require",
    "https://mlflow.example:5000/team",
    "logs/optuna.log",
    "none",
    "databricks",
    "s3://bucket/folder",
    "--set",
    "name=a@b",
)


@pytest.mark.parametrize("address", MASKED)
def test_an_address_loses_its_secret_and_nothing_else(address: str) -> None:
    assert mask_address(address) == MASKED[address]
    assert has_secret(address)
    assert mask_address(MASKED[address]) == MASKED[address]
    assert "ter2" not in mask(f"cannot reach {address}: refused", address)


@pytest.mark.parametrize("address", WHOLE)
def test_what_holds_no_secret_stays(address: str) -> None:
    assert mask_address(address) == address
    assert not has_secret(address)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://anna:hunter%402@db/x", ("hunter@2", "hunter%402")),
        ("postgresql://anna:hunter/secret@db/x", ("hunter/secret", "port hunter", "hunter%2Fsecret")),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dhunter2%3B", ("hunter2",)),
        ("https://anna:hunter2@host", ("Basic YW5uYTpodW50ZXIy",)),
    ],
)
def test_a_password_is_masked_wherever_an_error_repeats_it(address: str, words: tuple[str, ...]) -> None:
    for word in words:
        shown = mask(f"login with {word} failed", address)
        assert "hunter" not in shown
        assert "YW5uYTpodW50ZXIy" not in shown


ANYWAY = "<postgresql://***@xyz.example/work> <***>"
"""What stands there without any password."""


@given(st.text(min_size=4, max_size=20).filter(lambda t: len(set(t)) > 3 and t not in ANYWAY))
def test_no_password_survives_in_any_spelling(password: str) -> None:
    """Written as it is, as a URL has it, split by whoever takes it for a host, or in a shell's quotes."""
    kept = "xyz.example/work"
    for written in (password, quote(password, safe="")):
        address = f"postgresql://ann:{written}@{kept}"
        assert mask_address(address) == f"postgresql://***@{kept}"
        command = shlex.join(["run", "--tracking-uri", address])
        assert mask_command(command) == f"run --tracking-uri 'postgresql://***@{kept}'"
        assert written in secrets(address)
        assert written not in mask(f"<{address}> <{written}>", address)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_a_text_without_secrets_stays(text: str) -> None:
    assert mask(f"{text}: a@b, c?d=e, sqlite:///x") == f"{text}: a@b, c?d=e, sqlite:///x"


def test_secrets_of_the_environment_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter-env")
    monkeypatch.setenv("MY_PROXY", "http://anna:hunter-proxy@proxy:8080")
    assert mask("login with hunter-env by hunter-proxy failed") == "login with *** by *** failed"


def test_arguments_of_this_process_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["run", "--optuna-storage", "postgresql://anna:hunter2@db/x"])
    assert mask("no such login: hunter2") == "no such login: ***"
    assert default_command().endswith("--optuna-storage 'postgresql://***@db/x'")


def test_a_log_of_others_is_cleaned_even_after_a_killed_run(tmp_path: Path) -> None:
    log, address = tmp_path / "log.txt", "postgresql://anna:hunter2@db/x"
    log.write_bytes(b"of a killed run: hunter2\n\xff\n")
    with scrubbing(log, address):
        assert log.read_bytes() == b"of a killed run: ***\n\xff\n"
        with open(log, "ab") as file:
            file.write(b"anna:hunter2@db\n")
    assert log.read_bytes() == b"of a killed run: ***\n\xff\nanna:***@db\n"


VARIABLE = {tracking_uri: "MLFLOW_TRACKING_URI", optuna_storage: "SSC_TUNE_OPTUNA_STORAGE"}


@pytest.mark.parametrize("address_of", VARIABLE)
def test_a_kept_command_goes_on_where_the_environment_has_the_address(
    address_of: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(address_of)
    whole, kept, variable = "https://anna:hunter2@host", "https://***@host", VARIABLE[address_of]
    for other in (None, "https://anna:hunter2@elsewhere"):
        monkeypatch.delenv(variable, raising=False)
        if other:
            monkeypatch.setenv(variable, other)
        with pytest.raises(InputError, match=rf"password was left out .*\${variable}"):
            address_of(kept)
        name = "tracking_uri" if address_of is tracking_uri else "optuna_storage"
        with pytest.raises(InputError, match="password was left out"):
            options_from({name: kept}, command="")
    monkeypatch.setenv(variable, whole)
    assert address_of(kept) == whole
    assert address_of(None) == whole
    assert address_of("https://given") == "https://given"


def test_an_address_in_the_list_of_processes_is_said() -> None:
    options = options_from({"optuna_storage": "postgresql://a:hunter2@db/x", "tracking_uri": "none"}, command="")
    (line,) = cautions(options)
    assert line.startswith("--optuna-storage: ")
    assert "$SSC_TUNE_OPTUNA_STORAGE" in line
    assert "hunter" not in line
    assert cautions(options_from({"optuna_storage": "postgresql://a@db/x"}, command="")) == []


@pytest.mark.parametrize("address", ["postgresql:anna:hunter2@db/x", "nosuch://anna:hunter2@db/x", "anna:hunter2@db/x"])
def test_a_storage_that_cannot_be_opened_is_named_without_its_password(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--optuna-storage '.*\*\*\*@db/x': cannot be opened") as caught:
        open_storage(address, tmp_path)
    assert "hunter" not in str(caught.value)


def test_what_the_command_line_refuses_is_not_repeated_with_its_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ssc_tune import cli, run

    for main, arguments in (
        (cli.main, ["show", "tiny", "--optuna-storage", "postgresql://a:hunter2@db/x"]),
        (run.main, ["tiny.yaml", "--nowhere", "postgresql://a:hunter2@db/x"]),
        (cli.main, ["sync", "tiny", "--tracking-uri", "ftp://a:hunter2@db/x"]),
    ):
        with contextlib.suppress(SystemExit):
            assert main(arguments) == 2
        assert "hunter" not in capsys.readouterr().err

    def fails(_: argparse.Namespace) -> int:
        raise RuntimeError("could not connect to postgresql://a:hunter2@db/x")

    monkeypatch.setattr(run.run, "run", fails)
    monkeypatch.setattr("sys.excepthook", sys.excepthook)  # given back at the end
    with pytest.raises(RuntimeError) as caught:
        run.main(["tiny.yaml"])
    sys.excepthook(caught.type, caught.value, caught.tb)
    shown = capsys.readouterr().err
    assert "RuntimeError: could not connect to postgresql://***@db/x" in shown
    assert "hunter" not in shown.replace('hunter2@db/x")', "")  # the traceback shows the line of this test
