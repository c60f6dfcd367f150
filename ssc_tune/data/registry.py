"""Every data set in one row: where it is read from, and what is known of it without reading it.

Nothing here imports torch, so that study files are checked in a moment. The names that a study file may give, the
schema, the reference and the messages follow from these rows.
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune.data import surveys
from ssc_tune.data.facts import DatasetInfo, Source, SourceError, Survey

if TYPE_CHECKING:
    from ssc_tune.data.dataset import Dataset


_PAPER = (("strong_view", "paper"), ("randaugment_n", 3))
"""Strong views of arXiv 2409.07292, which has results for the sets that say so."""

_PACKAGED, _PUBLISHED = "ssc_tune.data.packaged:read", "ssc_tune.data.published:read"
_DIGITS = (128, 131, 128, 132, 131, 131, 131, 129, 126, 130)
_MNIST = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
_SVHN = (4948, 13_861, 10_585, 8497, 7458, 6882, 5727, 5595, 5045, 4659)
_WITH_EXTRA = (50_498, 104_421, 85_325, 69_262, 58_091, 60_372, 47_309, 49_592, 40_403, 39_115)

DATASETS: dict[str, DatasetInfo] = {
    "digits": DatasetInfo(_PACKAGED, (1, 8, 8), _DIGITS, 500, sources=("alpaydin1998digits",)),
    "mnist5k": DatasetInfo(_PACKAGED, (1, 28, 28), (400,) * 10, 1000, sources=("lecun1998gradient",)),
    "mnist": DatasetInfo(_PUBLISHED, (1, 28, 28), _MNIST, 10_000, sources=("lecun1998gradient",)),
    "fashion_mnist": DatasetInfo(_PUBLISHED, (1, 28, 28), (6000,) * 10, 10_000, sources=("xiao2017fashion",)),
    "cifar10": DatasetInfo(
        _PUBLISHED, (3, 32, 32), (5000,) * 10, 10_000, 0, _PAPER, sources=("krizhevsky2009learning",)
    ),
    "cifar100": DatasetInfo(
        _PUBLISHED, (3, 32, 32), (500,) * 100, 10_000, 0, _PAPER, sources=("krizhevsky2009learning",)
    ),
    "svhn": DatasetInfo(_PUBLISHED, (3, 32, 32), _SVHN, 26_032, 0, _PAPER, sources=("netzer2011reading",)),
    "svhn+extra": DatasetInfo(_PUBLISHED, (3, 32, 32), _WITH_EXTRA, 26_032, 0, _PAPER, sources=("netzer2011reading",)),
    "stl10": DatasetInfo(_PUBLISHED, (3, 96, 96), (500,) * 10, 8000, 100_000, _PAPER, sources=("coates2011analysis",)),
}
"""Every data set by name."""


class OwnData(NamedTuple):
    """One form that data of one's own may have."""

    reader: str  # "module:function", of a function of a Source that returns a Dataset
    survey: str  # "module:function", of a function of a Source that returns a Survey
    keys: tuple[str, ...]  # keys of ``data`` that belong to this form


OWN: dict[str, OwnData] = {
    "folder": OwnData("ssc_tune.data.folder:read", "ssc_tune.data.folder_survey:survey", ("path", "size", "mirror")),
    "array": OwnData("ssc_tune.data.array:read", "ssc_tune.data.array_survey:survey", ("path", "mirror")),
}
"""Data of one's own, by the name that a study file gives them."""

FUNCTION = OwnData("ssc_tune.data.function:read", "ssc_tune.data.function:survey", ())
"""Data that a function without arguments returns, which a study file names as ``module:function``."""
FUNCTION_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$"
FUNCTION_IN_WORDS = "module:function"
EXTRA = {"svhn": "svhn+extra"}
"""Sets that the key ``extra`` enlarges, and the row of the enlarged one."""
NAMES = (*(name for name in DATASETS if name not in EXTRA.values()), *OWN)
"""What ``data.name`` may be, beside a function."""


def load(source: str | Source) -> Dataset:
    """A data set, read once a process. Its tensors are shared: do not change them in place.

    Raises:
        InputError: the name is not registered, or the data are not there or not what they have to be.
    """
    return _load(_source(source))


def info(source: str | Source) -> DatasetInfo:
    """Sizes of a data set; of one's own data what was seen when their fingerprint was taken, or what they are now.

    Raises:
        InputError: as :func:`load`.
    """
    source = _source(source)
    return known(source) or survey(source).info.without_last(source.unknown_classes)


def known(source: Source) -> DatasetInfo | None:
    """Sizes of a data set without a look at it; none where it is one's own and was not looked at on this machine."""
    if source.name in DATASETS:
        return DATASETS[source.name].without_last(source.unknown_classes)
    kept = surveys.kept(source.fingerprint, source.size)
    return kept and kept.info.without_last(source.unknown_classes)


def hyperparameters(source: Source) -> dict[str, int | str]:
    """Hyperparameters that a registered data set gives where a study on it does not; none for one's own data."""
    return dict(DATASETS[source.name].hyperparameters) if source.name in DATASETS else {}


def survey(source: Source) -> Survey:
    """Looks at data of one's own.

    Raises:
        SourceError: they are not there or not what they have to be.
    """
    found: Survey = pkgutil.resolve_name(_own(source).survey)(source)
    return found


def _source(source: str | Source) -> Source:
    return Source(source) if isinstance(source, str) else source


def _own(source: Source) -> OwnData:
    row = OWN.get(source.name, FUNCTION if re.match(FUNCTION_PATTERN, source.name) else None)
    if row is None:
        text = f"unknown data set {source.name!r}; allowed: {', '.join(NAMES)}, {FUNCTION_IN_WORDS}"
        raise SourceError("name", text)
    return row


@cache
def _load(source: Source) -> Dataset:
    if source.unknown_classes:
        whole = _load(source._replace(unknown_classes=0))
        part: Dataset = pkgutil.resolve_name("ssc_tune.data.dataset:open_set")(whole, source.unknown_classes)
        return part
    dataset: Dataset = pkgutil.resolve_name((DATASETS.get(source.name) or _own(source)).reader)(source)
    return dataset
