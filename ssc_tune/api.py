"""Studies from Python: ``study = ssc_tune.load_study(path)``, ``result = ssc_tune.run_study(study)``."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TextIO

from ssc_tune import running
from ssc_tune.study import Study, load_study

if TYPE_CHECKING:
    import pandas as pd

    from ssc_tune.analysis.result import StudyAnalysis, Verdict


class StudyResult(NamedTuple):
    """What a study has found.

    ``records`` has a row a cell and the columns of ``results.csv``; accuracies are shares in [0, 1], NaN for cells
    that are not ``ok``. ``problems`` has a line for each thing that went wrong without stopping the study.
    """

    study: Study
    records: pd.DataFrame
    analysis: StudyAnalysis
    files: tuple[Path, ...]
    num_failed: int
    num_missing: int
    problems: tuple[str, ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The judgement on each claim, in the order of the study."""
        return self.analysis.verdicts

    def __repr__(self) -> str:
        words = [f"{v.claim.name}: {v.verdict}{' (post hoc)' if v.post_hoc else ''}" for v in self.verdicts]
        found = "; ".join(words) or "no claims"
        return f"<StudyResult {self.study.name}: {len(self.records)} rows; {found}>"


def run_study(
    study: Study | str | os.PathLike[str],
    *,
    storage: str | os.PathLike[str] = "runs",
    tracking_uri: str | None = None,
    optuna_storage: str | None = None,
    retry_failed: bool = False,
    log_models: Literal["none", "best", "all"] = "best",
    system_metrics: bool = False,
) -> StudyResult:
    """Train the cells of a study that have no record yet, judge its claims, and write its report.

    The same as ``python -m ssc_tune.run``: calling it again runs nothing twice. Progress goes to standard error, what
    Ray and MLflow print to ``log.txt`` in the study's folder.

    Args:
        study: a study, or the path of its file.
        storage: folder of the records; the study gets a folder of its own name in it.
        tracking_uri: MLflow store or server; ``"none"`` for no tracking. By default ``MLFLOW_TRACKING_URI``, else
            ``sqlite:///mlflow.db`` in the working directory.
        optuna_storage: where the points are kept; by default ``optuna.db`` in the study's folder.
        retry_failed: run cells again that were recorded as failed.
        log_models: cells whose weights become MLflow models: the best of each method on validation, all, or none.
        system_metrics: let MLflow sample this machine into the study's run; needs psutil.

    Raises:
        InputError: the study file, or an address, is wrong; one line a problem.
        KeyboardInterrupt: the run was interrupted. What is done is kept, and the same call goes on.
    """
    loaded = study if isinstance(study, Study) else load_study(study)
    options = running.Options(
        storage=Path(storage),
        tracking_uri=tracking_uri,
        optuna_storage=optuna_storage,
        retry_failed=retry_failed,
        log_models=log_models,
        system_metrics=system_metrics,
        command=_as_typed(loaded, storage, tracking_uri),
    )
    done = running.run(loaded, options, out=_apart(sys.stdout, 1), err=_apart(sys.stderr, 2))
    if isinstance(done, running.Interrupted):
        raise KeyboardInterrupt(f"{done.num_missing} cells are left; the same call goes on")
    assert isinstance(done, running.Finished)  # the run was not blind
    return StudyResult(
        study=loaded,
        records=_records(loaded, done),
        analysis=done.analysis,
        files=tuple(done.files),
        num_failed=done.num_failed,
        num_missing=done.num_missing,
        problems=tuple(done.problems),
    )


def _apart(stream: TextIO, descriptor: int) -> TextIO | None:
    """The stream where it does not end in the process's own descriptor, as in a notebook; else None.

    The run sends the descriptors to its log; what is shown must go where Python shows it.
    """
    try:
        return None if stream.fileno() == descriptor else stream
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return stream


def _records(study: Study, done: running.Finished) -> pd.DataFrame:
    """As the file is read back, so that a notebook and another program see the same."""
    import pandas as pd

    from ssc_tune.presentation.csvs import results_csv

    return pd.read_csv(io.StringIO(results_csv(study, done.tables)))


def _as_typed(study: Study, storage: str | os.PathLike[str], tracking_uri: str | None) -> str:
    """The call, for the report; an address is left out, for it may hold a password."""
    given = "" if tracking_uri is None else ', tracking_uri="none"' if tracking_uri == "none" else ", tracking_uri=..."
    place = "" if os.fspath(storage) == "runs" else f", storage={os.fspath(storage)!r}"
    return f"ssc_tune.run_study({study.name!r}{place}{given})"


__all__ = ["StudyResult", "load_study", "run_study"]
