"""The Optuna storage of a study: its points as trials, for optuna-dashboard and for adaptive search.

One Optuna study a block, setting, method and search. It is a view: rebuilt from the records whenever it is missing. A
trial's value is the mean validation accuracy over the seeds of its point; a diverged or failed cell counts at chance
level.
"""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssc_tune.design.damage import Damaged, check_database, cut_torn_tail, set_database_aside
from ssc_tune.design.points import Point
from ssc_tune.design.trials import distributions, from_trial, to_trial
from ssc_tune.errors import InputError, cause
from ssc_tune.frozen import without_later
from ssc_tune.late import Late
from ssc_tune.masking import mask_address
from ssc_tune.sqlite_address import to_address
from ssc_tune.study.model.space import Value
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import SEMANTICS_VERSION

if TYPE_CHECKING:
    import optuna

    from ssc_tune.design.look_source import Source
else:
    optuna = Late("optuna")

NAME = "optuna.db"
"""The storage in a study's folder, unless another is named."""


def open_source(source: Source, location: str | None, directory: Path) -> list[str]:
    """Opens a source on its Optuna storage; the storage in ``directory`` is set aside if it is damaged, and made anew.

    Returns:
        A line each on what was set aside.

    Raises:
        InputError: the storage cannot be opened or used; a password in the URL is not shown.
    """
    problems = [] if location is not None else _sound(directory / NAME)
    storage = open_storage(location, directory)
    try:
        source.open(storage)
    except Exception as error:  # whatever a database raises
        raise _unusable(location, directory, error) from error
    return problems


def _sound(path: Path) -> list[str]:
    try:
        check_database(path)
    except Damaged as error:
        aside = set_database_aside(path)
        return [f"{path}: damaged ({error}); set aside as {aside.name} and made anew from the records"]
    return []


