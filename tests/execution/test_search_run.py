"""An adaptive search with a pruner, through Ray: it ends, and goes on with more points."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.making.launches import STUDY, Launches

SEARCH = STUDY.replace("{type: defaults}", "{type: search, sampler: tpe, points: 2, pruner: wilcoxon}").replace(
    "seeds: 3", "seeds: 5"
)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_search_ends_and_can_be_enlarged(tmp_path: Path) -> None:
    launches = Launches(tmp_path)
    (tmp_path / "tiny.yaml").write_text(SEARCH)
    code, _, err = launches.run()
    assert code == 0, err
    assert "Traceback" not in err
    first = launches.times()
    assert 2 * 3 * 4 <= len(first) <= 2 * 3 * 5  # methods x points x seeds, of which the last may be pruned
    code, _, err = launches.run("--set", "design.points=3")
    assert code == 0, err
    last = launches.times()
    assert {name: last[name] for name in first} == first
    assert 2 * 4 <= len(last) - len(first) <= 2 * 5
