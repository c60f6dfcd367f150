"""The Optuna storage of a study: its points as trials, for optuna-dashboard and for adaptive search.

One Optuna study a block, setting and method. It is a view: rebuilt from the records whenever it is missing. A trial's
value is the mean validation accuracy over the seeds of its point; a diverged or failed cell counts at chance level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssc_tune.design.points import Point
from ssc_tune.errors import InputError
from ssc_tune.study.models import Study
from ssc_tune.study.space import ChoiceParameter, FloatParameter, IntParameter, Parameter, Value

if TYPE_CHECKING:
    import optuna


def distributions(study: Study, names: Sequence[str]) -> dict[str, optuna.distributions.BaseDistribution]:
    """Optuna's distributions of parameters. A ``complement`` parameter appears as ``1 - name``, on its own scale."""
    return dict(_distribution(name, study.search_space.parameters[name]) for name in names)


def _distribution(name: str, parameter: Parameter) -> tuple[str, optuna.distributions.BaseDistribution]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    match parameter:
        case FloatParameter(complement=True):
            ends = round(1 - parameter.high, 12), round(1 - parameter.low, 12)
            return f"1 - {name}", FloatDistribution(*ends, log=parameter.log)
        case FloatParameter():
            return name, FloatDistribution(parameter.low, parameter.high, log=parameter.log)
        case IntParameter():
            return name, IntDistribution(parameter.low, parameter.high, log=parameter.log)
        case ChoiceParameter():
            return name, CategoricalDistribution(parameter.choices)


def to_trial(study: Study, values: Mapping[str, Value]) -> dict[str, Value]:
    """A point's values as Optuna's parameters."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        parameter = study.search_space.parameters[name]
        if isinstance(parameter, FloatParameter) and parameter.complement:
            found[f"1 - {name}"] = round(1 - float(value), 12)
        else:
            found[name] = value
    return found


def from_trial(study: Study, params: Mapping[str, Value]) -> dict[str, Value]:
    """Optuna's parameters as a point's values."""
    found: dict[str, Value] = {}
    for name, value in params.items():
        if name.startswith("1 - "):
            found[name.removeprefix("1 - ")] = round(1 - float(value), 12)
        else:
            found[name] = value
    return found


def open_storage(location: str | None, directory: Path) -> optuna.storages.BaseStorage:
    """The storage at ``location``: a database URL, a ``.log`` journal file, or by default SQLite in ``directory``.

    Raises:
        InputError: the storage cannot be opened; a password in the URL is not shown.
    """
    import optuna
    from optuna.storages import JournalStorage, RDBStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if location is None:
        directory.mkdir(parents=True, exist_ok=True)
        location = f"sqlite:///{directory / 'optuna.db'}"
    if location.endswith(".log"):
        path = Path(location)
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_tail(path)
        return JournalStorage(JournalFileBackend(str(path)))
    try:
        return RDBStorage(location, engine_kwargs={"connect_args": {"timeout": 60}} if "sqlite" in location else None)
    except Exception as error:
        shown = location.split("://", 1)[0]
        raise InputError(
            f"--optuna-storage ({shown}://...): cannot be opened ({type(error).__name__}); allowed: sqlite:///FILE, "
            "postgresql+psycopg://..., or a journal FILE.log"
        ) from error


def _cut_torn_tail(path: Path) -> None:
    """Removes a half-written last line of a journal, which would make it unreadable for ever."""
    if not path.exists():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])


class PointLedger:
    """The points of one block, setting and method in the Optuna storage."""

    def __init__(
        self,
        study: Study,
        storage: optuna.storages.BaseStorage,
        *,
        block: str,
        setting: str,
        method: str,
        sampler: optuna.samplers.BaseSampler | None = None,
    ) -> None:
        import optuna

        self._study = study
        self._names = [n for n in study.block_parameters(block) if study.search_space.parameters[n].applies(method)]
        self.optuna = optuna.create_study(
            storage=storage,
            study_name=f"{study.name}/{block}/{setting}/{method}/{study.design.type}",
            direction="maximize",
            load_if_exists=True,
            sampler=sampler,
        )
        self.optuna.set_metric_names(["mean validation accuracy"])
        self._numbers: dict[int, int] = {
            trial.user_attrs["point"]: trial.number
            for trial in self.optuna.get_trials(deepcopy=False)
            if "point" in trial.user_attrs
        }
        self._told = {
            trial.user_attrs["point"]
            for trial in self.optuna.get_trials(deepcopy=False)
            if "point" in trial.user_attrs and trial.state.is_finished()
        }

    @property
    def space(self) -> dict[str, optuna.distributions.BaseDistribution]:
        """Distributions of the parameters that the method has."""
        return distributions(self._study, self._names)

    def known(self) -> dict[int, dict[str, Value]]:
        """Values of the points in the storage."""
        return {
            trial.user_attrs["point"]: from_trial(self._study, trial.params)
            for trial in self.optuna.get_trials(deepcopy=False)
            if "point" in trial.user_attrs and trial.params
        }

    def put(self, point: Point) -> None:
        """Adds a point as a fixed trial, running; nothing if it is there."""
        if point.number in self._numbers:
            return
        values = {name: point.values[name] for name in self._names}
        self.optuna.enqueue_trial(to_trial(self._study, values))
        trial = self.optuna.ask(fixed_distributions=self.space)
        trial.set_user_attr("point", point.number)
        self._numbers[point.number] = trial.number

    def ask(self, index: int) -> Point:
        """The sampler's next point."""
        trial = self.optuna.ask(fixed_distributions=self.space)
        trial.set_user_attr("point", index)
        self._numbers[index] = trial.number
        return Point(index, from_trial(self._study, trial.params))

    def tell(self, index: int, accuracies: Sequence[float]) -> None:
        """Ends a point with the accuracies of its seeds; a value that is not finite ends it as failed."""
        import optuna

        if index in self._told or index not in self._numbers:
            return
        value = sum(accuracies) / len(accuracies) if accuracies else math.nan
        if math.isfinite(value):
            self.optuna.tell(self._numbers[index], value)
        else:
            self.optuna.tell(self._numbers[index], state=optuna.trial.TrialState.FAIL)
        self._told.add(index)
