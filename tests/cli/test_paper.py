"""``ssc-tune paper`` writes a whole folder, says what it wrote, and loses nothing that is not its own."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ssc_tune.paper import files
from ssc_tune.report.figures import KINDS, Drawn, Figure
from tests.making.files import Bench
from tests.making.papers import written

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A small study, and its folder ``out``."""
    with written(tmp_path_factory.mktemp("paper")) as made:
        yield made


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


@pytest.mark.slow
def test_each_figure_is_there_in_every_form(paper: Bench) -> None:
    found = tree(Path("out"))
    names = sorted(name.removesuffix(".txt").removeprefix("figures/") for name in found if name.endswith(".txt"))
    assert len(names) >= 3
    for name in names:
        for width in ("column", "page"):
            svg, pdf, png = (found[f"figures/{name}-{width}.{kind}"] for kind in ("svg", "pdf", "png"))
            assert (svg[:4], pdf[:4], png[:4]) == (b"<svg", b"%PDF", b"\x89PNG")
        tables = [other for other in found if other.startswith(f"figures/{name}.") and other.endswith(".csv")]
        assert tables
        assert found[f"figures/{name}.txt"].decode().strip().endswith(".")
    assert {"methods.tex", "methods.md", "references.bib", "paper.json", "tables/verdicts.tex"} <= set(found)
    assert {name.split("/")[0] for name in found if "/" in name} == {"figures", "tables"}


@pytest.mark.slow
def test_what_was_written_is_said_and_so_is_what_has_nothing_to_show(
    paper: Bench, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each kind of figure there is one, or it is named with what it needs."""
    before = tree(Path("out"))
    code, text, _ = call("paper", "small", "--output", "out")
    assert code == 0
    assert tree(Path("out")) == before  # byte by byte
    lines = text.splitlines()
    assert sorted(line for line in lines if line.startswith("out/")) == sorted(
        f"out/{n}" for n in before if n != "paper.json"
    )
    said = [line.removeprefix("no figure of ") for line in lines if not line.startswith("out/")]
    assert said
    assert set(said) <= {f"{kind.name}: it needs {kind.needs}" for kind in KINDS}
    assert "effects at each look: it needs two looks that were judged, with an effect at each" in said
    monkeypatch.setattr(files, "figures", lambda *_: Drawn([], [(kind.name, kind.needs) for kind in KINDS]))
    code, text, _ = call("paper", "small", "--output", "other", "--json")
    content = json.loads(text)
    assert sorted(content["files"]) == sorted(f"other/{name}" for name in tree(Path("other")) if name != "paper.json")
    assert [one["figure"] for one in content["absent"]] == [kind.name for kind in KINDS]


@pytest.mark.slow
def test_the_data_of_a_figure_are_those_of_the_records(paper: Bench, call: Call) -> None:
    assert call("report", "small")[0] == 0
    rows = table(Path("runs/small/results.csv"))
    shown = table(Path("out/figures/parameters-shared.cells-shared.csv"))
    kept = {row["cell_id"]: row for row in rows if row["block"] == "shared"}
    assert {row["cell"] for row in shown} == set(kept)
    assert {row["status"] for row in shown} == {"ok", "failed"}
    for row in shown:
        one = kept[row["cell"]]
        expected = float(one["test_accuracy"]) if one["status"] == "ok" else 0.1  # chance of ten classes
        assert float(row["y"]) == pytest.approx(expected, abs=1e-6)
        assert [row["method"], row["status"]] == [one["method"], one["status"]]


@pytest.fixture
def quick(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A study with records, whose figures take too long to be drawn here."""
    bench.fill()
    monkeypatch.setattr(files, "figures", lambda *_: Drawn([], []))
    return bench


def spoil(folder: Path, how: str) -> None:
    path = {"foreign": folder / "figures" / "mine.png", "manifest": folder / "paper.json"}.get(
        how, folder / "methods.tex"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine", encoding="utf-8")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("foreign", "holds figures/mine.png, which this command did not write"),
        ("changed", "methods.tex was changed since it was written"),
        ("manifest", "holds methods.md, which this command did not write"),
    ],
)
def test_a_folder_that_holds_something_else_is_refused(quick: Bench, call: Call, how: str, said: str) -> None:
    assert call("paper", "small", "--output", "out")[0] == 0
    spoil(Path("out"), how)
    before = tree(Path("out"))
    code, text, err = call("paper", "small", "--output", "out")
    assert (code, text) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert "--output" in err
    assert tree(Path("out")) == before


