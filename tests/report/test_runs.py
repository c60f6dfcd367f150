"""The data of "Every run" as it stands in the page, read by code of its own, against results.csv and the records."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import statistics
import tarfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ssc_tune import running
from ssc_tune.analysis.build import build_tables
from ssc_tune.presentation.csvs import results_csv
from ssc_tune.report.runs import section as sections
from ssc_tune.report.runs.section import section
from ssc_tune.study import load_study
from tests.making.analyses import Case, case
from tests.making.attempts import one_after_another
from tests.making.records import START
from tests.making.studies import REPORTED, study
from tests.pipeline.test_stored import STORED
from tests.report.written import HOSTILE, pages

Row = dict[str, Any]
PLACE = ("block", "method", "point", "seed")
NUMBERS = ("validation_accuracy", "test_accuracy", "seconds", "tau", "learning_rate", "mu", "temperature")


class _Script(HTMLParser):
    """The text of the element with the data."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self._inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and ("id", "runs-data") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        self.text += data if self._inside else ""


def embedded(html: str) -> Row:
    """The data that a page carries."""
    reader = _Script()
    reader.feed(html)
    found: Row = json.loads(reader.text)
    return found


def values(data: Row, row: int) -> Row:
    """What a run has in each column: a number where there are numbers, else its text; nothing where it has none."""
    found = {}
    for column in data["columns"]:
        code = column["codes"][row]
        if code >= 0:
            found[column["key"]] = column["values"][code] if "values" in column else column["texts"][code]
    return found


def texts(data: Row, row: int) -> dict[str, str]:
    """What is shown of a run."""
    return {c["key"]: c["texts"][c["codes"][row]] for c in data["columns"] if c["codes"][row] >= 0}


@pytest.fixture(scope="module")
def made() -> Case:
    blocks = {"shared": {}, "own": {"methods": ["ssc"], "parameters": ["temperature", "prototypes"]}}
    found = case(study(REPORTED, points=4, blocks=blocks), num_failed=3)
    return found._replace(records=one_after_another(found.records, workers=3, fault_every=7))


@pytest.fixture(scope="module")
def data(made: Case) -> Row:
    return embedded(pages(made)[0])


@pytest.fixture(scope="module")
def rows(made: Case) -> dict[tuple[str, ...], Row]:
    """The rows of results.csv by their places."""
    lines = csv.DictReader(io.StringIO(results_csv(made.study, made.tables)))
    return {tuple(line[name] for name in PLACE): line for line in lines}


def test_every_number_is_that_of_results_csv(data: Row, rows: dict[tuple[str, ...], Row]) -> None:
    assert len(data["ids"]) == len(rows) > 40
    met = set()
    for index, cell_id in enumerate(data["ids"]):
        shown, known = texts(data, index), values(data, index)
        line = rows[tuple(shown[name] for name in PLACE)]
        met.add(tuple(shown[name] for name in PLACE))
        assert (line["cell_id"], line["status"]) == (cell_id, shown["status"])
        for name in NUMBERS:
            assert known.get(name) == (float(line[name]) if line[name] else None), name
            if line[name] and name != "seconds":
                assert float(shown[name]) == pytest.approx(float(line[name]), abs=5.1e-4), name
        assert shown.get("prototypes", "") == line["prototypes"]
    assert met == set(rows)


def test_seed_noise_is_the_standard_deviation_over_the_seeds_of_a_configuration(
    data: Row, rows: dict[tuple[str, ...], Row], made: Case
) -> None:
    chance = 1 / int(made.tables.cells["num_classes"].iloc[0])
    for index in range(len(data["ids"])):
        place = [texts(data, index)[name] for name in PLACE]
        own = [line for key, line in rows.items() if list(key[:3]) == place[:3]]
        scores = [float(line["test_accuracy"]) if line["status"] == "ok" else chance for line in own]
        assert len(scores) == 3
        assert values(data, index)["seed_sd"] == pytest.approx(statistics.stdev(scores), abs=1e-12)


