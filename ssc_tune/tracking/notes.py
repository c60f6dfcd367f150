"""What experiments and runs say beside their numbers: a description in Markdown, what was found, what needs a look.

None of it holds a time of writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssc_tune.analysis.judge.sentences import sentence
from ssc_tune.analysis.result import Estimate, MethodSummary, StudyAnalysis, Verdict
from ssc_tune.design import Placement
from ssc_tune.design.points import label
from ssc_tune.presentation import glossary
from ssc_tune.presentation.markdown import Markup, escaped, table
from ssc_tune.presentation.numbers import interval, significant
from ssc_tune.presentation.places import cell, told
from ssc_tune.presentation.words import decided, effect, effect_text, extent, listed, question, reason
from ssc_tune.records.record import Record
from ssc_tune.study.model.space import shown
from ssc_tune.study.model.study import Study
from ssc_tune.tracking.content import MAX_PARAMETER, MAX_TAG, cut
from ssc_tune.tracking.grouping import Group

FINDING_TAG = "finding"
"""Of the study's run the verdicts, of a method's run its spread and its mean."""
ATTENTION_TAG = "attention"
"""Of a cell that was not simply ok: why. MLflow's search knows no "or", so that one tag stands for all reasons."""

MAX_TEXT = 500  # characters


class Link(NamedTuple):
    """A page of the UI, and what it is called; without an address a remark in the place of a link."""

    text: str
    address: str


def _links(links: Sequence[Link]) -> str:
    """One line: all that the UI shows of an experiment's note until it is unfolded."""
    return " · ".join(f"[{escaped(one.text)}]({one.address})" if one.address else escaped(one.text) for one in links)


def _interval(estimate: Estimate) -> str:
    return Markup(interval(estimate, how=significant))


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)


def _verdict_row(verdict: Verdict) -> list[str]:
    said = reason(verdict)
    why = f"{said}; post hoc: {verdict.known}" if verdict.known else said
    bold = Markup(decided(verdict).replace(verdict.verdict, f"**{verdict.verdict}**"))
    return [verdict.sentence, bold, effect(verdict), why]


def verdicts(study: Study, analysis: StudyAnalysis | None) -> str:
    """A table of the claims: with their verdicts once there are any."""
    if analysis is not None and analysis.verdicts:
        return table(["claim", "verdict", "effect", "why"], [_verdict_row(v) for v in analysis.verdicts])
    if not study.claims:
        return "The study declares no claims."
    return table(["claim", "verdict"], [[sentence(claim, study), "not judged yet"] for claim in study.claims])


def _summary_rows(summaries: Sequence[MethodSummary]) -> list[list[str]]:
    rows = []
    for s in summaries:
        default = significant(None if s.default is None else s.default.test)
        rows.append([s.method, s.block, s.setting, _interval(s.mean), _interval(s.std), default])
    return rows


def _looks(analysis: StudyAnalysis) -> str:
    """Every declared look: the points and, where it was judged, the verdict of each claim."""
    names = [verdict.claim.name for verdict in analysis.verdicts]
    rows = []
    for look in analysis.looks:
        found = {one.claim: Markup(f"{one.verdict}, {escaped(effect_text(one, one.effect))}") for one in look.claims}
        state = "not needed" if not look.needed else "not complete"
        rows.append([str(look.points), *(found.get(name, state) for name in names)])
    return table(["points", *names], rows)


def experiment_note(study: Study, version: str, analysis: StudyAnalysis | None, *, links: Sequence[Link]) -> str:
    """What the experiment is, its latest verdicts, and how to go on; ``links`` lead to the prepared views."""
    parts = [
        _links(links),
        f"# {escaped(study.name)}",
        escaped(question(study)),
        f"## Verdicts (version `{version}`)",
        verdicts(study, analysis),
        "## How to read it",
        'The links above, and "Views", open what is prepared: verdicts with the spread of each method, the runs that '
        "did worst, those that diverged, failed or warned, and charts of each block: methods as bars, cells as curves "
        "and against each hyperparameter, coloured by method.",
        escaped(glossary.explained()),
        "One parent run a version of the study; under it one run a method and block, under that one run a cell. "
        "Sort by creation time to see them nested.",
        'Filter: `tags.method = "ssc" and metrics.test_accuracy > 0.9`; cells alone: `tags.cell_id LIKE "%"`.',
    ]
    return cut("\n\n".join(parts), MAX_TAG)


