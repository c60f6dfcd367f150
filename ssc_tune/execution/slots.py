"""How many cells a machine or a cluster holds at once: plain arithmetic over nodes, in the units that Ray counts in.

Ray is not needed for it, so that what cannot fit is said before Ray starts.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ssc_tune.study.model.resources import Resources

UNIT = 10_000
"""Parts of a core or GPU: Ray counts none that are smaller, and rounds to them."""
GPU_FILES = (("proc/driver/nvidia/gpus", "*"), ("dev", "nvidia[0-9]*"))
"""Where the driver shows a machine's GPUs, a folder and a pattern each; containers often have the second alone."""
TYPE = "accelerator_type:"
"""How Ray begins the name of the resource that a node has by the type of its GPU."""


class Node(NamedTuple):
    """A machine: what Ray may use of it."""

    name: str
    cpus: float
    gpus: float = 0.0
    gpu_types: frozenset[str] = frozenset()


def slots_of(node: Node, need: Resources) -> int:
    """Cells that a node holds at once: floor(CPU / cpus), of GPUs as many as fit each, or floor(GPU / gpus)."""
    if need.gpu_type is not None and need.gpu_type not in node.gpu_types:
        return 0
    by_cpus = _units(node.cpus) // _share(need.cpus)
    if not need.gpus:
        return by_cpus
    whole = math.floor(node.gpus)  # a share lies on one GPU
    by_gpus = whole // int(need.gpus) if need.gpus >= 1 else whole * (UNIT // _share(need.gpus))
    return min(by_cpus, by_gpus)


def slots(nodes: Iterable[Node], need: Resources) -> int:
    """Cells that these nodes hold at once, at most ``max_parallel``."""
    held = sum(slots_of(node, need) for node in nodes)
    return min(held, need.max_parallel or held)


def asked(need: Resources) -> dict[str, float]:
    """What Ray is asked for each cell; rounded down to its units, so that three thirds fit."""
    found = {"cpu": _share(need.cpus) / UNIT, "gpu": need.gpus if need.gpus >= 1 else _share(need.gpus) / UNIT}
    if not need.gpus:
        found["gpu"] = 0
    if need.gpu_type is not None:
        found[TYPE + need.gpu_type] = 0.001  # there is 1 of it on each node of the type
    return found


def cpus_for(workers: int, need: Resources) -> int:
    """Whole cores that hold so many cells by Ray's count, which knows no broken ones."""
    return max(1, math.ceil(workers * _share(need.cpus) / UNIT))


def shortage(nodes: Collection[Node], need: Resources, *, where: str) -> str | None:
    """Why these nodes, which ``where`` names, hold not a single cell, as one line; none where they hold one."""
    if slots(nodes, need):
        return None
    typed = [node for node in nodes if need.gpu_type is None or need.gpu_type in node.gpu_types]
    if not typed:
        known = sorted({name for node in nodes for name in node.gpu_types})
        return f"resources.gpu_type: {where} has no {need.gpu_type}; allowed: {', '.join(known) or 'none'}"
    gpus, cpus = max(node.gpus for node in typed), max(node.cpus for node in typed)
    each = " on one node" if len(nodes) > 1 else ""
    if need.gpus and not slots(typed, need.model_copy(update={"cpus": 1 / UNIT})):
        return f"resources.gpus: a cell needs {need.gpus:g}, {where} has {gpus:g}{each}; allowed: {_to(gpus)}"
    if not slots(typed, need.model_copy(update={"gpus": 0, "gpu_type": None})):
        return f"resources.cpus: a cell needs {need.cpus:g}, {where} has {cpus:g}{each}; allowed: up to {cpus:g}"
    return f"resources: {where} has no node with {need.cpus:g} CPUs and {need.gpus:g} GPUs"


def _to(gpus: float) -> str:
    return f"up to {gpus:g}" if gpus else "0"


def _units(amount: float) -> int:
    return math.floor(round(amount * UNIT, 3))


def _share(amount: float) -> int:
    return max(1, _units(amount))


def nodes_of(found: Iterable[Mapping[str, Any]]) -> list[Node]:
    """The nodes that are alive, of what ``ray.nodes()`` tells."""
    return [
        Node(
            name=f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})",
            cpus=node["Resources"].get("CPU", 0.0),
            gpus=node["Resources"].get("GPU", 0.0),
            gpu_types=frozenset(n.removeprefix(TYPE) for n in node["Resources"] if n.startswith(TYPE)),
        )
        for node in found
        if node["Alive"]
    ]


def this_machine(root: Path = Path("/")) -> Node:
    """This machine, or what a container may use of it; ``root`` is where its file system begins."""
    return Node("this machine", num_cpus(root), num_gpus(os.environ.get("CUDA_VISIBLE_DEVICES"), root))


def num_cpus(root: Path = Path("/")) -> float:
    """Cores that this process may use: those it is bound to, or its control group's quota where that is less.

    A quota below one core counts as one: a cell is slower there.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return float(min([bound, *(max(1.0, quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """Cores of every control group that this process is in, of both versions."""
    mounted = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, group = [*line.split(":", 2), "", "", ""][:3]
        if not controllers:
            tops = [mounted, mounted / "unified"]
        elif "cpu" in controllers.split(","):
            tops = [mounted / name for name in dict.fromkeys((controllers, "cpu", "cpu,cpuacct"))]
        else:
            continue
        for top in tops:
            place = Path(group.lstrip("/"))
            for folder in (place, *place.parents):  # in a container the group is mounted as the top
                yield from _quota(top / folder)


def _quota(folder: Path) -> Iterator[float]:
    v2 = _text(folder / "cpu.max").split()
    v1 = [_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    for pair in (v2, v1):
        with_numbers = len(pair) == 2 and all(part.isdigit() for part in pair)  # "max" and -1 are no limit
        if with_numbers and int(pair[0]) > 0 and int(pair[1]) > 0:
            yield int(pair[0]) / int(pair[1])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def num_gpus(visible: str | None, root: Path = Path("/")) -> int:
    """GPUs of this machine that CUDA would see.

    Args:
        visible: ``CUDA_VISIBLE_DEVICES``; none where it is not set.
        root: where the file system begins.
    """
    there = next((n for folder, pattern in GPU_FILES if (n := len(list((root / folder).glob(pattern))))), 0)
    return there if visible is None else len(_visible(visible, there))


def _visible(text: str, there: int) -> list[str]:
    """Devices of a list in CUDA's way: it ends before the first that is none, and is void where one comes twice.

    Devices are numbers below the number that there are, or, like the first of them, ``GPU-...`` or ``MIG-...``.
    """
    found: list[str] = []
    kind = next((prefix for prefix in ("GPU-", "MIG-") if text.strip().startswith(prefix)), "")
    for part in (part.strip() for part in text.split(",")):
        if kind:
            is_device = part.startswith(kind)
        else:
            is_device = part.isascii() and part.isdigit() and (not there or int(part) < there)
            part = str(int(part)) if is_device else part
        if not is_device:
            break
        if part in found:
            return []
        found.append(part)
    return found
