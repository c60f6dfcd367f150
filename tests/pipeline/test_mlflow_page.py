"""The real MLflow UI of a finished study, in a real browser that may reach this machine only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator

import fake_records
import pytest

from ssc_tune import pipeline
from ssc_tune.design import placements
from ssc_tune.tracking import sync, ui_command, ui_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address of the running UI, and the id of the study's experiment."""
    folder = tmp_path_factory.mktemp("mlflow")
    study = fake_records.study()
    options = pipeline.Options(storage=folder / "runs")
    home = pipeline.folder_of(study, options)
    records = fake_records.fill(study, home)
    progress = pipeline.survey(study, options)
    analysis, _, files = pipeline.analyse(study, home, progress.cells, records, command="again", overhead=None)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    places = placements(list(progress.cells))
    done = sync(study, [(r, places[key]) for key, r in records.items()], analysis, files, uri=uri, directory=home.path)
    assert not done.problems
    port = _free_port()
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
    assert done.experiment_id is not None
    yield address, done.experiment_id
    server.terminate()
    server.wait(60)


def test_runs_filter_and_charts_are_there_and_nothing_leaves_the_machine(page_address: tuple[str, str]) -> None:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    address, experiment = page_address
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))

        # Sorted by a metric the runs stand in one list; sorted by time they are nested, with closed groups.
        search = urllib.parse.quote('tags.method = "ssc" and metrics.test_accuracy > 0.5')
        page.goto(f"{address}/#/experiments/{experiment}/runs?searchFilter={search}&orderByKey=metrics.`test_accuracy`")
        page.get_by_text("ssc · point").first.wait_for(timeout=120_000)
        body = page.inner_text("body")
        assert "ssc · point" in body
        assert "fixmatch · point" not in body

        page.get_by_text("ssc · point").first.click()
        page.get_by_text("test_accuracy").first.wait_for(timeout=120_000)
        page.goto(f"{page.url.split('?')[0].rstrip('/')}/model-metrics")
        page.locator(".js-plotly-plot, .plotly, canvas").first.wait_for(state="attached", timeout=120_000)
        assert "validation_accuracy" in page.inner_text("body")
        browser.close()
    outside = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert outside == []
    assert errors == []
