"""What the commands say is what the records say."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from tests.making.files import FAILED, Bench, true_accuracy
from tests.making.records import put

Call = Callable[..., tuple[int, str, str]]


def test_a_study_by_name_is_the_study_of_its_file(bench: Bench, call: Call) -> None:
    bench.fill()
    by_name = json.loads(call("show", "small", "--json")[1])
    by_file = json.loads(call("show", str(bench.file), "--json")[1])
    assert by_name["cell_list"] == by_file["cell_list"]
    assert by_name["missing"] == 0


def test_counts_add_up(bench: Bench, call: Call) -> None:
    bench.fill(bench.cells[:5])
    bench.fill(bench.cells[5:7], **FAILED)
    bench.fill(bench.cells[7:8], **{**FAILED, "status": "diverged"})
    bench.fill(bench.cells[8:9], **{**FAILED, "status": "infrastructure"})
    (bench.folder.cell(bench.cells[10].cell_id)).mkdir(parents=True)
    (bench.folder.cell(bench.cells[10].cell_id) / "attempts.jsonl").write_text("{}\n")
    shown = json.loads(call("show", "small", "--json")[1])
    total = len(bench.cells)
    assert (shown["state"], shown["cells"], shown["ok"], shown["failed"]) == ("started", total, 5, 2)
    assert (shown["diverged"], shown["under_way"]) == (1, 1)
    assert shown["missing"] + shown["infrastructure"] == total - 8
    groups = shown["methods"]
    assert sum(row["cells"] for row in groups) == len(shown["cell_list"])
    for row in groups:
        assert row["cells"] == row["missing"] + sum(row[s] for s in ("ok", "failed", "diverged", "infrastructure"))


def test_every_cell_has_its_accuracies(bench: Bench, call: Call) -> None:
    bench.fill()
    accuracies = {cell.cell_id: true_accuracy(cell) for cell in bench.cells}
    rows = json.loads(call("show", "small", "--json")[1])["cell_list"]
    assert {row["cell_id"]: row["test_accuracy"] for row in rows} == accuracies
    text = call("show", "small", "--cells")[1]
    assert all(cell_id in text for cell_id in accuracies)


def test_without_asking_only_what_went_wrong_is_listed(bench: Bench, call: Call) -> None:
    bench.fill(bench.cells[1:])
    bench.fill(bench.cells[:1], **FAILED)
    text = call("show", "small")[1]
    assert bench.cells[0].cell_id in text
    assert bench.cells[1].cell_id not in text


@pytest.mark.parametrize("columns", ["40", "60", "160"])
def test_no_line_is_wider_than_the_terminal(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    bench.fill()
    monkeypatch.setenv("COLUMNS", columns)
    for arguments in (["list"], ["show", "small", "--cells"], ["show", "small", bench.cells[0].cell_id]):
        code, text, _ = call(*arguments)
        assert code == 0
        lines = [line for line in text.splitlines() if not line.startswith(("folder:", "report:", "ran as:"))]
        assert max(map(len, lines)) <= int(columns)


def test_list_shows_studies_and_what_cannot_be_read(bench: Bench, call: Call) -> None:
    assert call("list")[1] == "no studies in runs\n"
    bench.fill()
    broken = bench.folder.storage / "broken"
    broken.mkdir()
    (broken / "study.json").write_text('{"study": {"name": 3}}')
    code, text, _ = call("list", "--json")
    rows = {row["study"]: row for row in json.loads(text)}
    assert code == 0
    assert (rows["small"]["state"], rows["broken"]["state"]) == ("complete", "unreadable")
    assert "broken" in rows["broken"]["problem"]
    assert "complete" in call("list")[1]


def test_verdicts_are_written_once_and_read_while_they_fit(bench: Bench, call: Call) -> None:
    bench.fill()
    path = bench.folder.path / "analysis.json"
    first = json.loads(call("show", "small", "--json")[1])["verdicts"]
    assert not path.exists()  # looking changes nothing
    assert [row["claim"] for row in first] == ["better", "stability"]
    assert first[0]["effect"] == pytest.approx(0.1)  # ssc is better by 0.1 everywhere
    written = json.loads(call("show", "small", "--json")[1])["analysis"]
    written["verdicts"][0]["reason"] = "a mark"
    path.write_text(json.dumps(written))
    assert json.loads(call("show", "small", "--json")[1])["verdicts"][0]["reason"] == "a mark"
    assert json.loads(call("list", "--json")[1])[0]["verdicts"]["better"] == first[0]["verdict"]
    bench.fill(bench.cells[:1], **FAILED)  # from here on the file is older than the records
    assert json.loads(call("show", "small", "--json")[1])["verdicts"][0]["reason"] != "a mark"


def test_a_copy_of_the_folder_keeps_its_verdicts_until_a_record_changes(one_block: Bench, call: Call) -> None:
    """Files of a copy have times of their own, and those of its records come last."""
    one_block.fill()
    call("report", "small")
    first = json.loads(call("list", "--json")[1])[0]["verdicts"]
    assert first
    times = one_block.folder.path.stat().st_mtime + 1000
    os.utime(one_block.folder.records.directory, (times, times))
    assert json.loads(call("list", "--json")[1])[0]["verdicts"] == first
    record = sorted(one_block.folder.records.directory.glob("*.json"))[0]
    other = sorted(one_block.folder.records.directory.glob("*.json"))[1]
    kept = record.read_bytes()
    record.write_bytes(other.read_bytes())
    assert json.loads(call("list", "--json")[1])[0]["verdicts"] == {}
    record.write_bytes(kept)
    os.utime(one_block.folder.records.directory, (times, times))
    assert json.loads(call("list", "--json")[1])[0]["verdicts"] == first


def test_a_cell_by_the_beginning_of_its_id(bench: Bench, call: Call) -> None:
    bench.fill()
    cell = bench.cells[0]
    start = next(
        cell.cell_id[:n] for n in range(1, 17) if sum(c.cell_id.startswith(cell.cell_id[:n]) for c in bench.cells) == 1
    )
    shown = json.loads(call("show", "small", start, "--json")[1])
    assert shown["cell_id"] == cell.cell_id
    assert shown["config"]["hyperparameters"] == cell.config.hyperparameters
    text = call("show", "small", start)[1]
    assert f"{true_accuracy(cell):.3f}" in text
    assert "learning_rate" in text


def test_a_cell_is_found_without_its_study(bench: Bench, call: Call) -> None:
    bench.fill()
    cell_id = bench.cells[0].cell_id
    alone = call("show", cell_id, "--json")
    assert alone == call("show", "small", cell_id, "--json")
    assert json.loads(alone[1])["cell_id"] == cell_id
    assert cell_id in call("show", cell_id[:-1])[1]
    of_several = next(d for d in "0123456789abcdef" if sum(c.cell_id[0] == d for c in bench.cells) > 1)
    code, _, err = call("show", of_several)
    assert (code, "begin so" in err) == (2, True)
    code, _, err = call("show", cell_id, "--set", "seeds=3")
    assert (code, "this is a cell" in err) == (2, True)
    assert "there: small" in call("show", "0" * 16)[2]


def test_ids_are_whole_on_a_terminal_of_80_columns(bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill()
    monkeypatch.setenv("COLUMNS", "80")
    text = call("show", "small", "--cells")[1]
    assert all(cell.cell_id in text for cell in bench.cells)
    assert max(map(len, text.splitlines()[:-4])) <= 80


def test_a_failed_cell_shows_its_traceback(bench: Bench, call: Call) -> None:
    bench.fill()
    found = bench.folder.records.read(bench.cells[0].cell_id)
    assert found is not None
    attempt = found.attempts[0].model_copy(update={"outcome": "raised", "traceback": "RuntimeError: no [luck]"})
    put(bench.folder, found.model_copy(update={"attempts": (attempt,)}))
    assert "RuntimeError: no [luck]" in call("show", "small", found.cell_id)[1]


def test_wrong_names_say_what_there_is(bench: Bench, call: Call) -> None:
    bench.fill(bench.cells[:1])
    code, out, err = call("show", "smal")
    assert (code, out) == (2, "")
    assert "there: small" in err
    assert call("show", "small", "zzz")[0] == 2
    code, _, err = call("show", "small", bench.cells[1].cell_id)
    assert (code, "no record yet" in err) == (2, True)
    assert "--set" in call("show", "small", "--set", "seeds=3")[2]


def test_check_says_yes_only_if_everything_is_as_expected(bench: Bench, call: Call) -> None:
    bench.fill()
    code, text, _ = call("check", str(bench.file))
    assert code == 1
    assert "stability: " in text
    assert "the study expects none" in text
    claims = json.loads(call("show", "small", "--json")[1])["verdicts"]
    found = {row["claim"]: row["verdict"] for row in claims}
    expect = [f"--set=claims.{i}.expected={found[row['claim']]}" for i, row in enumerate(claims)]
    code, text, _ = call("check", str(bench.file), *expect)
    assert (code, text.count("as expected")) == (0, 2)
    code, text, _ = call("check", str(bench.file), *expect, "--set", "seeds=3", "--json")
    assert (code, json.loads(text)["as_expected"]) == (1, False)


@pytest.mark.slow
def test_report_writes_its_files_from_the_records(bench: Bench, call: Call) -> None:
    bench.fill()
    code, text, _ = call("report", "small")
    assert code == 0
    assert (bench.folder.path / "report.html").is_file()
    assert all(line.startswith("runs/small/") for line in text.splitlines())


def test_a_misspelt_command_is_told_which_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    from ssc_tune.cli import main

    for typed, meant in (("shwo", "show"), ("lst", "list"), ("valdate", "validate"), ("nothinglikeit", None)):
        with pytest.raises(SystemExit) as ended:
            main([typed])
        error = capsys.readouterr().err
        assert ended.value.code == 2
        assert (f"did you mean {meant!r}?" in error) == (meant is not None)
        assert ("did you mean" in error) == (meant is not None)
