"""Registering and checking a registration as they are called: output, exit codes, files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ssc_tune.analysis import analyze
from ssc_tune.analysis.explore.extras import Extras
from ssc_tune.records import Record
from ssc_tune.running import estimate
from ssc_tune.study.registration import plan_hash
from ssc_tune.training.cost import Cost
from tests.making.files import Bench
from tests.making.records import put

Call = Callable[..., tuple[int, str, str]]
FILE = Path("runs/small/registrations.jsonl")
OTHER = "0123456789abcdef"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither curves and shares nor the time of a cell are asked about here."""
    monkeypatch.setattr(analyze, "extras", lambda *_, **__: Extras())
    monkeypatch.setattr(estimate, "measured", lambda configs, _: [Cost(0.1, 0.01, 0.01, 0.1, 100, 5) for _ in configs])


def carry(bench: Bench, *hashes: str) -> None:
    """Gives every record these registrations."""
    for cell in bench.cells:
        found = bench.folder.records.read(cell.cell_id)
        assert found is not None
        changed: Record = found.model_copy(update={"registrations": hashes})
        put(bench.folder, changed)


def expected(bench: Bench, call: Call) -> list[str]:
    """Options that make every claim expect what it gets."""
    rows = json.loads(call("show", str(bench.file), "--json")[1])["verdicts"]
    return [f"--set=claims.{i}.expected={row['verdict']}" for i, row in enumerate(rows)]


