"""What a run says, checked against the record it is made from."""

from __future__ import annotations

import json
import math
import tarfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.design import Placement
from ssc_tune.methods import OwnMethod
from ssc_tune.presentation.markdown import table
from ssc_tune.records import Record
from ssc_tune.study import load_study
from ssc_tune.tracking import study_version
from ssc_tune.tracking.content import (
    MAX_PARAMETER,
    cell_name,
    cell_parameters,
    cell_tags,
    key,
    metrics,
    outdated_tags,
    parameters,
    record_digest,
    study_parameters,
    verdict_metrics,
)
from ssc_tune.tracking.notes import cell_note, study_note
from tests.making.studies import TRACKED, study
from tests.making.tracked import analysis, cell


def test_names_can_be_read() -> None:
    record, (placement,) = cell("ssc", 1, 1)
    assert cell_name(study(TRACKED), record, placement) == "ssc · point 1 · seed 1 · tau 0.93 lr 0.022"


def test_parameters_have_the_names_of_the_field() -> None:
    flat = parameters(cell("ssc")[0].config)
    assert flat["tau"] == "0.95"
    assert flat["data.name"] == "digits"
    assert flat["model"] == "wrn-10-1"
    assert flat["training.steps"] == "200"
    assert flat["prototype_init"] == "random"


def test_a_command_is_told_in_the_place_of_net_and_training() -> None:
    ours = cell("ssc")[0].config
    own = OwnMethod(command=("python", "train.py"), version="2", hyperparameters={"tau": 0.5})
    theirs = ours.model_copy(update={"own": own, "method": "mine", "hyperparameters": {"tau": 0.7}})
    flat = parameters(theirs)
    assert (flat["tau"], flat["own.command"], flat["own.version"]) == ("0.7", "('python', 'train.py')", "2")
    assert not [name for name in flat if name.startswith(("model", "training."))]
    assert set(parameters(ours)) >= {"model", "training.steps"}


def test_a_hyperparameter_that_is_called_like_a_place_is_what_is_shown() -> None:
    record, (placement,) = cell("ssc")
    of = study(TRACKED)
    ours = cell_parameters(of, record.config, placement)
    assert (ours["block"], ours["setting"], ours["design"]) == ("shared", "main", "sobol")
    assert {**parameters(record.config), **ours} == ours
    theirs = record.config.model_copy(update={"hyperparameters": {"tau": 0.7, "block": 16}})
    assert cell_parameters(of, theirs, placement)["block"] == "16"


def test_long_parameters_are_cut_and_the_note_says_so() -> None:
    record, placements = cell()
    long = record.config.model_copy(update={"hyperparameters": {"tau": "x" * 7000}})
    record = record.model_copy(update={"config": long})
    assert len(parameters(long)["tau"]) == MAX_PARAMETER
    assert "cut here" in cell_note(record, placements)
    assert "cut here" not in cell_note(*cell())


def test_every_metric_has_the_time_and_step_of_its_evaluation() -> None:
    record, _ = cell(evaluations=3)
    rows = metrics(record)
    for evaluation in record.result.history:
        at = [row for row in rows if row.step == evaluation.step and row.timestamp == round(evaluation.time * 1000)]
        names = {row.key: row.value for row in at}
        assert names["train_loss"] == evaluation.train_loss
        assert names["loss/contrastive"] == evaluation.loss_terms["contrastive"]
        assert names["signature/prototype_cosine_max"] == 0.3
        assert ("confident_accuracy" in names) == (evaluation.confident_accuracy is not None)
    final = {row.key: row for row in rows if row.timestamp == round(record.ended * 1000)}
    assert set(final) == {"test_accuracy", "steps_to_90", "seconds"}
    assert final["test_accuracy"].step == record.result.steps


def test_infinite_and_undefined_numbers_are_left_out() -> None:
    record, _ = cell(evaluations=1)
    odd = record.result.history[0].model_copy(update={"train_loss": float("inf"), "learning_rate": float("nan")})
    record = record.model_copy(update={"result": record.result.model_copy(update={"history": (odd,)})})
    names = {row.key for row in metrics(record)}
    assert "train_loss" not in names
    assert "learning_rate" not in names
    assert "validation_accuracy" in names


def test_both_methods_have_the_same_metric_names() -> None:
    assert {row.key for row in metrics(cell("ssc")[0])} == {row.key for row in metrics(cell("fixmatch")[0])}


def test_the_first_placement_decides_the_tags_and_all_are_kept() -> None:
    record, placements = cell()
    also = Placement("specific", "main", "ssc", 5, 0)
    assert "ssc.placements" not in cell_tags(record, placements)
    tags = cell_tags(record, [*placements, also])
    assert (tags["block"], tags["point"]) == ("shared", "0")
    assert '"specific"' in tags["ssc.placements"]


