"""The real MLflow UI of a finished study, in a real browser that may reach this machine only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ssc_tune import running
from ssc_tune.design import placements
from ssc_tune.tracking import (
    Experiment,
    charts_address,
    experiment_address,
    find_experiment,
    runs_address,
    sync,
    ui_command,
    ui_environment,
)
from tests.making import fake_records, studies
from tests.making.records import LOST, put
from tests.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Experiment]]:
    """Address of the running UI, and the study's experiment; one cell has diverged."""
    folder = tmp_path_factory.mktemp("mlflow")
    study = studies.study(studies.FAKE)
    options = running.Options(storage=folder / "runs")
    home = running.folder_of(study, options)
    records = fake_records.fill(study, home)
    lost = next(record for record in records.values() if record.config.method == "ssc" and record.config.seed == 2)
    result = lost.result.model_copy(update={"status": "diverged", **LOST, "warnings": ("loss is not finite",)})
    records[lost.cell_id] = lost.model_copy(update={"result": result})
    put(home, records[lost.cell_id])
    progress = running.survey(study, options)
    analysis, _, files, _ = running.analyse(study, home, progress.cells, records, command="again", overhead=None)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    places = placements(list(progress.cells))
    done = sync(study, [(r, places[key]) for key, r in records.items()], analysis, files, uri=uri, directory=home.path)
    assert not done.problems
    port = free_port()
    server = subprocess.Popen(
        ui_command(uri, port=port),
        env={**os.environ, **ui_environment(uri)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 240
    while True:
        assert time.monotonic() < deadline, "the MLflow UI did not start"
        try:
            urllib.request.urlopen(address, timeout=5)
            break
        except OSError:
            time.sleep(1)
    found = find_experiment(uri, study.name)
    assert found is not None
    assert found.id == done.experiment_id
    yield address, found
    server.terminate()
    server.wait(60)


OWN_404 = "/ajax-api/2.0/mlflow/users/current"
"""MLflow's UI asks who has signed in; only a server that demands a password (basic auth) knows this address."""
NOT_FOUND = "Failed to load resource: the server responded with a status of 404 (Not Found)"
RESIZED = "null ResizeObserver loop completed with undelivered notifications."
"""The browser's notice that a layout took more than one pass, which MLflow's UI writes to the console as an error."""


@dataclass
class Visit:
    """A page, and what it asked for and complained about; ``failed`` holds the addresses that answered an error."""

    page: Page
    address: str
    experiment: Experiment
    asked: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("response", lambda answer: self.failed.append(answer.url) if answer.status >= 400 else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def check(self, *, allowed: str = "$.") -> None:
        """Nothing has left the machine, and there is no complaint but those that are MLflow's own.

        ``allowed`` is a pattern of further complaints, none where it is left out.
        """
        assert [url for url in self.asked if not url.startswith((self.address, "data:", "blob:"))] == []
        assert {url.removeprefix(self.address) for url in self.failed} <= {OWN_404}
        assert self.errors.count(NOT_FOUND) == len(self.failed)
        others = [text for text in self.errors if not re.match(allowed, text)]
        assert set(others) <= {NOT_FOUND, RESIZED}


@pytest.fixture
def visit(page_address: tuple[str, Experiment]) -> Iterator[Visit]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        visit = Visit(browser.new_page(viewport={"width": 1500, "height": 1500}), *page_address)
        visit.page.set_default_timeout(120_000)
        visit.watch()
        yield visit
        browser.close()


def test_runs_can_be_filtered_and_each_has_its_curves(visit: Visit) -> None:
    page = visit.page
    # Sorted by a metric the runs stand in one list; sorted by time they are nested, with closed groups.
    search = urllib.parse.quote('tags.method = "ssc" and metrics.test_accuracy > 0.5')
    runs = f"{visit.address}/#/experiments/{visit.experiment.id}/runs"
    page.goto(f"{runs}?searchFilter={search}&orderByKey=metrics.`test_accuracy`")
    page.get_by_text("ssc · point").first.wait_for()
    body = page.inner_text("body")
    assert "ssc · point" in body
    assert "fixmatch · point" not in body

    page.get_by_text("ssc · point").first.click()
    page.get_by_text("test_accuracy").first.wait_for()
    page.goto(f"{page.url.split('?')[0].rstrip('/')}/model-metrics")
    page.locator(".js-plotly-plot, .plotly, canvas").first.wait_for(state="attached")
    assert "validation_accuracy" in page.inner_text("body")
    visit.check()


def test_the_runs_page_is_nested(visit: Visit) -> None:
    visit.page.goto(runs_address(visit.address, visit.experiment))
    visit.page.get_by_text("fake · version").first.wait_for()
    assert "ssc · point" not in visit.page.inner_text("body")  # closed under the study and its method
    visit.check()


UNFINISHED = r"Error: <(g|path|rect)> attribute "
"""MLflow's chart library may draw the parallel coordinates once before their card has a height, and then anew."""
NOT_NUMBERS = """card => [...card.querySelectorAll("svg *")].filter(
    mark => [...mark.attributes].some(held => held.value.includes("NaN"))).length"""
COUNTS = """card => ({
    title: card.innerText.split("\\n")[0],
    bars: card.querySelectorAll(".bars path").length,
    points: card.querySelectorAll(".scatterlayer path.point").length,
    lines: card.querySelectorAll("path.js-line").length,
    colours: [...new Set([...card.querySelectorAll(".bars path, path.point")].map(mark => mark.style.fill))].sort(),
})"""
COLOURS = ["rgb(0, 114, 178)", "rgb(213, 94, 0)"]
CELLS, WITH_ACCURACY = 54, 53  # one has diverged


def drawn(page: Page) -> dict[str, dict[str, Any]]:
    """What each open chart holds, by its title, once the last one is complete."""
    cards = page.get_by_test_id("experiment-view-compare-runs-card")
    last = cards.filter(has_text="tau vs. test_accuracy")
    last.locator(".scatterlayer path.point").nth(WITH_ACCURACY - 1).wait_for(state="attached")
    page.wait_for_timeout(2000)
    return {(found := card.evaluate(COUNTS))["title"]: found for card in cards.all()}


def test_one_click_leads_to_charts_of_methods_and_hyperparameters(visit: Visit) -> None:
    """The form of a saved view is MLflow's own and undocumented: this is what tells whether it still holds."""
    visit.page.goto(experiment_address(visit.address, visit.experiment))
    click(visit, "accuracy against learning_rate and tau")
    charts = drawn(visit.page)
    assert visit.page.url.startswith(charts_address(visit.address, visit.experiment))
    assert visit.page.get_by_test_id("saved-views-trigger").inner_text() == "charts"
    assert list(charts) == [
        "summary/mean",
        "summary/std",
        "validation_accuracy",
        "Parallel Coordinates",
        "learning_rate vs. test_accuracy",
        "tau vs. test_accuracy",
    ]
    assert [charts[title]["bars"] for title in ("summary/mean", "summary/std")] == [2, 2]
    assert charts["validation_accuracy"]["lines"] >= WITH_ACCURACY
    for title in ("learning_rate vs. test_accuracy", "tau vs. test_accuracy"):
        assert charts[title]["points"] == WITH_ACCURACY
    assert [found["colours"] for title, found in charts.items() if title != "Parallel Coordinates"] == [COLOURS] * 5
    assert visit.page.get_by_text("56 matching runs").is_visible()  # of the block's methods and cells
    cards = visit.page.get_by_test_id("experiment-view-compare-runs-card").all()
    assert [card.evaluate(NOT_NUMBERS) for card in cards] == [0] * len(charts)
    visit.check(allowed=UNFINISHED)


def click(visit: Visit, name: str) -> None:
    """One click on a link of the note, which stands in one line above the runs and opens in a page of its own."""
    with visit.page.context.expect_page() as opened:
        visit.page.get_by_role("link", name=name, exact=True).click()
    visit.page = opened.value
    visit.page.set_default_timeout(120_000)
    visit.watch()


def rows(page: Page) -> list[str]:
    """Rows of the table of runs, each the text of its cells in the browser's own order, once they are there."""
    page.get_by_text("matching run").first.wait_for()
    names = page.locator(".ag-pinned-left-cols-container [role=row]")
    names.first.wait_for()
    cells = page.locator(".ag-center-cols-container [role=row]")
    return [f"{name} {text}" for name, text in zip(names.all_inner_texts(), cells.all_inner_texts(), strict=True)]


VERDICT = re.compile(r"more stable: (supported|refuted|inconclusive)")


def test_verdicts_and_spreads_are_there_without_a_click(visit: Visit) -> None:
    visit.page.goto(experiment_address(visit.address, visit.experiment))
    visit.page.get_by_text(VERDICT).wait_for()
    found = rows(visit.page)
    assert len(found) == 3
    assert "fake · version" in found[0]
    for method, row in zip(("fixmatch", "ssc"), found[1:], strict=True):
        assert f"{method} · shared" in row
        assert re.search(r"sd over points 0\.\d+ \[0\.\d+, 0\.\d+\], mean 0\.\d+ \[", row)
    visit.check()


def test_runs_that_diverged_are_one_click_away(visit: Visit) -> None:
    visit.page.goto(experiment_address(visit.address, visit.experiment))
    click(visit, "diverged or warned (1)")
    visit.page.get_by_text("diverged: loss is not finite").wait_for()
    (row,) = rows(visit.page)
    assert re.search(r"ssc · point \d+ · seed 2", row)
    visit.check()


def test_the_worst_run_is_one_click_away_and_its_curve_too(visit: Visit) -> None:
    visit.page.goto(experiment_address(visit.address, visit.experiment))
    overview = visit.page
    click(visit, "worst runs")
    visit.page.get_by_text(f"{CELLS} matching runs").wait_for()
    worst = re.search(r"\S+ · point \d+ · seed \d+", rows(visit.page)[0])
    assert worst is not None
    visit.page = overview
    click(visit, "curves of the worst")
    curve = visit.page.get_by_test_id("experiment-view-compare-runs-card").filter(has_text="validation_accuracy")
    curve.locator("path.js-line").first.wait_for(state="attached")
    assert worst[0] in visit.page.inner_text("body")
    visit.check(allowed=UNFINISHED)


def test_mlflows_own_compare_tells_methods_apart(visit: Visit) -> None:
    visit.page.goto(experiment_address(visit.address, visit.experiment))
    visit.page.get_by_text(VERDICT).wait_for()
    names = visit.page.locator(".ag-pinned-left-cols-container [role=row]")
    for number in (1, 2):
        names.nth(number).locator(".ag-selection-checkbox input").click(force=True)
    visit.page.get_by_role("button", name="Compare").click()
    visit.page.get_by_text("varied").first.wait_for()
    parameters = visit.page.inner_text("body").rpartition("Parameters")[2].partition("Metrics")[0]
    found = dict(re.findall(r"^(\w+)\t(.*)$", parameters, re.MULTILINE))
    assert {name: found[name].split("\t") for name in ("method", "block", "design")} == {
        "method": ["fixmatch", "ssc"],
        "block": ["shared", "shared"],
        "design": ["sobol", "sobol"],
    }
    visit.check(allowed=UNFINISHED)
