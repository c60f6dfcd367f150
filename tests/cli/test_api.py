"""From Python: the same study, the same numbers, whatever was imported first."""

from __future__ import annotations

import html
import io
import math
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ssc_tune
from ssc_tune import notebook
from ssc_tune.presentation import words
from ssc_tune.records import StudyFolder
from tests.making import fake_records, studies
from tests.making.fewer import fewer_bootstraps
from tests.making.files import FAILED, Bench, true_accuracy

STD = {"name": "stability", "less": "ssc", "than": "fixmatch", "in": "std"}


class Cells(HTMLParser):
    """Rows of the tables of a page, its tags, what is bold, and all of its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.bold: list[str] = []
        self.text, self._open = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open = tag
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open == "b":
            self.bold.append(data)
        if self._open in ("td", "th"):
            self.rows[-1].append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def test_the_function_and_the_module_have_names_of_their_own() -> None:
    """Importing ``ssc_tune.run`` binds that name in the package: the function must not have it."""
    script = """
import sys
import ssc_tune
import ssc_tune.run as module
assert callable(ssc_tune.run_study) and not callable(ssc_tune.run) and callable(module.main)
try:
    ssc_tune.run_study("nowhere.yaml")
except ssc_tune.InputError as error:
    assert "nowhere.yaml" in str(error), error
else:
    raise AssertionError
