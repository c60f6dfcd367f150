"""The MLflow view of a study: written from the records, rebuilt from them at any time, never read for results.

:class:`Tracker` follows a running study from a thread of its own; :func:`sync` rebuilds the whole view. Both write
through one writer, which takes every time from the records, so that writing twice changes nothing.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.tracking.grouping import study_version as study_version
    from ssc_tune.tracking.lookup import find_experiment as find_experiment
    from ssc_tune.tracking.model import Models as Models
    from ssc_tune.tracking.model import models_of as models_of
    from ssc_tune.tracking.rebuild import sync as sync
    from ssc_tune.tracking.report import SyncReport as SyncReport
    from ssc_tune.tracking.system import check_system_metrics as check_system_metrics
    from ssc_tune.tracking.tracker import Tracker as Tracker
    from ssc_tune.tracking.ui import charts_address as charts_address
    from ssc_tune.tracking.ui import experiment_address as experiment_address
    from ssc_tune.tracking.ui import ui_command as ui_command
    from ssc_tune.tracking.ui import ui_environment as ui_environment
    from ssc_tune.tracking.ui import ui_hint as ui_hint
    from ssc_tune.tracking.uri import DEFAULT_URI as DEFAULT_URI
    from ssc_tune.tracking.uri import mask as mask
    from ssc_tune.tracking.uri import resolve_uri as resolve_uri

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "grouping": ["study_version"],
        "lookup": ["find_experiment"],
        "model": ["Models", "models_of"],
        "rebuild": ["sync"],
        "report": ["SyncReport"],
        "system": ["check_system_metrics"],
        "tracker": ["Tracker"],
        "ui": ["charts_address", "experiment_address", "ui_command", "ui_environment", "ui_hint"],
        "uri": ["DEFAULT_URI", "mask", "resolve_uri"],
    },
)
