"""``ssc-tune plan``: variances from every source, what they let a study see, and how a budget is divided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from design.builders import PARAMETERS, record, study

from ssc_tune import pipeline, planning
from ssc_tune.analysis.power import Variances, power_of_spread
from ssc_tune.analysis.variance import components
from ssc_tune.cli import main
from ssc_tune.design.cells import Cell
from ssc_tune.errors import InputError
from ssc_tune.pipeline import Options
from ssc_tune.planning import make_plan, parse_variances, pilot_study, variances_of
from ssc_tune.study.models import Study

SHARED = {"shared": {"parameters": ["learning_rate", "tau"]}}
QUIET = Variances(0.002, 0.0001, 0.0002)


def effect(cell: Cell) -> float:
    """FixMatch varies three times as much over points as SSC; both have noise."""
    place = cell.placement
    point = np.random.default_rng(place.point).normal() * (0.06 if place.method == "fixmatch" else 0.02)
    noise = np.random.default_rng([place.point, place.seed, len(place.method)]).normal() * 0.01
    return float(np.clip(0.7 + point + noise, 0, 1))


def fill(of: Study, options: Options) -> None:
    folder = pipeline.folder_of(of, options)
    for cell in pipeline.survey(of, options).cells:
        folder.records.write(record(cell, effect(cell), study=of.name))


def test_variances_given_by_hand() -> None:
    assert parse_variances("point=0.002,seed=1e-4,error=0.0005") == Variances(0.002, 1e-4, 0.0005)
    assert parse_variances("error=0.5, point=1") == Variances(1.0, 0.0, 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "point",
        "point=x",
        "seed=1",
        "point=0",
        "point=-1",
        "point=1,seed=-1",
        "points=1",
        "point=1,point=2",
        "point=inf",
    ],
)
def test_variances_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--variances"):
        parse_variances(text)


def test_variances_of_the_records_are_those_of_the_less_stable_method(tmp_path: Path) -> None:
    of, options = study(design={"type": "sobol", "points": 16}, seeds=3, blocks=SHARED), Options(storage=tmp_path)
    fill(of, options)
    progress = pipeline.survey(of, options)
    found, source = variances_of(of, progress, block="shared", setting="main")
    cells = {cell.placement[2:]: cell for cell in progress.cells}
    y = np.array([[effect(cells["fixmatch", p, s]) for s in range(3)] for p in range(1, 17)])  # without the defaults
    expected = components(y)
    assert found.point == pytest.approx(expected.var_point)
    assert found.error == pytest.approx(expected.var_error)
    assert "16 points x 3 seeds of fixmatch" in source


def test_too_few_records_say_what_to_do(tmp_path: Path) -> None:
    of, options = study(blocks=SHARED), Options(storage=tmp_path)
    with pytest.raises(InputError, match=r"fixmatch has 0 complete points.*--pilot N or --variances"):
        variances_of(of, pipeline.survey(of, options), block="shared", setting="main")


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        ({"design": {"type": "grid", "levels": {"tau": [0.9, 0.95]}}}, 4, "design type sobol or random"),
        ({"design": {"type": "sobol", "points": 16}, "seeds": 1}, 4, "seeds: 2 or more"),
        ({"design": {"type": "sobol", "points": 16}}, 3, "from 4 to the study's 16 points"),
        ({"design": {"type": "sobol", "points": 16}}, 17, "from 4 to the study's 16 points"),
    ],
)
def test_pilots_that_cannot_be_are_refused(change: dict[str, Any], points: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        pilot_study(study(**change, blocks=SHARED), points)


def test_the_cells_of_a_pilot_are_cells_of_the_study(tmp_path: Path) -> None:
    of, options = study(design={"type": "sobol", "points": 16}, blocks=SHARED), Options(storage=tmp_path)
    pilot = pilot_study(of, 4)
    fill(pilot, options)
    progress = pipeline.survey(of, options)
    assert len(progress.records) == 2 * 5 * 2
    assert progress.num_new == 2 * 12 * 2
    assert progress.changes.deciding == []


def test_what_a_plan_promises_is_seen_with_other_random_numbers() -> None:
    claims = [{"name": "c", "less": "ssc", "than": "fixmatch", "in": "std"}]
    of = study(design={"type": "sobol", "points": 32}, seeds=3, blocks=SHARED, claims=claims)
    plan = make_plan(of, QUIET, "by hand")
    assert [(s.points, s.seeds, s.cells) for s in plan.sizes] == [
        (32, 3, 198),
        (64, 3, 390),
        (128, 3, 774),
        (32, 5, 330),
    ]
    assert plan.level == pytest.approx(0.05)
    ratios = [s.ratio for s in plan.sizes]
    assert None not in ratios
    assert ratios[0] < ratios[1] < ratios[2]  # type: ignore[operator]  # more points see more
    seen = power_of_spread(32, 3, float(ratios[0] or 0), QUIET, num_simulations=1000, rng=np.random.default_rng(7))
    assert seen.value == pytest.approx(0.8, abs=0.06)


def test_more_claims_leave_each_less_power() -> None:
    one = [{"name": "c", "less": "ssc", "than": "fixmatch", "in": "std"}]
    more = one + [{"name": f"m{i}", "more": "ssc", "than": "fixmatch", "in": "mean"} for i in range(4)]
    few, many = (
        make_plan(
            study(design={"type": "sobol", "points": 32}, seeds=3, blocks=SHARED, claims=claims),
            QUIET,
            "",
            num_simulations=150,
        )
        for claims in (one, more)
    )
    assert many.level == pytest.approx(0.01)
    assert (many.sizes[0].ratio or 0) < (few.sizes[0].ratio or 0)


def test_a_budget_is_never_overspent_and_the_most_powerful_division_comes_first() -> None:
    plan = make_plan(study(blocks=SHARED), QUIET, "", budget=200, num_simulations=100)
    assert plan.divisions
    for division in plan.divisions:
        assert division.cells == (division.points + 1) * division.seeds * 2 <= 200
    powers = [division.power for division in plan.divisions]
    assert powers == sorted(powers, reverse=True)


@pytest.mark.parametrize(("budget", "ratio"), [(15, 0.5), (200, 0.0), (200, 1.0)])
def test_questions_without_an_answer_are_refused(budget: int, ratio: float) -> None:
    with pytest.raises(InputError):
        make_plan(study(blocks=SHARED), QUIET, "", budget=budget, ratio=ratio, num_simulations=10)


def test_the_command_answers_in_words_and_in_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(planning, "_sizes", lambda study: [(16, 3)])
    both = {name: PARAMETERS[name] for name in ("learning_rate", "tau")}
    of = study(design={"type": "sobol", "points": 16}, seeds=3, blocks=SHARED, search_space={"parameters": both})
    Path("small.yaml").write_text(json.dumps(of.model_dump(mode="json", by_alias=True, exclude={"settings"})))
    fill(of, Options(storage=Path("runs")))
    assert main(["plan", "small.yaml", "--budget", "150", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["sizes"][0]["points"] == 16
    assert main(["plan", "small.yaml", "--budget", "150"]) == 0
    said = capsys.readouterr().out
    assert "16 points x 3 seeds see with 80% power" in said
    assert "a budget of 150 cells" in said
    assert main(["plan", "small.yaml", "--block", "other"]) == 2
    assert "allowed: shared" in capsys.readouterr().err