def test_a_folder_of_a_users_own_is_refused_and_an_empty_one_is_not(quick: Bench, call: Call) -> None:
    Path("empty").mkdir()
    assert call("paper", "small", "--output", "empty")[0] == 0
    Path("own").mkdir()
    Path("own/methods.tex").write_text("mine")
    code, _, err = call("paper", "small", "--output", "own")
    assert code == 2
    assert "own: holds methods.tex, which this command did not write" in err
    assert Path("own/methods.tex").read_text() == "mine"
    Path("file").write_text("mine")
    code, _, err = call("paper", "small", "--output", "file")
    assert (code, err) == (2, "file: --output must name a folder, and this is a file\n")
    code, _, err = call("paper", "small", "--output", "file/below")
    assert code == 2
    assert Path("file").read_text() == "mine"


def test_it_goes_into_the_studys_folder_unless_told_otherwise(quick: Bench, call: Call) -> None:
    assert call("paper", "small")[0] == 0
    assert (quick.folder.path / "paper" / "methods.tex").is_file()
    assert call("show", "small")[0] == 0


def test_what_a_later_version_of_the_study_has_not_goes(quick: Bench, call: Call) -> None:
    """Of what this command wrote, and of nothing else."""
    assert call("paper", "small", "--output", "out")[0] == 0
    assert Path("out/tables/verdicts.tex").is_file()
    text = quick.file.read_text(encoding="utf-8")
    quick.file.write_text(text[: text.index("claims:")], encoding="utf-8")
    assert call("paper", str(quick.file), "--output", "out")[0] == 0
    assert not Path("out/tables/verdicts.tex").exists()
    assert "declares no claim" in Path("out/methods.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("after", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_who_is_stopped_on_the_way_starts_again(
    quick: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The folder of one state of the study is half replaced by another; the same command makes it whole."""
    assert call("paper", "small", "--output", "out")[0] == 0
    quick.fill(quick.cells[:1], status="diverged", validation_accuracy=None, test_accuracy=None, history=())
    assert call("paper", "small", "--output", "whole")[0] == 0
    left, write = [after], files.write_atomically

    def stopped(path: Path, content: str | bytes) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_atomically", stopped)
        call("paper", "small", "--output", "out")
    assert tree(Path("out")) != tree(Path("whole"))
    assert call("paper", "small", "--output", "out")[0] == 0
    assert tree(Path("out")) == tree(Path("whole"))


def test_a_study_without_records_is_refused(bench: Bench, call: Call) -> None:
    code, text, err = call("paper", str(bench.file))
    assert (code, text) == (2, "")
    assert err == "small: no cell has a record yet, so there is nothing to write; a run makes them\n"
    assert not (bench.folder.path / "paper").exists()
    code, _, err = call("paper", "nosuch")
    assert code == 2
    assert err.count("\n") == 1


def test_each_kind_of_figure_says_what_it_needs() -> None:
    assert len({kind.name for kind in KINDS}) == len({kind.draw for kind in KINDS}) == len(KINDS)
    assert all(kind.needs for kind in KINDS)


def test_rows_of_a_figure_stay_in_its_folder() -> None:
    """They are named after blocks and settings, which may be called anything."""
    rows = [{"m": "ssc", "y": 1.5, "t": "=1+1"}, {"m": "ssc", "lo": None}]
    figure = Figure("spread", "t", "l", "c", (), {"spread": rows, "cells-../x": rows, "cells-..\\x": rows})
    found = files.data(figure)
    assert list(found) == [".csv", ".cells-_x.csv", ".cells-_x-2.csv"]
    assert found[".csv"] == "method,y,t,low\nssc,1.5,'=1+1,\nssc,,,\n"
