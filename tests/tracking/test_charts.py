"""The prepared charts without a browser; tests/pipeline/test_mlflow_page.py opens them in one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ssc_tune import methods as registry
from ssc_tune.design import Placement
from ssc_tune.presentation.colours import colours
from ssc_tune.tracking import study_version, sync
from ssc_tune.tracking.charts import COLOUR_TAG, VIEW_TAG, cell_tag, group_tag, view
from ssc_tune.tracking.content import MAX_TAG
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis, cells
from tests.tracking.store_view import cells as cell_runs
from tests.tracking.store_view import runs


def state(**changes: Any) -> dict[str, Any]:
    found = view(study(TRACKED, **changes), "abc")
    assert found is not None
    envelope = json.loads(found)
    assert {name: type(value) for name, value in envelope.items()} == {
        "name": str, "createdAt": int, "updatedAt": int, "state": str,
    }  # fmt: skip
    return dict(json.loads(envelope["state"]))


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


def test_one_setting_is_shown_of_several() -> None:
    assert "tags.setting" not in state()["searchFilter"]
    settings = {'few "4"': {"data": {"labels_per_class": 4}}, "more": {"data": {"labels_per_class": 8}}}
    assert state(settings=settings, claims=[])["searchFilter"].endswith("""and tags.setting = 'few "4"'""")


def test_the_view_of_many_hyperparameters_still_fits_into_a_tag() -> None:
    names = sorted(
        set.intersection(*(set(registry.get(m).Hyperparameters.model_fields) for m in study(TRACKED).methods))
    )
    assert len(names) > 8
    of = study(TRACKED)
    space = {name: of.search_space.parameters["tau"] for name in names}
    wide = of.model_copy(update={"search_space": of.search_space.model_copy(update={"parameters": space})})
    found = view(wide, "0" * 12)
    assert found is not None
    assert len(found) <= MAX_TAG


def test_the_first_hundred_runs_hold_the_same_points_of_each_method() -> None:
    cells = [(m, p, s) for p in range(30) for m in "ab" for s in range(3)]
    placed = [(cell_tag(Placement("shared", "main", *cell), "v"), cell) for cell in cells]
    ordered = sorted([*placed, (group_tag("v"), ("a",)), (group_tag("v"), ("b",))])
    assert [run for _, run in ordered[:2]] == [("a",), ("b",)]
    first = [run for _, run in ordered[2:100]]
    assert {run[1:] for run in first if run[0] == "a"} == {run[1:] for run in first if run[0] == "b"}


def test_runs_carry_what_the_view_looks_for(uri: str, tmp_path: Path) -> None:
    of = study(TRACKED)
    sync(of, cells(), analysis(of), [], uri=uri, directory=tmp_path)
    wanted = json.loads(json.loads(runs_tag(uri))["state"])
    found = runs(uri, of.name, wanted["searchFilter"])
    assert {run.data.tags["ssc.role"] for run in found} == {"cell", "group"}
    assert len(found) == 8 + 2
    for run in found:
        assert run.data.tags[COLOUR_TAG] == colours(of)[run.data.tags["method"]]


def test_only_the_newest_version_is_shown(uri: str, tmp_path: Path) -> None:
    old, new = study(TRACKED), study(TRACKED, seeds=1)
    sync(old, cells(), analysis(old), [], uri=uri, directory=tmp_path)
    sync(new, cells(seeds=1), analysis(new), [], uri=uri, directory=tmp_path)
    found = runs(uri, new.name, json.loads(json.loads(runs_tag(uri))["state"])["searchFilter"])
    assert len(found) == 4 + 2
    assert {run.data.tags["seed"] for run in found if run.data.tags["ssc.role"] == "cell"} == {"0"}
    assert study_version(old) != study_version(new)


def test_a_colour_that_someone_chose_is_kept(uri: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    of = study(TRACKED)
    sync(of, cells(), analysis(of), [], uri=uri, directory=tmp_path)
    chosen = next(iter(cell_runs(uri).values()))
    MlflowClient(tracking_uri=uri).set_tag(chosen.info.run_id, COLOUR_TAG, "#123456")
    assert sync(of, cells(), analysis(of), [], uri=uri, directory=tmp_path)[:3] == (0, 0, 8)
    assert cell_runs(uri)[chosen.data.tags["cell_id"]].data.tags[COLOUR_TAG] == "#123456"


def runs_tag(uri: str) -> str:
    """The view as the store holds it."""
    from mlflow import MlflowClient

    experiment = MlflowClient(tracking_uri=uri).get_experiment_by_name("stability")
    assert experiment is not None
    return str(experiment.tags[VIEW_TAG])