def study_note(study: Study, version: str, analysis: StudyAnalysis | None, *, links: Sequence[Link] = ()) -> str:
    """The parent run: verdicts, methods, and how to go on; ``links`` lead to the prepared views."""
    ranges = [[name, extent(p), shown(p, p.default)] for name, p in study.search_space.parameters.items()]
    parts = [f"## {escaped(study.name)}, version `{version}`", verdicts(study, analysis), _links(links)]
    if analysis is not None and analysis.registration is not None:
        parts.append(f"Registration: {escaped(analysis.registration.line)}.")
    if analysis is not None and analysis.summaries:
        header = ["method", "block", "setting", "mean accuracy", "sd over points", "default"]
        parts += ["### Methods", table(header, _summary_rows(analysis.summaries))]
    if analysis is not None and analysis.looks:
        parts += ["### Looks", _looks(analysis)]
    if analysis is not None and analysis.warnings:
        parts += ["### Warnings", _list(analysis.warnings)]
    parts += [
        "### Search space",
        table(["hyperparameter", "range", "default"], ranges),
        "### How to go on",
        f"The artifacts hold the report. `ssc-tune show {study.name}` tells the state; running the study again adds "
        f"the cells that are missing; `ssc-tune sync {study.name}` rebuilds this view from the records.",
        "Cells that a newer version of the study shares are shown under that version; "
        f"``tags.`ssc.versions` LIKE '%{version}%'`` finds all cells of this one.",
    ]
    return cut("\n\n".join(part for part in parts if part), MAX_TAG)


def group_note(study: Study, group: Group, summary: MethodSummary | None) -> str:
    """The run of one method in one block."""
    varying = ", ".join(study.block_parameters(group.block)) if group.block in study.blocks else ""
    where = told(study, group.block, group.setting)
    parts = [f"## {escaped(group.method)}{f' in {escaped(where)}' if where else ''}"]
    parts.append(f"Varied: {escaped(varying or 'nothing')}. The other hyperparameters stay at their defaults.")
    if summary is not None:
        rows = [["mean accuracy", _interval(summary.mean)], ["sd over points", _interval(summary.std)]]
        rows += [["mean of the worst 10%", _interval(summary.cvar)], ["interquartile range", _interval(summary.iqr)]]
        rows += [["diverged, failed, missing", f"{summary.num_diverged}, {summary.num_failed}, {summary.num_missing}"]]
        parts.append(table(["measure", "value"], rows))
    return cut("\n\n".join(parts), MAX_TAG)


def cell_note(record: Record, placements: Sequence[Placement]) -> str:
    """The run of one cell: its outcome, warnings, attempts and machine."""
    result, first = record.result, placements[0]
    outcome = [
        ["status", result.status],
        ["test accuracy", significant(result.test_accuracy)],
        ["validation accuracy", significant(result.validation_accuracy)],
        ["steps", str(result.steps)],
        ["seconds of training", f"{result.seconds:.1f}"],
        ["attempts", str(len(record.attempts))],
    ]
    parts = [f"## {escaped(cell(first.method, first.point, first.seed))}", table(["", ""], outcome)]
    if result.warnings:
        parts.append(_list(result.warnings))
    if len(placements) > 1:
        also = ", ".join(f"{p.block}/{p.setting} point {label(p.point)}" for p in placements[1:])
        parts.append(f"Also stands in {escaped(also)}.")
    if any(len(str(value)) > MAX_PARAMETER for value in record.config.hyperparameters.values()):
        parts.append(f"Parameters longer than {MAX_PARAMETER} characters are cut here; the record holds them whole.")
    if any(attempt.traceback for attempt in record.attempts):
        parts.append("The tracebacks are in the artifact `traceback.txt`.")
    machine = ", ".join(f"{name} {value}" for name, value in {**record.environment, **record.versions}.items())
    parts += [escaped(machine), f"`ssc-tune show {record.cell_id}`"]
    return cut("\n\n".join(part for part in parts if part), MAX_TAG)


def verdicts_found(analysis: StudyAnalysis) -> str:
    """``stability: supported; level: inconclusive (post hoc)``."""
    return cut(listed(analysis) or "the study declares no claims", MAX_TEXT)


def spread_found(summary: MethodSummary) -> str:
    """``sd over points 0.0288 [0.0187, 0.0441], mean 0.771 [0.752, 0.79]``."""
    sd, mean = interval(summary.std, how=significant), interval(summary.mean, how=significant)
    return cut(f"sd over points {sd}, mean {mean}", MAX_TEXT)


def attention(record: Record) -> str | None:
    """``diverged: ...``, ``failed``, ``warned: ...``; None for a cell that was ok."""
    result = record.result
    if result.status == "ok" and not result.warnings:
        return None
    what = "warned" if result.status == "ok" else result.status
    return cut(": ".join([what, "; ".join(result.warnings)] if result.warnings else [what]), MAX_TEXT)
