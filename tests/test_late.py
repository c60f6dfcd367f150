"""A module that is imported on first use is whole for every thread that uses it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from ssc_tune.late import Late


def test_threads_that_come_at_once_all_find_the_whole_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_load.py").write_text("import time\ntime.sleep(0.3)\nnumber = 7\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    late, found = Late("slow_to_load"), []
    assert "slow_to_load" not in sys.modules
    threads = [threading.Thread(target=lambda: found.append(late.number)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [7] * 8
    with pytest.raises(AttributeError, match="nothing"):
        late.nothing  # noqa: B018
