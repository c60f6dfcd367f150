"""What makes a claim post hoc, and what does not: through whole runs whose cells are made up.

The number of cells is counted by hand: 5 points (the defaults with them) x 2 seeds x 2 methods = 20.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from ssc_tune.design.cells import fixed_cells
from ssc_tune.records.registrations import registered
from ssc_tune.running.registration import register
from ssc_tune.study.registration import plan_hash
from tests.making.fake_runs import CLAIMS, DEFAULT, MEAN, MINE, STD, Lab
from tests.making.records import put
from tests.making.studies import study

NAMES = {claim["name"] for claim in CLAIMS}
EARLIER = "20 of 20 cells were known under an earlier plan of this study when this plan was registered"
FROM_OTHER = "20 of 20 cells were known from study other when this plan was registered"
STABLER = {**STD, "margin": 0.05}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return Lab(tmp_path / "runs", monkeypatch)


def test_a_study_that_is_run_once_is_declared_and_registered_before_its_cells(lab: Lab) -> None:
    before = time.time()
    found = lab.run(study(MINE))
    assert found is not None
    assert [v.post_hoc for v in found.verdicts] == [False] * 3
    (one,), problems = registered(lab.folder(study(MINE)))
    assert problems == []
    assert (one.hash, one.study) == (plan_hash(study(MINE)), "mine")
    assert before <= one.time <= time.time()
    assert found.registration is not None
    assert (found.registration.hash, found.registration.time) == (one.hash, one.time)
    assert (found.registration.num_cells, found.registration.num_known) == (20, 0)
    assert found.registration.line == f"registered as {one.short} on {one.when}; before each of its 20 cells was begun"
    for record in (lab.folder(study(MINE)).records.read(cell.cell_id) for cell in fixed_cells(study(MINE))):
        assert record is not None
        assert record.registrations == (one.hash,)


EDITS: dict[str, dict[str, Any]] = {
    "a margin": {"claims": [STABLER, MEAN, DEFAULT]},
    "a claim more": {"claims": [*CLAIMS, {**MEAN, "name": "worst case", "in": "cvar"}]},
    "two claims less": {"claims": [STD]},
    "another name of a claim": {"claims": [{**STD, "name": "stability"}, MEAN, DEFAULT]},
    "another measure": {"claims": [{**STD, "in": "iqr"}, MEAN, DEFAULT]},
    "the other direction": {"claims": [STD, {**MEAN, "more": "fixmatch", "than": "ssc"}, DEFAULT]},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_edited_claims_are_post_hoc_all_of_them(lab: Lab, edit: dict[str, Any]) -> None:
    lab.run(study(MINE))
    edited = study(MINE, **edit)
    assert lab.known(edited) == {claim.name: EARLIER for claim in edited.claims}
    assert lab.known(study(MINE)) == {}  # the plan as it was is what it was


@pytest.mark.parametrize("name", ["a margin", "a claim more", "two claims less"])
def test_a_copy_under_another_name_does_not_shed_it(lab: Lab, name: str) -> None:
    lab.run(study(MINE, name="other"))
    edited = study(MINE, name="mine", **EDITS[name])
    assert lab.known(edited) == {claim.name: FROM_OTHER for claim in edited.claims}


def test_nor_does_a_copy_of_the_folder(lab: Lab) -> None:
    lab.run(study(MINE, name="other"))
    shutil.copytree(lab.storage / "other", lab.storage / "mine")
    assert lab.known(study(MINE, name="mine", **EDITS["a margin"])) == dict.fromkeys(NAMES, FROM_OTHER)


def test_one_new_cell_beside_adopted_ones_does_not_shed_it(lab: Lab) -> None:
    lab.run(study(MINE, name="other"))
    missing = fixed_cells(study(MINE))[-1].cell_id
    lab.folder(study(MINE, name="other")).records.path(missing).unlink()
    words = "19 of 20 cells were known from study other when this plan was registered"
    assert lab.known(study(MINE, name="mine", **EDITS["a margin"])) == dict.fromkeys(NAMES, words)


def test_the_same_plan_under_another_name_stood_before_its_cells(lab: Lab) -> None:
    lab.run(study(MINE, name="other"))
    found = lab.run(study(MINE, name="mine"))
    assert found is not None
    assert not any(v.post_hoc for v in found.verdicts)
    assert found.registration is not None
    assert found.registration.study == "other"
    assert " by study other; before each of its 20 cells was begun" in found.registration.line


def test_an_enlargement_that_was_not_planned(lab: Lab) -> None:
    lab.run(study(MINE))
    larger = study(MINE, points=8)
    words = "20 of 36 cells were known under an earlier plan of this study when this plan was registered"
    assert lab.known(larger) == dict.fromkeys(NAMES, words)
    smaller = study(MINE, points=2)
    words = "12 of 12 cells were known under an earlier plan of this study when this plan was registered"
    assert lab.known(smaller) == dict.fromkeys(NAMES, words)


def test_other_seeds(lab: Lab) -> None:
    lab.run(study(MINE))
    words = "20 of 30 cells were known under an earlier plan of this study when this plan was registered"
    assert lab.known(study(MINE, seeds=3)) == dict.fromkeys(NAMES, words)


def test_points_drawn_anew_share_the_defaults(lab: Lab) -> None:
    lab.run(study(MINE))
    words = "4 of 20 cells were known under an earlier plan of this study when this plan was registered"
    anew = study(MINE, design={"type": "sobol", "points": 4, "seed": 1})
    assert lab.known(anew) == dict.fromkeys(NAMES, words)
    found = lab.run(anew)
    assert found is not None
    assert found.registration is not None
    assert found.registration.line.endswith("1 other plan for such cells stood as well: 1 of this study")


def test_cells_from_several_places_are_counted_apart(lab: Lab) -> None:
    lab.run(study(MINE, name="other", seeds=1))
    lab.run(study(MINE, name="mine", points=2))  # takes 6 over from other, makes 6
    words = (
        "16 of 20 cells were known: 10 from study other, 6 under an earlier plan of this study "
        "when this plan was registered"
    )
    assert lab.known(study(MINE)) == dict.fromkeys(NAMES, words)


def test_a_claim_is_judged_by_its_own_cells(lab: Lab) -> None:
    blocks = {"shared": {}, "rates": {"parameters": ["learning_rate"]}}
    lab.run(study(MINE))
    two = study(MINE, blocks=blocks, claims=[STD, {**STD, "name": "rates", "block": "rates"}])
    found = lab.known(two)
    assert found["more stable"] == EARLIER
    assert found["rates"].startswith("4 of 20 cells")  # the defaults stand in both blocks
    third = study(MINE, methods=["fixmatch", "ssc", "supervised"], claims=[{**MEAN, "more": "supervised"}, STD])
    assert lab.known(third)["better"].startswith("10 of 20 cells")  # FixMatch's


def test_settings_are_judged_by_their_own_cells(lab: Lab) -> None:
    few = {"data": {"labels_per_class": 1}}
    lab.run(study(MINE, name="other", data=few["data"]))
    both = study(
        MINE,
        settings={"main": {}, "few": few},
        claims=[{**STD, "setting": "main"}, {**STD, "name": "few", "setting": "few"}],
    )
    assert lab.known(both) == {"few": FROM_OTHER}


SAME: dict[str, dict[str, Any]] = {
    "nothing": {},
    "description": {"description": "in other words"},
    "resources": {"resources": {"cpus": 0.5, "max_parallel": 2}},
    "retries": {"retries": 0},
    "expected": {"claims": [{**STD, "expected": "supported"}, MEAN, DEFAULT]},
    "source": {"claims": [STD, {**MEAN, "source": "a paper"}, DEFAULT]},
    "order": {"claims": CLAIMS[::-1]},
}


@pytest.mark.parametrize("edit", SAME.values(), ids=SAME)
def test_a_study_that_goes_on_stays_declared(lab: Lab, edit: dict[str, Any]) -> None:
    lab.least = 7
    assert lab.run(study(MINE)) is None  # interrupted
    lab.least = 0
    assert lab.known(study(MINE, **edit)) == {}
    assert len(registered(lab.folder(study(MINE)))[0]) == 1


def test_an_edit_between_two_parts_of_a_run_is_seen(lab: Lab) -> None:
    lab.least = 7
    lab.run(study(MINE))
    lab.least = 0
    words = "13 of 20 cells were known under an earlier plan of this study when this plan was registered"
    assert lab.known(study(MINE, **EDITS["a margin"])) == dict.fromkeys(NAMES, words)


def test_failed_cells_tried_again_stay_declared_under_their_plan_alone(lab: Lab) -> None:
    lab.status = lambda cell: "failed" if cell.placement.seed else "ok"
    lab.run(study(MINE))
    lab.status = lambda cell: "ok"
    assert lab.known(study(MINE), retry_failed=True) == {}
    lab.status = lambda cell: "failed"
    larger = study(MINE, seeds=3)
    lab.run(larger)  # ten new cells, which fail
    lab.status = lambda cell: "ok"
    edited = study(MINE, seeds=3, **EDITS["a margin"])
    words = "30 of 30 cells were known under an earlier plan of this study when this plan was registered"
    assert lab.known(edited, retry_failed=True) == dict.fromkeys(NAMES, words)


def test_a_cell_that_failed_in_another_study_is_known(lab: Lab) -> None:
    lab.status = lambda cell: "failed"
    lab.run(study(MINE, name="other"))
    lab.status = lambda cell: "ok"
    assert lab.known(study(MINE, name="mine", **EDITS["a margin"])) == dict.fromkeys(
        NAMES, "20 of 20 cells were known under an earlier plan of this study when this plan was registered"
    )


def test_studies_that_were_both_registered_first_stay_declared_though_they_share_cells(lab: Lab) -> None:
    one, two = study(MINE, name="one"), study(MINE, name="two", claims=[STABLER], seeds=3)
    for each in (one, two):
        register(each, lab.folder(each))
    assert lab.known(one) == {}
    found = lab.run(two)
    assert found is not None
    assert not any(v.post_hoc for v in found.verdicts)
    assert found.registration is not None
    assert "1 other plan for such cells stood as well: 1 of study one" in found.registration.line


def test_registered_too_late_is_too_late(lab: Lab) -> None:
    two = study(MINE, name="two", claims=[STABLER])
    lab.run(study(MINE, name="other"))
    register(two, lab.folder(two))
    assert lab.known(two) == {"more stable": FROM_OTHER}


def test_records_of_an_older_version(lab: Lab) -> None:
    lab.run(study(MINE))
    folder = lab.folder(study(MINE))
    for cell in fixed_cells(study(MINE)):
        record = folder.records.read(cell.cell_id)
        assert record is not None
        put(folder, record.model_copy(update={"registrations": (), "claims": ("0123456789abcdef",)}))
    words = "20 of 20 cells were known from records{} made before registrations were kept when this plan was registered"
    assert lab.known(study(MINE)) == dict.fromkeys(NAMES, words.format(""))
    (lab.storage / "mine").rename(lab.storage / "old")
    assert lab.known(study(MINE, name="new"))["better"] == words.format(" of study mine")


def test_what_a_machine_lost_is_not_known(lab: Lab) -> None:
    lab.status = lambda cell: "infrastructure" if cell.placement.seed else "ok"
    found = lab.run(study(MINE))
    assert found is not None
    assert found.registration is not None
    assert found.registration.num_cells == 10


def test_a_search(lab: Lab) -> None:
    design = {"type": "search", "points": 2, "sampler": "random"}
    of = study(MINE, design=design, claims=[DEFAULT])
    assert lab.known(of) == {}
    edited = study(MINE, design=design, claims=[{**DEFAULT, "within": 0.1}])
    assert lab.known(edited)["alike"].startswith("12 of 12 cells were known under an earlier plan")


def test_a_damaged_file_of_registrations_is_said_and_the_run_goes_on(
    lab: Lab, capfd: pytest.CaptureFixture[str]
) -> None:
    lab.run(study(MINE))
    path = lab.folder(study(MINE)).path / "registrations.jsonl"
    path.write_text("not a registration\n")
    assert lab.known(study(MINE)) == {}  # the records say what stood
    assert "registrations.jsonl: line 1: checksum does not match" in capfd.readouterr().err
