"""Past axe: contrast of marks, data of figures in words, and what keys can reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ssc_tune.presentation import colours
from ssc_tune.report.cells import views
from ssc_tune.report.data_tables import data_tables
from ssc_tune.report.figures import Figure, figures
from ssc_tune.report.figures.interactions import figures as interactions
from tests.making.analyses import Case, case
from tests.making.studies import REPORTED, study
from tests.report.browser import chromium, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CSS = (Path(colours.__file__).parents[1] / "report" / "templates" / "report.css").read_text(encoding="utf-8")
LEAST = 3.0
"""Contrast of graphics, by success criterion 1.4.11 of WCAG 2.2."""


def backgrounds() -> tuple[list[str], list[str]]:
    """What marks lie on, by the page's own style sheet: on a light screen and on a dark one."""
    light, dark = CSS.split("prefers-color-scheme: dark", 1)
    found = [re.findall(r"--(?:paper|card): (#[0-9a-f]{6})", part.split("* {")[0]) for part in (light, dark)]
    assert [len(own) for own in found] == [2, 2]
    return found[0], found[1]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_marks_of_methods_stand_out_on_both_backgrounds() -> None:
    light, dark = backgrounds()
    assert set(colours.ON_DARK) < set(colours.OKABE_ITO)
    for colour in colours.OKABE_ITO:
        assert min(contrast(colour, paper) for paper in light) >= LEAST, colour
        assert min(contrast(colours.ON_DARK.get(colour, colour), paper) for paper in dark) >= LEAST, colour


@pytest.mark.parametrize("colour", [*colours.RANKS, colours.EDGE])
def test_ranks_and_edges_of_bins_stand_out_on_both_backgrounds_as_they_are(colour: str) -> None:
    assert min(contrast(colour, paper) for own in backgrounds() for paper in own) >= LEAST


def test_methods_are_told_apart_without_colour() -> None:
    many = study(methods=["fixmatch", "ssc", "supervised", "pseudo-label", "mean-teacher", "dash"])
    assert len(set(colours.shapes(many).values())) == len(many.methods)
    assert len({tuple(dash) for dash in colours.dashes(many).values()}) == len(many.methods)


@pytest.fixture(scope="module")
def made() -> Case:
    return case(study(REPORTED, points=32), num_failed=2)


@pytest.fixture(scope="module")
def shown(made: Case) -> list[Figure]:
    return list(figures(made.study, made.tables, made.analysis, made.records))


def test_every_bin_has_the_edge_that_can_be_seen_in_the_dark(made: Case) -> None:
    (figure,) = interactions(views(made.study, made.tables)[0])
    for panel in figure.panels:
        (bins,) = [layer["mark"] for layer in panel.specification["layer"] if layer["mark"]["type"] == "rect"]
        assert (bins["stroke"], bins["strokeWidth"]) == (colours.EDGE, 1)


def test_every_figure_has_its_data_in_words(shown: list[Figure]) -> None:
    assert len(shown) > 8
    for figure in shown:
        tables = data_tables(figure)
        assert tables, figure.name
        assert len({table.title for table in tables}) == len(tables), figure.name
        for table in tables:
            head, *lines = [line.split("\t") for line in table.text.split("\n")]
            assert {len(line) for line in lines} == {len(head)}
            assert len(set(head)) == len(head)
            assert not [title for title in head if re.fullmatch(r"[a-z]\d?|lo|hi|st", title)], (figure.name, head)


def test_data_are_those_that_the_panels_draw(shown: list[Figure]) -> None:
    """Of curves, each number of each row; of bins, where they lie, in the values of the hyperparameters."""
    (budget,) = (figure for figure in shown if figure.name == "budget")
    (table,) = data_tables(budget)
    (rows,) = budget.datasets.values()
    lines = [line.split("\t") for line in table.text.split("\n")[1:]]
    keys = [key for key in rows[0] if key in ("m", "x", "y", "lo", "hi")]
    for row, line in zip(rows, lines, strict=True):
        for key, text in zip(keys, line, strict=True):
            assert text == row[key] if isinstance(row[key], str) else float(text) == pytest.approx(row[key], rel=1e-5)
    (bins,) = (figure for figure in shown if figure.name == "interactions")
    tables = {table.title: table.text for table in data_tables(bins)}
    title = next(t for t in tables if t.startswith("ssc: mu by tau") or t.startswith("ssc: learning_rate by tau"))
    head, first = (line.split("\t") for line in tables[title].split("\n")[:2])
    assert head[:3] == ["tau", title.split(": ")[1].split(" by ")[0], "mean test accuracy"]
    assert re.fullmatch(r"[\d.]+ to [\d.]+", first[0])


def test_single_runs_are_left_to_the_table_of_runs(shown: list[Figure]) -> None:
    (parameters,) = (figure for figure in shown if figure.name == "parameters")
    assert all("\tcell" not in table.text.split("\n")[0] for table in data_tables(parameters))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


CONTROLS = (
    "a[href], button:enabled, input:not([type=radio]):enabled, input[type=radio]:checked, summary, select, "
    "[role=slider], #runs tbody tr[tabindex='0']"
)
ACTIVE = """
() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  window.stops = window.stops || [];
  const place = window.stops.indexOf(one);
  if (place < 0) window.stops.push(one);
  const scrolls = one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
  return { again: place >= 0, control: one.matches(CONTROLS), scrolls, html: one.outerHTML.slice(0, 120) };
}
"""


def stops(page: Page) -> list[dict[str, Any]]:
    """What the tab key comes to, from the top of the page to its end."""
    found: list[dict[str, Any]] = []
    while len(found) < 1000:
        page.keyboard.press("Tab")
        one = page.evaluate(ACTIVE.replace("CONTROLS", f"`{CONTROLS}`"))
        if one is None or one["again"]:
            return found
        found.append(one)
    raise AssertionError("more than 1000 stops")


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1200])
def test_keys_stop_once_at_each_control_and_at_what_must_be_scrolled(
    browser: Browser, hostile: Path, width: int
) -> None:
    with opened(browser, hostile / "report.html", width=width) as (page, _, _):
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = stops(page)
        controls = page.locator(CONTROLS).evaluate_all("all => all.filter(one => one.checkVisibility()).length")
        needless = [one["html"] for one in found if not one["control"] and not one["scrolls"]]
        assert needless == []
        assert controls > 20
        assert sum(one["control"] for one in found) == controls
        assert len(found) - controls <= (6 if width == 390 else 2)


def test_the_data_of_a_figure_open_as_a_table_by_keys(browser: Browser, hostile: Path) -> None:
    with opened(browser, hostile / "report.html") as (page, _, _):
        for figure in ("parameters", "interactions", "shares"):
            summary = page.locator(f"#{figure} details.data > summary")
            summary.focus()
            page.keyboard.press("Enter")
            table = page.locator(f"#{figure} details.data table").first
            table.wait_for()
            assert table.locator("tbody tr").count() > 1
            assert table.locator("thead th[scope=col]").count() > 2
            assert page.locator(f"#{figure} details.data pre").count() == 0


def test_without_scripts_the_data_are_there_too(browser: Browser, hostile: Path) -> None:
    with opened(browser, hostile / "report.html", java_script_enabled=False) as (page, _, _):
        page.locator("#parameters details.data > summary").click()
        assert "method\ttau" in page.locator("#parameters details.data pre").first.inner_text()
