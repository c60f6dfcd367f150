"""The report in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .browser import chromium, opened
from .builders import case, study
from .written import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def path(hostile: Path) -> Path:
    return hostile / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_it_opens_offline_without_errors_or_requests(browser: Browser, path: Path, width: int, scheme: str) -> None:
    with opened(browser, path, width=width, color_scheme=scheme, offline=True) as (page, messages, requests):
        assert messages == []
        assert requests == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("window.hacked") is None
        boxes = page.locator(".draw")
        assert boxes.count() > 15
        assert page.locator(".draw > svg, .draw > div > svg").count() == boxes.count()
        assert page.locator(".card").first.is_visible()


def test_dark_and_light_differ_in_page_and_figures(browser: Browser, path: Path) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        with opened(browser, path, color_scheme=scheme) as (page, _, _):
            seen[scheme] = (
                page.evaluate("getComputedStyle(document.body).backgroundColor"),
                page.evaluate("getComputedStyle(document.querySelector('.draw .role-axis-label text')).fill"),
            )
    assert seen["light"][0] != seen["dark"][0]
    assert seen["light"][1] != seen["dark"][1]


def test_on_paper_it_is_light_and_whole(browser: Browser, path: Path) -> None:
    with opened(browser, path, color_scheme="dark") as (page, _, _):
        page.emulate_media(media="print", color_scheme="dark")
        light = page.evaluate("getComputedStyle(document.body).color")
        assert light == "rgb(28, 33, 41)"
        assert page.pdf()[:4] == b"%PDF"


def test_hovering_a_point_names_it(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _, _):
        page.locator(".draw .mark-symbol path").nth(40).hover(force=True)
        page.wait_for_selector("#vg-tooltip-element.visible")
        assert "test accuracy" in page.locator("#vg-tooltip-element").inner_text()


@pytest.mark.slow
def test_5000_cells_are_still_usable(browser: Browser, tmp_path: Path) -> None:
    write(case(study(points=832, seeds=3), history=8), tmp_path)
    with opened(browser, tmp_path / "report.html", width=390) as (page, messages, requests):
        assert (messages, requests) == ([], [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
