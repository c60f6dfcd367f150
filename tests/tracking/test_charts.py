"""The prepared views without a browser; tests/pipeline/test_mlflow_page.py opens them in one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ssc_tune import methods as registry
from ssc_tune.design import Placement
from ssc_tune.presentation.colours import colours
from ssc_tune.study.model.study import Study
from ssc_tune.tracking import study_version, sync
from ssc_tune.tracking.charts import COLOUR_TAG, cell_tag, group_tag, study_tag
from ssc_tune.tracking.content import MAX_TAG
from ssc_tune.tracking.lookup import VIEW_TAG
from ssc_tune.tracking.views import ATTENTION, BLOCK, OVERVIEW, WORST, outdated, tags, views
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis, cell, cells
from tests.tracking.store_view import cells as cell_runs
from tests.tracking.store_view import runs


def states(of: Study, version: str = "abc") -> dict[str, dict[str, Any]]:
    """What the UI would read of each view, by key."""
    found = {}
    for tag, text in tags(of, version).items():
        envelope = json.loads(text)
        assert {name: type(value) for name, value in envelope.items()} == {
            "name": str, "createdAt": int, "updatedAt": int, "state": str,
        }  # fmt: skip
        found[tag.removeprefix(VIEW_TAG)] = dict(json.loads(envelope["state"]))
    return found


def state(key: str = BLOCK, **changes: Any) -> dict[str, Any]:
    return states(study(TRACKED, **changes))[key]


def kinds(**changes: Any) -> list[str]:
    return [card["type"] for card in state(**changes)["compareRunCharts"]]


def test_every_varying_hyperparameter_stands_against_test_accuracy() -> None:
    cards = state()["compareRunCharts"]
    scatters = [card for card in cards if card["type"] == "SCATTER"]
    assert [card["xaxis"]["key"] for card in scatters] == ["tau", "learning_rate"]
    assert {card["yaxis"]["key"] for card in scatters} == {"test_accuracy"}
    parallel = next(card for card in cards if card["type"] == "PARALLEL")
    assert parallel["selectedParams"] == ["tau", "learning_rate", "method"]
    assert len({card["uuid"] for card in cards}) == len(cards)


def test_a_study_that_varies_nothing_has_bars_and_curves_only() -> None:
    assert kinds(design={"type": "defaults"}) == ["BAR", "BAR", "LINE"]


def test_there_is_a_view_of_each_block_and_setting() -> None:
    assert "tags.setting" not in state()["searchFilter"]
    settings = {'few "4"': {"data": {"labels_per_class": 4}}, "more": {"data": {"labels_per_class": 8}}}
    blocks = {"shared": {}, "tau alone": {"parameters": ["tau"]}}
    of = study(TRACKED, settings=settings, blocks=blocks, claims=[])
    found = [view for view in views(of, "abc") if view.key.startswith(BLOCK) and view.drawn]
    assert [view.key for view in found] == ["ssc-tune", "ssc-tune-2", "ssc-tune-3", "ssc-tune-4"]
    where = [view.state["searchFilter"].partition(" and ")[2] for view in found]
    few, more = """tags.setting = 'few "4"'""", 'tags.setting = "more"'
    shared, alone = 'tags.block = "shared"', 'tags.block = "tau alone"'
    assert where == [f"{block} and {setting}" for block in (shared, alone) for setting in (few, more)]
    assert found[2].link == 'accuracy against tau (block tau alone, setting few "4")'


def test_views_that_a_study_has_no_more_go_and_those_of_others_stay() -> None:
    two = study(TRACKED, blocks={"shared": {}, "tau alone": {"parameters": ["tau"]}})
    before = [*tags(two, "abc"), f"{VIEW_TAG}someone's", "mlflow.note.content"]
    assert outdated(before, tags(study(TRACKED), "abc")) == [f"{VIEW_TAG}ssc-tune-2"]
    assert outdated(before, tags(two, "abc")) == []


def test_the_view_of_many_hyperparameters_still_fits_into_a_tag() -> None:
    names = sorted(
        set.intersection(*(set(registry.get(m).Hyperparameters.model_fields) for m in study(TRACKED).methods))
    )
    assert len(names) > 8
    of = study(TRACKED)
    space = {name: of.search_space.parameters["tau"] for name in names}
    wide = of.model_copy(update={"search_space": of.search_space.model_copy(update={"parameters": space})})
    found = tags(wide, "0" * 12)
    assert len(found) == len(views(wide, "0" * 12))
    assert max(map(len, found.values())) <= MAX_TAG


def test_the_first_hundred_runs_hold_the_same_points_of_each_method() -> None:
    cells = [(m, p, s) for p in range(30) for m in "ab" for s in range(3)]
    placed = [(cell_tag(Placement("shared", "main", *cell), "v"), cell) for cell in cells]
    groups = [(group_tag(1, "v"), ("b",)), (group_tag(0, "v"), ("a",))]
    ordered = sorted([*placed, *groups, (study_tag("v"), ())])
    assert [run for _, run in ordered[:3]] == [(), ("a",), ("b",)]
    first = [run for _, run in ordered[3:99]]
    assert {run[1:] for run in first if run[0] == "a"} == {run[1:] for run in first if run[0] == "b"}


def test_runs_carry_what_the_view_looks_for(uri: str, tmp_path: Path) -> None:
    of = study(TRACKED)
    sync(of, cells(), analysis(of), [], uri=uri, directory=tmp_path)
    wanted = json.loads(json.loads(tags_of_experiment(uri, of)[f"{VIEW_TAG}{BLOCK}"])["state"])
    found = runs(uri, of.name, wanted["searchFilter"])
    assert {run.data.tags["ssc.role"] for run in found} == {"cell", "group"}
    assert len(found) == 8 + 2
    for run in found:
        assert run.data.tags[COLOUR_TAG] == colours(of)[run.data.tags["method"]]


def test_only_the_newest_version_is_shown(uri: str, tmp_path: Path) -> None:
    old, new = study(TRACKED), study(TRACKED, seeds=1)
    sync(old, cells(), analysis(old), [], uri=uri, directory=tmp_path)
    sync(new, cells(seeds=1), analysis(new), [], uri=uri, directory=tmp_path)
    found = runs(
        uri,
        new.name,
        json.loads(json.loads(tags_of_experiment(uri, new)[f"{VIEW_TAG}{BLOCK}"])["state"])["searchFilter"],
    )
    assert len(found) == 4 + 2
    assert {run.data.tags["seed"] for run in found if run.data.tags["ssc.role"] == "cell"} == {"0"}
    assert study_version(old) != study_version(new)


def found_by(uri: str, of: Study, key: str) -> list[str]:
    """Names of the runs that a view shows, in its order, as MLflow itself sorts them."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    wanted = json.loads(json.loads(tags_of_experiment(uri, of)[f"{VIEW_TAG}{key}"])["state"])
    order = f"{wanted['orderByKey']} {'ASC' if wanted['orderByAsc'] else 'DESC'}"
    experiment = client.get_experiment_by_name(of.name)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], wanted["searchFilter"], order_by=[order])
    return [run.info.run_name for run in found]


