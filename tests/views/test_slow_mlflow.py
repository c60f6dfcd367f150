"""An MLflow server that answers late: the study does not wait for it, and nothing is missing in the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.making.launches import Launches
from tests.making.mlflow_servers import SlowProxy, cells_in, mlflow_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

DELAY = float(os.environ.get("SSC_TUNE_DELAY", "0.5"))
"""Seconds before each answer."""
CLAIM = "claims: [{name: better, more: ssc, than: fixmatch, in: default}]\n"


@pytest.mark.fault(
    "every answer of MLflow comes late", "records and verdicts of a run without MLflow; nothing is lost after a sync"
)
def test_a_server_that_answers_late(tmp_path: Path) -> None:
    for name in ("alone", "served"):
        (tmp_path / name).mkdir()
    alone, served = Launches(tmp_path / "alone", CLAIM), Launches(tmp_path / "served", CLAIM)
    code, _, err = alone.run()
    assert code == 0, err
    with mlflow_server(tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}") as url:
        with SlowProxy(url, DELAY) as proxy:
            code, out, err = served.run("--tracking-uri", proxy.url)
            assert code == 0, (out, err)
            assert proxy.answered > 0
        assert served.results() == alone.results()
        there, here = ((launches.store.path / "verdicts.csv").read_text() for launches in (served, alone))
        assert there == here
        assert "better" in here
        again = [sys.executable, "-m", "ssc_tune.cli", "sync", "tiny.yaml", "--tracking-uri", url]
        done = subprocess.run(again, cwd=served.folder, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        ids = [record.cell_id for record in served.records().values()]
        assert cells_in(url, "tiny") == Counter(ids)
