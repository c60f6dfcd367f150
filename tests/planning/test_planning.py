"""``ssc-tune plan``: what is known beforehand, what it lets a study see, and how a budget is divided."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssc_tune import running
from ssc_tune.analysis.estimators.variance import components
from ssc_tune.analysis.judge.law import LEVEL, SLOPE_CV, Law
from ssc_tune.analysis.judge.power import Look, Question, simulate
from ssc_tune.cli import main
from ssc_tune.commands.plan_words import lines
from ssc_tune.design.cells import Cell
from ssc_tune.errors import InputError
from ssc_tune.running import Options
from ssc_tune.running import power as planning
from ssc_tune.running.pilot import Known, claim_of, parse_variances, pilot_study, read_records, with_slopes
from ssc_tune.running.power import Plan, make_plan
from ssc_tune.study.model.study import Study
from tests.making.records import record
from tests.making.studies import PARAMETERS, study

SHARED = {"shared": {"parameters": ["learning_rate", "tau"]}}
STD = {"name": "c", "less": "ssc", "than": "fixmatch", "in": "std", "margin": 0.05}
QUIET = Known(Law(0.002, 0.0001, 0.0002), "by hand", ())


def effect(cell: Cell) -> float:
    """FixMatch varies three times as much over points as SSC and is better; both have noise."""
    place = cell.placement
    point = np.random.default_rng(place.point).normal() * (0.06 if place.method == "fixmatch" else 0.02)
    noise = np.random.default_rng([place.point, place.seed, len(place.method)]).normal() * 0.01
    level = 0.72 if place.method == "fixmatch" else 0.68
    return float(np.clip(level + point + noise, 0, 1))


def exchanged(cell: Cell) -> float:
    """The same with the methods' accuracies exchanged."""
    other = "ssc" if cell.placement.method == "fixmatch" else "fixmatch"
    return effect(cell._replace(placement=cell.placement._replace(method=other)))


