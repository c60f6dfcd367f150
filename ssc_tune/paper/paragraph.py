"""The paragraph on methods: what was run and how it was judged, each fact from study, records or analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ssc_tune.analysis.judge import sentences
from ssc_tune.analysis.result import StudyAnalysis, Verdict
from ssc_tune.paper import citations
from ssc_tune.presentation import ground, looks, words
from ssc_tune.presentation.numbers import compact, percent
from ssc_tune.records import Record
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import SEMANTICS_VERSION

_PRIVATE = ("host",)
"""What records know of a machine and no paper needs."""


class Cite(NamedTuple):
    """Sources that what stands before it rests on."""

    keys: citations.Keys


Piece = str | Cite


class Sentences(NamedTuple):
    """A paragraph with its heading."""

    heading: str
    pieces: list[Piece]


def paragraphs(study: Study, analysis: StudyAnalysis, records: Sequence[Record], num_cells: int) -> list[Sentences]:
    """What is compared, the design, the claims and how they were judged, and what ran it.

    Args:
        study: the study.
        analysis: what was found, with its registration.
        records: of its cells.
        num_cells: cells of its design, those without a record too.
    """
    return [
        Sentences("Methods and data", [*_compared(study), *_ground(study, records)]),
        Sentences("Design", [*_design(study), *_cells(records, num_cells)]),
        Sentences("Claims", [*_claims(study, analysis), *_registered(analysis)]),
        Sentences("Software", _software(records)),
    ]


def _compared(study: Study) -> list[Piece]:
    found: list[Piece] = [f"Study {study.name}: {'methods' if len(study.methods) > 1 else 'method'}"]
    for index, method in enumerate(study.methods):
        given = {name: value for name, value in study.given(method, study.setting_names[0]).items()}
        values = f" ({_values(given)})" if given else ""
        found += [f"{',' if index else ''} {method}{values}", Cite(citations.of_method(study, method))]
    return [*found, ". "]


def _values(given: dict[str, bool | int | float | str]) -> str:
    return ", ".join(f"{name} {compact(value)}" for name, value in given.items())


def _ground(study: Study, records: Sequence[Record]) -> list[Piece]:
    found: list[Piece] = [f"Data: {ground.data(study)}", Cite(citations.of_data(records)), ". "]
    if any(study.trains(method) for method in study.methods):
        found += [f"Net: {ground.net(study)}", Cite(citations.of_nets(study, records))]
        if first := citations.of_pretraining(records):
            found += ["; pre-training", Cite(first)]
        if views := citations.of_views(study, records):
            found += ["; strong views", Cite(views)]
        found.append(". ")
    return found


def _design(study: Study) -> list[Piece]:
    design = study.design
    seed = design.seed if "seed" in type(design).model_fields else None  # type: ignore[union-attr]
    drawn = "" if seed is None else f", seed {seed}"
    found: list[Piece] = [f"Design: {design.words}{drawn}", Cite(design.sources), ". "]
    if len(study.setting_names) > 1:
        found.append(f"Every point is run in each setting: {words.join(study.setting_names)}. ")
    for block in study.blocks if design.varies else ():
        of = f" in block {block}" if len(study.blocks) > 1 else ""
        found.append(f"Varied{of} for {words.join(study.block_methods(block))}: {_ranges(study, block)}. ")
    each = f"{study.seeds} seed{'s' * (study.seeds > 1)}"
    found.append(
        f"Every point has {each}; a seed decides labelled images, initial weights and the order of the data, "
        "the same for every method. "
    )
    return found


def _ranges(study: Study, block: str) -> str:
    levels, space = study.design.named_levels, study.search_space.parameters
    names = study.block_parameters(block)
    if levels is None:
        scales = {name: words.scale_of(name, space[name]) for name in names}
        parts = [f"{name} {words.extent(space[name])} ({scales[name]}){_whose(study, block, name)}" for name in names]
    else:
        there = {name: ", ".join(map(compact, levels[name])) for name in names if name in levels}
        parts = [f"{name} {values}{_whose(study, block, name)}" for name, values in there.items()]
    return "; ".join(parts)


def _whose(study: Study, block: str, name: str) -> str:
    """Which methods of a block have a hyperparameter, where not all of them do."""
    methods = study.block_methods(block)
    own = [method for method in methods if study.decides(name, method)]
    return "" if len(own) == len(methods) else f" of {words.join(own)} alone" if own else " of none of them"


def _cells(records: Sequence[Record], num_cells: int) -> list[Piece]:
    found = Counter(record.result.status for record in records)
    ended = [f"{found[status]} {status}" for status in ("diverged", "failed") if found[status]]
    lost = num_cells - sum(found[status] for status in ("ok", "diverged", "failed"))
    ended += [f"{lost} without a result"] if lost else []
    counted = "; cells that diverged or failed count at chance" if found["diverged"] or found["failed"] else ""
    return [f"Cells: {num_cells}{f', of which {words.join(ended)}' if ended else ''}{counted}."]


def _claims(study: Study, analysis: StudyAnalysis) -> list[Piece]:
    if not study.claims:
        return ["The study declares no claim. "]
    by_name = {verdict.claim.name: verdict for verdict in analysis.verdicts}
    found: list[Piece] = []
    for number, claim in enumerate(study.claims, 1):
        text = sentences.sentence(claim, study).rstrip(".")
        margin = f", margin {claim.margin:g}" if claim.kind.is_spread else ""
        found.append(f"Claim {number}, {claim.name}: {text} (confidence {percent(claim.confidence)}{margin})")
        found += _judged(by_name.get(claim.name))
        found.append(". ")
    if len(study.claims) > 1:
        adjusted = f"The p-values of the {len(study.claims)} claims are adjusted together by Holm's method"
        found += [adjusted, Cite(citations.of_correction(study)), ". "]
    return [*found, *_looks(study, analysis)]


def _judged(verdict: Verdict | None) -> list[Piece]:
    if verdict is None:
        return []
    how = f"; {verdict.effect.how}" if verdict.effect.how else ""
    after = "; judged post hoc" if verdict.post_hoc else ""
    return [how, Cite(citations.of_verdict(verdict)), after]


def _looks(study: Study, analysis: StudyAnalysis) -> list[Piece]:
    if not study.looks:
        return []
    at = words.join([str(points) for points in study.looks])
    text = f"Claims are judged at {at} points, at levels that together spend the error of one judgement"
    stopped = looks.stopped(study, analysis.looks)
    end = "; the study ends where every claim is decided" if study.stops_when_decided else ""
    return [text, Cite(citations.of_looks(study)), f"{end}. ", f"{words.sentence(stopped)} " if stopped else ""]


def _registered(analysis: StudyAnalysis) -> list[Piece]:
    found = analysis.registration
    return [] if found is None else [f"SHA-256 of the whole plan: {found.hash}. {words.sentence(found.line)}"]


def _software(records: Sequence[Record]) -> list[Piece]:
    versions = _told(record.versions for record in records)
    machine = _told(record.environment for record in records)
    found: list[Piece] = [f"Versions: {versions}; semantics of training {SEMANTICS_VERSION}. "]
    if machine:
        found.append(f"Cells ran on: {machine}. ")
    return [*found, "Ray Tune runs cells, Optuna holds points, MLflow shows runs", Cite(citations.of_software()), "."]


def _told(facts: Iterable[dict[str, str]]) -> str:
    """``python 3.11.7, torch 2.15.0``: every value that there is of each, in the order in which they are found."""
    known: dict[str, dict[str, None]] = {}
    for one in facts:
        for name, value in one.items():
            if name not in _PRIVATE:
                known.setdefault(name, {})[value] = None
    return ", ".join(f"{name} {' or '.join(values)}" for name, values in sorted(known.items()))
