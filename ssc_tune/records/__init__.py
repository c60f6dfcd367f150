"""One durable record a cell: the truth from which Optuna's storage, MLflow and the report are rebuilt."""

from __future__ import annotations

from ssc_tune.records.record import Attempt, Record
from ssc_tune.records.registrations import Registration
from ssc_tune.records.store import CorruptRecord, RecordStore, StudyFolder

__all__ = ["Attempt", "CorruptRecord", "Record", "RecordStore", "Registration", "StudyFolder"]
