"""Data that a study names: which keys belong to them, and what is seen of one's own."""

from __future__ import annotations

from ssc_tune.data import registry
from ssc_tune.data.facts import DatasetInfo, SourceError
from ssc_tune.study.model.study import Setting, Study
from ssc_tune.study.reading.yaml_reader import KeyPath
from ssc_tune.training.config import DataConfig


def written(study: Study) -> dict[KeyPath, Setting]:
    """What a study says of data, net and pre-training, and where: for all of it, and in each setting."""
    whole = Setting(data=study.data, model=study.model, pretrain=study.pretrain)
    return {(): whole, **{("settings", name): setting for name, setting in study.settings.items()}}


def checked_info(data: DataConfig) -> DatasetInfo:
    """Sizes of the data, looked at where they are one's own.

    Raises:
        SourceError: a key does not belong to them, they are not there, or not what they have to be.
    """
    owners = {
        key: [name for name, row in registry.OWN.items() if key in row.keys] for key in ("path", "size", "mirror")
    }
    for key, having in {**owners, "extra": list(registry.EXTRA)}.items():
        if getattr(data, key) and data.name not in having:
            raise SourceError(key, f"no key of {data.name}; allowed for {' and '.join(having)}")
    if data.name in registry.DATASETS:
        if data.fingerprint is not None:
            raise SourceError("fingerprint", f"no key of {data.name}; allowed for one's own data")
        return _known(registry.DATASETS[data.source.name], data)
    found = registry.survey(data.source)
    if data.fingerprint not in (None, found.fingerprint):
        raise SourceError("fingerprint", f"is {found.fingerprint} now, not {data.fingerprint}; the data have changed")
    return _known(found.info, data)


def beside_validation(data: DataConfig, info: DatasetInfo) -> str:
    """What a number of images is limited by, in words."""
    return f"for {data.name} with {data.held_out(info.train_size)} validation images"


def most_labels(data: DataConfig, info: DatasetInfo) -> tuple[int, str]:
    """The most labelled images of a class beside the validation images, and that limit in words."""
    most = info.most_labels_per_class(data.held_out(info.train_size))
    return most, f"must be at most {most} {beside_validation(data, info)}"


def _known(info: DatasetInfo, data: DataConfig) -> DatasetInfo:
    if data.unknown_classes > info.num_classes - 2:
        text = f"must leave 2 of the {info.num_classes} classes of {data.name}: at most {info.num_classes - 2}"
        raise SourceError("unknown_classes", f"{text}, not {data.unknown_classes}")
    if data.unknown_share is not None and not data.unknown_classes:
        raise SourceError("unknown_share", "no class is unknown; unknown_classes says how many are")
    return info.without_last(data.unknown_classes)


def with_fingerprints(study: Study) -> Study:
    """The same with the fingerprints of one's own data."""
    settings = {
        name: setting if setting.data is None else setting.model_copy(update={"data": _with_fingerprint(setting.data)})
        for name, setting in study.settings.items()
    }
    return study.model_copy(update={"data": _with_fingerprint(study.data), "settings": settings})


def _with_fingerprint(data: DataConfig) -> DataConfig:
    if data.name in registry.DATASETS:
        return data
    return data.model_copy(update={"fingerprint": registry.survey(data.source).fingerprint})
