"""The benchmark scripts run and write what they say."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return SCRIPTS


@pytest.mark.slow
def test_quick_writes_a_row_for_every_method_and_variant(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    command = [sys.executable, str(SCRIPTS / "throughput.py"), "--quick", "--settings", "tiny", "--json", str(path)]
    output = subprocess.run([*command, "--device", "cpu"], check=True, capture_output=True, text=True, timeout=300)
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    variants = {row["variant"] for row in rows}
    assert {"reference", "ours", "+ channels_last"} <= variants
    assert len(rows) == 2 * len(variants)
    for row in rows:
        assert row["images_per_second"] == pytest.approx((8 if row["method"] == "ssc" else 6) / row["seconds_per_step"])
        assert row["fastest"] <= row["seconds_per_step"] <= row["slowest"]
        assert row["peak_memory_mb"] > 0
        assert row["machine"]["torch"] == torch.__version__
        if row["variant"] == "reference":
            assert row["ratio_to_reference"] == 1
        else:
            assert sum(row["shares"].values()) == pytest.approx(1)
    assert "| tiny | ssc | + channels_last |" in output.stdout


def test_reference_contrastive_loss_is_ours(scripts: Path) -> None:
    from ssc_tune.losses import supcon_loss

    reference = importlib.import_module("reference_loop")
    draw = torch.Generator().manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(20, 6, generator=draw), dim=1)
    labels = torch.arange(20) % 4
    found = reference.supcon(rows, labels, torch.ones(20), 0.1)
    torch.testing.assert_close(found, supcon_loss(rows, labels, temperature=0.1))


def test_floating_point_operations_and_peak_memory_of_a_matrix_product(scripts: Path) -> None:
    limits = importlib.import_module("limits")
    a, b = torch.ones(64, 128), torch.ones(128, 32)
    assert limits.flops(lambda: a @ b) == 2 * 64 * 128 * 32
    held: list[torch.Tensor] = []
    assert limits.peak_memory_mb(lambda: held.append(a @ b), torch.device("cpu")) == pytest.approx(
        64 * 32 * 4 / 1e6, rel=0.05
    )
