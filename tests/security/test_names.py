"""Names of a study file become names of files: none leads out of the storage folder, and none is too long for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ssc_tune import cli
from ssc_tune.commands import stored
from ssc_tune.errors import InputError
from ssc_tune.study import load_study
from tests.making.files import BASE as SMALL

BASE = """\
name: small
methods: [fixmatch, ssc]
search_space:
  parameters:
    tau: {type: float, default: 0.95, low: 0.6, high: 0.99}
design: {type: sobol, points: 4}
seeds: 2
"""
NASTY = ("../x", "/etc/x", "a/b", "a\\b", "..", ".", "", "-x", "a\n", "a\x00b", "~x", "x" * 300, "<b>", "=1", "a b")
KINDS: dict[str, Callable[[dict[str, object], str], dict[str, object]]] = {
    "study": lambda content, name: {**content, "name": name},
    "block": lambda content, name: {**content, "blocks": {"shared": {}, name: {"parameters": ["tau"]}}},
    "setting": lambda content, name: {**content, "settings": {name: {}, "b": {"data": {"labels_per_class": 8}}}},
    "method": lambda content, name: {
        **content,
        "methods": ["fixmatch", name],
        "own_methods": {name: {"command": ["true"], "hyperparameters": {"tau": 0.95}}},
        "claims": [],
    },
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NASTY)
def test_a_name_that_is_no_file_name_is_refused(kind: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    fine = KINDS[kind](yaml.safe_load(BASE), "fine")
    path.write_text(yaml.safe_dump(fine))
    load_study(path)
    path.write_text(yaml.safe_dump(KINDS[kind](yaml.safe_load(BASE), name)))
    with pytest.raises(InputError):
        load_study(path)


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("description", {"description": "x \x1b]0;mine\x07"}),
        (
            "claims.1.name",
            {"claims": [{"name": n, "less": "ssc", "than": "fixmatch", "in": "std"} for n in ("a", "\x1b[2J")]},
        ),
        (
            "claims.0.source",
            {"claims": [{"name": "a", "less": "ssc", "than": "fixmatch", "in": "std", "source": "\x9b2J"}]},
        ),
    ],
)
def test_a_text_that_a_terminal_would_obey_is_refused(key: str, content: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(BASE), **content}))
    with pytest.raises(InputError, match=rf"{key}: holds the control character"):
        load_study(path)


@pytest.mark.usefixtures("measured_here")
def test_words_in_brackets_are_shown_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are the markup of the library that draws the terminal's tables."""
    path = tmp_path / "s.yaml"
    words = "[/bold] [red]x[/red] [link=http://x.example]y"
    claims = [{"name": "[/c] [red]", "less": "ssc", "than": "fixmatch", "in": "std"}]
    path.write_text(yaml.safe_dump({**yaml.safe_load(BASE), "description": words, "claims": claims}))
    assert cli.main(["run", str(path), "--dry-run", "--storage", str(tmp_path / "runs")]) == 0
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("name", NASTY)
def test_a_stored_study_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    """As it may come with a folder that someone else made."""
    path = tmp_path / "s.yaml"
    path.write_text(SMALL)
    content = load_study(path).model_dump(mode="json", by_alias=True)
    folder = tmp_path / "runs" / "small"
    folder.mkdir(parents=True)
    (folder / "study.json").write_text(json.dumps({"study": {**content, "name": name}, "command": ""}))
    with pytest.raises(InputError, match="not a study that this version can read"):
        stored.read(folder / "study.json")