def no_spread(cell: Cell) -> float:
    """FixMatch depends on the seed alone; of SSC no point stands out from its noise."""
    place = cell.placement
    if place.method == "fixmatch":
        return 0.5 + 0.1 * place.seed
    return 0.5 + 0.1 * ((place.point + place.seed) % 3)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans of few simulations unless told otherwise: of commands, not of the numbers."""
    monkeypatch.setitem(inspect.unwrap(make_plan).__kwdefaults__, "num_simulations", 100)


def fill(of: Study, options: Options, accuracy: Callable[[Cell], float] = effect) -> None:
    folder = running.folder_of(of, options)
    for cell in running.survey(of, options).cells:
        folder.records.write(record(cell, accuracy(cell), study=of.name))


def known_of(of: Study, options: Options) -> Known:
    return read_records(of, running.survey(of, options), block="shared", setting="main")


def test_variances_given_by_hand() -> None:
    found = parse_variances("point=0.002,seed=1e-4,error=0.0005")
    assert found.law == Law(0.002, 1e-4, 0.0005, LEVEL, SLOPE_CV)
    assert any("--slope-cv" in words for words in found.assumed)
    assert any("mean accuracy" in words for words in found.assumed)
    found = parse_variances("error=0.5, point=1, mean=0.9")
    assert found.law == Law(1.0, 0.0, 0.5, 0.9)
    assert not any("mean accuracy" in words for words in found.assumed)


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
        "point=1,mean=1",
    ],
)
def test_variances_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--variances"):
        parse_variances(text)


def test_the_records_variances_are_means_over_the_methods(tmp_path: Path) -> None:
    of, options = study(points=16, seeds=3, blocks=SHARED), Options(storage=tmp_path)
    fill(of, options)
    found = known_of(of, options)
    cells = {cell.placement[2:]: cell for cell in running.survey(of, options).cells}
    each = []
    for method in ("fixmatch", "ssc"):  # without the defaults
        each.append(components([[effect(cells[method, p, s]) for s in range(3)] for p in range(1, 17)]))
    assert found.law.point == pytest.approx((each[0].var_point + each[1].var_point) / 2)
    assert found.law.error == pytest.approx((each[0].var_error + each[1].var_error) / 2)
    assert found.law.level == pytest.approx((each[0].mean + each[1].mean) / 2)
    assert len(found.law.shape) == 32
    assert "16 points x 3 seeds, methods pooled" in found.source


def test_only_the_methods_of_the_claim_are_pooled(tmp_path: Path) -> None:
    three = {"methods": ["fixmatch", "ssc", "supervised"], "blocks": {"shared": {"parameters": ["learning_rate"]}}}
    of = study(points=8, seeds=3, claims=[STD], **three)
    options = Options(storage=tmp_path)
    fill(
        of,
        options,
        lambda cell: 0.1 + 0.05 * (cell.placement.point % 2) if cell.placement.method == "supervised" else effect(cell),
    )
    assert known_of(of, options).law.level > 0.6


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("points", [6, 16])
def test_nothing_that_a_plan_says_tells_the_methods_apart(
    points: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(planning, "_sizes", lambda study: [(points, 3)])
    both = {name: PARAMETERS[name] for name in ("learning_rate", "tau")}
    of = study(points=points, seeds=3, blocks=SHARED, search_space={"parameters": both})
    said = []
    for number, accuracy in enumerate((effect, exchanged)):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        Path("small.yaml").write_text(json.dumps(of.model_dump(mode="json", by_alias=True, exclude={"settings"})))
        fill(of, Options(storage=Path("runs")), accuracy)
        assert main(["plan", "small.yaml", "--budget", "120"]) == 0
        words = capsys.readouterr()
        assert main(["plan", "small.yaml", "--json"]) == 0
        said.append((words.out, words.err, capsys.readouterr().out))
    assert said[0][:2] == said[1][:2]
    first, second = (json.loads(answer) for _, _, answer in said)
    assert first.keys() == second.keys()
    numbers = [key for key in first if isinstance(first[key], float)]
    assert [first[key] for key in numbers] == pytest.approx([second[key] for key in numbers])
    assert "fixmatch" not in said[0][0] + said[0][2]


def test_a_pilot_that_shows_nothing_does_not_say_of_which_method(tmp_path: Path) -> None:
    of = study(points=9, seeds=3, blocks=SHARED)
    messages = []
    for name in ("one", "other"):
        options = Options(storage=tmp_path / name)
        turned = {"one": no_spread, "other": lambda cell: no_spread(_other(cell))}[name]
        fill(of, options, turned)
        with pytest.raises(InputError, match="no spread over points beyond the noise") as caught:
            known_of(of, options)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "fixmatch" not in messages[0]


def _other(cell: Cell) -> Cell:
    other = "ssc" if cell.placement.method == "fixmatch" else "fixmatch"
    return cell._replace(placement=cell.placement._replace(method=other))


def test_too_few_records_say_what_to_do(tmp_path: Path) -> None:
    of, options = study(blocks=SHARED), Options(storage=tmp_path)
    with pytest.raises(InputError, match=r"fixmatch has 0 complete points.*--pilot N or --variances"):
        known_of(of, options)


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
    of, options = study(points=16, blocks=SHARED), Options(storage=tmp_path)
    pilot = pilot_study(of, 4)
    fill(pilot, options)
    progress = running.survey(of, options)
    assert len(progress.records) == 2 * 5 * 2
    assert progress.num_new == 2 * 12 * 2
    assert progress.changes.deciding == []


@pytest.fixture
def own_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of the study's own size alone, which is quick."""
    monkeypatch.setattr(planning, "_sizes", lambda study: [(study.design.points, study.seeds)])


def planned(*, claims: list[dict[str, Any]] | None = None, points: int = 32, seeds: int = 3, **more: Any) -> Plan:
    of = study(points=points, seeds=seeds, blocks=SHARED, claims=claims or [STD])
    return make_plan(of, more.pop("known", QUIET), **{"num_simulations": 400, **more})


def test_a_plan_puts_seeds_before_points_and_promises_what_other_random_numbers_show() -> None:
    plan = planned(num_simulations=1000)
    assert [(s.points, s.seeds, s.cells) for s in plan.sizes] == [
        (32, 3, 198),
        (32, 5, 330),
        (32, 8, 528),
        (64, 5, 650),
        (64, 8, 1040),
        (128, 5, 1290),
    ]
    assert plan.level == plan.alpha == pytest.approx(0.05)
    question = Question(QUIET.law, 0.05)
    for size in plan.sizes[:2]:
        look = [Look(size.points, 0.05, 0.05)]
        again = simulate(look, size.seeds, 0.5, question, num_simulations=2000, seed=7)
        assert size.power == pytest.approx(again.whole, abs=0.06)
        assert size.mean_gate == pytest.approx(again.mean, abs=0.05)
    assert plan.sizes[0].power < plan.sizes[1].power < plan.sizes[3].power
    seen = plan.sizes[5].ratio
    assert seen is not None
    found = simulate([Look(128, 0.05, 0.05)], 5, seen, question, num_simulations=400, seed=7)
    assert found.whole == pytest.approx(0.8, abs=0.08)


@pytest.mark.usefixtures("own_size")
def test_more_claims_leave_each_less_power() -> None:
    more = [STD, *({"name": f"m{i}", "more": "ssc", "than": "fixmatch", "in": "mean"} for i in range(4))]
    few, many = planned(), planned(claims=more)
    assert many.level == pytest.approx(0.01)
    assert many.alpha == pytest.approx(0.05)
    assert many.sizes[0].power < few.sizes[0].power - 0.1


