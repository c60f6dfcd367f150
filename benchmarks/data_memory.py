"""Memory of a data set of CIFAR-10's size in several processes, and the time to its first batch.

``python benchmarks/data_memory.py [--processes 8] [--images 10000]`` writes random images in the real format, reads
them through torchvision's loader once, and starts the processes, each of which draws every training image once. The sum
of their proportional set sizes (``/proc/PID/smaps_rollup``) before and after says what the images cost together.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import pickle
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from torchvision import datasets

from ssc_tune import data
from ssc_tune.data import cache, registry
from ssc_tune.training import CellConfig
from ssc_tune.training.batches import Batches
from ssc_tune.training.hardware import describe
from ssc_tune.training.network import make_method

MB = 1 << 20


def write_cifar10(root: Path, *, images: int) -> None:
    """Six pickled batches of random images, and their checksums in the place of the published ones."""
    cls, rng = datasets.CIFAR10, np.random.default_rng(0)
    folder = root / cls.base_folder
    folder.mkdir(parents=True, exist_ok=True)

    def written(name: str, content: dict[str, object]) -> str:
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
        return hashlib.md5((folder / name).read_bytes()).hexdigest()

    def batch(name: str) -> list[str]:
        pixels = rng.integers(0, 256, (images, 3072), dtype=np.uint8)
        return [name, written(name, {"data": pixels, "labels": [i % 10 for i in range(images)]})]

    cls.train_list = [batch(name) for name, _ in cls.train_list]
    cls.test_list = [batch(name) for name, _ in cls.test_list]
    cls.meta = {**cls.meta, "md5": written(cls.meta["filename"], {cls.meta["key"]: list("0123456789")})}


def first_batch() -> tuple[Batches, float]:
    """The batches of a cell, and the seconds until the first one was there."""
    started = time.perf_counter()
    values = {"data": {"name": "cifar10"}, "model": {}, "training": {}, "method": "fixmatch"}
    config = CellConfig.model_validate({**values, "hyperparameters": {"randaugment_n": 0}, "seed": 0})
    dataset = data.load(config.data.source)
    split = data.split(dataset, labels_per_class=4, validation=300, seed=0)
    batches = Batches(dataset, split, make_method(config, 10), seed=0, device=torch.device("cpu"))
    next(batches.between(0, 1))
    return batches, time.perf_counter() - started


def work(connection: Connection) -> None:
    """A process: waits, draws a batch, takes every training image once, waits to be told to end."""
    torch.set_num_threads(1)
    connection.send(None)
    connection.recv()
    batches, seconds = first_batch()
    for part in torch.randperm(len(batches.labels), generator=torch.Generator().manual_seed(os.getpid())).split(256):
        batches.images.take(part)
    connection.send(seconds)
    connection.recv()


def proportional(pids: list[int]) -> int:
    """Sum of the proportional set sizes, in bytes."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(line.split()[1]) * 1024 for text in rollups for line in text.splitlines() if line.startswith("Pss:"))


def of_files(pids: list[int]) -> int:
    """The part of it that is mapped .npy files, in bytes."""
    total, counted = 0, False
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
            if "-" in line.split()[0]:
                counted = line.endswith(".npy")
            elif counted and line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def measure(processes: int) -> tuple[int, int, list[float]]:
    """What the processes take more with the images than without, the files' part, and each one's seconds to a batch."""
    context = multiprocessing.get_context("spawn")
    ends = [context.Pipe() for _ in range(processes)]
    started = [context.Process(target=work, args=(end,)) for _, end in ends]
    for process in started:
        process.start()
    pids = [process.pid or 0 for process in started]
    for end, _ in ends:
        end.recv()
    before = proportional(pids)
    for end, _ in ends:
        end.send(None)
    seconds = [end.recv() for end, _ in ends]
    after, files = proportional(pids), of_files(pids)
    for end, _ in ends:
        end.send(None)
    for process in started:
        process.join()
    return after - before, files, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--images", type=int, default=10_000, help="images of each of the six batches")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[cache.VARIABLE] = folder
        write_cifar10(Path(folder), images=arguments.images)
        converting = first_batch()[1]
        registry._load.cache_clear()  # so that this process shares no page with those that are measured
        copy = sum(file.stat().st_size for file in Path(folder, "arrays").rglob("train_images.npy"))
        more, files, seconds = measure(arguments.processes)
    machine = describe(torch.device("cpu"))["processor"]
    print(f"{machine}, {os.cpu_count()} cores; {arguments.processes} processes, one thread each")
    each = (arguments.processes - 1) * copy
    print(f"one copy of the training images {copy / MB:.0f} MB; a copy each would be {each / MB:.0f} MB beyond it")
    print(
        f"all processes together {more / MB:.0f} MB more with the images: {(more - copy) / MB:.0f} MB beyond one copy,"
    )
    print(f"of which files {(files - copy) / MB:.0f} MB; the rest is each process's own batches")
    print(f"first batch after {converting:.1f} s where files are read and kept for the first time,")
    print(f"then {statistics.median(seconds):.2f} s (median of all processes at once), {max(seconds):.2f} s (slowest)")


if __name__ == "__main__":
    main()
