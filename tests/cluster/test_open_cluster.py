"""A cluster that asks for no token, on an address that others reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssc_tune.execution.place import is_loopback
from tests.making.clusters import cluster
from tests.making.launches import Launches

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_an_open_cluster_is_refused_unless_one_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cluster(tmp_path, token=False) as made:
        made.start()
        if is_loopback(made.address):
            pytest.skip("this machine has no address but the loopback one")
        monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))
        launches = Launches(tmp_path)
        code, out, err = launches.run("--address", made.address)
        assert code == 2, (out, err)
        assert f"the cluster at {made.address} asks for no token" in err
        assert "--insecure-cluster" in err
        assert "Traceback" not in out + err
        assert not launches.times()
        code, _, err = launches.run("--address", made.address, "--insecure-cluster")
        assert code == 0, err
        assert len(launches.times()) == 6