@pytest.mark.usefixtures("own_size")
def test_the_claims_own_margin_and_confidence_count() -> None:
    plain = planned()
    narrow = planned(claims=[{**STD, "margin": 0.01}])
    strict = planned(claims=[{**STD, "confidence": 0.99}])
    assert (narrow.margin, plain.margin, strict.alpha) == pytest.approx((0.01, 0.05, 0.01))
    assert narrow.sizes[0].power < plain.sizes[0].power - 0.2
    assert strict.sizes[0].power < plain.sizes[0].power - 0.1
    without = planned(claims=[{"name": "m", "more": "ssc", "than": "fixmatch", "in": "mean"}])
    assert (without.claim, without.margin) == (None, 0.01)


def test_the_claim_planned_for_is_of_the_block_and_setting() -> None:
    other = {**STD, "name": "other", "block": "specific"}
    alike = {"name": "alike", "equivalent": ["ssc", "fixmatch"], "within": 0.01, "in": "std"}
    placed = {**STD, "name": "placed", "setting": "b"}
    all_settings = {**STD, "name": "all", "over": "settings"}
    of = study(claims=[all_settings, alike, other, placed, STD], settings={"a": {}, "b": {}, "c": {}})
    assert [claim_of(of, "shared", s).name for s in ("a", "b")] == ["c", "placed"]  # type: ignore[union-attr]
    assert claim_of(of, "specific", "a").name == "other"  # type: ignore[union-attr]
    assert claim_of(of, "another", "a") is None


@pytest.mark.usefixtures("own_size")
def test_looks_divide_both_levels_and_are_said() -> None:
    looking = {"type": "sobol", "points": 32, "looks": [16, 32]}
    of = study(design=looking, seeds=5, blocks=SHARED, claims=[STD, {**STD, "name": "d", "block": "specific"}])
    plan = make_plan(of, QUIET, num_simulations=300)
    assert plan.looks == (0.5, 1.0)
    assert "judged at 50%, 100% of the points (looks)" in "\n".join(lines(plan))
    early, late = planning.looks_of(of, 64, 0.05, 0.025)
    assert (early.points, late.points) == (32, 64)
    assert early.alpha < late.alpha < 0.05
    assert early.level < late.level < 0.025
    assert planning.looks_of(of, 3, 0.05, 0.025)[-1].points == 3
    expected = simulate(
        [early._replace(points=16), late._replace(points=32)], 5, 0.5, Question(QUIET.law, 0.05), num_simulations=300
    )
    assert plan.sizes[0].power == expected.whole


@pytest.mark.usefixtures("own_size")
def test_what_is_not_simulated_is_said() -> None:
    assert "no cell that fails" in planned(num_simulations=20).assumed
    robust = planned(claims=[{**STD, "robust": True}], num_simulations=20)
    assert any("robust: true" in words for words in robust.assumed)


@pytest.mark.usefixtures("own_size")
def test_a_budget_is_never_overspent_and_goes_to_five_seeds_first() -> None:
    plan = planned(budget=200, num_simulations=100)
    assert plan.divisions
    for division in plan.divisions:
        assert division.cells == (division.points + 1) * division.seeds * 2 <= 200
        assert division.seeds >= 5
    powers = [division.power for division in plan.divisions]
    assert powers == sorted(powers, reverse=True)


@pytest.mark.parametrize(
    "question", [{"budget": 23}, {"ratio": 0.0}, {"ratio": 1.0}, {"mean_gain": 0.5}, {"mean_gain": float("nan")}]
)
def test_questions_without_an_answer_are_refused(question: dict[str, float]) -> None:
    with pytest.raises(InputError, match="--"):
        planned(num_simulations=10, **question)


def test_slopes_that_the_user_says_replace_what_was_assumed() -> None:
    found = with_slopes(parse_variances("point=1"), 0.4)
    assert found.law.slope_cv == 0.4
    assert sum("--slope-cv" in words for words in found.assumed) == 1
    assert any("40%" in words for words in found.assumed)
    with pytest.raises(InputError, match="--slope-cv"):
        with_slopes(found, -0.1)


