"""Takes the README's pictures of a finished study: its report and its charts in the MLflow UI.

    uv run python docs/screenshots.py runs/stability sqlite:///mlflow.db

Needs a Chromium (``--chromium PATH``); starts the MLflow UI on loopback and stops it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ssc_tune.tracking import charts_address, find_experiment, resolve_uri, ui_command, ui_environment

PORT = 5077
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]


def main() -> None:
    """Takes the pictures of the study named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the study, with report.html")
    parser.add_argument("uri", help="MLflow store")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    uri = resolve_uri(arguments.uri, Path.cwd())
    server = subprocess.Popen(
        ui_command(uri, port=PORT),
        env={**os.environ, **ui_environment(uri)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=arguments.chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 1830})
            page.goto((arguments.folder / "report.html").absolute().as_uri())
            page.wait_for_timeout(3000)
            page.screenshot(path=str(arguments.out / "report.png"))
            page.close()
            window = browser.new_page(viewport={"width": 1500, "height": 1470})
            _mlflow(window, uri, arguments.folder.name, arguments.out)
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


def _mlflow(page: Page, uri: str, study: str, out: Path) -> None:
    deadline = time.monotonic() + 180
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}", timeout=5)
            break
        except OSError:
            if time.monotonic() > deadline:
                sys.exit("the MLflow UI did not start")
            time.sleep(1)
    page.add_init_script("localStorage.setItem('mlflow.assistant.panelOpen', 'false');")
    experiment = find_experiment(uri, study)
    if experiment is None:
        sys.exit(f"{study} is not in this store")
    page.goto(charts_address(uri, experiment, port=PORT))
    page.get_by_text("tau vs. test_accuracy").first.wait_for(timeout=120_000)
    page.wait_for_timeout(12_000)
    for label in ("Close", "close"):
        button = page.get_by_role("button", name=label, exact=True)
        if button.count():
            button.first.click()
            break
    page.wait_for_timeout(3000)
    page.screenshot(path=str(out / "mlflow.png"))


if __name__ == "__main__":
    main()
