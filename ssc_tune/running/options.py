"""What a run is told beside its study."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from ssc_tune.records import StudyFolder
from ssc_tune.study.model.study import Study


class Options(NamedTuple):
    """What a run is told beside its study."""

    storage: Path = Path("runs")
    tracking_uri: str | None = None  # none: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db; "none" writes no view
    optuna_storage: str | None = None
    retry_failed: bool = False
    command: str = ""
    log_models: Literal["none", "best", "all"] = "best"  # cells whose weights go to MLflow as models; 0.1 to 0.5 s each
    system_metrics: bool = False  # MLflow samples this machine into the study's parent run
    blind: bool = False  # trains and records, and shows no result: no verdict, report or MLflow view, cells as a total


def folder_of(study: Study, options: Options) -> StudyFolder:
    """The study's folder under the storage path."""
    return StudyFolder(options.storage, study.name)


def tracking_uri(given: str | None) -> str:
    """The MLflow store: as given, else ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``."""
    from ssc_tune.tracking import DEFAULT_URI

    return given or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def hints_of(study: Study, options: Options) -> list[str]:
    """How to look at the study's runs; nothing where they are not tracked."""
    from ssc_tune.tracking import ui_hint

    if options.tracking_uri == "none":
        return []
    return [ui_hint(tracking_uri(options.tracking_uri), study.name, storage=options.storage)]


def default_command(arguments: Sequence[str] | None = None) -> str:
    """The command as it would be typed again."""
    return "python -m ssc_tune.run " + shlex.join(arguments if arguments is not None else sys.argv[1:])
