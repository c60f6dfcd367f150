"""What a machine or a cluster holds, as commands say it before Ray starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssc_tune import cli
from ssc_tune import run as front_door
from tests.making.launches import STUDY

NO_ROOM = "resources.cpus: a cell needs 10000, this machine has "


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tiny.yaml").write_text(STUDY)
    (tmp_path / "large.yaml").write_text(f"{STUDY}resources: {{cpus: 10000}}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("more", [["--dry-run"], []])
def test_what_will_never_have_room_is_one_line(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert front_door.main(["large.yaml", "--tracking-uri", "none", *more]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(NO_ROOM)
    assert len(shown.err.splitlines()) == 1
    assert "cells: 6 in all" in shown.out
    assert not Path("runs").exists()


@pytest.mark.usefixtures("measured_here")
def test_a_cluster_is_not_asked_before_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert front_door.main(["large.yaml", "--dry-run", "--set", "seeds=1", "--address", "head:6379"]) == 0
    line = "resources: as many cells at once as the cluster at head:6379 holds, 10000 CPUs and 0 GPUs each"
    assert line in capsys.readouterr().out


def test_an_address_of_rays_client_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert front_door.main(["tiny.yaml", "--address", "ray://head:10001"]) == 2
    assert "ray job submit" in capsys.readouterr().err
    assert cli.main(["validate", "tiny.yaml"]) == 0
    Path("client.yaml").write_text(f"{STUDY}cluster: {{address: 'ray://head:10001'}}\n")
    assert cli.main(["validate", "client.yaml"]) == 2
    assert (
        "client.yaml:12: cluster.address: 'ray://head:10001' is an address of Ray's client" in capsys.readouterr().err
    )


def test_a_study_for_another_machine_is_valid_and_noted(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", "large.yaml"]) == 0
    assert f"large.yaml: note: {NO_ROOM}" in capsys.readouterr().out
