"""The benchmark scripts run and write what they say."""

from __future__ import annotations

import importlib
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from ssc_tune.training.processor import processor

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
        assert sum(row["shares"].values()) == pytest.approx(1)
        assert row["ratio_without_augmentation"] > 0
        if row["variant"] == "reference":
            assert row["ratio_to_reference"] == row["ratio_without_augmentation"] == 1
        limit = max(row["limit_flop_per_second"].values())
        assert row["share_of_limit"] == pytest.approx(row["flop_per_second"] / limit)
        assert f" | {100 * row['share_of_limit']:.0f} of {limit / 1e9:.0f} |" in output.stdout
        assert f"% of limit, GFLOP/s of {row['limit_of']} |" in output.stdout
    assert "| tiny | ssc | + channels_last |" in output.stdout


def test_reference_contrastive_loss_is_ours(scripts: Path) -> None:
    from ssc_tune.losses import supcon_loss

    reference = importlib.import_module("reference_loop")
    draw = torch.Generator().manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(20, 6, generator=draw), dim=1)
    labels = torch.arange(20) % 4
    found = reference.supcon(rows, labels, torch.ones(20), 0.1)
    torch.testing.assert_close(found, supcon_loss(rows, labels, temperature=0.1))


def test_augmentation_is_left_out_of_both_where_its_share_is_known(scripts: Path) -> None:
    throughput = importlib.import_module("throughput")

    def row(name: str, seconds: float, share: float | None) -> dict[str, Any]:
        return {"variant": name, "time": seconds} | ({} if share is None else {"shares": {"augmentation": share}})

    rows = [row("reference", 9.0, 2 / 3), row("ours", 2.0, 0.5), row("slow", 20.0, None)]
    found = throughput.with_augmentation_apart(rows, "time")
    assert [r["ratio_without_augmentation"] for r in found] == [1, pytest.approx(3), None]
    unknown = throughput.with_augmentation_apart([row("reference", 9.0, None), row("ours", 2.0, 0.5)], "time")
    assert [r["ratio_without_augmentation"] for r in unknown] == [None, None]


def test_parts_follow_each_other_within_a_step_and_their_seconds_are_a_step_s(
    scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = importlib.import_module("limits")
    clock = {"now": 0.0}
    monkeypatch.setattr(limits.time, "process_time", lambda: clock["now"])
    monkeypatch.setattr(limits.torch, "get_num_threads", lambda: 1)
    done: list[tuple[str, int]] = []

    def part(name: str, seconds: float) -> Any:
        def work(step: int) -> None:
            done.append((name, step))
            clock["now"] += seconds * step

        return work

    found = limits.split({"draw": part("draw", 1.0), "move": part("move", 10.0)}, 1, 2, torch.device("cpu"))
    assert done == [("draw", 1), ("move", 1), ("draw", 2), ("move", 2)]
    assert found == {"draw": pytest.approx(1.5), "move": pytest.approx(15)}


@pytest.mark.parametrize("cpuinfo", ["", "model name\t: A\ncpu family\t: 26\nmodel\t\t: 2\n\nmodel name\t: A\n"])
def test_a_processor_is_named_with_its_numbers(
    scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpuinfo: str
) -> None:
    limits = importlib.import_module("limits")
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(limits, "CPUINFO", path)
    name = processor()
    assert limits.processor_of(torch.device("cpu")) == name
    path.write_text(cpuinfo)
    numbers = "family 26, model 2" if cpuinfo else platform.machine()
    assert limits.processor_of(torch.device("cpu")) == f"{name} ({numbers})"


def test_floating_point_operations_and_peak_memory_of_a_matrix_product(scripts: Path) -> None:
    limits = importlib.import_module("limits")
    a, b = torch.ones(64, 128), torch.ones(128, 32)
    assert limits.flops(lambda: a @ b) == 2 * 64 * 128 * 32
    held: list[torch.Tensor] = []
    assert limits.peak_memory_mb(lambda: held.append(a @ b), torch.device("cpu")) == pytest.approx(
        64 * 32 * 4 / 1e6, rel=0.05
    )
