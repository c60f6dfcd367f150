"""Makes docs/reliability.md from what the tests have survived.

uv run pytest -m fault --reliability docs/measurements/reliability.json
uv run python docs/reliability.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "measurements" / "reliability.json"

INTRODUCTION = """\
# What a study survives

Every row is a fault that tests do to a study, most of them to a real one that runs through Ray, and what is promised
then. *Survived* counts the times that the promise held of the times that it was tried. The page is made from the
results of those tests:

<!-- not run here: takes minutes, see tests/execution -->
```bash
uv run pytest -m fault --reliability docs/measurements/reliability.json
uv run python docs/reliability.py
```
"""


def page(content: dict[str, Any]) -> str:
    """The page of what ``--reliability`` has written."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in content["tests"]:
        rows.setdefault((row["fault"], row["promise"]), []).append(row)
    lines = ["| fault | promise | survived | tests |", "| --- | --- | --- | --- |"]
    for (fault, promise), tests in sorted(rows.items()):
        tried = sum(test["times"] for test in tests)
        held = sum(test["times"] for test in tests if test["outcome"] == "passed")
        skipped = sum(test["times"] for test in tests if test["outcome"] == "skipped")
        names = sorted({test["test"].split("[")[0].replace("::", "::`", 1) + "`" for test in tests})
        shown = f"{held} of {tried}" + (f", {skipped} not tried" if skipped else "")
        lines.append(f"| {fault} | {promise} | {shown} | {'; '.join(names)} |")
    machine = content["machine"]
    made = f"Run on {machine['cores']} cores ({machine['processor']}), Python {content['python']}."
    return "\n".join([INTRODUCTION, *lines, "", made, ""])


if __name__ == "__main__":
    (ROOT / "docs" / "reliability.md").write_text(page(json.loads(RESULTS.read_text())), encoding="utf-8")