def open_storage(location: str | None, directory: Path) -> optuna.storages.BaseStorage:
    """The storage at ``location``: a database URL, a ``.log`` journal file, or by default SQLite in ``directory``.

    Raises:
        InputError: the storage cannot be opened; a password in the URL is not shown.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        if location is not None and location.endswith(".log"):
            return _open_journal(Path(location))
        if location is None:
            directory.mkdir(parents=True, exist_ok=True)
        url = location or to_address(directory / NAME)
        more = {"connect_args": {"timeout": 60}} if "sqlite" in url else {"pool_pre_ping": True}
        return optuna.storages.RDBStorage(url, engine_kwargs=more)
    except Exception as error:
        raise _unusable(location, directory, error) from error


def _open_journal(path: Path) -> optuna.storages.JournalStorage:
    from optuna.storages.journal import JournalFileBackend

    path.parent.mkdir(parents=True, exist_ok=True)
    cut_torn_tail(path)
    return optuna.storages.JournalStorage(JournalFileBackend(str(path)))


def _unusable(location: str | None, directory: Path, error: Exception) -> InputError:
    """What is said of a storage that cannot be used: a file by its name, a database by its kind alone."""
    if location is None:
        return InputError(f"{directory / NAME}: cannot be used ({cause(error)})")
    if location.endswith(".log"):
        anew = "moved away, it is made anew from the records"
        return InputError(f"--optuna-storage {location}: cannot be opened ({cause(error)}); {anew}")
    shown = location.split("://", 1)[0]
    why = cause(error) if shown == "sqlite" else type(error).__name__  # what a server says may hold the password
    said = f"--optuna-storage {mask_address(location)!r}: cannot be opened ({why})"
    moved = "; a damaged file that is moved away is made anew from the records" if shown == "sqlite" else ""
    return InputError(f"{said}{moved}; allowed: sqlite:///FILE, postgresql+psycopg://..., or a journal FILE.log")


class PointLedger:
    """The points of one block, setting and method (and search) in the Optuna storage: one Optuna study.

    Its name ends in a digest of what decides the points' values: what was told of a point once cannot be changed, so
    a study whose training, ranges or seeds changed gets a new Optuna study, rebuilt from the records. More points go on
    with the old one.
    """

    def __init__(
        self,
        study: Study,
        storage: optuna.storages.BaseStorage,
        *,
        block: str,
        setting: str,
        method: str,
        search: int = 0,
    ) -> None:
        self._study, self._storage = study, storage
        self._names = [n for n in study.block_parameters(block) if study.search_space.parameters[n].applies(method)]
        self.optuna = optuna.create_study(
            storage=storage,
            study_name=ledger_name(study, block=block, setting=setting, method=method, search=search),
            direction="maximize",
            load_if_exists=True,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self.optuna.set_metric_names(["mean validation accuracy"])
        self._ids: dict[int, int] = {}  # of trials, by point
        self._numbers: dict[int, int] = {}
        self._told: set[int] = set()
        for trial in self.optuna.get_trials(deepcopy=False):
            if "point" in trial.user_attrs:
                index = trial.user_attrs["point"]
                self._ids[index], self._numbers[index] = trial._trial_id, trial.number
                if trial.state.is_finished():
                    self._told.add(index)
        self.end_nameless()

    def end_nameless(self) -> None:
        """Ends trials that were asked for by a process that died, or was cut off, before it could name the point."""
        for trial in self.optuna.get_trials(deepcopy=False):
            if "point" not in trial.user_attrs and not trial.state.is_finished():
                self.optuna.tell(trial.number, state=optuna.trial.TrialState.FAIL)

    @property
    def space(self) -> dict[str, optuna.distributions.BaseDistribution]:
        """Distributions of the parameters that the method has."""
        return distributions(self._study, self._names)

    def known(self) -> dict[int, dict[str, Value]]:
        """Values of the points in the storage."""
        return {
            trial.user_attrs["point"]: from_trial(trial.params)
            for trial in self.optuna.get_trials(deepcopy=False)
            if "point" in trial.user_attrs
        }

    def is_told(self, index: int) -> bool:
        """Whether a point has its value."""
        return index in self._told

    def put(self, point: Point) -> None:
        """Adds a point as a running trial, in one transaction; nothing if it is there."""
        if point.number in self._numbers:
            return
        trial = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING,
            params=to_trial(self._study, {name: point.values[name] for name in self._names}),
            distributions=self._widened(point),
            user_attrs={"point": point.number},
        )
        study_id = self._storage.get_study_id_from_name(self.optuna.study_name)
        self._ids[point.number] = self._storage.create_new_trial(study_id, template_trial=trial)
        self._numbers[point.number] = self._storage.get_trial_number_from_id(self._ids[point.number])

    def _widened(self, point: Point) -> dict[str, optuna.distributions.BaseDistribution]:
        """The distributions, each wide enough for the point: a default or a level may lie outside the range."""
        found = self.space
        for name, value in to_trial(self._study, {name: point.values[name] for name in self._names}).items():
            given = found[name]
            if isinstance(given, optuna.distributions.FloatDistribution):
                ends = min(given.low, float(value)), max(given.high, float(value))
                found[name] = optuna.distributions.FloatDistribution(*ends, log=given.log)
            elif isinstance(given, optuna.distributions.IntDistribution):
                whole = min(given.low, int(value)), max(given.high, int(value))
                found[name] = optuna.distributions.IntDistribution(*whole, log=given.log)
        return found

    def ask(self, index: int, sampler: optuna.samplers.BaseSampler) -> Point:
        """The sampler's next point."""
        self.optuna.sampler = sampler
        trial = self.optuna.ask(fixed_distributions=self.space)
        trial.set_user_attr("point", index)
        self._ids[index], self._numbers[index] = trial._trial_id, trial.number
        return Point(index, from_trial(trial.params))

    def report(self, index: int, seed: int, accuracy: float) -> None:
        """The accuracy of one seed of a point, as an intermediate value at step ``seed``."""
        self._storage.set_trial_intermediate_value(self._ids[index], seed, accuracy)

    def is_hopeless(self, index: int, pruner: optuna.pruners.BasePruner) -> bool:
        """What the pruner says of a point by the seeds reported so far."""
        return pruner.prune(self.optuna, self._storage.get_trial(self._ids[index]))

    def tell(self, index: int, accuracies: Sequence[float], *, pruned: bool = False) -> None:
        """Ends a point with the mean accuracy of its seeds so far; one that is not finite ends it as failed.

        A ``pruned`` point is complete too, with its mean over the seeds that ran, so that samplers learn from it.
        """
        if index in self._told or index not in self._numbers:
            return
        if pruned:
            self._storage.set_trial_user_attr(self._ids[index], "pruned after seeds", len(accuracies))
        value = sum(accuracies) / len(accuracies) if accuracies else math.nan
        # One that has ended was told by a call that was cut off on its way back.
        if math.isfinite(value):
            self.optuna.tell(self._numbers[index], value, skip_if_finished=True)
        else:
            self.optuna.tell(self._numbers[index], state=optuna.trial.TrialState.FAIL, skip_if_finished=True)
        self._told.add(index)


def ledger_name(study: Study, *, block: str, setting: str, method: str, search: int = 0) -> str:
    """Name of the Optuna study: ``study/block/setting/method/design-digest``, then ``/search-N`` beyond the first.

    More points or searches leave the names as they are.
    """
    data, model = study.setting(setting)
    deciding = {
        "data": data.identity(),
        "model": model.identity(),
        "training": study.training.identity(),
        "fixed": without_later(study.hyperparameters_of(method), study.fixed(method, setting)),
        "space": {n: study.search_space.parameters[n].model_dump(mode="json") for n in study.block_parameters(block)},
        "design": study.design.model_dump(mode="json", exclude={"points", "searches"}),
        "seeds": study.seeds,
        "semantics": SEMANTICS_VERSION,
    }
    for key, later in (("pretrain", study.pretraining(setting)), ("own", study.own_methods.get(method))):
        if later is not None:
            deciding[key] = later.identity()
    digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:8]
    name = f"{study.name}/{block}/{setting}/{method}/{study.design.type}-{digest}"
    return f"{name}/search-{search}" if search else name
