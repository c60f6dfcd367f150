"""The studies that are shipped can be run, and share what they say they share."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ssc_tune.design.cells import fixed_cells
from ssc_tune.design.points import fixed_points
from ssc_tune.study import load_study

STUDIES = Path(__file__).parents[2] / "studies"


def ids(name: str) -> set[str]:
    return {cell.cell_id for cell in fixed_cells(load_study(STUDIES / f"{name}.yaml"))}


def name_of(path: Path) -> str:
    """The file's name; below a folder of one question, the folder's and the file's."""
    return "_".join(path.relative_to(STUDIES).with_suffix("").parts)


@pytest.mark.parametrize("path", sorted(STUDIES.rglob("*.yaml")), ids=name_of)
def test_every_study_has_cells_and_claims(path: Path) -> None:
    study = load_study(path)
    assert study.name == name_of(path)
    assert fixed_cells(study)
    assert study.claims


def test_the_full_study_contains_the_main_one() -> None:
    assert ids("stability") < ids("stability_full")


def test_the_rungs_of_the_ladder_are_cells_of_their_own() -> None:
    study = load_study(STUDIES / "ablation" / "embedded.yaml")
    cells = fixed_cells(study)
    assert len({cell.cell_id for cell in cells}) == len(cells) == 7 * study.seeds * len(study.setting_names)


def test_one_at_a_time_is_the_authors_protocol() -> None:
    study = load_study(STUDIES / "one_at_a_time.yaml")
    points = fixed_points(study, "shared")
    default = points[0].values
    assert default == {"learning_rate": 0.03, "mu": 7, "tau": 0.95, "randaugment_n": 3, "randaugment_m": 5}
    levels = {name: sorted({point.values[name] for point in points}) for name in default}
    assert levels["learning_rate"] == [0.025, 0.028, 0.03, 0.032, 0.035]
    assert levels["mu"] == [1, 3, 5, 7, 9]
    assert levels["tau"] == [0.9, 0.925, 0.95, 0.965, 0.98]
    assert levels["randaugment_n"] == [1, 3, 4, 5]
    assert all(sum(point.values[name] != default[name] for name in default) <= 1 for point in points)
    assert len(points) == 1 + 4 + 4 + 4 + 3 + 3


def test_the_transfer_study_pretrains_once_a_seed_in_one_of_two_settings() -> None:
    study = load_study(STUDIES / "transfer" / "embedded.yaml")
    configs = [cell.config for cell in fixed_cells(study)]
    with_one = [config for config in configs if config.pretrain is not None]
    assert 2 * len(with_one) == len(configs)
    assert len({config.pretraining_id for config in with_one}) == study.seeds
    assert study.claims


def test_the_page_of_studies_names_each_with_its_number_of_cells() -> None:
    docs = STUDIES.parent / "docs"
    page = (docs / "studies.md").read_text(encoding="utf-8")
    for path in STUDIES.rglob("*.yaml"):
        name = f"`{path.relative_to(STUDIES.parent)}`"
        (row,) = [line for line in page.splitlines() if line.startswith("|") and name in line]
        count = len({cell.cell_id for cell in fixed_cells(load_study(path))})
        assert row.split("|")[3].strip() == f"{count:,}"
        kept = docs / "results" / name_of(path)
        assert (f"(results/{kept.name}/README.md)" in row) == kept.is_dir()


@pytest.mark.parametrize("kept", sorted((STUDIES.parent / "docs" / "results").glob("*/")), ids=lambda path: path.name)
def test_kept_results_are_of_the_shipped_studies(kept: Path) -> None:
    """Every cell of the table is one of the study as it is shipped; none is missing or of another plan."""
    by_name = {name_of(path): path for path in STUDIES.rglob("*.yaml")}
    rows = list(csv.DictReader((kept / "results.csv").open(encoding="utf-8")))
    expected = {cell.cell_id for cell in fixed_cells(load_study(by_name[kept.name]))}
    assert {row["cell_id"] for row in rows} == expected
