"""Trains the same short cells at two git revisions and says whether their results have the same bits.

    python benchmarks/bit_identity.py HEAD~1 HEAD
    python benchmarks/bit_identity.py HEAD .            # the working tree as it is

Compared are the history without its times, and every weight, average, momentum and generator state of the last
checkpoint. Exit code 0: identical; 1: not; 2: a revision cannot be had or trained.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TRAIN = """
import hashlib, json, sys, tempfile
from pathlib import Path
import torch
from ssc_tune.training import CellConfig, train
torch.set_num_threads(1)

def digest(value, into):
    if isinstance(value, torch.Tensor):
        into.update(str((value.dtype, tuple(value.shape))).encode() + value.cpu().contiguous().numpy().tobytes())
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            into.update(str(key).encode())
            digest(value[key], into)
    elif isinstance(value, (list, tuple)):
        for item in value:
            digest(item, into)
    else:
        into.update(repr(value).encode())

for config in json.loads(sys.argv[1]):
    with tempfile.TemporaryDirectory() as folder:
        result = train(CellConfig.model_validate(config), directory=Path(folder), device="cpu")
        content = torch.load(next(Path(folder).glob("*.pt")), weights_only=True)
    history = [e.model_dump(exclude={"time", "images_per_second"}) for e in result.history]
    found = hashlib.sha256(json.dumps([history, result.test_accuracy], sort_keys=True).encode())
    if "velocities" not in content:  # revisions that hold torch's own optimizer
        state = content["optimizer"]["state"]
        content["velocities"] = [state[i]["momentum_buffer"] for i in sorted(state)]
    digest({name: content[name] for name in ("network", "average", "velocities", "generators")}, found)
    print(found.hexdigest())
"""


def cells(steps: int) -> dict[str, dict[str, object]]:
    """The cells by name: each method, and the settings that change a step's arithmetic."""
    base = {"batch_size": 8, "mu": 2, "randaugment_m": 5.0, "cutout": 0.25, "tau": 0.5}
    variants: dict[str, tuple[str, dict[str, object], dict[str, object]]] = {
        "fixmatch": ("fixmatch", {}, {}),
        "fixmatch, two strong views": ("fixmatch", {"num_strong_views": 2}, {}),
        "ssc": ("ssc", {}, {}),
        "ssc, kmeans": ("ssc", {"prototype_init": "kmeans"}, {}),
        "ssc, weak view separate": ("ssc", {}, {"weak_view": "separate"}),
        "ssc, float32 in NCHW order": ("ssc", {}, {"precision": "float32", "channels_last": False}),
        "supervised": ("supervised", {}, {}),
    }
    return {
        name: {
            "data": {"name": "digits", "labels_per_class": 2},
            "model": {"name": "wrn-10-1"},
            "training": {"steps": steps, "evaluations": 2, **training},
            "method": method,
            "hyperparameters": {**base, **own},
            "seed": 0,
        }
        for name, (method, own, training) in variants.items()
    }


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A folder with the files of a revision; ``.`` is the working tree."""
    if revision == ".":
        yield ROOT
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "tree"
        subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "--detach", "-q", str(folder), revision], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(folder)], check=True)


def digests(revision: str, configs: list[dict[str, object]]) -> list[str]:
    """SHA-256 of each cell's result at a revision."""
    with checked_out(revision) as folder:
        environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", TRAIN, json.dumps(configs)]
        run = subprocess.run(command, check=True, env=environment, cwd=folder, capture_output=True, text=True)
    return run.stdout.split()


def main() -> int:
    """Reads the command line, trains, compares, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("revisions", nargs=2, metavar="REV", help="git revision, or . for the working tree")
    parser.add_argument("--steps", type=int, default=12)
    arguments = parser.parse_args()
    chosen = cells(arguments.steps)
    try:
        first, second = (digests(revision, list(chosen.values())) for revision in arguments.revisions)
    except subprocess.CalledProcessError as error:
        print(f"cannot compare: {(error.stderr or str(error)).strip()}", file=sys.stderr)
        return 2
    for name, a, b in zip(chosen, first, second, strict=True):
        print(f"{'identical' if a == b else 'DIFFERENT'}  {a[:12]} {b[:12]}  {name}")
    together = hashlib.sha256("".join(first).encode()).hexdigest()[:12]
    print(f"{'all identical' if first == second else 'not identical'} ({together})")
    return 0 if first == second else 1


if __name__ == "__main__":
    sys.exit(main())
