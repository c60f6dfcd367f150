"""Loading: files and what they name, round trips, and files of noise."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssc_tune.design.cells import fixed_cells
from ssc_tune.errors import InputError
from ssc_tune.study import ChoiceParameter, FloatParameter, Study, load_search_space, load_study
from ssc_tune.study.reading.template import study_template
from tests.making.dump import dump_study
from tests.making.files import BASE
from tests.making.strategies import studies

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "studies").glob("*.yaml"))

SPACE = """\
description: for tests
parameters:
  learning_rate: {type: float, default: 0.03, factor: 3}
  tau: {type: float, default: 0.95, low: 0.9, high: 0.99}
"""
OF_FILE = """\
name: small
methods: [fixmatch, ssc]
search_space: SPACE
design: {type: sobol, points: 4}
"""


@given(studies())
@settings(deadline=None, max_examples=60)
def test_a_dumped_study_loads_as_the_same_study(study: Study) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "s.yaml"
        file.write_bytes(dump_study(study).encode())
        assert load_study(file) == study


LINES = st.sampled_from(
    [*BASE.splitlines(), "claims:", "  - {name: x, more: ssc, than: fixmatch, in: mean}", "data: 3"]
)
MUTATED = st.builds(
    lambda text, start, length, new: text[:start] + new + text[start + length :],
    st.just(BASE),
    st.integers(0, len(BASE)),
    st.integers(0, 40),
    st.text(alphabet="abt: \n-[]{},1.e&*'\"#!?", max_size=12),
)


@given(st.binary() | st.lists(LINES).map("\n".join).map(str.encode) | MUTATED.map(str.encode))
@settings(deadline=None, max_examples=300)
def test_any_file_is_a_study_or_an_input_error_of_single_lines(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "s.yaml"
        file.write_bytes(content)
        try:
            load_study(file)
        except InputError as error:
            problems = error.problems
        else:
            return
    assert problems
    assert all(len(problem.splitlines()) == 1 and problem.startswith(str(file)) for problem in problems)


KEYS = st.sampled_from(
    ["name", "claims", "0", "design", "seeds", "search_space", "parameters", "tau", "low", "methods"]
)
VALUES = st.sampled_from(["", "1", "-1", "ssc", "[a]", "{a: 1}", "{type: float}", "true", "1e-3", "[", "null", "[{}]"])


@given(st.lists(st.builds(lambda path, value: f"{'.'.join(path)}={value}", st.lists(KEYS, max_size=4), VALUES)))
@settings(deadline=None, max_examples=200)
def test_any_overrides_give_a_study_or_an_input_error(overrides: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "s.yaml"
        file.write_text(BASE)
        try:
            load_study(file, overrides)
        except InputError as error:
            problems = error.problems
        else:
            return
    assert problems
    assert all(len(problem.splitlines()) == 1 for problem in problems)


def test_a_search_space_of_its_own_is_found_beside_the_study(write: Callable[..., Path]) -> None:
    write(SPACE, "spaces/a.yaml")
    study = load_study(write(OF_FILE.replace("SPACE", "../spaces/a.yaml"), "studies/s.yaml"))
    assert list(study.search_space.parameters) == ["learning_rate", "tau"]
    assert load_search_space("spaces/a.yaml") == study.search_space


def test_a_mistake_in_a_search_space_file_names_that_file(write: Callable[..., Path]) -> None:
    write(SPACE.replace("high: 0.99", "high: 2").replace("factor", "facter"), "spaces/a.yaml")
    file = write(OF_FILE.replace("SPACE", "../spaces/a.yaml").replace("points", "point"), "studies/s.yaml")
    with pytest.raises(InputError) as caught:
        load_study(file)
    assert [problem.split(": ")[:3] for problem in caught.value.problems] == [
        ["studies/s.yaml:4", "design.point", "unknown key (did you mean 'points'?); allowed"],
        ["studies/s.yaml:4", "design.points", "the key is missing"],
        ["spaces/a.yaml:3", "parameters.learning_rate.facter", "unknown key (did you mean 'factor'?); allowed"],
        ["spaces/a.yaml:3", "parameters.learning_rate.high", "the key is missing"],
        ["spaces/a.yaml:3", "parameters.learning_rate.low", "the key is missing"],
        ["spaces/a.yaml:4", "parameters.tau.high", "must be at most 1, not 2.0 (hyperparameter tau of fixmatch)"],
    ]


def test_search_spaces_are_merged_in_order(write: Callable[..., Path]) -> None:
    write(SPACE, "a.yaml")
    mu = "mu: {type: int, default: 4, low: 1, high: 8}"
    tau = "tau: {type: float, default: 0.5, low: 0, high: 2}"
    write(f"parameters:\n  {mu}\n  {tau}", "b.yaml")
    text = OF_FILE.replace("SPACE", "[a.yaml, b.yaml, {description: all}]")
    with pytest.raises(InputError, match=r"^b\.yaml:3: parameters\.tau\.high: must be at most 1, not 2\.0"):
        load_study(write(text))
    study = load_study(write(text), ["search_space.parameters.tau.high=0.9"])
    assert list(study.search_space.parameters) == ["learning_rate", "tau", "mu"]
    assert study.search_space.parameters["tau"] == FloatParameter(type="float", default=0.5, low=0, high=0.9)
    assert study.search_space.description == "all"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("none.yaml", ["s.yaml:3: search_space: no file 'none.yaml' in ."]),
        ("x/../..", ["..: is a directory, not a file"]),
        ("[a.yaml, none.yaml]", ["s.yaml:3: search_space.1: no file 'none.yaml' in ."]),
        ("[a.yaml, 3]", ["s.yaml:3: search_space.1: must be the path of a file or a mapping, not 3"]),
        ("[]", ["s.yaml:3: search_space: must be a mapping (key: value lines), not a list"]),
        ("bad.yaml", ["bad.yaml:1: not valid YAML: expected the node content, but found '<stream end>'"]),
    ],
)
def test_search_spaces_that_cannot_be_read(
    write: Callable[..., Path], problems: Callable[..., list[str]], given: str, expected: list[str]
) -> None:
    write(SPACE, "a.yaml")
    write("parameters: [", "bad.yaml")
    assert problems(OF_FILE.replace("SPACE", given)) == expected


def test_an_unreadable_search_space_hides_no_other_mistake_and_makes_none_up(
    problems: Callable[..., list[str]],
) -> None:
    text = OF_FILE.replace("SPACE", "none.yaml") + "seeds: 0\nblocks: {shared: {parameters: [tau]}}\nclaims: [{}]\n"
    assert [line.split(":")[2].strip() for line in problems(text)] == [
        "search_space",
        "seeds",
        "claims.0.in",
        "claims.0.name",
    ]


def test_parameters_of_other_methods_are_left_out(write: Callable[..., Path]) -> None:
    text = BASE.replace("[fixmatch, ssc]", "[fixmatch, supervised]").replace("less: ssc", "less: supervised")
    study = load_study(write(text))
    assert list(study.search_space.parameters) == ["learning_rate", "tau"]
    assert study.block_parameters("specific") == ("learning_rate", "tau")
    assert load_study(write(dump_study(study))) == study


def test_a_factor_is_a_range_around_the_default() -> None:
    rate = FloatParameter.model_validate({"type": "float", "default": 0.03, "factor": 3})
    assert (rate.low, rate.high, rate.log) == (0.01, 0.09, True)
    tau = FloatParameter.model_validate({"type": "float", "default": 0.95, "factor": 5, "complement": True})
    assert (tau.low, tau.high, tau.log) == (0.75, 0.99, True)


def test_numbers_in_yaml_notation_reach_the_study(write: Callable[..., Path]) -> None:
    study = load_study(write(BASE.replace("batch_size: 32", "weight_decay: 1e-3, batch_size: 1e2")))
    assert study.fixed("ssc")["weight_decay"] == 0.001
    assert study.fixed("ssc")["batch_size"] == 100
    assert study.fixed("ssc")["temperature"] == 0.1
    assert "temperature" not in study.fixed("fixmatch")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_studies_load(path: Path) -> None:
    assert load_study(path).claims


@pytest.mark.parametrize("name", ["mine", "a.b-c_1", "123", "1e5", "true", "null"])
def test_the_template_runs_as_it_is(write: Callable[..., Path], name: str) -> None:
    study = load_study(write(study_template(name)))
    assert study.name == name
    assert study.claims
    commented = study_template(name).replace("    # temperature", "    temperature").replace("# blocks", "blocks")
    commented = commented.replace("#   shared", "  shared").replace("#   specific", "  specific")
    study = load_study(write(commented))
    assert study.block_parameters("specific") == ("learning_rate", "tau", "temperature")


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "a" * 81, "a\n", "{x}"])
def test_the_template_refuses_names_that_are_none(name: str) -> None:
    with pytest.raises(InputError, match=r"^name: "):
        study_template(name)


def test_choices_keep_their_types(write: Callable[..., Path]) -> None:
    views_line = "    num_strong_views: {type: choice, default: 1, choices: [1, 2], applies_to: [fixmatch]}"
    text = "\n".join(views_line if line.startswith("    temperature") else line for line in BASE.splitlines())
    parameter = load_study(write(text.replace("temperature", "num_strong_views"))).search_space.parameters
    views = parameter["num_strong_views"]
    assert isinstance(views, ChoiceParameter)
    assert [type(choice) for choice in views.choices] == [int, int]


def test_validation_imports_nothing_heavy() -> None:
    """In a fresh process, because this one has imported everything."""
    code = (
        "import sys, ssc_tune.study\n"
        f"study = ssc_tune.study.load_study({str(SHIPPED[0])!r})\n"
        "[study.fixed(method) for method in study.methods]\n"
        "heavy = 'torch ray mlflow optuna pandas scipy sklearn statsmodels altair matplotlib numpy'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"


def test_a_data_sets_own_views_are_the_defaults_of_its_settings_alone(write: Callable[..., Path]) -> None:
    settings = "settings:\n  here: {}\n  there: {data: {name: cifar10, labels_per_class: 4, validation: 500}}\n"
    base = BASE.replace("in: std", "in: std, setting: here")
    study = load_study(write(base + settings))
    names = ("strong_view", "randaugment_n")
    there = {name: study.fixed("ssc", "there")[name] for name in names}
    assert there == {"strong_view": "paper", "randaugment_n": 3}
    assert {name: study.fixed("ssc", "here")[name] for name in names} == {"strong_view": "ours", "randaugment_n": 2}
    given = load_study(write(base.replace("batch_size: 32", "batch_size: 32, strong_view: fixmatch") + settings))
    assert given.fixed("ssc", "there")["strong_view"] == "fixmatch"
    assert given.fixed("ssc", "there")["randaugment_n"] == 3
    cells = {cell.placement.setting: cell.config.hyperparameters for cell in fixed_cells(given)}
    assert (cells["there"]["randaugment_n"], cells["here"]["randaugment_n"]) == (3, 2)
