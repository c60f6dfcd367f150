"""axe-core finds no violation in the report.

The path of ``axe.min.js`` is taken from the variable AXE_CORE or from ``node_modules`` beside the project.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.making.analyses import case
from tests.report.browser import chromium, opened
from tests.report.written import write


def _axe() -> Path:
    inside = Path("node_modules/axe-core/axe.min.js")
    found = Path(os.environ.get("AXE_CORE", Path(__file__).parents[2] / inside))
    return found / inside if found.is_dir() else found


@pytest.mark.slow
@pytest.mark.skipif(not _axe().is_file(), reason="axe-core is not installed (npm install axe-core)")
def test_axe_finds_no_violation(tmp_path: Path) -> None:
    write(case(num_failed=2), tmp_path)
    with chromium() as browser:
        for scheme, width in (("light", 1200), ("dark", 1200), ("light", 390)):
            options = {"color_scheme": scheme, "bypass_csp": True}
            with opened(browser, tmp_path / "report.html", width=width, **options) as (page, _, _):
                page.evaluate(
                    "document.querySelectorAll('details:not(.data)').forEach((item) => { item.open = true; })"
                )
                for part in page.locator("figure details.data").all()[:2]:  # tables made alike
                    part.locator("summary").click()
                page.add_script_tag(path=_axe())
                found = page.evaluate("axe.run()")
                assert len(found["passes"]) > 20
                problems = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found["violations"]]
                assert problems == [], (scheme, width)