assert module.main(["nowhere.yaml"]) == 2
assert not {"torch", "ray", "mlflow", "optuna"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys, ssc_tune; print(sorted(n for n in sys.modules if n.startswith(('ssc_tune.', 'pydantic'))))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert {"load_study", "run_study", "StudyResult", "InputError"} <= set(dir(ssc_tune))
    with pytest.raises(AttributeError, match="attribute nothing"):
        ssc_tune.nothing  # noqa: B018


def test_a_finished_study_gives_its_records_and_verdicts(one_block: Bench) -> None:
    one_block.fill(one_block.cells[1:])
    one_block.fill(one_block.cells[:1], **FAILED)
    study = ssc_tune.load_study(one_block.file)
    result = ssc_tune.run_study(study, tracking_uri="none")
    assert result.study == study
    assert [v.claim.name for v in result.verdicts] == ["better", "stability"]
    assert (result.num_failed, result.num_missing) == (1, 0)
    csv = next(path for path in result.files if path.name == "results.csv")
    pd.testing.assert_frame_equal(result.records, pd.read_csv(csv))
    first = one_block.cells[0].cell_id
    accuracies = result.records.drop_duplicates("cell_id").set_index("cell_id")["test_accuracy"]
    assert accuracies.isna().sum() == 1
    assert accuracies.drop(first).to_dict() == {c.cell_id: true_accuracy(c) for c in one_block.cells[1:]}
    assert "small" in repr(result)
    assert (Path("runs") / "small" / "report.html").is_file()
    assert one_block.folder.read_json("study.json")["command"] == "ssc_tune.run_study('small', tracking_uri=\"none\")"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ssc_tune.StudyResult:
    """Of a study with two blocks whose words would be markup, all of whose records are there."""
    folder = tmp_path_factory.mktemp("shown")
    claims = [STD, {"name": "<b>level</b> & more", "more": "ssc", "than": "fixmatch", "in": "mean"}]
    blocks = {"shared": {}, "rate alone": {"parameters": ["learning_rate"]}}
    study = studies.study(studies.FAKE, claims=claims, blocks=blocks, description="Is <i>one</i> better?")
    fake_records.fill(study, StudyFolder(folder, study.name))
    with pytest.MonkeyPatch.context() as patch:
        fewer_bootstraps(patch, 50)
        return ssc_tune.run_study(study, storage=folder, tracking_uri="none")


def test_the_verdicts_are_a_table_of_what_is_told(result: ssc_tune.StudyResult) -> None:
    table = result.verdict_table
    assert list(table.index) == [verdict.claim.name for verdict in result.verdicts]
    for verdict, row in zip(result.verdicts, table.itertuples(), strict=True):
        assert (row.verdict, row.sentence) == (verdict.verdict, verdict.sentence)
        told = [verdict.effect.value, verdict.effect.low, verdict.effect.high]
        assert [row.effect, row.low, row.high] == [
            x if verdict.ratio is None else math.exp(x) for x in told if x is not None
        ]
    first = table.iloc[0]
    assert first["effect_name"] == "sd of fixmatch / sd of ssc"
    assert f"sd of fixmatch is {first['effect']:.2f} times sd of ssc" in html.unescape(result._repr_html_())


def test_the_summary_is_the_file_read_back(result: ssc_tune.StudyResult) -> None:
    csv = next(path for path in result.files if path.name == "summary.csv")
    pd.testing.assert_frame_equal(result.summary, pd.read_csv(csv))


def test_a_notebook_shows_the_verdicts_and_every_word_means_itself(result: ssc_tune.StudyResult) -> None:
    page = Cells(result._repr_html_())
    assert page.rows[0] == ["claim", "verdict", "effect", "why"]
    for verdict, row in zip(result.verdicts, page.rows[1:], strict=True):
        assert row == [verdict.sentence, verdict.verdict, words.effect(verdict), words.reason(verdict)]
    assert "Is <i>one</i> better?" in page.text
    assert page.tags == {"p", "b", "table", "tr", "th", "td"}
    assert page.bold == ["fake"]


def test_figures_are_altair_charts_by_name_and_the_first_of_several_by_the_start_of_it(
    result: ssc_tune.StudyResult,
) -> None:
    import altair as alt

    assert {"parameters-shared", "spread-shared", "parameters-rate_alone"} <= set(result.figures)
    assert isinstance(result.plot("spread"), alt.ConcatChart)
    first = result.plot("parameters").to_dict(validate=False)
    assert first == result.plot().to_dict(validate=False) == result.plot("parameters-shared").to_dict(validate=False)
    assert first["datasets"]
    assert len(first["concat"]) == 2


def test_a_figure_that_is_not_there_is_named_with_the_nearest_and_all(result: ssc_tune.StudyResult) -> None:
    with pytest.raises(ssc_tune.InputError) as caught:
        result.plot("parametres-shared")
    text = str(caught.value)
    assert text.startswith("plot: no figure 'parametres-shared' (did you mean 'parameters-shared'?); allowed: ")
    assert all(name in text for name in result.figures)


def test_there_is_no_bar_outside_a_notebook() -> None:
    assert not notebook.is_notebook()


def test_the_bar_of_a_notebook_renews_itself_and_prints_what_is_to_stay(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, content: Any) -> None:
            shown[-1] = content.data

    def display(content: Any, *, display_id: bool) -> Handle:
        assert display_id
        shown.append(content.data)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(notebook.NotebookView, "_SECONDS", 0.0)
    out, err = io.StringIO(), io.StringIO()
    bench.fill(bench.cells[:1], **FAILED)
    bench.fill(bench.cells[1:2])
    records, _ = bench.folder.records.read_many([cell.cell_id for cell in bench.cells[:2]], set_aside=False)
    total = len({cell.cell_id for cell in bench.cells})
    with notebook.NotebookView(bench.folder, bench.cells, {}, out=out, err=err, workers=1) as view:
        view.wait("Ray <starts>")
        assert shown == [shown[0]]
        assert f'value="0" max="{total}"' in shown[0]
        assert shown[0].endswith("; Ray &lt;starts&gt; ...")
        for cell in bench.cells[:2]:
            view.finished(cell, records[cell.cell_id])
        assert f'value="2" max="{total}"' in shown[0]
    assert len(shown) == 1
    assert "1 failed" in shown[0]
    assert err.getvalue().endswith(": failed\n")
    assert out.getvalue() == ""


def test_an_interrupted_run_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssc_tune import running

    stopped = running.Interrupted(0, 0, 5, {}, [])
    monkeypatch.setattr(running, "train_and_judge", lambda *a, **k: stopped)
    with pytest.raises(KeyboardInterrupt, match="5 cells are left"):
        ssc_tune.run_study(str(bench.file), tracking_uri="none")
