"""Every run in a real browser: what is picked, sorted and named, by pointer and by keys."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.making.analyses import Case, case
from tests.making.attempts import one_after_another
from tests.making.studies import REPORTED, study
from tests.report.browser import chromium, opened
from tests.report.test_runs import embedded, texts, values
from tests.report.written import pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NUM_FAILED = 3
PLACES = ("method", "block", "point", "seed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 81 runs without its other figures."""
    blocks = {"shared": {}, "own": {"methods": ["ssc"], "parameters": ["temperature", "prototypes"]}}
    made = case(study(REPORTED, points=8, blocks=blocks), num_failed=NUM_FAILED)
    made = made._replace(records=one_after_another(made.records, workers=3, fault_every=9))
    found = tmp_path_factory.mktemp("runs") / "report.html"
    found.write_text(pages(made)[0], encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def data(path: Path) -> dict[str, Any]:
    return embedded(path.read_text(encoding="utf-8"))


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Page]:
    with opened(browser, path, offline=True) as (found, messages, requests):
        yield found
        assert (messages, requests) == ([], [])


def shown(page: Page) -> list[list[str]]:
    """The rows that the table shows."""
    found: list[list[str]] = page.locator("#runs tbody tr:not([hidden])").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return found


def every(page: Page) -> list[list[str]]:
    """The rows of all pages of the table."""
    page.get_by_role("button", name="First").click(force=True)
    rows = shown(page)
    while page.get_by_role("button", name="Next").is_enabled():
        page.get_by_role("button", name="Next").click()
        rows += shown(page)
    return rows