def tags_of_experiment(uri: str, of: Study) -> dict[str, str]:
    from mlflow import MlflowClient

    experiment = MlflowClient(tracking_uri=uri).get_experiment_by_name(of.name)
    assert experiment is not None
    return dict(experiment.tags)


def test_each_view_finds_its_runs_and_the_notes_lead_to_them(uri: str, tmp_path: Path) -> None:
    of = study(TRACKED)
    warned, places = cell("ssc", 1, 1)
    warned = warned.model_copy(update={"result": warned.result.model_copy(update={"warnings": ("few labels",)})})
    made = [*cells()[:6], cell("ssc", 1, 0, status="diverged"), (warned, places)]
    sync(of, made, analysis(of), [], uri=uri, directory=tmp_path)
    version = study_version(of)
    assert found_by(uri, of, OVERVIEW) == [f"stability · version {version}", "fixmatch · shared", "ssc · shared"]
    assert [name.partition(" · tau")[0] for name in found_by(uri, of, ATTENTION)] == [
        "ssc · point 1 · seed 0", "ssc · point 1 · seed 1",
    ]  # fmt: skip
    worst = found_by(uri, of, WORST)
    assert len(worst) == 8
    assert worst[0].startswith("fixmatch · point 0 · seed 0")
    assert worst[-1].startswith("ssc · point 1 · seed 0")  # it has no accuracy, and the other view leads to it
    by_name = {run.info.run_name: run for run in runs(uri, of.name)}
    said = {name: run.data.tags["finding"] for name, run in by_name.items() if "finding" in run.data.tags}
    assert said == {
        f"stability · version {version}": "more stable: supported",
        "fixmatch · shared": "sd over points 0.03 [0.015, 0.06], mean 0.85 [0.425, 1.7]",
        "ssc · shared": "sd over points 0.03 [0.015, 0.06], mean 0.92 [0.46, 1.84]",
    }
    why = [run.data.tags["attention"] for run in by_name.values() if "attention" in run.data.tags]
    assert sorted(why) == ["diverged", "warned: few labels"]
    tags_of = tags_of_experiment(uri, of)
    first = tags_of["mlflow.note.content"].splitlines()[0]
    links = dict(re.findall(r"\[([^]]+)\]\(([^)]+)\)", first.replace("\\", "")))
    assert list(links) == [
        "overview", "worst runs", "curves of the worst", "diverged or warned (2)",
        "accuracy against tau and learning_rate",
    ]  # fmt: skip
    assert f"/{by_name[worst[0]].info.run_id}/model-metrics?" in links.pop("curves of the worst")
    keys = [re.findall(r"viewStateShareKey=([a-z-]+)&", address)[0] for address in links.values()]
    assert [f"{VIEW_TAG}{key}" in tags_of for key in keys] == [True] * 4
    assert all("workflowType=machine_learning" in address for address in links.values())
    assert first in by_name[f"stability · version {version}"].data.tags["mlflow.note.content"]


def test_where_no_run_needs_a_look_the_note_says_so_and_leads_nowhere(uri: str, tmp_path: Path) -> None:
    of = study(TRACKED)
    sync(of, cells()[:2], analysis(of), [], uri=uri, directory=tmp_path)
    first = tags_of_experiment(uri, of)["mlflow.note.content"].splitlines()[0]
    assert "none diverged or warned" in first.split(" · ")


def test_a_colour_that_someone_chose_is_kept(uri: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    of = study(TRACKED)
    sync(of, cells(), analysis(of), [], uri=uri, directory=tmp_path)
    chosen = next(iter(cell_runs(uri).values()))
    MlflowClient(tracking_uri=uri).set_tag(chosen.info.run_id, COLOUR_TAG, "#123456")
    assert sync(of, cells(), analysis(of), [], uri=uri, directory=tmp_path)[:3] == (0, 0, 8)
    assert cell_runs(uri)[chosen.data.tags["cell_id"]].data.tags[COLOUR_TAG] == "#123456"
