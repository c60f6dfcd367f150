"""The files for schedulers, as far as they can be read without one."""

from __future__ import annotations

import importlib.metadata
import shlex
import subprocess
from pathlib import Path
from typing import Any

import yaml

from ssc_tune import run as front_door

FILES = Path(__file__).parents[2] / "docs" / "cluster"


def test_the_script_for_slurm_is_a_script_that_ends_in_our_command(tmp_path: Path) -> None:
    """With stand-ins for the scheduler's commands: ``srun`` prints what it would start on each node."""
    for name, text in {"srun": 'printf "%s\\n" "$@"', "scontrol": 'printf "node1\\nnode2\\n"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    job = {"SLURM_JOB_NODELIST": "node[1-2]", "SLURM_JOB_ID": "41234", "SLURM_NNODES": "2", "SLURM_CPUS_PER_TASK": "16"}
    done = subprocess.run(
        ["bash", str(FILES / "slurm.sh"), "s.yaml", "--storage", "/shared/runs", "--set", "seeds=5"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path), **job},
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.splitlines()
    start, command = words[: words.index("--")], words[words.index("--") + 1 :]
    assert start == ["ray", "symmetric-run", "--address", "node1:21234", "--min-nodes", "2", "--num-cpus", "16"]
    assert command[:3] == ["python", "-m", "ssc_tune.run"]
    arguments = front_door.make_parser().parse_args(command[3:])
    assert (str(arguments.study), arguments.address, arguments.overrides) == ("s.yaml", "node1:21234", ["seeds=5"])


def test_the_job_for_kubernetes_runs_our_command_on_nodes_that_are_alike() -> None:
    job: dict[str, Any] = yaml.safe_load((FILES / "rayjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    program, *words = shlex.split(job["spec"]["entrypoint"])[2:]
    assert program == "ssc_tune.run"
    assert front_door.make_parser().parse_args(words).address is None  # the job says where
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    pods = [group["template"]["spec"] for group in groups]
    assert len({pod["containers"][0]["image"] for pod in pods}) == 1
    assert {mount["mountPath"] for pod in pods for mount in pod["containers"][0]["volumeMounts"]} == {"/shared"}
    version = importlib.metadata.version("ray")
    assert cluster["rayVersion"] == version
    assert f"FROM rayproject/ray:{version}-py311" in (FILES / "Dockerfile").read_text()
