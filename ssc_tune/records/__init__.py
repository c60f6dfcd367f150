"""One durable record a cell: the truth from which Optuna's storage, MLflow and the report are rebuilt."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.records import registrations as registrations
    from ssc_tune.records.record import Attempt as Attempt
    from ssc_tune.records.record import Record as Record
    from ssc_tune.records.registrations import Registration as Registration
    from ssc_tune.records.store import CorruptRecord as CorruptRecord
    from ssc_tune.records.store import RecordStore as RecordStore
    from ssc_tune.records.store import StudyFolder as StudyFolder

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["registrations"],
    submod_attrs={
        "record": ["Attempt", "Record"],
        "registrations": ["Registration"],
        "store": ["CorruptRecord", "RecordStore", "StudyFolder"],
    },
)
