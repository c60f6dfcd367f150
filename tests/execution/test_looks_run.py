"""Looks on the command line, with real cells: it ends at the look that decides, and goes on in the look it was in."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ssc_tune.design.cells import fixed_cells
from ssc_tune.study import load_study
from tests.making.launches import Launches, wait_until

LOOKS = """\
name: tiny
data: {name: digits, labels_per_class: 1, validation: 50}
training: {steps: 6, evaluations: 3}
methods: [fixmatch, ssc]
hyperparameters: {batch_size: 8, mu: 1}
search_space:
  parameters:
    learning_rate: {type: float, default: 0.03, factor: 3}
design: {type: sobol, points: 16, looks: [4, 8, 16], stop: when_decided}
seeds: 3
retries: 1
claims:
  - {name: alike, equivalent: [ssc, fixmatch], in: mean, within: 0.9}
"""


class Looking(Launches):
    """Runs of a study with looks, whose claim is certain from a few points on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "tiny.yaml").write_text(LOOKS)
        self.study = load_study(folder / "tiny.yaml")

    def ids(self, points: int) -> set[str]:
        """Cells of the first points and the defaults."""
        return {cell.cell_id for cell in fixed_cells(self.study) if cell.placement.point <= points}

    def done(self) -> set[str]:
        """Cells with a record."""
        return {Path(name).stem for name in self.times()}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_interrupted_in_its_second_look_it_goes_on_there_and_stops_when_decided(tmp_path: Path) -> None:
    launches = Looking(tmp_path)
    first, second = launches.ids(4), launches.ids(8)
    process = launches.start(faults="slow:fixmatch:2,slow:ssc:2")
    wait_until(lambda: len(launches.done()) > len(first), process, seconds=500)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "look 1 of 3, 4 of 16 points:\n  alike: inconclusive;" in out
    before = launches.times()
    assert first < launches.done() < second  # nothing of the second look was done before the first was complete
    begun = {path.parent.name for path in launches.store.path.glob("cells/*/attempts.jsonl")}
    assert begun <= second

    code, out, err = launches.run()
    assert code == 0, err
    assert "look 1 of 3, 4 of 16 points:" not in out  # it goes on in the second
    assert "look 2 of 3, 8 of 16 points:\n  alike: supported;" in out
    assert "stopped at 8 of 16 points: every claim is decided" in out
    assert launches.done() == second
    after = launches.times()
    assert {name: after[name] for name in before} == before  # nothing was run twice

    code, out, err = launches.run()
    assert code == 0, err
    assert launches.times() == after
    assert f"cells: {len(second)} in all; {len(second)} have a record, 0 are new" in out
