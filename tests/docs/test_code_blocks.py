"""Every block of code in the README and the documentation does what the page says.

``python`` blocks of a page run in order in one namespace. ``yaml`` blocks are studies, search spaces, or parts of a
study; they must validate, and studies stay in the folder for the commands that follow. ``bash`` and ``console``
blocks are run where that is cheap, with ``--dry-run`` where they would train; a block marked ``not run here`` must give
one of REASONS and still be a command line that the program understands.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ssc_tune import cli
from ssc_tune import run as front_door
from ssc_tune.errors import InputError
from ssc_tune.study import load_search_space, load_study
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.template import study_template
from tests.docs.blocks import PAGES, ROOT, Block, blocks, commands
from tests.making.fixtures import measured_here as measured_here

LANGUAGES = ("python", "yaml", "bash", "console", "diff", "text", "json", "mermaid")
REASONS = (
    "takes minutes",
    "the main study takes minutes",
    "it would run itself",
    "needs a scheduler",
    "needs several machines",
    "needs a GPU",
    "needs a server",
    "needs a browser",
    "waits until it is stopped",
    "writes into the repository",
    "installs packages",
)
"""How a reason for not running a block may begin."""

ALL = [block for page in PAGES for block in blocks(page)]
EXAMPLES = (ROOT / "docs" / "adding_a_method.md", ROOT / "docs" / "own_methods.md")
"""Their files are put together and tested by test_adding_a_method.py and test_own_methods.py."""


def of(*languages: str) -> list[Any]:
    chosen = [block for block in ALL if block.language in languages and block.page not in EXAMPLES]
    return [pytest.param(block, id=block.label) for block in chosen]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like the repository's root, with the studies that the pages' YAML blocks are."""
    for name in ("studies", "search_spaces"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name, text in studies_of_the_pages().items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for variable in ("MLFLOW_TRACKING_URI", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@cache
def studies_of_the_pages() -> dict[str, str]:
    """Texts of the studies in the pages' YAML blocks, by their names."""
    ours = [block for block in ALL if block.language == "yaml" and block.page not in EXAMPLES]
    return {yaml.safe_load(block.text)["name"]: block.text for block in ours if is_study(block)}


def is_study(block: Block) -> bool:
    content = yaml.safe_load(block.text)
    return isinstance(content, dict) and {"name", "methods", "design"} <= set(content)


def test_there_is_something_to_test() -> None:
    assert {block.page.name for block in ALL} >= {"README.md", "concepts.md", "adding_a_method.md"}
    assert {"python", "yaml", "bash"} <= {block.language for block in ALL}


@pytest.mark.parametrize("block", [pytest.param(block, id=block.label) for block in ALL])
def test_blocks_name_their_language_and_their_reason(block: Block) -> None:
    assert block.language in LANGUAGES, f"{block.label}: name one of {LANGUAGES}, or indent the block instead"
    if block.reason is not None:
        assert block.language in ("bash", "console"), f"{block.label}: only commands may be left out"
        assert block.reason.startswith(REASONS), f"{block.label}: {block.reason!r} is none of {REASONS}"


PYTHON = sorted({b.page for b in ALL if b.language == "python" and b.page not in EXAMPLES})


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PYTHON])
def test_python_runs(page: Path, workplace: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python":
            code = compile("\n" * block.line + block.text, str(page), "exec")
            exec(code, namespace)


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_is_valid(block: Block, workplace: Path) -> None:
    content = yaml.safe_load(block.text)
    path = workplace / "block.yaml"
    path.write_text(block.text, encoding="utf-8")
    if is_study(block):
        load_study(path)
    elif "parameters" in content:
        load_search_space(path)
    else:
        part_of_a_study(content, path)


def part_of_a_study(content: dict[str, Any], path: Path) -> None:
    """Valid if a whole study with these keys in place of its own is; the whole is quick's, which has blocks."""
    unknown = set(content) - set(Study.model_fields)
    assert not unknown, f"neither a study, nor a search space, nor a part of a study: {sorted(unknown)}"
    whole = yaml.safe_load((ROOT / "studies" / "quick.yaml").read_text(encoding="utf-8"))
    whole["search_space"] = [str(ROOT / "search_spaces" / name) for name in ("digits.yaml", "digits_own.yaml")]
    lines = yaml.safe_dump({key: value for key, value in whole.items() if key not in content})
    path.write_text(lines + path.read_text(encoding="utf-8"), encoding="utf-8")
    load_study(path)


def test_a_wrong_part_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "block.yaml"
    path.write_text("claims: [{name: a, less: ssc, than: fixmatch, in: stdd}]\n")
    with pytest.raises(InputError, match="stdd"):
        part_of_a_study(yaml.safe_load(path.read_text()), path)


def parsed(command: str) -> tuple[str, list[str]] | None:
    """Which of our two programs a command line calls, and with what; None for any other program."""
    words = shlex.split(command.split("&&")[-1])
    while words[:2] == ["uv", "run"]:
        words = words[2:]
    if words[:3] == ["python", "-m", "ssc_tune.run"]:
        return "run", words[3:]
    return ("ssc-tune", words[1:]) if words[:1] == ["ssc-tune"] else None


@pytest.mark.parametrize("block", of("bash", "console"))
def test_commands_are_understood(block: Block, workplace: Path) -> None:
    for command, _ in commands(block):
        ours = parsed(command)
        if ours is None:
            assert block.reason is not None, f"{block.label}: {command!r} cannot be run here; say why in a comment"
            continue
        program, words = ours
        parser = front_door.make_parser() if program == "run" else cli.make_parser()
        arguments = parser.parse_args(words)
        study = getattr(arguments, "study", None)
        if study is not None and study.suffix == ".yaml":
            assert study.is_file(), f"{block.label}: {study} is neither shipped nor on a page"


@pytest.mark.usefixtures("measured_here")
@pytest.mark.parametrize("block", [p for p in of("bash", "console") if p.values[0].reason is None])
def test_commands_run(block: Block, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "example.yaml").write_text(study_template("example"), encoding="utf-8")
    for command, expected in commands(block):
        capsys.readouterr()
        code = call(*parsed(command) or pytest.fail(command))
        captured = capsys.readouterr()
        if expected:
            assert_shown(expected, captured.out + captured.err, block)
        else:
            assert code == 0, f"{block.label}: {command}: {captured.err}"


def call(program: str, words: list[str]) -> int:
    main: Callable[[list[str]], int] = front_door.main if program == "run" else cli.main
    if program == "run" or words[0] == "run":
        words = [*words, "--dry-run"]
    elif words[0] in ("show", "report", "check", "sync"):
        words = [*words[:1], f"studies/{words[1]}.yaml" if words[1] == "quick" else words[1], *words[2:]]
    return main(words)


def assert_shown(expected: list[str], text: str, block: Block) -> None:
    """Line by line; a line of three dots stands for any lines."""
    lines = [line.rstrip() for line in text.splitlines()]
    position = 0
    for line in (line.rstrip() for line in expected):
        if line == "...":
            continue
        assert line in lines[position:], f"{block.label}: not printed: {line!r}\nprinted:\n{text}"
        position = lines.index(line, position) + 1