def total(page: Page) -> int:
    """How many runs are picked, by the line that says so."""
    found = re.match(r"([\d,]+) of", page.locator("#runs output").inner_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def heading(page: Page, title: str) -> int:
    """Which column has a title."""
    titles: list[str] = page.locator("#runs thead button").evaluate_all("all => all.map(b => b.firstChild.textContent)")
    return titles.index(title)


def test_all_runs_are_there_and_a_page_of_them_at_a_time(page: Page, data: dict[str, Any]) -> None:
    assert total(page) == len(data["ids"]) == 81
    assert page.locator("#runs tbody tr").count() < 20
    listed = sorted(row[:4] for row in every(page))
    assert listed == sorted([texts(data, i)[name] for name in PLACES] for i in range(len(data["ids"])))


def test_each_column_sorts_both_ways_by_keyboard_and_says_so(page: Page, data: dict[str, Any]) -> None:
    for k, column in enumerate(data["columns"]):
        head = page.locator("#runs thead th").nth(k)
        head.locator("button").focus()
        for press, way in ((1, "ascending"), (2, "descending")):
            if press == 1 and column["key"] == "test_accuracy":
                head.evaluate("th => th.getAttribute('aria-sort') === 'none' || th.querySelector('button').click()")
            page.keyboard.press("Enter")
            assert head.get_attribute("aria-sort") == way, column["key"]
            assert page.locator("#runs thead th[aria-sort='none']").count() == len(data["columns"]) - 1
            found = [row[k] for row in shown(page)]
            codes = [code for code in column["codes"] if code >= 0]
            if column["key"] == "test_accuracy":  # by rank, in which lost runs count at chance
                ranked = sorted(range(81), key=lambda i: data["rank"][i], reverse=press == 2)
                wanted = [texts(data, i).get("test_accuracy", "–") for i in ranked[: len(found)]]
            else:
                wanted = [column["texts"][c] for c in sorted(codes, reverse=press == 2)][: len(found)]
            assert found == wanted, (column["key"], way)


def test_words_chosen_values_and_ranges_pick_runs(page: Page, data: dict[str, Any]) -> None:
    everything = [(texts(data, i), values(data, i)) for i in range(len(data["ids"]))]
    page.get_by_label("Find").fill("SSC seed 1")
    assert total(page) == sum(t["method"] == "ssc" and t["seed"] == "1" for t, _ in everything) > 0
    page.get_by_role("button", name="Show all").click()
    assert total(page) == 81
    page.get_by_label("Find").fill(data["ids"][5])
    assert total(page) == 1
    page.get_by_label("Find").fill("")
    page.get_by_label("failed", exact=True).check()
    assert total(page) == NUM_FAILED
    page.get_by_label("ok", exact=True).check()
    assert total(page) == 81
    page.get_by_role("button", name="Show all").click()
    assert not page.get_by_label("failed", exact=True).is_checked()
    page.locator(".runs-ranges summary").click()
    page.get_by_label("tau from").fill("0.9")
    page.get_by_label("test accuracy to").fill("0.93")
    page.get_by_label("fixmatch", exact=True).check()
    wanted = [
        t
        for t, v in everything
        if v.get("tau", 0) >= 0.9 and v.get("test_accuracy", 2) <= 0.9305 and t["method"] == "fixmatch"
    ]
    assert total(page) == len(wanted) > 0
    page.get_by_label("tau from").fill("much")
    assert page.get_by_label("tau from").get_attribute("aria-invalid") == "true"
    page.get_by_label("Find").fill("no such run")
    assert (total(page), shown(page)) == (0, [])


def until(page: Page, script: str) -> None:
    """Waits until a script says true; by asking, as the page forbids what playwright waits with."""
    for _ in range(600):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within 30 seconds: {script}")


def drawn(page: Page, kind: str) -> None:
    """Brings a canvas into the window and waits until it shows what is picked."""
    page.locator(f"canvas.{kind}").scroll_into_view_if_needed()
    until(
        page,
        f"(() => {{ const c = document.querySelector('canvas.{kind}');"
        " return c.width === Math.round(c.clientWidth * devicePixelRatio)"
        " && !document.querySelector('.runs-views').hasAttribute('data-drawing'); })()",
    )


def drag(page: Page, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Presses, moves and releases over a canvas, at shares of its width and height."""
    canvas = page.locator(f"canvas.{kind}")
    drawn(page, kind)
    box = canvas.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=4)
    page.mouse.up()


def test_brushing_an_axis_picks_runs_everywhere_and_a_click_lets_go(page: Page, data: dict[str, Any]) -> None:
    last = 1 - 44 / page.locator("canvas.parallel").evaluate("c => c.clientWidth")
    drag(page, "parallel", (last, 0.1), (last, 0.5))
    some = total(page)
    assert 0 < some < 81
    accuracies = [values(data, i)["test_accuracy"] for i in range(81) if "test_accuracy" in values(data, i)]
    low = sorted(accuracies)[-some]
    assert some == sum(value >= low for value in accuracies)  # the upper half of the axis
    assert 0.3 < (low - min(accuracies)) / (max(accuracies) - min(accuracies)) < 0.7
    labels = page.locator(".runs-canvas").evaluate_all("all => all.map(box => box.getAttribute('aria-label'))")
    assert len(labels) == 4
    assert sum(f"{some} of 81 runs" in label for label in labels) == 3  # all but the timeline
    assert float(page.get_by_label("test accuracy from").input_value()) == pytest.approx(low, abs=5.1e-4)
    drag(page, "parallel", (last, 0.5), (last, 0.5))
    assert total(page) == 81


def test_brushing_a_region_of_the_scatter_matrix_picks_runs(page: Page) -> None:
    drag(page, "matrix", (0.13, 0.01), (0.2, 0.09))
    some = total(page)
    assert 0 < some < 81
    page.get_by_role("button", name="Show all").click()
    assert total(page) == 81


def test_pointing_names_a_run_in_curves_and_table(page: Page) -> None:
    canvas = page.locator("canvas.curves")
    drawn(page, "curves")
    box = canvas.bounding_box()
    assert box is not None
    for share in range(20, 90):
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * share / 100)
        if page.locator(".tip").count():
            break
    said = page.locator(".runs-named").inner_text()
    assert re.match(r"run (fixmatch|ssc), block \w+, point \d+, seed \d · ", said)
    assert page.locator(".tip").inner_text().replace("\n", " · ").startswith(said[:20])
    row = page.locator("#runs tbody tr").nth(2)
    row.hover()
    method, block, point, seed = shown(page)[2][:4]
    assert (
        page.locator(".runs-named").inner_text().startswith(f"run {method}, block {block}, point {point}, seed {seed} ")
    )
    assert "named" in (row.get_attribute("class") or "")
    assert page.locator(".tip").count() == 0


def test_a_finger_names_a_run_and_picks_none(browser: Browser, path: Path) -> None:
    with opened(browser, path, width=390, has_touch=True) as (page, messages, _):
        canvas = page.locator("canvas.parallel")
        drawn(page, "parallel")
        box = canvas.bounding_box()
        assert box is not None
        for share in range(30, 90, 2):
            page.touchscreen.tap(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * share / 100)
            if page.locator(".tip").count():
                break
        said = page.locator(".runs-named").inner_text()
        assert said.startswith("run ")
        assert page.locator(".tip").inner_text().replace("\n", " · ").startswith(said[:20])
        assert (total(page), messages) == (81, [])


def test_keys_name_runs_in_curves_and_table(page: Page, data: dict[str, Any]) -> None:
    curves = page.get_by_role("slider")
    curves.focus()
    named = []
    for key in ("Home", "ArrowRight", "ArrowRight", "End"):
        page.keyboard.press(key)
        named.append(page.locator(".runs-named").inner_text())
        said = curves.get_attribute("aria-valuetext") or ""
        assert named[-1].startswith(f"run {said.split(', test accuracy')[0]} ·")
    assert [curves.get_attribute(f"aria-value{end}") for end in ("now", "max")] == ["81", "81"]
    ranked = sorted(range(81), key=lambda i: data["rank"][i])
    wanted = [data["ids"][i] for i in (*ranked[:3], ranked[-1])]
    assert [text.split("cell ")[1] for text in named] == wanted
    page.locator("#runs tbody tr").first.focus()
    for _ in range(14):  # over the end of the page
        page.keyboard.press("ArrowDown")
    method, block, point, seed = shown(page)[2][:4]
    assert page.locator("#runs tbody tr").nth(2).evaluate("row => row === document.activeElement")
    assert f"{method}, block {block}, point {point}, seed {seed}" in page.locator(".runs-named").inner_text()


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1200)])
def test_every_drawing_has_ink_and_fits(browser: Browser, path: Path, scheme: str, width: int) -> None:
    with opened(browser, path, width=width, color_scheme=scheme) as (page, messages, _):
        kinds = ("curves", "parallel", "matrix", "timeline")
        for kind in kinds:
            canvas = page.locator(f"canvas.{kind}")
            drawn(page, kind)
            colours = canvas.evaluate(
                "c => new Set(new Uint32Array("
                "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size"
            )
            assert colours > 20, kind
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert messages == []


def test_without_scripts_the_worst_runs_stand_in_a_table(browser: Browser, path: Path, data: dict[str, Any]) -> None:
    with opened(browser, path, java_script_enabled=False) as (page, _, _):
        rows = page.locator("#runs noscript tbody tr")
        assert rows.count() == 50
        assert "The 50 runs with the lowest accuracy of 81; results.csv" in page.locator("#runs noscript").inner_text()
        first = min(range(81), key=lambda i: data["rank"][i])
        assert rows.first.locator("td").all_inner_texts()[:4] == [texts(data, first)[name] for name in PLACES]


def _without(made: Case, what: str) -> Case:
    tables = made.tables
    if what == "history":
        return made._replace(tables=tables._replace(history=tables.history.iloc[:0]))
    if what == "success":
        lost = tables.cells.assign(status="diverged", test_accuracy=math.nan, validation_accuracy=math.nan)
        return made._replace(tables=tables._replace(cells=lost))
    return made._replace(records=())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        ("history", ["parallel", "matrix", "timeline"]),
        ("success", ["curves", "parallel", "matrix", "timeline"]),
        ("records", ["curves", "parallel", "matrix"]),
    ],
)
def test_what_a_study_lacks_is_left_out(browser: Browser, tmp_path: Path, what: str, kinds: list[str]) -> None:
    made = _without(case(study(REPORTED, points=4, seeds=1)), what)
    (tmp_path / "report.html").write_text(pages(made)[0], encoding="utf-8")
    with opened(browser, tmp_path / "report.html") as (page, messages, _):
        found = page.locator("#runs canvas").evaluate_all("all => all.map(c => c.className)")
        assert found == kinds
        page.get_by_role("button", name="method").click()
        page.get_by_label("Find").fill("ssc")
        assert total(page) == 5
        for kind in kinds:
            drawn(page, kind)
            page.locator(f"canvas.{kind}").hover()
        assert messages == []


def test_it_folds_away_on_paper(page: Page) -> None:
    assert page.locator("#runs").is_visible()
    page.emulate_media(media="print")
    assert not page.locator("#runs").is_visible()


@pytest.mark.slow
def test_the_drawings_follow_a_change_of_scheme(page: Page) -> None:
    drawn(page, "curves")
    page.evaluate("window.light = document.querySelector('canvas.curves').toDataURL()")
    page.emulate_media(color_scheme="dark")
    until(page, "document.querySelector('canvas.curves').toDataURL() !== light")
