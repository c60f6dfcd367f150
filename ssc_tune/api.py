"""Studies from Python: ``study = ssc_tune.load_study(path)``, ``result = ssc_tune.run_study(study)``."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import altair as alt
import pandas as pd

from ssc_tune import notebook, running
from ssc_tune.analysis.result import StudyAnalysis, Verdict
from ssc_tune.analysis.tables import Tables
from ssc_tune.data import cache
from ssc_tune.masking import mask_address
from ssc_tune.presentation import words
from ssc_tune.presentation.csvs import results_csv, summary_csv
from ssc_tune.records import StudyFolder
from ssc_tune.report.figures import Figure
from ssc_tune.running.options import declared
from ssc_tune.study import Study, load_study


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult:
    """What a study has found. A notebook shows it as a table of the verdicts.

    ``records`` has a row a cell and the columns of ``results.csv``; accuracies are shares in [0, 1], NaN for cells
    that are not ``ok``. ``problems`` has a line for each thing that went wrong without stopping the study.
    """

    study: Study
    records: pd.DataFrame
    analysis: StudyAnalysis
    files: tuple[Path, ...]
    num_failed: int
    num_lost: int
    num_missing: int
    problems: tuple[str, ...]
    _tables: Tables
    _folder: StudyFolder

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The judgement on each claim, in the order of the study."""
        return self.analysis.verdicts

    @property
    def verdict_table(self) -> pd.DataFrame:
        """The same as a table, by the claim's name: effects as they are told, a ratio of spreads as such."""
        return notebook.verdict_table(self.analysis)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row a method, block and setting, and the columns of ``summary.csv``."""
        return pd.read_csv(io.StringIO(summary_csv(self.analysis)))

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the report's figures, as :meth:`plot` takes them."""
        return tuple(self._figures)

    def plot(self, figure: str = "parameters") -> alt.ConcatChart:
        """A figure of the report as an Altair chart: ``parameters``, ``spread`` or another of :attr:`figures`.

        Of several blocks, settings or claims the beginning of a name is the first: ``parameters`` for
        ``parameters-shared``.

        Raises:
            InputError: there is no such figure.
        """
        return notebook.chart(self._figures, figure)

    @cached_property
    def _figures(self) -> dict[str, Figure]:
        return notebook.figures_of(self.study, self._folder, self._tables, self.analysis)

    def _repr_html_(self) -> str:
        return notebook.result_html(self.study, self.analysis, len(self.records))

    def __repr__(self) -> str:
        found = words.listed(self.analysis) or "no claims"
        return f"<StudyResult {self.study.name}: {len(self.records)} rows; {found}>"


def run_study(study: Study | str | os.PathLike[str], **options: Any) -> StudyResult:
    """Train the cells of a study that have no record yet, judge its claims, and write its report.

    The same as ``python -m ssc_tune.run``: calling it again runs nothing twice. Progress is a bar in a notebook, and
    goes to standard error elsewhere; what Ray and MLflow print goes to ``log.txt`` in the study's folder.

    Args:
        study: a study, or the path of its file.
        options: of the run, by name:

    {options}

    Raises:
        InputError: the study file, or an address, is wrong; one line a problem.
        TypeError: an option that is not known, or a value that it cannot have.
        KeyboardInterrupt: the run was interrupted. What is done is kept, and the same call goes on.
    """
    unknown = set(options) - set(declared())
    if unknown:
        raise TypeError(f"run_study has no option {', '.join(sorted(unknown))}; there are {', '.join(declared())}")
    cache.use(options.get("data_dir"))
    loaded = study if isinstance(study, Study) else load_study(study)
    command = _as_typed(loaded, options.get("storage", "runs"), options.get("tracking_uri"))
    given = running.options_from(options, command=command)
    out, err = _apart(sys.stdout, 1), _apart(sys.stderr, 2)
    view = notebook.NotebookView if notebook.is_notebook() else None
    with _others_to_the_log(out, err):
        done = running.train_and_judge(loaded, given, out=out, err=err, view=view)
    if isinstance(done, running.Interrupted):
        raise KeyboardInterrupt(f"{done.num_missing} cells are left; the same call goes on")
    assert isinstance(done, running.Finished)  # the run was not blind
    return StudyResult(
        study=loaded,
        records=pd.read_csv(io.StringIO(results_csv(loaded, done.tables))),  # as another program reads the file
        analysis=done.analysis,
        files=tuple(done.files),
        num_failed=done.num_failed,
        num_lost=done.num_lost,
        num_missing=done.num_missing,
        problems=tuple(done.problems),
        _tables=done.tables,
        _folder=running.folder_of(loaded, given),
    )


def _apart(stream: TextIO, descriptor: int) -> TextIO | None:
    """The stream where it does not end in the process's own descriptor, as in a notebook; else None.

    The run sends the descriptors to its log; what is shown must go where Python shows it.
    """
    try:
        return None if stream.fileno() == descriptor else stream
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return stream


@contextlib.contextmanager
def _others_to_the_log(out: TextIO | None, err: TextIO | None) -> Iterator[None]:
    """Where Python prints apart from the process's descriptors, lets libraries print to these, which go to the log."""
    with contextlib.ExitStack() as meanwhile:
        if out is not None and sys.__stdout__ is not None:
            meanwhile.enter_context(contextlib.redirect_stdout(sys.__stdout__))
        if err is not None and sys.__stderr__ is not None:
            meanwhile.enter_context(contextlib.redirect_stderr(sys.__stderr__))
        yield


def _as_typed(study: Study, storage: str | os.PathLike[str], tracking_uri: str | None) -> str:
    """The call, for the report; an address is left out, for it may hold a password."""
    given = "" if tracking_uri is None else ', tracking_uri="none"' if tracking_uri == "none" else ", tracking_uri=..."
    place = "" if os.fspath(storage) == "runs" else f", storage={mask_address(os.fspath(storage))!r}"
    return f"ssc_tune.run_study({study.name!r}{place}{given})"


def _describe() -> None:
    """Gives ``run_study`` the signature and the documentation of its options, which :class:`Options` declares."""
    parameters = [
        inspect.Parameter("study", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation="Study | str | PathLike")
    ]
    lines = []
    for name, one in declared().items():
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(name, kind, default=one.default, annotation=one.type))
        lines.append(f"        {name}: {one.metadata['help']}")
    run_study.__signature__ = inspect.Signature(parameters, return_annotation="StudyResult")  # type: ignore[attr-defined]
    run_study.__doc__ = (run_study.__doc__ or "").replace("    {options}", "\n".join(lines))


_describe()

__all__ = ["StudyResult", "load_study", "run_study"]