@pytest.mark.usefixtures("own_size")
def test_the_words_name_the_gate_that_eats_the_power_and_what_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(claims=[{**STD, "margin": 0.01}], points=64, seeds=5)
    said = "\n".join(lines(plan))
    assert "no size of the table reaches 80%" in said
    assert "most is lost at the gate 'mean not worse'" in said
    margin = plan.sizes[0].margin
    assert margin is not None
    assert f"a wider margin, fixed before the first cell, gives it back: {margin:g} at 64 points x 5 seeds" in said
    assert "assumed:\n  equal means (--mean-gain)" in said
    better = planned(claims=[{**STD, "margin": 0.01}], points=64, seeds=5, mean_gain=margin - 0.01)
    assert better.sizes[0].power >= 0.75
    assert "a mean better by" in "\n".join(lines(better))
    assert "64 points x 5 seeds reach 80%" in "\n".join(lines(planned(points=64, seeds=5)))
    monkeypatch.setattr(planning, "MOST", 0)  # no further sizes
    small = "\n".join(lines(planned(points=8, known=Known(Law(0.0002, 0.0, 0.004), "", ()))))
    assert "most is lost at the test itself" in small


@pytest.mark.usefixtures("quick")
def test_the_command_answers_in_words_and_in_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(planning, "_sizes", lambda study: [(16, 3)])
    of = study(points=16, seeds=3, blocks=SHARED)
    both = {name: PARAMETERS[name] for name in ("learning_rate", "tau")}
    of = of.model_copy(update={"search_space": study(search_space={"parameters": both}).search_space})
    Path("small.yaml").write_text(json.dumps(of.model_dump(mode="json", by_alias=True, exclude={"settings"})))
    given = ["plan", "small.yaml", "--variances", "point=0.002,seed=0.0001,error=0.0005"]
    assert main([*given, "--budget", "150", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["sizes"][0]["points"] == 16
    assert answer["slope_cv"] == SLOPE_CV
    assert main([*given, "--budget", "150", "--slope-cv", "0.4", "--mean-gain", "0.02"]) == 0
    said = capsys.readouterr().out
    assert "a budget of 150 cells" in said
    assert "a mean better by 0.02" in said
    assert "varies by seed by 40%" in said
    assert main(["plan", "small.yaml", "--block", "other"]) == 2
    assert "allowed: shared" in capsys.readouterr().err
    assert main(["plan", "small.yaml"]) == 2
    assert "--pilot N or --variances" in capsys.readouterr().err


def test_a_pilot_that_was_interrupted_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[Options] = []

    def run(of: Study, options: Options) -> running.Finished:
        asked.append(options)
        return running.Interrupted(0, 0, 4, {}, [])

    monkeypatch.setattr(running, "train_and_judge", run)
    of = study(points=16, seeds=3, blocks=SHARED)
    both = {name: PARAMETERS[name] for name in ("learning_rate", "tau")}
    of = of.model_copy(update={"search_space": study(search_space={"parameters": both}).search_space})
    Path("small.yaml").write_text(json.dumps(of.model_dump(mode="json", by_alias=True, exclude={"settings"})))
    assert main(["plan", "small.yaml", "--pilot", "8"]) == 130
    assert [options.blind for options in asked] == [True]


def test_looks_are_simulated_at_their_nominal_levels() -> None:
    from ssc_tune.analysis.estimators import sequential
    from ssc_tune.running.power import looks_of

    content = {"points": 64, "type": "sobol", "looks": [16, 32, 64]}
    made = study(design=content)
    whole = looks_of(made, 64, 0.05, 0.025)
    assert [look.points for look in whole] == [16, 32, 64]
    assert [look.alpha for look in whole] == pytest.approx(sequential.nominal_levels(0.05, [0.25, 0.5, 1]))
    assert [look.level for look in whole] == pytest.approx(sequential.nominal_levels(0.025, [0.25, 0.5, 1]))
    assert [look.points for look in looks_of(made, 32, 0.05, 0.025)] == [8, 16, 32]
    once = looks_of(study(), 64, 0.05, 0.025)
    assert once == [(64, 0.05, 0.025)]


def test_a_plan_goes_on_until_a_size_sees_something() -> None:
    """The own size and its next ones see nothing, at any ratio or margin; the last row is the first that does."""
    blind = Known(Law(0.004, 0.001, 0.002), "by hand", ())
    plan = make_plan(
        study(points=4, seeds=2, blocks=SHARED, claims=[{**STD, "margin": 0.01}]), blind, num_simulations=60
    )
    *before, last = plan.sizes
    assert len(before) >= 6
    assert all(size.margin is None and size.ratio is None for size in before)
    assert last.margin is not None or last.ratio is not None
    assert f"{last.points} points x {last.seeds} seeds" in "\n".join(lines(plan))


def test_a_plan_that_sees_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST", 200)
    noise = Known(Law(1e-6, 0.01, 0.02), "by hand", ())
    plan = make_plan(study(points=4, seeds=2, blocks=SHARED, claims=[STD]), noise, num_simulations=30)
    assert all(size.points * size.seeds <= 200 for size in plan.sizes)
    assert "no size of the table reaches 80%" in "\n".join(lines(plan))
