"""The report in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.making.analyses import case
from tests.making.studies import REPORTED, study
from tests.report.browser import chromium, opened
from tests.report.written import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page


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
        assert page.locator(".draw > svg").count() == boxes.count()
        assert page.locator(".card").first.is_visible()


def _sizes(page: Page) -> list[list[float]]:
    """Width and height of the place of each drawing."""
    found: list[list[float]] = page.evaluate(
        "[...document.querySelectorAll('.draw')].map((box) => [box.clientWidth, box.clientHeight])"
    )
    return found


def _own_sizes(page: Page) -> list[list[float]]:
    """Width and height of each drawing where its letters have their own size."""
    boxes: list[str] = page.evaluate(
        "[...document.querySelectorAll('.draw > svg')].map((svg) => svg.getAttribute('viewBox'))"
    )
    return [[float(number) for number in box.split()[2:]] for box in boxes]


@pytest.mark.parametrize("width", [390, 800, 1200])
def test_no_drawing_moves_what_is_around_it(browser: Browser, path: Path, width: int) -> None:
    with opened(browser, path, width=width) as (page, _, _):
        first, height = _sizes(page), page.evaluate("document.documentElement.scrollHeight")
        assert min(min(size) for size in first) > 150
        for _ in range(60):
            page.evaluate("scrollBy({ top: innerHeight, behavior: 'instant' })")
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if at_the_end := page.evaluate("scrollY + innerHeight + 2 > document.documentElement.scrollHeight"):
                break
        assert at_the_end
        assert _sizes(page) == first
        assert page.evaluate("document.documentElement.scrollHeight") == height
        for (box_width, box_height), (own_width, own_height) in zip(first, _own_sizes(page), strict=True):
            assert box_height / box_width == pytest.approx(own_height / own_width, abs=0.01)


def test_letters_in_figures_can_be_read_at_any_width(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _, _):
        for width in (390, 700, 740, 1080, 1100, 1200):
            page.set_viewport_size({"width": width, "height": 900})
            scales = [place[0] / own[0] for place, own in zip(_sizes(page), _own_sizes(page), strict=True)]
            assert 0.85 < min(scales) <= max(scales) < 1.25, width


def test_without_scripts_every_figure_is_there(browser: Browser, path: Path) -> None:
    with opened(browser, path, java_script_enabled=False) as (page, messages, _):
        assert messages == []
        boxes = page.locator(".draw")
        for index in range(boxes.count()):
            boxes.nth(index).scroll_into_view_if_needed()
            frame = boxes.nth(index).locator("svg .mark-group").first.bounding_box()
            assert frame is not None
            assert frame["width"] > 50


def test_a_link_to_a_figure_leads_to_it_drawn(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _, _):
        page.locator("nav a", has_text="Prototypes").focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => Math.abs(document.querySelector('#geometry').getBoundingClientRect().top) < 30")
        mark = page.locator("#geometry .draw [data-tip]").first.bounding_box()
        assert mark is not None
        assert mark["width"] > 2
        assert 0 < mark["y"] < 900


def test_dark_and_light_differ_in_page_and_figures(browser: Browser, path: Path) -> None:
    seen = {}
    with opened(browser, path) as (page, _, _):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
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
        assert page.evaluate("getComputedStyle(document.querySelector('.draw')).contentVisibility") == "visible"
        closed = page.locator("details:not(.data, [open])").count()
        assert closed > 3
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not(.data, [open])").count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details:not(.data, [open])").count() == closed
        assert page.pdf()[:4] == b"%PDF"


def test_on_paper_figures_are_whole_and_nothing_that_leads_stands_alone(browser: Browser, path: Path) -> None:
    """Of what leads to something else, the rule that keeps both together holds as the browser applies it."""
    page = browser.new_page()
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    style = "(found, name) => found.map(e => [e.className, getComputedStyle(e)[name], getComputedStyle(e).display])"
    whole = page.eval_on_selector_all("figure, .panel, tr, pre", f"found => ({style})(found, 'breakInside')")
    leading = page.eval_on_selector_all(
        "h2, h3, caption, figcaption, .card .badge, summary, thead, tbody tr:first-child, section > .note",
        f"found => ({style})(found, 'breakAfter')",
    )
    assert len(whole) > 20
    assert {rule for _, rule, _ in whole} == {"avoid"}
    assert len(leading) > 20
    assert {rule for _, rule, _ in leading} == {"avoid"}
    assert not {display for _, _, display in leading} & {"inline", "inline-block"}  # of which no rule is kept
    pages = len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True)))
    page.close()
    assert 3 <= pages <= 12


def _point(page: Page) -> tuple[Locator, str]:
    """A mark of a point of the first figure, in the window, and what it says."""
    mark = page.locator("#parameters .panel").first.locator("[data-tip*='point: 7']:not([data-tip*='seed:'])").first
    mark.scroll_into_view_if_needed()
    return mark, mark.get_attribute("data-tip") or ""


def point_at(page: Page, mark: Locator) -> None:
    """Brings the pointer over a mark until its tip shows: figures that come into the window may still move the page."""
    for _ in range(50):
        mark.hover(force=True)
        if page.locator(".tip > div").count():
            return
        page.wait_for_timeout(100)
    raise AssertionError("no tip within 5 seconds")


def test_pointing_at_a_point_names_it_and_marks_it_in_every_panel(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _, _):
        mark, said = _point(page)
        point_at(page, mark)
        assert page.locator(".tip > div").all_inner_texts() == said.replace(": ", " ").split("\n")
        assert page.locator(".lit").count() == 1
        other = page.locator("#parameters .panel").nth(1).locator(".kin")
        assert other.count() == 4  # the point's mean and its three seeds
        method = said.split("\n")[0]
        assert all((other.nth(i).get_attribute("data-tip") or "").startswith(f"{method}\npoint: 7\n") for i in range(4))
        page.keyboard.press("Escape")
        assert page.locator(".tip, .lit, .kin").count() == 0


def test_a_finger_names_a_point_and_elsewhere_takes_it_away(browser: Browser, path: Path) -> None:
    with opened(browser, path, width=390, has_touch=True) as (page, _, _):
        mark, said = _point(page)
        place = mark.bounding_box()
        assert place is not None
        page.touchscreen.tap(place["x"] + place["width"] / 2 + 4, place["y"] + place["height"] / 2)
        shown = page.locator(".tip").bounding_box()
        assert shown is not None
        assert shown["x"] >= 0
        assert shown["x"] + shown["width"] <= 390
        assert said.split(": ")[1].split("\n")[0] in page.locator(".tip").inner_text()
        heading = page.locator("#parameters h2").bounding_box()
        assert heading is not None
        page.touchscreen.tap(heading["x"] + 5, heading["y"] + 5)
        assert page.locator(".tip").count() == 0


def test_no_other_script_can_run(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, messages, _):
        page.evaluate(
            "() => { const one = document.createElement('script'); one.textContent = 'window.hacked = 1';"
            " document.body.append(one); document.body.setAttribute('onclick', 'window.hacked = 2');"
            " document.body.click(); }"
        )
        assert page.evaluate("window.hacked") is None
        assert len([text for text in messages if "Content Security Policy" in text]) == 2


@pytest.mark.slow
def test_5000_cells_are_still_usable(browser: Browser, tmp_path: Path) -> None:
    write(case(study(REPORTED, points=832, seeds=3), history=8), tmp_path)
    with opened(browser, tmp_path / "report.html", width=390) as (page, messages, requests):
        assert (messages, requests) == ([], [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        mark = page.locator("#parameters [data-tip]").nth(2000)
        mark.scroll_into_view_if_needed()
        point_at(page, mark)
        assert page.locator(".tip").is_visible()


def test_blocks_are_a_switch_on_a_screen_and_all_there_on_paper(browser: Browser, in_blocks: Path) -> None:
    with opened(browser, in_blocks, width=1440, java_script_enabled=False) as (page, _, _):
        shown, other = page.locator("#parameters-shared"), page.locator("#parameters-own")
        assert (shown.is_visible(), other.is_visible()) == (True, False)
        page.get_by_role("radio", name="block own").check()
        assert (shown.is_visible(), other.is_visible()) == (False, True)
        assert page.locator("#measures table:visible").count() < page.locator("#measures table").count()
        page.get_by_role("radio", name="all").check()
        assert shown.is_visible()
        assert other.is_visible()
        page.get_by_role("radio", name="block own").check()
        page.emulate_media(media="print")
        assert shown.is_visible()
        assert other.is_visible()


def test_a_link_to_a_figure_that_the_switch_hides_shows_it(browser: Browser, in_blocks: Path) -> None:
    with opened(browser, in_blocks, width=1440) as (page, _, _):
        page.locator('nav a[href="#spread-own"]').click()
        page.wait_for_function("() => Math.abs(document.querySelector('#spread-own').getBoundingClientRect().top) < 99")
        assert page.locator("#spread-own").is_visible()


def test_the_first_figures_stand_on_the_first_two_screens(browser: Browser, path: Path) -> None:
    with opened(browser, path, width=1440) as (page, _, _):
        top = page.evaluate("document.querySelector('figure').getBoundingClientRect().top + scrollY")
        cards = page.evaluate("document.querySelector('.cards').getBoundingClientRect().top + scrollY")
        assert cards < 900
        assert top < 2 * 900
