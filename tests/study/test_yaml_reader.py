"""The YAML reader, against JSON and against what a careful person means by the text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssc_tune.errors import InputError
from ssc_tune.study.reading.yaml_reader import MAX_BYTES, parse_yaml, read_yaml


def value(text: str) -> Any:
    return parse_yaml(f"key: {text}", "f").value["key"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3", 0.001),
        ("1E5", 100_000),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1.5e+2", 150),
        ("-3", -3),
        ("007", 7),
        ("3.0", 3.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("12:30:00", "12:30:00"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("<<", "<<"),
        ("'1e-3'", "1e-3"),
        ('"true"', "true"),
        ("[1, [2, a]]", (1, (2, "a"))),
    ],
)
def test_scalars_mean_what_they_say(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_keys_are_text() -> None:
    assert parse_yaml("1: a\ntrue: b\n1e-3: c\nno: d", "f").value == {"1": "a", "true": "b", "1e-3": "c", "no": "d"}


def test_every_value_knows_the_line_of_its_key() -> None:
    text = "# comment\na:\n  b: 1\n  c:\n    - x\n    - {y: 2,\n       z: 3}\n"
    assert parse_yaml(text, "f").lines == {
        (): 2,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "c"): 4,
        ("a", "c", 0): 5,
        ("a", "c", 1): 6,
        ("a", "c", 1, "y"): 6,
        ("a", "c", 1, "z"): 7,
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    .map(lambda x: float(f"{x:.12g}"))
    .filter(lambda x: abs(x) < 1e300)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=20).filter(str.strip), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_json_is_read_as_json(content: object) -> None:
    """YAML holds JSON (keys of up to 1,024 characters); numbers like 1e5 become int, and lists become tuples."""

    def normal(x: Any) -> Any:
        if isinstance(x, dict):
            return {k: normal(v) for k, v in x.items()}
        return tuple(map(normal, x)) if isinstance(x, list) else x

    assert parse_yaml(json.dumps({"key": content}), "f").value == normal({"key": content})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\nb: 4", ["f:3: a: the key is given twice, first on line 1",
                                       "f:4: b: the key is given twice, first on line 2"]),
        ("a: {b: 1,\n b: 2}", ["f:2: a.b: the key is given twice, first on line 1"]),
        ("a: &x 1\nb: *x", ["f:1: anchors (&) and aliases (*) are not allowed; write the value out"]),
        ("a: !!python/name:os.system", ["f:1: tags such as 'tag:yaml.org,2002:python/name:os.system' are not allowed"]),
        ("a: !!set {b}", ["f:1: tags such as 'tag:yaml.org,2002:set' are not allowed"]),
        ("a: !!int x", ["f:1: 'x' is not a number"]),
        ("? [a]\n: 1", ["f:1: a key must be a word"]),
        ("'': 1", ["f:1: a key must be a word"]),
        ("a: 1e999", ["f:1: the number 1e999 is too large"]),
        ("a: " + "9" * 5000, ["f:1: the number 999999999999... has too many digits"]),
        ("a: [1,\nb: 2", ["f:2: not valid YAML: expected ',' or ']', but got '<stream end>'"]),
        ("a: 'x", ["f:1: not valid YAML: found unexpected end of stream"]),
        ('a: "\\ud800"', ["f:1: half of a character (an escape from \\ud800 to \\udfff) is no text"]),
        ("a: \x07", ["f:1: not valid YAML: character '\\x07' is not allowed"]),
        ("a:\n" + "".join(" " * i + "- \n" for i in range(1, 60)), ["f:31: nested deeper than 30 levels"]),
    ],
)  # fmt: skip
def test_errors_name_the_line(text: str, expected: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f")
    assert list(caught.value.problems) == expected


def test_an_alias_bomb_is_refused() -> None:
    """The classic one: 9 levels of 9 aliases, 387 million leaves."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(InputError, match="anchors"):
        parse_yaml("\n".join(lines), "f")


def test_a_hundred_thousand_values_are_refused() -> None:
    with pytest.raises(InputError, match=r"^f:20000: more than 20,000 keys and values$"):
        parse_yaml("- a\n" * 100_000, "f")


def test_a_million_brackets_are_refused() -> None:
    with pytest.raises(InputError, match="nested deeper"):
        parse_yaml("[" * 900_000, "f")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "f.yaml:1: the file is empty; it must hold a mapping (key: value lines)"),
        (b"# only this\n", "f.yaml:1: the file is empty; it must hold a mapping (key: value lines)"),
        (b"- a\n", "f.yaml:1: the top level must be a mapping (key: value lines), not a list"),
        (b"just text", "f.yaml:1: the top level must be a mapping (key: value lines), not 'just text'"),
        (b"a: 1\nb: \xff", "f.yaml:2: not UTF-8 text (byte 0xff)"),
        (b"#" * (MAX_BYTES + 1), "f.yaml: larger than 1,000,000 bytes"),
    ],
    ids=["empty", "comment", "list", "text", "latin1", "large"],
)
def test_files_that_are_no_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.yaml").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_yaml(Path("f.yaml"))
    assert caught.value.problems == (expected,)


def test_missing_file_and_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.yaml").mkdir()
    with pytest.raises(InputError, match=r"^none\.yaml: no such file$"):
        read_yaml(Path("none.yaml"))
    with pytest.raises(InputError, match=r"^folder\.yaml: is a directory, not a file$"):
        read_yaml(Path("folder.yaml"))


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: x\n")
    assert read_yaml(file).value == {"name": "x"}


PIECES = [
    *"ab: \n\t-?[]{},&*!|>'\"%@`#~<=.1e\\xuU\ud7ff\u2028\x85\ufeff",
    "---",
    "...",
    "\n  ",
    "%YAML 1.",
    "\\U00110000",
]
YAML_LIKE = st.lists(st.sampled_from(PIECES)).map("".join)


@settings(max_examples=300)
@given(YAML_LIKE | st.text())
def test_any_text_gives_values_or_an_input_error_of_single_lines(text: str) -> None:
    try:
        parse_yaml(text, "f")
    except InputError as error:
        problems = error.problems
    else:
        return
    assert problems
    assert all(problem.startswith("f:") and len(problem.splitlines()) == 1 for problem in problems)
