"""``ssc-tune compare`` says of two studies what ``show`` says of each, and what is another claim."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssc_tune.design.cells import fixed_cells
from ssc_tune.records import StudyFolder
from ssc_tune.running.registration import register
from ssc_tune.study import load_study
from tests.making.files import Bench
from tests.making.records import put

Call = Callable[..., tuple[int, str, str]]


def edited(bench: Bench, name: str, *edits: tuple[str, str]) -> Path:
    """Another study file, which takes over the records of the first where cells are equal."""
    text = bench.file.read_text(encoding="utf-8").replace("name: small", f"name: {name}")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path = bench.file.with_name(f"{name}.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def compare(call: Call, *arguments: str) -> dict[str, Any]:
    code, text, _ = call("compare", *arguments, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_study_is_like_itself(bench: Bench, call: Call) -> None:
    bench.fill()
    found = compare(call, "small", str(bench.file))
    assert found["same_plan"]
    assert found["plan"] == []
    number = len(bench.cells)
    assert found["cells"] == {
        "shared": number, "only_first": 0, "only_second": 0, "shared_with_records": number, "unlike": []
    }  # fmt: skip
    assert all(row["first"] == row["second"] for row in [*found["claims"], *found["methods"]])
    assert not any(row["verdict_changed"] or row["claim_differs"] for row in found["claims"])
    assert "plans: the same" in call("compare", "small", str(bench.file))[1]


def test_its_numbers_are_those_of_show(bench: Bench, call: Call) -> None:
    """Of both, in JSON and on the screen."""
    bench.fill()
    other = edited(bench, "other", ("points: 4", "points: 2"))
    found = compare(call, "small", str(other))
    screen = call("compare", "small", str(other))[1]
    for which, name in (("first", "small"), ("second", str(other))):
        shown = json.loads(call("show", name, "--json")[1])
        verdicts = {row["claim"]: row for row in shown["verdicts"]}
        assert {row[which]["claim"] for row in found["claims"]} == set(verdicts)
        for row in found["claims"]:
            expected = verdicts[row[which]["claim"]]
            same = ("verdict", "effect", "low", "high", "p_adjusted", "post_hoc", "effect_name")
            assert {key: row[which][key] for key in same} == {key: expected[key] for key in same}
        summaries = {(s["block"], s["setting"], s["method"]): s for s in shown["analysis"]["summaries"]}
        assert len(found["methods"]) == len(summaries)
        for row in found["methods"]:
            expected = summaries[row["block"], row["setting"], row["method"]]
            assert [row[which][name] for name in ("std", "mean")] == [expected["std"], expected["mean"]]
            assert f"{expected['mean']['value']:.3f}" in screen
        assert found[which]["cells"] == shown["cells"]
    ids = [{cell.cell_id for cell in fixed_cells(load_study(file))} for file in (bench.file, other)]
    cells = [found["cells"][key] for key in ("shared", "only_first", "only_second")]
    assert cells == [len(ids[0] & ids[1]), len(ids[0] - ids[1]), 0]
    assert 0 < cells[0] < len(ids[0])
    assert "  design.points: 4 -> 2" in screen


def test_a_claim_that_is_another_is_said_to_be(bench: Bench, call: Call) -> None:
    bench.fill()
    other = edited(
        bench,
        "other",
        ("{name: better, more: ssc, than: fixmatch", "{name: better, more: fixmatch, than: ssc"),
        ("name: stability, ", "name: as stable, "),
        ("in: std}", "in: std}\n  - {name: new, more: ssc, than: fixmatch, in: default}"),
    )
    found = compare(call, "small", str(other))
    rows = {tuple(row[which] and row[which]["claim"] for which in ("first", "second")): row for row in found["claims"]}
    assert list(rows) == [("better", "better"), ("stability", "as stable"), (None, "new")]
    better = rows["better", "better"]
    assert better["claim_differs"] == ['more: "ssc" -> "fixmatch"', 'than: "fixmatch" -> "ssc"']
    assert better["verdict_changed"] == (better["first"]["verdict"] != better["second"]["verdict"])
    assert better["first"]["effect"] == pytest.approx(-better["second"]["effect"])
    same = rows["stability", "as stable"]
    assert same["claim_differs"] == []
    numbers = ("verdict", "effect", "low", "high")
    assert [same["first"][key] for key in numbers] == [same["second"][key] for key in numbers]
    text = call("compare", "small", str(other))[1]
    for words in ("stability = as stable", "no such claim", "another claim", "better: the claim itself differs: more"):
        assert words in text


def test_a_changed_verdict_is_marked(bench: Bench, call: Call) -> None:
    """The same claim, on other records: here the other method is ahead."""
    bench.fill()
    other = StudyFolder(Path("elsewhere"), "small")
    content = json.loads((bench.folder.path / "study.json").read_text())
    other.write_json("study.json", content)
    for cell in bench.cells:
        record = bench.folder.records.read(cell.cell_id)
        assert record is not None
        accuracy = 1.6 - (record.result.test_accuracy or 0) if cell.placement.method == "ssc" else 0.9
        result = record.result.model_copy(update={"test_accuracy": accuracy})
        put(other, record.model_copy(update={"result": result}))
    found = compare(call, "small", "elsewhere/small")
    also = compare(call, "small", "small", "--other-storage", "elsewhere")
    assert also["claims"] == found["claims"]
    row = found["claims"][0]
    assert row["claim_differs"] == []
    assert row["verdict_changed"] == (row["first"]["verdict"] != row["second"]["verdict"])
    assert row["first"]["effect"] > 0 > row["second"]["effect"]
    assert len(found["cells"]["unlike"]) == len(bench.cells)
    assert found["same_plan"]
    text = call("compare", "small", "elsewhere/small")[1]
    assert f"{len(bench.cells)} of {len(bench.cells)} cells that both have records of differ in test accuracy" in text


def test_an_earlier_plan_is_compared_by_its_hash(bench: Bench, call: Call) -> None:
    bench.fill()
    earlier, _ = register(bench.study, bench.folder)
    later = edited(bench, "small", ("points: 4", "points: 8"), ("in: std", "margin: 0.2, in: std"))
    bench.folder.write_json(
        "study.json", {"study": load_study(later).model_dump(mode="json", by_alias=True), "command": "run"}
    )
    found = compare(call, f"small@{earlier.hash[:8]}", "small")
    assert found["first"]["plan"] == earlier.hash
    assert "design.points: 4 -> 8" in found["plan"]
    assert found["claims"][1]["claim_differs"] == ["margin: not given -> 0.2"]
    assert found["cells"]["only_first"] == 0
    assert found["cells"]["only_second"] > 0
    assert compare(call, f"runs/small@{earlier.hash}", "runs/small")["claims"] == found["claims"]
    for wrong in ("small@0000", "small@", f"small@{earlier.hash[:3]}"):
        code, _, err = call("compare", wrong, "small")
        assert code == 2
        assert earlier.hash[:16] in err or "neither a study file" in err
        assert err.count("\n") == 1


def test_a_study_without_records_has_no_verdicts(bench: Bench, call: Call) -> None:
    bench.fill()
    empty = edited(bench, "empty", ("steps: 40", "steps: 20"))
    found = compare(call, "small", str(empty))
    assert found["cells"]["shared"] == 0
    assert all(row["second"]["verdict"] is None and not row["verdict_changed"] for row in found["claims"])
    assert all(row["second"] is None for row in found["methods"])
    assert "not judged" in call("compare", str(empty), "small")[1]


@pytest.mark.parametrize("columns", ["60", pytest.param("160", marks=pytest.mark.slow)])
def test_no_line_is_wider_than_the_terminal(
    bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    bench.fill()
    monkeypatch.setenv("COLUMNS", columns)
    text = call("compare", "small", str(edited(bench, "other", ("points: 4", "points: 2"))))[1]
    assert max(map(len, (line for line in text.splitlines() if " in runs" not in line))) <= int(columns)


def test_what_is_not_there_is_named(bench: Bench, call: Call) -> None:
    bench.fill()
    code, text, err = call("compare", "small", "nosuch")
    assert (code, text) == (2, "")
    assert "nosuch: neither a study file nor a study in runs; there: small" in err
