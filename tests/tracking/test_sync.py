"""The view in a real SQLite store: complete, stable under repetition, repaired where it was broken."""

from __future__ import annotations

import contextlib
import math
import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssc_tune.design import Placement
from ssc_tune.presentation.csvs import verdicts_csv
from ssc_tune.records.record import Record
from ssc_tune.tracking import find_experiment, study_version, sync
from ssc_tune.tracking.store import RunStore
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis, cell, cells
from tests.tracking.store_view import cells as cell_runs
from tests.tracking.store_view import dump, query, runs


def write(uri: str, tmp_path: Path, of: Any = None, records: Any = None, **more: Any) -> Any:
    of = of or study(TRACKED)
    return sync(
        of,
        cells() if records is None else records,
        more.get("analysis", analysis(of)),
        more.get("artifacts", ()),
        uri=uri,
        directory=tmp_path / "study",
    )


def test_the_first_writing_creates_the_tree(uri: str, tmp_path: Path) -> None:
    report = write(uri, tmp_path)
    assert report[:4] == (8, 0, 0, ())
    found = {run.info.run_id: run for run in runs(uri, "stability")}
    parents = [run for run in found.values() if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    assert parents[0].data.tags["verdict/more stable"] == "supported"
    assert parents[0].data.metrics["effect/more stable"] == math.exp(0.41)
    groups = [run for run in found.values() if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    assert {group.info.run_name for group in groups} == {"fixmatch · shared", "ssc · shared"}
    for run in cell_runs(uri).values():
        group = found[run.data.tags["mlflow.parentRunId"]]
        assert group.data.tags["method"] == run.data.tags["method"] == run.data.params["method"]
    assert {run.info.status for run in found.values()} == {"FINISHED"}


def test_the_experiment_is_found_without_mlflow(uri: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    write(uri, tmp_path, of=study(TRACKED, name="other"))
    found = write(uri, tmp_path).experiment_id
    assert found is not None
    there = find_experiment(uri, "stability")
    assert there is not None
    assert there.id == found
    assert there.views == {"ssc-tune-overview", "ssc-tune-worst", "ssc-tune-attention", "ssc-tune"}
    assert find_experiment(uri, "unknown") is None
    MlflowClient(tracking_uri=uri).delete_experiment(found)
    assert find_experiment(uri, "stability") is None


def test_writing_twice_changes_nothing_at_all(uri: str, tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    report_file = tmp_path / "report.html"
    report_file.write_text("<p>report</p>")
    write(uri, tmp_path, artifacts=[report_file])
    before = dump(database)
    again = write(uri, tmp_path, artifacts=[report_file])
    assert again[:4] == (0, 0, 8, ())
    after = dump(database)
    for table, rows in before.items():
        assert after[table] == rows, table
    assert len(before["runs"]) == 11
    assert len(before["metrics"]) > 8 * 3


def test_times_come_from_the_records(uri: str, tmp_path: Path) -> None:
    record, placements = cell("ssc", 1, 1)
    write(uri, tmp_path, records=[(record, placements)])
    run = cell_runs(uri)[record.cell_id]
    assert run.info.start_time == round(record.started * 1000)
    assert run.info.end_time == round(record.ended * 1000)
    rows = query(
        tmp_path / "mlflow.db",
        "SELECT timestamp, step, value FROM metrics WHERE key = 'validation_accuracy' AND run_uuid = ? ORDER BY step",
        run.info.run_id,
    )
    assert rows == [(round(e.time * 1000), e.step, e.validation_accuracy) for e in record.result.history]
    parent = runs(uri, "stability", 'tags.`ssc.role` = "study"')[0]
    assert (parent.info.start_time, parent.info.end_time) == (run.info.start_time, run.info.end_time)


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ('tags.method = "ssc" and metrics.test_accuracy > 0.9', 4),
        ('tags.method = "fixmatch" and metrics.test_accuracy > 0.9', 0),
        ('tags.status = "ok" and tags.point = "1"', 4),
        ('params.tau = "0.93" and tags.seed = "0"', 2),
        ('tags.cell_id LIKE "%"', 8),
        ('tags.block = "shared" and tags.setting = "main" and tags.cell_id LIKE "%"', 8),
    ],
)
def test_the_filters_that_people_want(written: str, where: str, number: int) -> None:
    assert len(runs(written, "stability", where)) == number


@pytest.fixture(scope="module")
def written(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("written")
    (folder / "mlflow.db").write_bytes(empty_database.read_bytes())
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    write(uri, folder)
    return uri


def test_an_enlarged_study_adopts_the_cells_and_duplicates_none(uri: str, tmp_path: Path) -> None:
    small, large = study(TRACKED), study(TRACKED, seeds=3)
    write(uri, tmp_path, small, cells(seeds=2))
    before = {cell_id: run.info.run_id for cell_id, run in cell_runs(uri).items()}
    report = write(uri, tmp_path, large, cells(seeds=3))
    assert (report.num_created, report.num_updated, report.problems) == (4, 8, ())
    after = cell_runs(uri)
    assert len(after) == 12
    assert all(after[cell_id].info.run_id == run_id for cell_id, run_id in before.items())
    parents = {run.data.tags["ssc.version"]: run for run in runs(uri, "stability", 'tags.`ssc.role` = "study"')}
    assert set(parents) == {study_version(small), study_version(large)}
    groups = {run.info.run_id: run for run in runs(uri, "stability", 'tags.`ssc.role` = "group"')}
    for run in after.values():
        group = groups[run.data.tags["mlflow.parentRunId"]]
        assert group.data.tags["mlflow.parentRunId"] == parents[study_version(large)].info.run_id
    old = runs(uri, "stability", f"tags.`ssc.versions` LIKE '%{study_version(small)}%'")
    assert {run.data.tags["cell_id"] for run in old} == set(before)
    assert write(uri, tmp_path, large, cells(seeds=3))[:3] == (0, 0, 12)


EARLIER = [
    "DELETE FROM params WHERE key IN ('block', 'setting', 'varied', 'design')",
    "DELETE FROM params WHERE run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'ssc.role' AND value = 'group')",
    "DELETE FROM tags WHERE key IN ('finding', 'attention')",
    "DELETE FROM tags WHERE key = 'ssc.chart' AND value LIKE '0 %'",
    "UPDATE tags SET value = replace(value, '2 seed', '1 seed') WHERE key = 'ssc.chart'",
    "DELETE FROM experiment_tags WHERE key LIKE 'mlflow.sharedViewState.ssc-tune-%'",
    "UPDATE experiment_tags SET value = '# stability' WHERE key = 'mlflow.note.content'",
]
"""Leave of a store what revisions wrote that had one view and no parameters of place."""


def test_a_store_of_an_earlier_revision_becomes_whole_and_keeps_its_runs(uri: str, tmp_path: Path) -> None:
    made = [*cells()[:-1], cell("ssc", 1, 1, status="diverged")]
    write(uri, tmp_path, records=made)
    whole = dump(tmp_path / "mlflow.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        for statement in EARLIER:
            assert connection.execute(statement).rowcount > 0, statement
        connection.commit()
    assert find_experiment(uri, "stability").views == {"ssc-tune"}  # type: ignore[union-attr]
    report = write(uri, tmp_path, records=made)
    assert report[:4] == (0, 8, 0, ())
    assert dump(tmp_path / "mlflow.db") == whole
    assert write(uri, tmp_path, records=made)[:4] == (0, 0, 8, ())


def test_a_cell_that_stands_in_another_block_gets_a_run_that_says_so(uri: str, tmp_path: Path) -> None:
    record, (place,) = cell("ssc", 1, 0)
    of = study(TRACKED, blocks={"shared": {}, "specific": {}})
    write(uri, tmp_path, of, records=[(record, [place])])
    assert cell_runs(uri)[record.cell_id].data.params["block"] == "shared"
    report = write(uri, tmp_path, of, records=[(record, [place._replace(block="specific")])])
    assert report[:4] == (0, 1, 0, ())
    run = cell_runs(uri)[record.cell_id]
    assert run.data.params["block"] == run.data.tags["block"] == "specific"


def test_what_mlflow_compares_runs_by_are_parameters(written: str) -> None:
    for run in runs(written, "stability", 'tags.`ssc.role` != "study"'):
        place = {name: run.data.params[name] for name in ("method", "block", "setting", "design")}
        assert place == {**{name: run.data.tags[name] for name in ("method", "block", "setting")}, "design": "sobol"}


def test_a_cell_that_moved_in_the_design_is_retagged(uri: str, tmp_path: Path) -> None:
    record, (place,) = cell("ssc", 1, 0)
    write(uri, tmp_path, records=[(record, [place, place._replace(block="specific", point=9)])])
    assert "ssc.placements" in cell_runs(uri)[record.cell_id].data.tags
    report = write(uri, tmp_path, records=[(record, [place._replace(point=3)])])
    assert report[:3] == (0, 1, 0)
    run = cell_runs(uri)[record.cell_id]
    assert run.data.tags["point"] == "3"
    assert "point 3" in run.info.run_name
    assert "ssc.placements" not in run.data.tags


def test_a_failed_cell_is_failed_with_its_traceback(uri: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    failed, diverged = cell("ssc", 0, 0, status="failed"), cell("ssc", 1, 0, status="diverged")
    write(uri, tmp_path, records=[failed, diverged])
    found = cell_runs(uri)
    run = found[failed[0].cell_id]
    assert run.info.status == "FAILED"
    client = MlflowClient(tracking_uri=uri)
    path = client.download_artifacts(run.info.run_id, "traceback.txt", str(tmp_path))
    assert 'RuntimeError: out of "luck"' in Path(path).read_text()
    other = found[diverged[0].cell_id]
    assert (other.info.status, other.data.tags["status"]) == ("FINISHED", "diverged")
    assert client.list_artifacts(other.info.run_id) == []


def test_a_changed_record_gets_a_new_run_without_old_metrics(uri: str, tmp_path: Path) -> None:
    old, placements = cell("ssc", 0, 0, status="failed")
    write(uri, tmp_path, records=[(old, placements)])
    first = cell_runs(uri)[old.cell_id].info.run_id
    new, _ = cell("ssc", 0, 0, shift=500.0)
    report = write(uri, tmp_path, records=[(new, placements)])
    assert report[:4] == (0, 1, 0, ())
    run = cell_runs(uri)[old.cell_id]
    assert run.info.run_id != first
    assert run.info.status == "FINISHED"
    assert run.info.start_time == round(new.started * 1000)


@pytest.mark.parametrize("method", ["log_batch", "log_inputs", "set_terminated"])
def test_a_writing_that_broke_off_is_completed(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    from mlflow import MlflowClient

    record, placements = cell("ssc", 0, 0)
    original: Callable[..., Any] = getattr(MlflowClient, method)
    broken = {"on": False}

    def breaks(self: Any, run_id: str, *args: Any, **kwargs: Any) -> Any:
        if broken["on"]:
            raise ConnectionError("gone")
        return original(self, run_id, *args, **kwargs)

    create = RunStore.create

    def create_then_break(self: RunStore, **kwargs: Any) -> Any:
        run = create(self, **kwargs)
        broken["on"] = kwargs["tags"]["ssc.role"] == "cell"
        return run

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, method, breaks)
        patch.setattr(RunStore, "create", create_then_break)
        report = write(uri, tmp_path, records=[(record, placements)])
    assert report.problems
    report = write(uri, tmp_path, records=[(record, placements)])
    assert report[:4] == (0, 1, 0, ())
    run = cell_runs(uri)[record.cell_id]
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test_accuracy"] == record.result.test_accuracy
    assert write(uri, tmp_path, records=[(record, placements)])[:4] == (0, 0, 1, ())


def test_one_refused_cell_does_not_hide_the_others(uri: str, tmp_path: Path) -> None:
    good, bad = cell("ssc", 1, 0), cell("ssc", 0, 0)
    nowhere: tuple[Record, list[Placement]] = (bad[0], [])
    report = write(uri, tmp_path, records=[nowhere, good])
    assert report.num_created == 1
    assert len(report.problems) == 1
    assert bad[0].cell_id in report.problems[0]


def test_new_figures_replace_old_ones_even_if_smaller(uri: str, tmp_path: Path) -> None:
    of = study(TRACKED)
    write(uri, tmp_path, of, analysis=analysis(of, std=0.03))
    write(uri, tmp_path, of, analysis=analysis(of, std=0.01))
    group = runs(uri, "stability", 'tags.`ssc.role` = "group"')[0]
    assert group.data.metrics["summary/std"] == 0.01
    assert "summary/iqr" not in group.data.metrics


def test_an_interrupted_study_is_killed_and_then_finished(uri: str, tmp_path: Path) -> None:
    where = 'tags.`ssc.role` = "study"'
    write(uri, tmp_path, records=cells([0]), analysis=None)
    assert runs(uri, "stability", where)[0].info.status == "KILLED"
    write(uri, tmp_path)
    finished = runs(uri, "stability", where)[0].info
    assert finished.status == "FINISHED"
    assert finished.end_time == max(round(record.ended * 1000) for record, _ in cells())


def test_artifacts_are_kept_beside_the_store(uri: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    figures = tmp_path / "figures"
    figures.mkdir()
    (figures / "curve.svg").write_text("<svg/>")
    report = write(uri, tmp_path, artifacts=[figures, tmp_path / "absent.html"])
    assert report.problems == (f"artifact {tmp_path / 'absent.html'}: no such file",)
    client = MlflowClient(tracking_uri=uri)
    parent = runs(uri, "stability", 'tags.`ssc.role` = "study"')[0]
    names = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert names == {"study.json", "analysis.json", "tables", "figures"}
    assert (tmp_path / "mlartifacts").is_dir()
    table = Path(client.download_artifacts(parent.info.run_id, "tables/verdicts.csv", str(tmp_path))).read_text()
    assert table == verdicts_csv(analysis(study(TRACKED)))
    assert "more stable,ssc varies less than fixmatch,supported," in table


def test_a_deleted_experiment_and_a_deleted_parent_come_back(uri: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    report = write(uri, tmp_path)
    client = MlflowClient(tracking_uri=uri)
    client.delete_run(runs(uri, "stability", 'tags.`ssc.role` = "study"')[0].info.run_id)
    assert report.experiment_id is not None
    client.delete_experiment(report.experiment_id)
    assert write(uri, tmp_path).problems == ()
    (parent,) = runs(uri, "stability", 'tags.`ssc.role` = "study"')
    groups = runs(uri, "stability", 'tags.`ssc.role` = "group"')
    assert {group.data.tags["mlflow.parentRunId"] for group in groups} == {parent.info.run_id}
    assert len(cell_runs(uri)) == 8


def test_runs_that_are_restored_with_their_experiment_stand_there_once(uri: str, tmp_path: Path) -> None:
    """A cell that was trained again has its old run in the bin, and so has a parent that someone deleted."""
    from mlflow import MlflowClient

    write(uri, tmp_path, records=[cell("ssc", 0), cell("ssc", 1)])
    client = MlflowClient(tracking_uri=uri)
    client.delete_run(runs(uri, "stability", 'tags.`ssc.role` = "study"')[0].info.run_id)
    anew = [cell("ssc", 0, shift=500.0), cell("ssc", 1)]
    experiment = write(uri, tmp_path, records=anew).experiment_id
    client.delete_experiment(experiment)
    client.restore_experiment(experiment)
    assert len(runs(uri, "stability", 'tags.`ssc.role` = "cell"')) == 3  # that is what MLflow restores
    assert len(runs(uri, "stability", 'tags.`ssc.role` = "study"')) == 2
    for _ in range(2):
        assert write(uri, tmp_path, records=anew).problems == ()
        found = cell_runs(uri)
        (parent,) = runs(uri, "stability", 'tags.`ssc.role` = "study"')
        assert parent.data.tags["verdict/more stable"] == "supported"
        assert found.keys() == {record.cell_id for record, _ in anew}
        for record, _ in anew:
            run = found[record.cell_id]
            assert run.info.start_time == round(record.started * 1000)
            assert run.data.params["tau"] == str(record.config.hyperparameters["tau"])
    assert write(uri, tmp_path, records=anew)[:3] == (0, 0, 2)


@pytest.mark.parametrize("copied", [False, True])
def test_a_folder_that_was_moved_or_copied_has_its_artifacts_where_it_is(
    empty_database: Path, tmp_path: Path, copied: bool
) -> None:
    from mlflow import MlflowClient
    from mlflow.tracking._tracking_service import utils

    old, new = tmp_path / "old", tmp_path / "new place"
    old.mkdir()
    shutil.copy(empty_database, old / "mlflow.db")
    (old / "report.html").write_text("first")
    write(f"sqlite:///{old / 'mlflow.db'}", old, artifacts=[old / "report.html"])
    shutil.copytree(old, new) if copied else old.rename(new)
    utils._artifact_repos_cache.clear()  # as in another process
    uri = f"sqlite:///{new / 'mlflow.db'}"
    (new / "report.html").write_text("second")
    assert write(uri, new, artifacts=[new / "report.html"])[:4] == (0, 0, 8, ())
    client = MlflowClient(tracking_uri=uri)
    (parent,) = runs(uri, "stability", 'tags.`ssc.role` = "study"')
    names = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert names == {"study.json", "analysis.json", "tables", "report.html"}
    assert Path(client.download_artifacts(parent.info.run_id, "report.html", str(tmp_path))).read_text() == "second"
    (tmp_path / "report.html").unlink()
    assert old.exists() == copied
    kept = [path.read_text() for path in old.rglob("mlartifacts/**/report.html")] if copied else []
    assert kept == (["first"] if copied else [])  # a copy leaves what it was copied from alone
    write(uri, new, study(TRACKED, seeds=3), cells(seeds=3))  # a rerun makes runs
    assert old.exists() == copied
    for run in runs(uri, "stability"):
        assert str(new.as_uri()) in run.info.artifact_uri
    shutil.rmtree(new / "mlartifacts")
    write(uri, new, artifacts=[new / "report.html"])
    assert {item.path for item in client.list_artifacts(parent.info.run_id)} == names


@pytest.mark.parametrize("folder", ["half?x=1 50% a%20b"])
def test_a_folder_of_any_name_holds_its_own_store(
    empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """``?`` ends an address and ``%20`` is a blank in it: written as they are, they name another file."""
    from ssc_tune.tracking import resolve_uri

    place = tmp_path / folder
    place.mkdir()
    shutil.copy(empty_database, place / "mlflow.db")
    monkeypatch.chdir(place)
    uri = resolve_uri("sqlite:///mlflow.db")
    report = write(uri, place)
    assert report.problems == ()
    assert query(place / "mlflow.db", "SELECT COUNT(*) FROM runs") == [(11,)]
    found = find_experiment(uri, "stability")
    assert found is not None
    assert found.id == report.experiment_id
    assert list(tmp_path.rglob("*mlflow.db")) == [place / "mlflow.db"]
    assert not any(path.is_file() for path in tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    assert resolve_uri(uri) == uri


def test_data_sets_are_inputs_of_the_cells(uri: str, tmp_path: Path) -> None:
    record, placements = cell()
    write(uri, tmp_path, records=[(record, placements)])
    (found,) = cell_runs(uri)[record.cell_id].inputs.dataset_inputs
    assert found.dataset.name == "digits"
    assert '"labels_per_class": 4' in found.dataset.profile


def test_more_metrics_than_a_batch_holds(uri: str, tmp_path: Path) -> None:
    record, placements = cell(evaluations=400)  # 8 metrics each
    write(uri, tmp_path, records=[(record, placements)])
    (count,) = query(tmp_path / "mlflow.db", "SELECT COUNT(*) FROM metrics WHERE key = 'train_loss'")[0]
    assert count == 400


def test_a_database_that_cannot_be_made_is_a_problem_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").mkdir()
    report = write(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path)
    assert report.num_created == 0
    assert report.experiment_id is None
    assert len(report.problems) == 1
    assert "\n" not in report.problems[0]


def test_a_database_server_that_is_down_is_a_problem_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        report = write(f"postgresql://anna:hunter2@127.0.0.1:{taken.getsockname()[1]}/mlflow", tmp_path)
    assert len(report.problems) == 1
    assert "ConnectionRefusedError" in report.problems[0]
    assert "hunter2" not in report.problems[0]