def test_ranks_go_by_accuracy_and_lost_runs_count_at_chance(data: Row) -> None:
    scores = [values(data, index).get("test_accuracy", 0.1) for index in range(len(data["ids"]))]
    assert data["rank"] == [sum(other < score for other in scores) for score in scores]
    assert sum(value == 0 for value in data["rank"]) >= 3


def test_curves_and_losses_are_those_of_the_records_to_four_decimals(data: Row, made: Case) -> None:
    by_id = {record.cell_id: record for record in made.records}
    curves = data["curves"]
    for index, cell_id in enumerate(data["ids"]):
        history = by_id[cell_id].result.history
        grid = curves["grid"][index]
        steps = [] if grid < 0 else curves["steps"][grid]
        assert steps == [entry.step for entry in history]
        found = [value * curves["quantum"] for value in curves["values"][index]]
        assert found == pytest.approx([entry.validation_accuracy for entry in history], abs=0.5001e-4)
        assert values(data, index).get("loss") == (history[-1].train_loss if history else None)


@pytest.mark.parametrize(("history", "kept"), [(60, 60), (61, 31), (400, 58)])
def test_of_long_curves_every_kth_evaluation_is_kept_and_the_last(history: int, kept: int) -> None:
    long = case(study(REPORTED, points=2, seeds=1), history=history)
    data = embedded(pages(long)[0])
    assert len(data["curves"]["steps"]) == 1
    steps = data["curves"]["steps"][0]
    assert (len(steps), steps[-1]) == (kept, long.records[0].result.history[-1].step)
    assert (data["thinned"] > 0) == (history > 60)


def test_workers_hold_what_the_attempts_of_the_records_say(data: Row, made: Case) -> None:
    work = data["workers"]
    known = {(record.cell_id, one.number): (one, record) for record in made.records for one in record.attempts}
    assert len(work["start"]) == len(known)
    began = min(one.started for one, _ in known.values())
    by_lane: dict[int, list[tuple[float, float]]] = {}
    for k, row in enumerate(work["row"]):
        one, _ = known.pop((data["ids"][row], work["number"][k]))
        assert work["start"][k] == pytest.approx(one.started - began, abs=0.006)
        assert work["seconds"][k] == pytest.approx((one.ended or 0) - one.started, abs=0.006)
        assert (work["outcomes"][work["outcome"][k]] == "finished") == (one.outcome == "finished")
        assert work["lanes"][work["lane"][k]].startswith(f"{one.host} ")
        by_lane.setdefault(work["lane"][k], []).append((work["start"][k], work["start"][k] + work["seconds"][k]))
    assert known == {}
    assert len(by_lane) == len(work["lanes"]) == 3  # as many as worked at once
    for held in by_lane.values():
        held.sort()
        assert all(before[1] <= after[0] + 0.02 for before, after in itertools.pairwise(held))


def test_what_faults_cost_is_said(data: Row, made: Case) -> None:
    attempts = [one for record in made.records for one in record.attempts]
    lost = [one for one in attempts if one.outcome == "machine"]
    assert len(lost) > 5
    cost = data["workers"]["cost"]
    seconds = sum((one.ended or 0) - one.started for one in lost)
    assert f"fault of the machine ({len(lost)}, {seconds:.3g} s)" in cost
    assert "raised an error (3, 27 s)" in cost
    assert f"Cells were begun again {len(lost)} times, 3 s later on average." in cost


def test_times_without_work_are_drawn_short() -> None:
    small = case(study(REPORTED, points=2, seeds=1))
    early, late = small.records[:3], small.records[3:]
    moved = [
        record.model_copy(update={"attempts": tuple(
            one.model_copy(update={"started": one.started + 1e6, "ended": (one.ended or 0) + 1e6})
            for one in record.attempts
        )})
        for record in one_after_another(late, workers=1)
    ]  # fmt: skip
    records = (*one_after_another(early, workers=1), *moved)
    work = embedded(pages(small._replace(records=records))[0])["workers"]
    (first, second) = work["spans"]
    assert first[:3] == [0, pytest.approx(27.4), 0]
    assert second[0] == pytest.approx(1e6)
    assert first[1] < second[2] < first[1] + 5
    assert START + 1e6 == 1_701_000_000
    assert second[3] == "2023-11-26 12:00"


