"""Tables in TeX say what verdicts.csv and summary.csv say, and whatever users call things is text."""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssc_tune.paper.tables import tables
from ssc_tune.paper.tex import escaped
from ssc_tune.presentation.csvs import summary_csv, verdicts_csv
from tests.making.analyses import Case, case, estimate
from tests.making.studies import REPORTED, study
from tests.report.written import HOSTILE

WORDS = {
    r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textless{}": "<",
    r"\textgreater{}": ">", r"\textbar{}": "|", r"\textquotedbl{}": '"', r"\textasciigrave{}": "`", "{[}": "[",
    "{]}": "]", "{*}": "*", "{}": "", r"$\times$": "×", r"$\pm$": "±", r"$\le$": "≤", r"$\ge$": "≥", "$^2$": "²",
    r"$\to$": "→",
    r"\textendash{}": "–", "$-$": "-",
}  # fmt: skip


def read(tex: str) -> str:
    """The text that a cell shows, by a reading of our own; nothing of TeX may be left over."""
    shown, at = "", 0
    while at < len(tex):
        word = next((word for word in sorted(WORDS, key=len, reverse=True) if tex.startswith(word, at)), None)
        if word is not None:
            shown, at = shown + WORDS[word], at + len(word)
        elif tex[at] == "\\":
            assert tex[at + 1] in "{}$&%#_", tex[at:]
            shown, at = shown + tex[at + 1], at + 2
        elif tex.startswith("--", at):
            raise AssertionError(f"TeX joins them: {tex[at:]}")
        else:
            assert tex[at] not in '{}$&%#_~^<>|"`[]*', tex[at:]
            shown, at = shown + tex[at], at + 1
    return shown


def rows(tex: str) -> Iterator[list[str]]:
    """The cells of a table, its header first; what is not between the rules is no row."""
    body = tex[tex.index(r"\toprule") : tex.index(r"\bottomrule")]
    for line in body.splitlines():
        if line.rstrip().endswith(r"\\"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)&", line.rstrip().removesuffix(r"\\"))]


@given(st.text())
def test_text_means_itself(text: str) -> None:
    """Only white space is joined, and a hyphen before a number becomes a minus sign, which reads back as one."""
    shown = "".join(letter for letter in " ".join(text.split()) if unicodedata.category(letter) != "Cc")
    assert read(escaped(text)) == shown.replace("−", "-")


def test_text_has_what_it_is_to_be_tried_on() -> None:
    for text in ("--set", "a---b", "-0.5", "[-0.5, 1]", "1-2", "x_1^2 & 50%", "\\[2pt]", "–", "* first", "\x07bell"):
        test_text_means_itself.hypothesis.inner_test(text)  # type: ignore[attr-defined]
    assert escaped("[-0.5, -1]") == "{[}$-$0.5, $-$1{]}"
    assert escaped("1-2 and a-1") == "1-2 and a-1"


@pytest.fixture(scope="module")
def made() -> Case:
    return case(study(REPORTED))


@pytest.mark.parametrize("name", ["verdicts", "measures"])
def test_tables_are_whole(made: Case, name: str) -> None:
    text = tables(made.study, made.analysis)[name]
    found = list(rows(text))
    assert len(found) > 3
    assert {len(row) for row in found} == {len(found[0])}
    assert re.search(
        r"\\begin\{tabular\}\{@\{\}((?:>\{\\raggedright\\arraybackslash\}p\{[\d.]+\\linewidth\})+)@\{\}\}", text
    )
    assert text.count(r"p{0.") == len(found[0])
    assert [word for word in re.findall(r"\\(\w+rule)", text)] == ["toprule", "midrule", "bottomrule"]
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    begun, ended = (re.findall(rf"\\{word}\{{(\w+)\}}", text) for word in ("begin", "end"))
    assert begun == ended[::-1]


def printed(text: str) -> list[float]:
    """The numbers of a cell as they are printed."""
    return [float(number) for number in re.findall(r"(?<![\w.])[+-]?\d+\.\d+(?:e[+-]?\d+)?", text)]


def close(text: str, expected: float) -> bool:
    """Whether a printed number is the expected one, rounded to its digits."""
    digits = len(text.partition(".")[2])
    return abs(float(text) - expected) <= 0.5000001 * 10**-digits


