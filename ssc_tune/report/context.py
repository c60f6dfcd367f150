"""What the templates are filled with: the same content for HTML and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ssc_tune.analysis.estimators.multiverse import MINIMUM_EFFECTIVE
from ssc_tune.analysis.result import Specification, StudyAnalysis, Verdict
from ssc_tune.design.points import label
from ssc_tune.presentation import answers, comparisons, ground, looks, measures, places, words
from ssc_tune.presentation.numbers import UNDEFINED, compact, date, duration, interval, number, p_value, percent
from ssc_tune.records.record import Record
from ssc_tune.report import further
from ssc_tune.report.cells import View, dicts, settings_text, views
from ssc_tune.report.figures.base import Given
from ssc_tune.report.forest import Strips, forests, pooled_forest
from ssc_tune.report.runs.section import section
from ssc_tune.study.model.space import Parameter, shown
from ssc_tune.study.model.study import Study

MAX_FAILED = 50
MAX_LISTED = 300
MARKS = {"supported": "✓", "refuted": "✗", "inconclusive": "?"}


def context(
    given: Given,
    *,
    command: str = "",
    versions: Mapping[str, str] | None = None,
    overhead: Mapping[str, float] | None = None,
    hints: Sequence[str] = (),
) -> dict[str, Any]:
    """Everything the templates name, as text; sections without content are empty and left out there."""
    study, tables, analysis, records, _ = given
    cells = tables.cells.drop_duplicates("cell_id") if len(tables.cells) else tables.cells
    listed = views(study, tables)
    num_failed = int((cells["status"] != "ok").sum()) if len(cells) else 0
    return {
        "study": study.name,
        "question": words.question(study),
        "answer": words.answer(analysis),
        "answers": answers.answers(study, analysis),
        "marks": MARKS,
        "trust": answers.trust(study, analysis, cells=len(cells), failed=num_failed),
        "facts": [*_facts(study, cells, tables.expected, records), *looks.facts(study, analysis)],
        "registration": "" if analysis.registration is None else words.sentence(analysis.registration.line),
        "explained": places.explained(study),
        "headings": list(dict.fromkeys(view.heading for view in listed if view.heading)),
        "reading": words.reading([v.claim for v in analysis.verdicts]),
        "verdicts": _verdicts(study, analysis, listed),
        "looks": looks.ledger(study, analysis),
        "stopped": looks.stopped(study, analysis.looks),
        "comparisons": [comparisons.table(study, c) for c in analysis.comparisons],
        "measures": measures.tables(study, analysis.summaries),
        "further": further.tables(analysis.facts),
        "warnings": list(analysis.warnings),
        "failed": _failed(cells, records),
        "num_failed": num_failed,
        "max_failed": MAX_FAILED,
        "runs": section(study, tables, records),
        "ranges": [_range(study, name, p) for name, p in study.search_space.parameters.items()],
        "points": _points(listed),
        "versions": sorted((versions or {}).items()),
        "environment": _environment(records),
        "overhead": [(name, compact(value)) for name, value in (overhead or {}).items()],
        "command": command,
        "hints": list(hints),
    }


def _facts(
    study: Study, cells: pd.DataFrame, planned: pd.DataFrame, records: Sequence[Record]
) -> list[tuple[str, str]]:
    """The study at a glance."""
    expected = planned["cell_id"].nunique() if len(planned) else len(cells)
    facts = [
        ("Methods", words.join(list(study.methods))),
        ("Data", ground.data(study)),
        ("Design", f"{study.design.words}, {study.seeds} seeds"),
        ("Cells", f"{len(cells)} of {expected}" if len(cells) != expected else str(len(cells))),
    ]
    if any(study.trains(method) for method in study.methods):  # functions and commands have nets of their own
        facts.insert(2, ("Net", ground.net(study)))
    if len(study.setting_names) > 1:
        facts.insert(len(facts) - 2, ("Settings", ", ".join(study.setting_names)))
    varied = {} if not study.design.varies else {block: study.block_parameters(block) for block in study.blocks}
    of = {block: f"Varied in block {block}" if len(varied) > 1 else "Varied" for block in varied}
    facts += [(of[block], ", ".join(names)) for block, names in varied.items() if names]
    if len(cells):
        facts.append(("Training time of all cells", duration(float(cells["seconds"].sum()), measured=True)))
    if records:
        facts.append(("Run", _span(min(r.started for r in records), max(r.ended for r in records))))
    return facts


def _span(started: float, ended: float) -> str:
    """``2026-11-23 21:11 to 21:25 UTC``; the second date only where it is another."""
    first, last = date(started), date(ended)
    return f"{first} to {last.removeprefix(first[:11])} UTC"


def _verdicts(study: Study, analysis: StudyAnalysis, listed: Sequence[View]) -> list[dict[str, Any]]:
    """The cards, the strongest first, their effects on shared axes."""
    ordered, strips = words.strongest_first(analysis.verdicts), Strips(listed)
    lines = zip(ordered, forests(ordered), strict=True)
    return [{**_verdict(study, v), "forest": line, "strip": strips.of(v, study.setting_names)} for v, line in lines]


def _verdict(study: Study, verdict: Verdict) -> dict[str, Any]:
    claim, estimate = verdict.claim, verdict.effect
    details = [
        ("Effect", f"{words.effect_title(verdict)} = {interval(estimate, how=words.scale(verdict))}"),
        ("Confidence", percent(claim.confidence)),
        ("Size", words.sentence(answers.seen(verdict))),
        ("Estimator and interval", estimate.how),
        ("Over settings", words.spread(verdict)),
        ("Look", looks.decided(study, verdict)),
        ("p value", p_value(verdict.p_value, none="")),
        ("Sequential p value", p_value(verdict.p_sequential, none="")),
        ("p value after Holm", p_value(verdict.p_adjusted, none="")),
        ("Expected", claim.expected or ""),
        ("Source", claim.source),
    ]
    return {
        "name": claim.name,
        "sentence": verdict.sentence,
        "verdict": verdict.verdict,
        "effect": words.effect(verdict),
        "p_adjusted": p_value(verdict.p_adjusted),
        "details": [(name, text) for name, text in details if text],
        "reason": words.reason(verdict),
        "look": looks.decided(study, verdict),
        "gates": verdict.gates,
        "sensitivity": verdict.sensitivity,
        "sensitivity_title": "Sensitivity" if verdict.ratio is None else "Sensitivity (ratios)",
        "warnings": [*([estimate.note] if estimate.note and estimate.value is not None else []), *verdict.warnings],
        "post_hoc": verdict.post_hoc,
        "known": words.sentence(verdict.known),
        "effect_title": words.effect_title(verdict),
        "specifications": [_specification(verdict, s) for s in verdict.specifications],
        "pooled": pooled_forest(verdict),
    }


def _specification(verdict: Verdict, s: Specification) -> tuple[str, ...]:
    """Box, prior, points, effective points, effect, sign."""
    box = "whole space" if s.box == 1 else f"{s.box:g}"
    sign = {True: "same", False: "other", None: UNDEFINED}[s.same_sign]
    sign = sign if s.effective_points >= MINIMUM_EFFECTIVE else "too few"
    return box, s.prior, str(s.num_points), number(s.effective_points, 1), words.effect_text(verdict, s.effect), sign


def _failed(cells: pd.DataFrame, records: Sequence[Record]) -> list[dict[str, str]]:
    by_id = {record.cell_id: record for record in records}
    found = []
    for row in dicts(cells[cells["status"] != "ok"].head(MAX_FAILED) if len(cells) else cells):
        record = by_id.get(row["cell_id"])
        attempts = record.attempts if record else ()
        trace = next((a.traceback for a in reversed(attempts) if a.traceback), None)
        found.append(
            {
                "cell": row["cell_id"],
                "where": places.cell(row["method"], int(row["point"]), row["seed"]),
                "status": row["status"],
                "attempts": str(len(attempts)) if attempts else UNDEFINED,
                "traceback": trace or "",
            }
        )
    return found


def _range(study: Study, name: str, parameter: Parameter) -> dict[str, str]:
    methods = [m for m in study.methods if parameter.applies(m)]
    return {
        "name": name,
        "default": shown(parameter, parameter.default),
        "extent": words.extent(parameter),
        "scale": words.scale_of(name, parameter),
        "methods": ", ".join(methods),
        "reason": parameter.reason,
    }


def _points(found: Sequence[View]) -> list[dict[str, Any]]:
    """Every point with the mean of each method, the first hundreds of them."""
    listed = []
    for view in found:
        wide = view.listed.pivot(index="point", columns="method", values="score")
        wide = wide[wide.index.isin(set(view.means["point"]))]  # not those that repeat others for every method
        names = tuple(view.parameters)
        first = view.listed.sort_values("point", kind="stable").groupby("point")[list(names)].first() if names else None
        rows = []
        for point in wide.index[:MAX_LISTED]:
            values = settings_text({} if first is None else first.loc[point].to_dict(), view.parameters)
            scores = tuple(number(float(v)) for v in wide.loc[point].reindex(list(view.methods)))
            rows.append((label(int(point)), values, scores))
        listed.append({"heading": view.heading, "methods": view.methods, "rows": rows, "total": len(wide)})
    return listed


def _environment(records: Sequence[Record]) -> list[tuple[str, str]]:
    """What the cells ran on; several values where cells ran on several machines."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for name, value in record.environment.items():
            found.setdefault(name, {})[value] = None
    return [(name, ", ".join(sorted(values)[:6])) for name, values in sorted(found.items())]