def test_what_users_write_stays_data() -> None:
    parameters = {**REPORTED["search_space"]["parameters"]}
    parameters["tau"] = {**parameters["tau"], "reason": HOSTILE}
    html = pages(case(study(REPORTED, points=2, seeds=1, search_space={"parameters": parameters})))[0]
    assert [c["help"] for c in embedded(html)["columns"] if c["key"] == "tau"] == [HOSTILE]
    inside = html.split('id="runs-data">')[1].split("</script>")[0]
    assert not set(inside) & set("<>&")


def test_scores_that_are_no_accuracies_and_not_finite_have_curves_too() -> None:
    made = case(study(REPORTED, points=2, seeds=1))
    history = made.tables.history.copy()
    history["validation_accuracy"] *= 1e4
    history.loc[history.index[::6], "validation_accuracy"] = math.inf
    curves = embedded(pages(made._replace(tables=made.tables._replace(history=history)))[0])["curves"]
    assert curves["quantum"] == 1
    assert {len(values) for values in curves["values"]} == {5}
    known = history[history["cell_id"] == made.tables.cells["cell_id"].iloc[0]]["validation_accuracy"]
    assert curves["values"][0] == [round(value) for value in known if math.isfinite(value)]


def test_before_the_first_run_there_is_no_section() -> None:
    made = case(study(REPORTED, points=2, seeds=1))
    empty = made._replace(tables=made.tables._replace(cells=made.tables.cells.iloc[:0]), records=())
    assert '<script type="application/json"' not in pages(empty)[0]


def test_of_too_many_runs_the_page_has_the_worst_and_says_where_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "MOST_RUNS", 29)
    many = case(study(REPORTED, points=4, seeds=3))
    html = pages(many)[0]
    assert len(many.records) == 30
    assert '<script type="application/json"' not in html
    assert "<noscript>" not in html
    part = html.split('<section id="runs"')[1].split("</section>")[0]
    assert "results.csv beside this file has the same runs. They are too many for this page" in part
    assert part.count("<tr>") == 31


def test_a_single_seed_has_no_noise_and_a_lost_run_no_loss() -> None:
    made = case(study(REPORTED, points=2, seeds=1), num_failed=1)
    data = embedded(pages(made)[0])
    assert all("seed_sd" not in values(data, index) for index in range(len(data["ids"])))
    lost = [index for index in range(len(data["ids"])) if texts(data, index)["status"] == "failed"]
    assert len(lost) == 1
    assert not {"loss", "test_accuracy", "validation_accuracy"} & set(values(data, lost[0]))
    assert math.isfinite(values(data, lost[0])["seconds"])


def test_runs_of_records_that_were_really_made_equal_the_table_kept_with_them(tmp_path: Path) -> None:
    with tarfile.open(STORED / "records.tar.xz") as archive:
        archive.extractall(tmp_path / "stored", filter="data")
    of = load_study(STORED / "study.yaml")
    progress = running.survey(of, running.Options(storage=tmp_path, tracking_uri="none"))
    records = [record for record in progress.records.values() if record is not None]
    found = section(of, build_tables(of, progress.cells, progress.records), records)
    assert found is not None
    data = json.loads(found.data)
    with (STORED / "results.csv").open(encoding="utf-8", newline="") as lines:
        kept = {line["cell_id"]: line for line in csv.DictReader(lines)}
    assert sorted(data["ids"]) == sorted(kept)
    for index, cell_id in enumerate(data["ids"]):
        for name in ("validation_accuracy", "test_accuracy", "learning_rate", "tau"):
            assert values(data, index)[name] == pytest.approx(float(kept[cell_id][name]), rel=1e-9)
        assert texts(data, index)["setting"] == kept[cell_id]["setting"]
    assert sorted(data["workers"]["row"]) == list(range(162))
    assert len(data["workers"]["lanes"]) == 2