def test_every_number_of_the_verdicts_is_that_of_the_csv(made: Case) -> None:
    shown = list(rows(tables(made.study, made.analysis)["verdicts"]))[1:]
    kept = list(csv.DictReader(io.StringIO(verdicts_csv(made.analysis))))
    assert len(shown) == len(kept) == 3
    for cells, row in zip(shown, kept, strict=True):
        sentence, title, effect, p, verdict = map(read, cells)
        assert sentence == row["sentence"].rstrip(".")
        assert verdict == row["verdict"] + (" (post hoc)" if row["post_hoc"] == "True" else "")
        of_ratio = row["effect_name"].startswith("ln(")
        assert title == (row["effect_name"][3:-1] if of_ratio else row["effect_name"])
        numbers = [float(row[name]) for name in ("effect", "effect_low", "effect_high")]
        texts = re.findall(r"[+-]?\d+\.\d+", effect)
        assert len(texts) == 3
        expected = [math.exp(x) for x in numbers] if of_ratio else numbers
        assert all(close(text, value) for text, value in zip(texts, expected, strict=True)), (texts, expected)
        assert close(p.removeprefix("< "), float(row["p_adjusted"])) or float(row["p_adjusted"]) < 0.001
    assert sum("(post hoc)" in cells[-1] for cells in shown) == 1


def test_every_number_of_the_measures_is_that_of_the_csv(made: Case) -> None:
    header, *shown = rows(tables(made.study, made.analysis)["measures"])
    kept = {row["method"]: row for row in csv.DictReader(io.StringIO(summary_csv(made.analysis)))}
    assert header[1:] == list(kept)
    by_name = {read(cells[0]): [read(cell) for cell in cells[1:]] for cells in shown}
    for name, columns in {
        "Mean": ("mean", "mean_low", "mean_high"),
        "Standard deviation": ("std", "std_low", "std_high"),
        "CVaR10": ("cvar", "cvar_low", "cvar_high"),
        "Worst point": ("worst_test",),
        "Best point": ("best_test",),
    }.items():
        for method, text in zip(kept, by_name[name], strict=True):
            texts = re.findall(r"\d+\.\d+", text)
            assert len(texts) == len(columns)
            assert all(close(t, float(kept[method][c])) for t, c in zip(texts, columns, strict=True)), (name, method)


def test_what_users_write_stays_text() -> None:
    """Names in which every special character stands, and an effect that is undefined with a reason of that kind."""
    made = case(study(REPORTED))
    first, *others = made.analysis.verdicts
    undefined = estimate(0.1, 0.1).model_copy(update={"value": None, "low": None, "high": None, "note": HOSTILE})
    worse = first.model_copy(update={"sentence": HOSTILE, "known": HOSTILE, "post_hoc": True, "effect": undefined})
    found = tables(made.study, made.analysis.model_copy(update={"verdicts": (worse, *others)}))["verdicts"]
    cells = list(rows(found))[1]
    assert read(cells[0]) == " ".join(HOSTILE.split())
    assert HOSTILE.split()[0] in read(cells[2])
    caption = re.search(r"\\caption\{(.*)\}\n", found)
    assert caption is not None
    assert "script" in read(caption[1].replace("$p$", "p"))
    assert "post hoc" in caption[1]


def test_a_study_without_claims_has_no_table_of_verdicts() -> None:
    made = case(study(REPORTED, claims=[]))
    assert list(tables(made.study, made.analysis)) == ["measures"]


def test_a_table_for_each_block() -> None:
    made = case(study(REPORTED, blocks={"shared": {}, "one": {"parameters": ["tau"]}}))
    found = tables(made.study, made.analysis)
    assert list(found) == ["verdicts", "measures-shared", "measures-one"]
    assert len({re.search(r"\\label\{(.+)\}", text)[1] for text in found.values()}) == 3  # type: ignore[index]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX on this machine")
def test_tex_compiles_them(made: Case, tmp_path: Path) -> None:
    for name, text in tables(made.study, made.analysis).items():
        (tmp_path / f"{name}.tex").write_text(text, encoding="utf-8")
    inputs = "\n".join(rf"\input{{{name}}}" for name in tables(made.study, made.analysis))
    document = rf"""\documentclass{{article}}
\usepackage[T1]{{fontenc}}
\usepackage{{booktabs,array}}
\begin{{document}}
{inputs}
\end{{document}}
"""
    (tmp_path / "all.tex").write_text(document, encoding="utf-8")
    done = subprocess.run(["pdflatex", "-halt-on-error", "all.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_blocks_may_be_called_anything() -> None:
    """Two whose names differ in what no file may be called have a file and a label each, in the folder."""
    made = case(
        study(REPORTED, blocks={"shared": {}, "../a b": {"parameters": ["tau"]}, "../A/b": {"parameters": ["mu"]}})
    )
    found = tables(made.study, made.analysis)
    assert list(found) == ["verdicts", "measures-shared", "measures-_a_b", "measures-_A_b-2"]
    assert "block ../a b" in read(re.search(r"\\caption\{(.*)\}\n", found["measures-_a_b"])[1])  # type: ignore[index]
