"""What a machine or a cluster holds at once, by arithmetic alone, against counting one by one and against torch."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.execution.slots import (
    UNIT,
    Node,
    asked,
    cpus_for,
    nodes_of,
    num_cpus,
    num_gpus,
    shortage,
    slots,
    slots_of,
)
from ssc_tune.study.model.resources import Resources

AMOUNTS = st.one_of(
    st.integers(1, 8), st.integers(1, 40).map(lambda n: n / 10), st.integers(1, 12).map(lambda n: 1 / n)
)
NEEDS = st.builds(
    Resources,
    cpus=AMOUNTS,
    gpus=st.one_of(st.just(0), st.integers(1, 4), st.integers(1, 10).map(lambda n: n / 10)),
    max_parallel=st.none() | st.integers(1, 50),
)
NODES = st.builds(Node, name=st.just("node"), cpus=st.integers(0, 64).map(float), gpus=st.integers(0, 8).map(float))


def packed(node: Node, need: Resources) -> int:
    """Cells put onto a node one after another, in exact numbers, until one finds no room; as Ray does it."""
    units = {name: Fraction(round(amount * UNIT), UNIT) for name, amount in asked(need).items()}
    cpus, gpus = Fraction(int(node.cpus)), [Fraction(1)] * int(node.gpus)
    cells = 0
    while cpus >= units["cpu"]:
        if need.gpus >= 1:
            free = [k for k, left in enumerate(gpus) if left == 1][: int(need.gpus)]
            if len(free) < need.gpus:
                break
            for k in free:
                gpus[k] = Fraction(0)
        elif need.gpus:
            fits = [k for k, left in enumerate(gpus) if left >= units["gpu"]]
            if not fits:
                break
            gpus[fits[0]] -= units["gpu"]
        cpus -= units["cpu"]
        cells += 1
    return cells


@given(NODES, NEEDS)
def test_a_node_holds_what_can_be_put_onto_it(node: Node, need: Resources) -> None:
    assert slots_of(node, need) == packed(node, need)


@given(st.lists(NODES, max_size=6), NEEDS, NODES)
def test_a_node_that_comes_adds_its_own_and_one_that_goes_takes_no_more(
    nodes: list[Node], need: Resources, one: Node
) -> None:
    unlimited = need.model_copy(update={"max_parallel": None})
    assert slots([*nodes, one], unlimited) == slots(nodes, unlimited) + slots_of(one, unlimited)
    assert slots(nodes, need) == min(slots(nodes, unlimited), need.max_parallel or slots(nodes, unlimited))


@given(st.integers(1, 64), NEEDS)
def test_what_ray_is_given_holds_what_is_promised(workers: int, need: Resources) -> None:
    without = need.model_copy(update={"gpus": 0, "max_parallel": None})
    assert slots_of(Node("here", float(cpus_for(workers, need))), without) >= workers


@given(st.lists(NODES, min_size=1, max_size=4), NEEDS)
def test_it_is_said_that_nothing_fits_exactly_where_nothing_does(nodes: list[Node], need: Resources) -> None:
    said = shortage(nodes, need, where="the cluster")
    assert (said is None) == (slots(nodes, need) > 0)
    assert said is None or (said.startswith("resources") and "\n" not in said)


@pytest.mark.parametrize(
    ("cpus", "gpus", "held"), [(1.5, 0, 1), (0.3, 0, 6), (1 / 3, 0, 6), (2, 0, 1), (0.1, 0.4, 4), (0.1, 1 / 6, 12)]
)
def test_two_cores_and_two_gpus(cpus: float, gpus: float, held: int) -> None:
    assert slots_of(Node("here", 2.0, 2.0), Resources(cpus=cpus, gpus=gpus)) == held


@pytest.mark.parametrize(
    ("need", "line"),
    [
        ({"cpus": 3}, "resources.cpus: a cell needs 3, here has 2; allowed: up to 2"),
        ({"gpus": 1}, "resources.gpus: a cell needs 1, here has 0; allowed: 0"),
        ({"gpus": 1, "gpu_type": "H100"}, "resources.gpu_type: here has no H100; allowed: none"),
    ],
)
def test_what_is_missing_is_named(need: dict[str, float], line: str) -> None:
    assert shortage([Node("here", 2.0)], Resources.model_validate(need), where="here") == line


def test_cells_go_to_nodes_that_are_alive_and_have_their_gpu() -> None:
    def node(alive: bool, **resources: float) -> dict[str, object]:
        name = {"NodeManagerHostname": "n", "NodeManagerAddress": "192.0.2.7"}
        return {"Alive": alive, "Resources": resources, **name}

    h100, a100 = {"accelerator_type:H100": 1.0}, {"accelerator_type:A100": 1.0}
    found = [
        node(True, CPU=8.0, GPU=1.0, **h100),
        node(True, CPU=8.0, GPU=4.0, **a100),
        node(True, CPU=8.0),
        node(False, CPU=64.0, GPU=8.0, **h100),
        node(True),
    ]
    need = Resources(cpus=1, gpus=0.5, gpu_type="H100")
    assert slots(nodes_of(found), need) == 2
    assert asked(need)["accelerator_type:H100"] == 0.001
    assert slots(nodes_of(found), need.model_copy(update={"gpu_type": None})) == 10
    other = need.model_copy(update={"gpu_type": "H200"})
    line = "resources.gpu_type: the cluster has no H200; allowed: A100, H100"
    assert shortage(nodes_of(found), other, where="the cluster") == line


@pytest.mark.parametrize(
    ("visible", "number"),
    [
        *[("", 0), ("-1", 0), ("0", 1), ("2,3", 2), ("0, 1", 2), (" 0 ,1 ", 2), ("0,-1,1", 1), ("0,0", 0)],
        *[("GPU-a,GPU-b,", 2), ("MIG-a,MIG-b", 2), ("MIG-GPU-a/1/0", 1), ("GPU-a,0", 1), ("NoDevFiles", 0), ("0,x", 1)],
    ],
)
def test_what_is_visible_is_what_counts(visible: str, number: int, tmp_path: Path) -> None:
    assert num_gpus(visible, tmp_path) == number


TOKENS = st.sampled_from(["0", "1", "2", "7", "-1", "", "GPU-a", "GPU-b", "MIG-a", "MIG-b", "void"])


@given(st.lists(TOKENS, max_size=5).map(",".join))
def test_it_is_what_torch_takes_a_list_for(visible: str) -> None:
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert num_gpus(visible, Path(os.devnull)) == len(torch.cuda._parse_visible_devices())


@pytest.mark.parametrize(("proc", "dev", "number"), [(0, 0, 0), (2, 2, 2), (0, 3, 3)])
def test_else_the_drivers_files_are_counted(proc: int, dev: int, number: int, tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    for k in range(proc):
        (tmp_path / f"proc/driver/nvidia/gpus/{k}").mkdir(parents=True)
    for name in [*(f"nvidia{k}" for k in range(dev)), "nvidiactl", "nvidia-uvm"]:
        (tmp_path / "dev" / name).touch()
    assert num_gpus(None, tmp_path) == number
    if number:
        assert num_gpus(f"0,{number},1", tmp_path) == 1  # one that is not there ends the list


BOUND = float(len(os.sched_getaffinity(0)))
V1 = "4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n"


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "max 100000"}, BOUND),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "50000 100000"}, 1.0),
        ("0::/a/b\n", {"a/cpu.max": "110000 100000", "a/b/cpu.max": "max 100000"}, 1.1),
        ("0::/host/only\n", {"cpu.max": "120000 100000"}, 1.2),
        (V1, {"cpu/cpu.cfs_quota_us": "130000", "cpu/cpu.cfs_period_us": "100000"}, 1.3),
        (V1, {"cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "-1", "cpu,cpuacct/docker/abc/cpu.cfs_period_us": "1"}, BOUND),
        (V1, {"memory/cpu.cfs_quota_us": "100000", "memory/cpu.cfs_period_us": "100000"}, BOUND),
        ("0::/\n", {"cpu.max": "nonsense"}, BOUND),
        ("torn", {}, BOUND),
        ("", {}, BOUND),
    ],
)
def test_a_containers_quota_counts(groups: str, files: dict[str, str], cores: float, tmp_path: Path) -> None:
    for name, content in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{n}": c for n, c in files.items()}}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert num_cpus(tmp_path) == min(cores, BOUND)
