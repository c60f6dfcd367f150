"""How long a report takes to open and to draw, in a headless Chromium.

    python benchmarks/report.py runs/stability/report.html               # 7 fresh pages
    python benchmarks/report.py --cells 5000 --rounds 5                  # a synthetic study of that many cells
    python benchmarks/report.py runs/stability/report.html --profile 12  # and where the time goes

Milliseconds from the start of navigation, the median over fresh pages of one browser (the first page is not counted):

- DOM ready: the document is parsed and its scripts have run;
- cards: the frame with all verdict cards in it has been painted;
- first screen: likewise, and every figure that lies in the window is drawn;
- in the document: every figure is drawn somewhere in the document, seen or not;
- all seen: every figure has been in the window and was drawn, the window going down screen by screen after "first
  screen".
- filter, sort: from a key in the field that finds runs, or a click on a heading of their table, until the table has
  been painted; runs drawn: until curves, parallel coordinates, scatter matrix and workers show the same; the slowest of
  several.

A figure is drawn when it holds an SVG with marks; the longest task is the longest that the page kept its thread busy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
SEEDS = 3
MEASURES = {
    "dom": "DOM ready",
    "cards": "cards",
    "first": "first screen",
    "present": "in the document",
    "all": "all seen",
    "longest": "longest task",
    "filter": "filter runs",
    "sort": "sort runs",
    "runs": "runs drawn",
}

WATCH = """
(() => {
  const seen = window.seen = { longest: 0 };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.longest = Math.max(seen.longest, task.duration);
  }).observe({ type: "longtask", buffered: true });
  const drawn = (box) => box.querySelector("svg path, svg rect, svg text") !== null;
  const inside = (box) => {
    const place = box.getBoundingClientRect();
    return place.bottom > 0 && place.top < innerHeight;
  };
  const painted = (name) => {  // a message posted in a frame arrives when the frame has been handed over
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { seen[name] = seen[name] || performance.now(); };
    channel.port2.postMessage(0);
  };
  const frame = () => {
    const boxes = [...document.querySelectorAll(".draw")];
    const ready = document.readyState !== "loading";
    if (!seen.cards && (ready || document.querySelector("#measures"))) painted("cards");
    if (!seen.first && ready && boxes.filter(inside).every(drawn)) painted("first");
    if (!seen.present && ready && boxes.every(drawn)) painted("present");
    if (seen.first && !seen.all) {
      seen.left = (seen.left || boxes).filter((box) => !(inside(box) && drawn(box)));
      if (!seen.left.length) painted("all");
      else if (boxes.filter(inside).every(drawn)) scrollBy({ top: innerHeight * 0.8, behavior: "instant" });
    }
    if (!(seen.all && seen.present)) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();
"""

HANDLED = """
async ([selector, said]) => {  // until the table has been painted, and the drawings
  const target = document.querySelector(selector), views = document.querySelector(".runs-views");
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const started = performance.now();
  if (said === null) target.click();
  else { target.value = said; target.dispatchEvent(new Event("input", { bubbles: true })); }
  await painted();
  const table = performance.now() - started;
  while (views.hasAttribute("data-drawing")) await painted();
  return [table, performance.now() - started];
}
"""
FOUND = ("ssc", "ssc seed 1", "point 7", "nothing of the kind", "")
"""What is looked for among the runs, one after the other."""


def measure(browser: Browser, path: Path, *, width: int, height: int, profile: Counter[str] | None) -> dict[str, float]:
    """Opens a report once on a fresh page."""
    context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
    try:
        page = context.new_page()
        page.add_init_script(WATCH)
        session = context.new_cdp_session(page)
        if profile is not None:
            session.send("Profiler.enable")
            session.send("Profiler.start")
        page.goto(path.absolute().as_uri())
        deadline = time.monotonic() + 120
        while not page.evaluate("Boolean(seen.all && seen.present)"):  # not wait_for_function: the page forbids eval
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path}: not all figures were drawn in two minutes")
            time.sleep(0.1)
        if profile is not None:
            profile.update(_self_times(session.send("Profiler.stop")["profile"]))
        found: dict[str, float] = page.evaluate(
            "({...seen, left: 0, dom: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd})"
        )
        return found | _runs(page) | _heap(page, session)
    finally:
        context.close()


def _runs(page: Page) -> dict[str, float]:
    """How long the table of runs and its drawings take, once all of them have been drawn; 0 where a page has none."""
    if page.locator("#runs .runs-table").count() == 0:
        return dict.fromkeys(("filter", "sort", "runs"), 0.0)
    page.locator("#runs .runs-table").scroll_into_view_if_needed()
    page.set_viewport_size({"width": 1280, "height": 2400})  # so that every canvas is in the window
    page.locator("#runs").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    heads = page.locator("#runs thead button").count()
    sort = [page.evaluate(HANDLED, [f"#runs thead th:nth-child({k + 1}) button", None]) for k in range(heads)]
    filters = [page.evaluate(HANDLED, ["#runs-find", said]) for said in FOUND]
    first, last = (max(times[k] for times in filters) for k in (0, 1))
    return {"filter": first, "sort": max(times[0] for times in sort), "runs": last}


def _heap(page: Page, session: Any) -> dict[str, float]:
    session.send("HeapProfiler.collectGarbage")
    elements: float = page.evaluate("document.getElementsByTagName('*').length")
    return {"heap_mb": session.send("Runtime.getHeapUsage")["usedSize"] / 1e6, "elements": elements}


def _self_times(profile: dict[str, Any]) -> Counter[str]:
    """Milliseconds in each function itself, by name and line of the page."""
    names = {}
    for node in profile["nodes"]:
        call = node["callFrame"]
        names[node["id"]] = f"{call['functionName'] or '(anonymous)'}:{call['lineNumber'] + 1}:{call['columnNumber']}"
    found: Counter[str] = Counter()
    for node, micros in zip(profile["samples"], profile["timeDeltas"], strict=True):
        found[names[node]] += micros / 1e3
    return found


def synthetic(cells: int, directory: Path) -> Path:
    """The report of a made-up study of two methods with at least so many cells, the same that the tests look at."""
    sys.path.insert(0, str(ROOT))
    from tests.making.analyses import case
    from tests.making.attempts import one_after_another
    from tests.making.studies import REPORTED, study
    from tests.report.written import write

    points = -(-cells // (2 * SEEDS)) - 1  # the defaults are a point more
    made = case(study(REPORTED, points=points, seeds=SEEDS), history=8)
    made = made._replace(records=one_after_another(made.records, workers=8, fault_every=200))
    write(made, directory)
    return directory / "report.html"


def summary(rows: list[dict[str, float]], size: int) -> dict[str, Any]:
    """Medians with the least and the most."""
    spread = {
        name: [round(how(row[name] for row in rows), 1) for how in (statistics.median, min, max)]
        for name in (*MEASURES, "heap_mb")
    }
    return {"pages": len(rows), "file_mb": round(size / 1e6, 3), "elements": int(rows[-1]["elements"]), **spread}


def table(found: dict[str, Any]) -> str:
    """A Markdown table of one summary."""
    lines = ["| from the start | median (least-most) |", "| --- | --- |"]
    for name, title in MEASURES.items():
        middle, least, most = found[name]
        lines.append(f"| {title} | {middle:.0f} ms ({least:.0f}-{most:.0f}) |")
    middle, least, most = found["heap_mb"]
    lines.append(f"| heap of the scripts | {middle:.1f} MB ({least:.1f}-{most:.1f}) |")
    lines.append(f"| file | {found['file_mb']:.2f} MB, {found['elements']} elements |")
    return "\n".join(lines)


def main() -> None:
    """Reads the command line, measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("report", type=Path, nargs="?", help="a report.html")
    given.add_argument("--cells", type=int, metavar="N", help="measure a synthetic study of N cells instead")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="counted pages (default 7)")
    parser.add_argument("--width", type=int, default=1280, help="of the window, in CSS pixels (default 1280)")
    parser.add_argument("--height", type=int, default=900, help="of the window (default 900)")
    parser.add_argument("--profile", type=int, metavar="N", help="also print the N functions that take most time")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium", metavar="PATH")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write the numbers of every page")
    arguments = parser.parse_args()
    profile: Counter[str] | None = Counter() if arguments.profile else None
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        path = arguments.report or synthetic(arguments.cells, Path(made))
        browser = playwright.chromium.launch(executable_path=arguments.chromium, args=FLAGS)
        window = {"width": arguments.width, "height": arguments.height}
        measure(browser, path, **window, profile=None)
        rows = [measure(browser, path, **window, profile=profile) for _ in range(arguments.rounds)]
        found = summary(rows, path.stat().st_size)
        machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {browser.version}"
        browser.close()
    print(f"{machine}; {found['pages']} pages of {arguments.width}x{arguments.height}\n\n{table(found)}")
    for name, spent in profile.most_common(arguments.profile) if profile else []:
        print(f"{spent / arguments.rounds:8.1f} ms  {name}")
    if arguments.json:
        arguments.json.write_text(json.dumps({**found, "machine": machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
