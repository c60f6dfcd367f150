"""The golden runs: one short digits cell a method, and the figures of it that are stored.

    python tests/training/golden_runs.py        # trains them and writes golden/*.json

Regenerate only for a change that is meant to change results; say so where the change is recorded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from training_cells import make_config

from ssc_tune.training import RunResult, train

FOLDER = Path(__file__).parent / "golden"
METHODS = ("fixmatch", "ssc", "supervised")

HYPERPARAMETERS: dict[str, Any] = {
    "batch_size": 16,
    "mu": 2,
    "learning_rate": 0.01,
    "ema_decay": 0.5,  # reached at step 8, so that its value counts
    "tau": 0.3,  # reached by some images from the first steps on
    "randaugment_m": 5.0,
    "cutout": 0.25,
}
OWN: dict[str, dict[str, Any]] = {"ssc": {"pseudo_temperature": 0.15}}

Curve = dict[str, list[float]]


def golden_run(method: str, *, hyperparameters: dict[str, Any] | None = None, **training: Any) -> Curve:
    """The curves of one run of 30 steps, float32."""
    given = {**HYPERPARAMETERS, **OWN.get(method, {}), **(hyperparameters or {})}
    config = make_config(method, hyperparameters=given, **{"steps": 30, "evaluations": 15, **training})
    return curves(train(config, device="cpu"))


def curves(result: RunResult) -> Curve:
    """Training loss, confident share, and the geometry of the average's prototypes and embeddings."""
    history = result.history
    found = {"train_loss": [e.train_loss for e in history]}
    found["confident_fraction"] = [e.confident_fraction for e in history]
    for name in ("prototype_mean_cosine", "embedding_mean_cosine", "embedding_rank"):
        found[name] = [e.signatures[name] for e in history]
    return found


def distance(a: Curve, b: Curve) -> float:
    """Largest |a - b| / (1 + |b|) over all curves."""
    return max(abs(x - y) / (1 + abs(y)) for name in b for x, y in zip(a[name], b[name], strict=True))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for kind in METHODS:
        (FOLDER / f"{kind}.json").write_text(json.dumps(golden_run(kind), indent=1) + "\n")
