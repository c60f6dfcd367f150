"""The paragraph on methods, as TeX and as Markdown: what was run, how it was judged, and what that rests on.

Each fact is from study, records or analysis. Each part of a study names what was published of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ssc_tune import methods, sources
from ssc_tune.analysis.estimators import multiplicity, multiverse, pooling, sequential
from ssc_tune.analysis.judge import sentences
from ssc_tune.analysis.result import StudyAnalysis, Verdict
from ssc_tune.data import registry as data_registry
from ssc_tune.models import registry as model_registry
from ssc_tune.paper.tex import escaped
from ssc_tune.presentation import ground, looks, markdown, words
from ssc_tune.presentation.numbers import compact, percent
from ssc_tune.records import Record
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import SEMANTICS_VERSION

_RUNS = "ssc_tune runs cells with Ray Tune, holds points with Optuna, can show runs in MLflow and rests on PyTorch"
_PRIVATE = ("host",)
"""What records know of a machine and no paper needs."""


class Cite(NamedTuple):
    """Sources that what stands before it rests on, by their keys; none where nobody published it."""

    keys: tuple[str, ...]


Piece = str | Cite


class Sentences(NamedTuple):
    """A paragraph with its heading."""

    heading: str
    pieces: list[Piece]


def paragraphs(study: Study, analysis: StudyAnalysis, records: Sequence[Record], num_cells: int) -> list[Sentences]:
    """What is compared, the design, the claims and how they were judged, and what ran it.

    ``num_cells`` are those of the design, without a record too.
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
        given = study.given(method, study.setting_names[0])
        values = f" ({', '.join(f'{name} {compact(value)}' for name, value in given.items())})" if given else ""
        cite = Cite(methods.sources_of(method, study.own_methods.get(method)))
        found += [f"{',' if index else ''} {method}{values}", cite]
    return [*found, ". "]


def _ground(study: Study, records: Sequence[Record]) -> list[Piece]:
    configs = [record.config for record in records]
    data = [data_registry.DATASETS.get(name) for name in dict.fromkeys(one.data.source.name for one in configs)]
    found: list[Piece] = [f"Data: {ground.data(study)}", _cite(row.sources for row in data if row is not None), ". "]
    if any(study.trains(method) for method in study.methods):
        nets = dict.fromkeys(one.model.name for one in configs if study.trains(one.method))
        found += [f"Net: {ground.net(study)}", _cite(model_registry.find(name)[0].sources for name in nets)]
        if first := _cite(one.pretrain.SOURCES for one in configs if one.pretrain is not None).keys:
            found += ["; pre-training", Cite(first)]
        views = (
            methods.augmentation_of(one.method, one.hyperparameters, study.own_methods.get(one.method))
            for one in configs
        )
        if made := _cite(views).keys:
            found += ["; strong views", Cite(made)]
        found.append(". ")
    return found


def _cite(parts: Iterable[tuple[str, ...]]) -> Cite:
    """All of them, each once."""
    return Cite(tuple(dict.fromkeys(key for part in parts for key in part)))


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
    trained = all(study.trains(method) for method in study.methods)
    decides = "labelled images, initial weights and the order of the data" if trained else "the labelled images"
    found.append(f"Every point has {each}; a seed decides {decides}, the same for every method. ")
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
        found += [adjusted, Cite(multiplicity.SOURCES), ". "]
    return [*found, *_looks(study, analysis)]


def _judged(verdict: Verdict | None) -> list[Piece]:
    if verdict is None:
        return []
    how = f"; {verdict.effect.how}" if verdict.effect.how else ""
    after = "; judged post hoc" if verdict.post_hoc else ""
    parts = [verdict.claim.kind.sources, verdict.claim.SOURCES]
    parts += [pooling.SOURCES] if verdict.pooled is not None else []
    parts += [multiverse.SOURCES] if verdict.specifications else []
    return [how, _cite(parts), after]


def _looks(study: Study, analysis: StudyAnalysis) -> list[Piece]:
    if not study.looks:
        return []
    at = words.join([str(points) for points in study.looks])
    text = f"Claims are judged at {at} points, at levels that together spend the error of one judgement"
    stopped = looks.stopped(study, analysis.looks)
    end = "; the study ends where every claim is decided" if study.stops_when_decided else ""
    shared = Cite(sequential.SOURCES if len(study.looks) > 1 else ())
    return [text, shared, f"{end}. ", f"{words.sentence(stopped)} " if stopped else ""]


def _registered(analysis: StudyAnalysis) -> list[Piece]:
    found = analysis.registration
    return [] if found is None else [f"SHA-256 of the whole plan: {found.hash}. {words.sentence(found.line)}"]


def _software(records: Sequence[Record]) -> list[Piece]:
    versions = _told(record.versions for record in records)
    machine = _told(record.environment for record in records)
    found: list[Piece] = [f"Versions: {versions}; semantics of training {SEMANTICS_VERSION}. "]
    if machine:
        found.append(f"Cells ran on: {machine}. ")
    return [*found, _RUNS, _cite(sources.SOFTWARE.values()), "."]


def _told(facts: Iterable[dict[str, str]]) -> str:
    """``python 3.11.7, torch 2.15.0``: every value that there is of each, in the order in which they are found."""
    known: dict[str, dict[str, None]] = {}
    for one in facts:
        for name, value in one.items():
            if name not in _PRIVATE:
                known.setdefault(name, {})[value] = None
    return ", ".join(f"{name} {' or '.join(values)}" for name, values in sorted(known.items()))


def cited(found: Sequence[Sentences]) -> tuple[str, ...]:
    """The keys of all that it rests on."""
    return _cite(piece.keys for one in found for piece in one.pieces if isinstance(piece, Cite)).keys


def as_tex(found: Sequence[Sentences]) -> str:
    r"""One ``\paragraph`` each; citations by ``\cite`` of the keys of ``references.bib``."""
    texts = [_written(one, escaped, lambda keys: rf"~\cite{{{','.join(keys)}}}") for one in found]
    return "\n".join(rf"\paragraph{{{escaped(one.heading)}}}" + f"\n{t}\n" for one, t in zip(found, texts, strict=True))


def as_markdown(found: Sequence[Sentences]) -> str:
    """The same with headings, and citations as pandoc reads them."""
    texts = [_written(one, markdown.escaped, lambda keys: f" [@{'; @'.join(keys)}]") for one in found]
    return "\n".join(f"**{markdown.escaped(one.heading)}.** {t}\n" for one, t in zip(found, texts, strict=True))


def _written(one: Sentences, escape: Callable[[str], str], cite: Callable[[tuple[str, ...]], str]) -> str:
    """All pieces after one another; each keeps the space that it begins or ends with."""
    found = ""
    for piece in one.pieces:
        if isinstance(piece, Cite):
            found += cite(piece.keys) if piece.keys else ""
        else:
            ends = " " * (piece[:1] == " "), " " * (piece[-1:] == " " and bool(piece.strip()))
            found += escape(piece).join(ends)
    return found.strip()
