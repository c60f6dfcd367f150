"""The Markdown that stands in the description of experiments and runs. It holds no time of writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ssc_tune.design import Placement
from ssc_tune.design.points import label
from ssc_tune.records.record import Record
from ssc_tune.study.model.study import Study
from ssc_tune.tracking.content import MAX_PARAMETER, MAX_TAG, cut
from ssc_tune.tracking.grouping import Group

if TYPE_CHECKING:
    from ssc_tune.analysis.result import Estimate, MethodSummary, StudyAnalysis, Verdict
    from ssc_tune.study.model.claims import Claim


def number(value: float | None) -> str:
    """Three significant digits, or "n/a" for what is undefined."""
    return "n/a" if value is None else f"{value:.3g}"


def interval(estimate: Estimate) -> str:
    """``0.41 [0.12, 0.7]``, or the reason why there is none."""
    if estimate.value is None:
        return estimate.note or "undefined"
    if estimate.low is None or estimate.high is None:
        return number(estimate.value)
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def claim_sentence(claim: Claim) -> str:
    """The claim in the words of the study file."""
    measure = claim.measure + (f" of {claim.parameter}" if claim.parameter else "")
    measure += f" {claim.accuracy:g}" if claim.accuracy is not None else ""
    measure += f" over {claim.over}" if claim.over else ""
    if claim.equivalent is not None:
        return f"{claim.equivalent[0]} and {claim.equivalent[1]} equal in {measure} within {claim.within}"
    if claim.method is not None:
        bound = f"at least {claim.at_least}" if claim.at_least is not None else f"at most {claim.at_most}"
        return f"{measure} for {claim.method} {bound}"
    return f"{claim.less or claim.more} {'less' if claim.less else 'more'} than {claim.than} in {measure}"


def _verdict_row(verdict: Verdict) -> list[str]:
    mark = " (post hoc)" if verdict.post_hoc else ""
    why = f"{verdict.reason}; post hoc: {verdict.known}" if verdict.known else verdict.reason
    return [verdict.sentence, f"**{verdict.verdict}**{mark}", interval(verdict.effect), why]


def verdicts(study: Study, analysis: StudyAnalysis | None) -> str:
    """A table of the claims: with their verdicts once there are any."""
    if analysis is not None and analysis.verdicts:
        return table(["claim", "verdict", "effect", "why"], [_verdict_row(v) for v in analysis.verdicts])
    if not study.claims:
        return "The study declares no claims."
    return table(["claim", "verdict"], [[claim_sentence(claim), "not judged yet"] for claim in study.claims])


def _summary_rows(summaries: Sequence[MethodSummary]) -> list[list[str]]:
    return [
        [s.method, s.block, s.setting, interval(s.mean), interval(s.std), number(s.default.test if s.default else None)]
        for s in summaries
    ]


def _looks(analysis: StudyAnalysis) -> str:
    """Every declared look: the points and, where it was judged, the verdict of each claim."""
    names = [verdict.claim.name for verdict in analysis.verdicts]
    rows = []
    for look in analysis.looks:
        found = {one.claim: f"{one.verdict}, {interval(one.effect)}" for one in look.claims}
        state = "not needed" if not look.needed else "not complete"
        rows.append([str(look.points), *(found.get(name, state) for name in names)])
    return table(["points", *names], rows)


def experiment_note(study: Study, version: str, analysis: StudyAnalysis | None, *, charts: str) -> str:
    """What the experiment is, its latest verdicts, and how to go on; ``charts`` is the address of the prepared view."""
    about = study.description.strip() or f"How sensitive {' and '.join(study.methods)} are to their hyperparameters."
    parts = [
        f"# {study.name}",
        about,
        f"## Verdicts (version `{version}`)",
        verdicts(study, analysis),
        "## How to read it",
        f"[Charts]({charts}): methods as bars, cells as curves and against each hyperparameter, coloured by method.",
        "One parent run a version of the study; under it one run a method and block, under that one run a cell. "
        "Sort by creation time to see them nested.",
        'Filter: `tags.method = "ssc" and metrics.test_accuracy > 0.9`; cells alone: `tags.cell_id LIKE "%"`.',
    ]
    return cut("\n\n".join(parts), MAX_TAG)


def study_note(study: Study, version: str, analysis: StudyAnalysis | None) -> str:
    """The parent run: verdicts, methods, and how to go on."""
    ranges = [
        [name, f"{p.low} to {p.high}" if p.type != "choice" else ", ".join(map(str, p.choices)), str(p.default)]
        for name, p in study.search_space.parameters.items()
    ]
    parts = [f"## {study.name}, version `{version}`", verdicts(study, analysis)]
    if analysis is not None and analysis.registration is not None:
        parts.append(f"Registration: {analysis.registration.line}.")
    if analysis is not None and analysis.summaries:
        header = ["method", "block", "setting", "mean accuracy", "sd over points", "default"]
        parts += ["### Methods", table(header, _summary_rows(analysis.summaries))]
    if analysis is not None and analysis.looks:
        parts += ["### Looks", _looks(analysis)]
    if analysis is not None and analysis.warnings:
        parts += ["### Warnings", "\n".join(f"- {warning}" for warning in analysis.warnings)]
    parts += [
        "### Search space",
        table(["hyperparameter", "range", "default"], ranges),
        "### How to go on",
        f"The artifacts hold the report. `ssc-tune show {study.name}` tells the state; running the study again adds "
        f"the cells that are missing; `ssc-tune sync {study.name}` rebuilds this view from the records.",
        "Cells that a newer version of the study shares are shown under that version; "
        f"``tags.`ssc.versions` LIKE '%{version}%'`` finds all cells of this one.",
    ]
    return cut("\n\n".join(parts), MAX_TAG)


def group_note(study: Study, group: Group, summary: MethodSummary | None) -> str:
    """The run of one method in one block."""
    varying = ", ".join(study.block_parameters(group.block)) if group.block in study.blocks else ""
    parts = [f"## {group.method} in block {group.block}, setting {group.setting}"]
    parts.append(f"Varied: {varying or 'nothing'}. The other hyperparameters stay at their defaults.")
    if summary is not None:
        rows = [["mean accuracy", interval(summary.mean)], ["sd over points", interval(summary.std)]]
        rows += [["mean of the worst 10%", interval(summary.cvar)], ["interquartile range", interval(summary.iqr)]]
        rows += [["diverged, failed, missing", f"{summary.num_diverged}, {summary.num_failed}, {summary.num_missing}"]]
        parts.append(table(["measure", "value"], rows))
    return cut("\n\n".join(parts), MAX_TAG)


def cell_note(record: Record, placements: Sequence[Placement]) -> str:
    """The run of one cell: its outcome, warnings, attempts and machine."""
    result, first = record.result, placements[0]
    outcome = [
        ["status", result.status],
        ["test accuracy", number(result.test_accuracy)],
        ["validation accuracy", number(result.validation_accuracy)],
        ["steps", str(result.steps)],
        ["seconds of training", f"{result.seconds:.1f}"],
        ["attempts", str(len(record.attempts))],
    ]
    parts = [f"## {first.method}, point {label(first.point)}, seed {first.seed}", table(["", ""], outcome)]
    if result.warnings:
        parts.append("\n".join(f"- {warning}" for warning in result.warnings))
    if len(placements) > 1:
        also = ", ".join(f"{p.block}/{p.setting} point {label(p.point)}" for p in placements[1:])
        parts.append(f"Also stands in {also}.")
    if any(len(str(value)) > MAX_PARAMETER for value in record.config.hyperparameters.values()):
        parts.append(f"Parameters longer than {MAX_PARAMETER} characters are cut here; the record holds them whole.")
    if any(attempt.traceback for attempt in record.attempts):
        parts.append("The tracebacks are in the artifact `traceback.txt`.")
    machine = ", ".join(f"{name} {value}" for name, value in {**record.environment, **record.versions}.items())
    parts += [machine, f"`ssc-tune show {record.cell_id}`"]
    return cut("\n\n".join(part for part in parts if part), MAX_TAG)