def test_the_version_changes_with_what_decides_results_or_verdicts_only() -> None:
    base = study_version(study(TRACKED))
    assert study_version(study(TRACKED)) == base
    assert study_version(study(TRACKED, seeds=3)) != base
    assert study_version(study(TRACKED, claims=[])) != base
    assert study_version(study(TRACKED, description="other", retries=5, resources={"cpus": 0.5})) == base


def test_the_digest_follows_the_record() -> None:
    record, _ = cell()
    assert record_digest(record) == record_digest(cell()[0])
    assert record_digest(record) != record_digest(cell(shift=1.0)[0])


def test_undefined_numbers_of_an_analysis_are_left_out() -> None:
    of = study(TRACKED)
    found = analysis(of)
    assert verdict_metrics(found) == {"effect/more stable": math.exp(0.41), "p_value/more stable": 0.01}
    verdict = found.verdicts[0].model_copy(update={"p_value": None})
    assert "p_value/more stable" not in verdict_metrics(found.model_copy(update={"verdicts": (verdict,)}))


def test_names_that_mlflow_refuses_are_mended() -> None:
    assert key("effect/ssc < fixmatch?").startswith("effect/ssc _ fixmatch_ ")


def test_notes_show_verdicts_and_keep_tables_whole() -> None:
    of = study(TRACKED)
    assert "not judged yet" in study_note(of, "abc", None)
    note = study_note(of, "abc", analysis(of))
    assert "**supported**" in note
    assert f"{math.exp(0.41):.2f} times" in note  # as a ratio, as everywhere
    assert table(["a"], [["x | y\nz"]]).splitlines()[2] == "| x \\| y z |"


def test_what_a_run_and_a_version_are_known_by_outlives_fields_that_come_later() -> None:
    """The hashes are those of a revision before later fields: with others MLflow's view would be written anew."""
    stored = Path(__file__).parents[1] / "stored"
    assert study_version(load_study(stored / "study.yaml")) == "7b09b0a5ce4b"
    with tarfile.open(stored / "records.tar.xz") as archive:
        file = archive.extractfile("records/015d1d7fd32e192c.json")
        assert file is not None
        content = json.loads(file.read())
    assert record_digest(Record.model_validate(content.get("record", content))) == "c75119af570ef57d"


def test_the_parent_run_shows_what_settings_have_and_not_what_all_of_them_replace() -> None:
    eight = {"name": "digits", "labels_per_class": 8}
    settings = {"clean": {"data": eight}, "noisy": {"data": {**eight, "label_noise": 0.25}}}
    shown = study_parameters(study(TRACKED, settings=settings, claims=[]))
    assert (shown["data.labels_per_class"], shown["data.label_noise"]) == ("8", "0.0, 0.25")
    nets = {"narrow": {}, "wide": {"model": {"name": "wrn-10-2"}}}
    assert study_parameters(study(TRACKED, settings=nets, claims=[]))["model"] == "wrn-10-1, wrn-10-2"


CLAIM_NAMES = [
    "acc > 0.9", "acc < 0.9", "acc _ 0.9", "准确率", "稳定性", "__", "a//b", "a/b", "a/../b", "../b", "/b", "b", "",
    "x" * 400, "x" * 401, "x" * 249 + "y", "acc_ ", "acc_", "acc? ", key("acc > 0.9"), key(key("acc > 0.9")),
]  # fmt: skip


def test_no_two_names_have_one_key_and_those_that_fit_keep_theirs() -> None:
    """MLflow's own check takes every one of them."""
    from mlflow.utils.validation import _validate_metric_name, _validate_tag_name

    for prefix in ("effect/", "verdict/", ""):
        names = [prefix + name for name in CLAIM_NAMES if prefix + name]
        keys = [key(name) for name in names]
        assert len(set(keys)) == len(names)
        for one in keys:
            _validate_metric_name(one)
            _validate_tag_name(one)
    for name in ("effect/more stable", "p_value/a.b-c:d", "signature/prototype_rank"):
        assert key(name) == name


@given(st.lists(st.text(alphabet="ab>_/. é0", min_size=1, max_size=6), min_size=2, max_size=6, unique=True))
def test_keys_differ_where_names_do(names: list[str]) -> None:
    assert len({key(name) for name in names}) == len(names)


def test_tags_of_earlier_names_go() -> None:
    found = analysis(study(TRACKED))
    present = ["verdict/more stable", "verdict/acc _ 0.9", "post_hoc/more stable", "method", "ssc.role"]
    assert outdated_tags(present, found) == ["verdict/acc _ 0.9", "post_hoc/more stable"]
