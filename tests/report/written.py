"""Writing the report of a synthetic case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ssc_tune import report
from ssc_tune.report import render
from ssc_tune.report.context import context
from ssc_tune.report.figures import Given
from tests.making.analyses import Case

HOSTILE = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked=2"> | `a` {{ 7 * 7 }} <!-- & \''
GIVEN: dict[str, Any] = {
    "command": "python -m ssc_tune.run studies/stability.yaml",
    "versions": {"torch": "2.9.0", "python": "3.11.7"},
    "overhead": {"workers": 2.0, "share of worker time inside training": 0.8312},
    "hints": ["mlflow ui --port 5000"],
}


def write(made: Case, directory: Path, **changes: Any) -> list[Path]:
    """The report of a case."""
    return report.write(
        made.study, made.tables, made.analysis, directory, **{**GIVEN, "records": made.records, **changes}
    )


def pages(made: Case) -> tuple[str, str]:
    """The HTML and the Markdown of a case without its figures, which take nearly all of the time."""
    content = context(Given(*made))
    return render.html(made.study, content, [], {}), render.markdown(content, [])
