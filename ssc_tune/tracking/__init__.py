"""The MLflow view of a study: written from the records, rebuilt from them at any time, never read for results.

:class:`Tracker` follows a running study from a thread of its own; :func:`sync` rebuilds the whole view. Both write
through one writer, which takes every time from the records, so that writing twice changes nothing. mlflow is imported
on first use only.
"""

from __future__ import annotations

from ssc_tune.design import Placement
from ssc_tune.tracking.grouping import study_version
from ssc_tune.tracking.lookup import find_experiment
from ssc_tune.tracking.model import Models, models_of
from ssc_tune.tracking.report import SyncReport
from ssc_tune.tracking.sync import sync
from ssc_tune.tracking.system import check_available as check_system_metrics
from ssc_tune.tracking.tracker import Tracker
from ssc_tune.tracking.ui import charts_address, experiment_address, ui_command, ui_environment, ui_hint
from ssc_tune.tracking.uri import DEFAULT_URI, mask, resolve_uri

__all__ = [
    "DEFAULT_URI",
    "Models",
    "Placement",
    "SyncReport",
    "Tracker",
    "charts_address",
    "check_system_metrics",
    "experiment_address",
    "find_experiment",
    "mask",
    "models_of",
    "resolve_uri",
    "study_version",
    "sync",
    "ui_command",
    "ui_environment",
    "ui_hint",
]