def test_register_writes_the_plan_and_nothing_else(bench: Bench, call: Call) -> None:
    code, text, err = call("register", str(bench.file))
    assert (code, err) == (0, "")
    assert [path for path in Path("runs").rglob("*") if path.is_file()] == [FILE]
    kept = json.loads(FILE.read_text())["registration"]
    whole = hashlib.sha256(json.dumps(kept["plan"], sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    assert kept["hash"] == whole == plan_hash(bench.study)
    assert f"registered: {whole[:16]} on 20" in text
    assert whole in text
    cells = len(bench.cells)  # 2 methods x 2 seeds x (4 + 1 + 4) points, the defaults being one in both blocks
    assert cells == 36
    assert f"plan:       2 claims, {cells} cells; in {FILE}" in text
    sentence = re.search(
        r"^The plan of this study \(2 claims and 36 cells\) was registered with ssc_tune .*$", text, re.M
    )
    assert sentence is not None
    assert sentence[0].endswith(f"before any of its cells was run; the SHA-256 of the plan begins with {whole[:16]}.")


def test_registering_again_changes_nothing_and_says_the_same(bench: Bench, call: Call) -> None:
    first, before = call("register", str(bench.file)), FILE.read_bytes()
    assert call("register", str(bench.file), "--set", "description=other", "--set", "retries=0") == first
    assert FILE.read_bytes() == before
    other = json.loads(call("register", str(bench.file), "--set", "seeds=3", "--json")[1])
    assert other["hash"] != plan_hash(bench.study)
    assert len(FILE.read_text().splitlines()) == 2


def test_registering_too_late_says_so(bench: Bench, call: Call) -> None:
    bench.fill(bench.cells[:5])
    code, text, _ = call("register", "small")
    words = "5 of 36 cells were known from records made before registrations were kept"
    assert code == 0
    assert f"known:      {words}: claims on them are post hoc" in text
    assert "UTC, when 5 of 36 cells had been known from records made before registrations were kept; the SHA" in text


def test_a_wrong_file_registers_nothing(bench: Bench, call: Call) -> None:
    code, out, err = call("register", str(bench.file), "--set", "seeds=none")
    assert (code, out) == (2, "")
    assert "seeds" in err
    assert not Path("runs").exists()


def test_dry_run_says_what_will_be_and_what_is_registered(bench: Bench, call: Call) -> None:
    short = plan_hash(bench.study)[:16]
    text = call("run", str(bench.file), "--dry-run")[1]
    assert f"\nwill be registered as {short} before the first cell\n" in text
    assert "post hoc" not in text
    assert not Path("runs").exists()
    call("register", str(bench.file))
    assert f"\nregistered: {short} at 20" in call("run", str(bench.file), "--dry-run")[1]


def test_dry_run_says_which_claims_would_be_post_hoc_and_why(bench: Bench, call: Call) -> None:
    bench.fill()
    carry(bench, plan_hash(bench.study))
    assert "post hoc" not in call("run", str(bench.file), "--dry-run")[1]
    changed = ["--set", "claims.0.confidence=0.9"]
    text = call("run", str(bench.file), "--dry-run", *changed)[1]
    for name in ("better", "stability"):
        assert f"claim '{name}' would be post hoc: 20 of 20 cells are known under an earlier plan of this study" in text
    text = call("run", str(bench.file), "--dry-run", *changed, "--set", "name=copy")[1]
    assert "claim 'better' would be post hoc: 20 of 20 cells are known from study small" in text


def test_check_tells_the_registration_and_keeps_its_exit_code(bench: Bench, call: Call) -> None:
    bench.fill()
    options = expected(bench, call)
    code, text, _ = call("check", str(bench.file), *options)
    assert code == 0  # never registered: told, not judged
    assert f"registration: none of this plan, whose hash is {plan_hash(bench.study)[:16]}" in text
    assert "0 of 36 records carry it" in text
    assert text.count("post hoc: 20 of 20 cells were known") == 2
    call("register", str(bench.file))
    carry(bench, plan_hash(bench.study))
    code, text, _ = call("check", str(bench.file), *options)
    assert code == 0
    assert f"registration: {plan_hash(bench.study)[:16]} on 20" in text
    assert "by study small; the stored plan hashes to it\nthe study is the plan that was registered\n" in text
    assert "36 of 36 records carry it" in text
    assert "post hoc" not in text
    plan = json.loads(call("check", str(bench.file), *options, "--json")[1])["registration"]
    assert (plan["registered"], plan["sound"], plan["records"], plan["hash"]) == (
        True,
        True,
        36,
        plan_hash(bench.study),
    )


def test_check_names_what_differs_from_the_registered_plan(bench: Bench, call: Call) -> None:
    bench.fill()
    call("register", str(bench.file))
    options = expected(bench, call)
    code, text, _ = call("check", str(bench.file), *options, "--set", "claims.1.margin=0.02")
    assert code == 0
    assert f"the study's last registration is {plan_hash(bench.study)[:16]} on 20" in text
    assert "\n  claims.stability.margin: not given -> 0.02\n" in text


def test_check_compares_with_a_hash_from_a_paper(bench: Bench, call: Call) -> None:
    bench.fill()
    call("register", str(bench.file))
    options, whole = expected(bench, call), plan_hash(bench.study)
    for hash_given in (whole, whole[:16], whole[:40]):
        assert call("check", str(bench.file), *options, "--registration", hash_given)[0] == 0
    code, text, _ = call("check", str(bench.file), *options, "--registration", OTHER)
    assert code == 1
    assert f"registration: no file below runs holds {OTHER}\nthe study has another: {whole[:16]}" in text
    edited = ["--set", "claims.1.margin=0.02"]
    code, text, _ = call("check", str(bench.file), *options, *edited, "--registration", whole[:16])
    assert code == 1
    assert "the study is not that plan" in text
    assert "\n  claims.stability.margin: not given -> 0.02\n" in text
    code, _, err = call("check", str(bench.file), "--registration", "12345")
    assert (code, "is no hash" in err) == (2, True)


def test_check_notices_a_file_that_was_edited(bench: Bench, call: Call) -> None:
    bench.fill()
    call("register", str(bench.file))
    carry(bench, plan_hash(bench.study))
    options = expected(bench, call)
    whole = FILE.read_text()
    assert '"steps":40' in whole
    FILE.write_text(whole.replace('"steps":40', '"steps":41'))
    code, text, _ = call("check", str(bench.file), *options)
    assert code == 1
    assert f"{FILE}: line 1: checksum does not match" in text
    assert "Traceback" not in text
    FILE.unlink()
    code, text, _ = call("check", str(bench.file), *options)
    assert code == 1
    assert "records carry" in text
    assert "but no file below runs holds it" in text


def test_show_and_list_tell_the_registration_and_the_marks(bench: Bench, call: Call) -> None:
    call("register", str(bench.file))
    bench.fill([])
    assert "; no cell has a record yet" in " ".join(call("show", "small")[1].split())
    bench.fill()
    carry(bench, plan_hash(bench.study))
    shown = json.loads(call("show", "small", "--json")[1])
    assert shown["registration"]["hash"] == plan_hash(bench.study)
    assert shown["registration"]["num_known"] == 0
    text = " ".join(call("show", "small")[1].split())
    assert f"registered as {plan_hash(bench.study)[:16]} on 20" in text
    assert "before each of its 36 cells was begun" in text
    assert "post hoc" not in text
    carry(bench)
    (bench.folder.path / "analysis.json").write_text(json.dumps(shown["analysis"]))  # marks are not read from a file
    rows = json.loads(call("list", "--json")[1])
    assert rows[0]["post_hoc"] == ["better", "stability"]
    assert "(2 of them post hoc)" in " ".join(call("list")[1].split())
    text = " ".join(call("show", "small")[1].split())
    assert text.count("post hoc: 20 of 20 cells were known") == 2


def test_a_pilot_runs_under_the_whole_plan(bench: Bench, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssc_tune import running

    seen: list[bool] = []

    def fake(study: object, options: object) -> running.Finished:
        seen.append(plan_hash(bench.study) in FILE.read_text())
        return running.Interrupted(0, 0, 1, {}, [])

    monkeypatch.setattr(running, "train_and_judge", fake)
    assert call("plan", str(bench.file), "--pilot", "4")[0] == 130
    assert seen == [True]
