"""What a study rests on that others have published: each part of it names its sources, and this collects them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ssc_tune import methods, sources
from ssc_tune.analysis.estimators import multiplicity, multiverse, pooling, sequential
from ssc_tune.analysis.result import StudyAnalysis, Verdict
from ssc_tune.data import registry as data_registry
from ssc_tune.models import registry as model_registry
from ssc_tune.records import Record
from ssc_tune.study.model.study import Study

Keys = tuple[str, ...]


def of_method(study: Study, method: str) -> Keys:
    """Of a method; nobody knows where a function or a command of one's own was published."""
    return methods.sources_of(method, study.own_methods.get(method))


def of_data(records: Iterable[Record]) -> Keys:
    """Of the data sets that cells were trained on."""
    names = dict.fromkeys(record.config.data.source.name for record in records)
    rows = [data_registry.DATASETS[name] for name in names if name in data_registry.DATASETS]
    return _joined(row.sources for row in rows)


def of_nets(study: Study, records: Iterable[Record]) -> Keys:
    """Of the encoders of cells that were trained here."""
    names = dict.fromkeys(r.config.model.name for r in records if study.trains(r.config.method))
    return _joined(model_registry.find(name)[0].sources for name in names)


def of_pretraining(records: Iterable[Record]) -> Keys:
    """Of the first stage, where there was one."""
    return _joined(record.config.pretrain.SOURCES for record in records if record.config.pretrain is not None)


def of_views(study: Study, records: Iterable[Record]) -> Keys:
    """Of what strong views are made of."""
    return _joined(
        methods.augmentation_of(r.config.method, r.config.hyperparameters, study.own_methods.get(r.config.method))
        for r in records
    )


def of_verdict(verdict: Verdict) -> Keys:
    """Of how a claim was judged: its measure and its form, settings taken for a sample, other ranges and priors."""
    parts = [verdict.claim.kind.sources, verdict.claim.SOURCES]
    if verdict.pooled is not None:
        parts.append(pooling.SOURCES)
    if verdict.specifications:
        parts.append(multiverse.SOURCES)
    return _joined(parts)


def of_correction(study: Study) -> Keys:
    """Of how several claims were taken together."""
    return multiplicity.SOURCES if len(study.claims) > 1 else ()


def of_looks(study: Study) -> Keys:
    """Of how several looks share the error of one."""
    return sequential.SOURCES if len(study.looks) > 1 else ()


def of_software() -> Keys:
    """Of the packages that a study runs with."""
    return _joined(sources.SOFTWARE.values())


def used(study: Study, analysis: StudyAnalysis, records: Sequence[Record]) -> Keys:
    """All of them."""
    return _joined(
        [
            *(of_method(study, method) for method in study.methods),
            of_data(records),
            of_nets(study, records),
            of_pretraining(records),
            of_views(study, records),
            study.design.sources,
            *(of_verdict(verdict) for verdict in analysis.verdicts),
            of_correction(study),
            of_looks(study),
            of_software(),
        ]
    )


def _joined(parts: Iterable[Keys]) -> Keys:
    return tuple(dict.fromkeys(key for part in parts for key in part))
