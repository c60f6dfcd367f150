"""The study: one frozen object that says everything about what is run and judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ssc_tune import methods as method_registry
from ssc_tune.data import registry as data_registry
from ssc_tune.frozen import LATER, Frozen
from ssc_tune.methods.own import OwnMethod
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.designs import Design
from ssc_tune.study.model.factors import FACTORS, Factor, placed
from ssc_tune.study.model.resources import Cluster, Resources
from ssc_tune.study.model.space import SearchSpace, Value
from ssc_tune.training.config import CellConfig, DataConfig, ModelConfig, PretrainConfig, TrainingConfig


def methods_as_mapping(given: Any) -> dict[str, Any]:
    """``[a, b]`` as ``{a: {}, b: {}}``, and what fixes nothing, ``{a: }``, too.

    Raises:
        ValueError: it is neither a list of names, each once, nor a mapping.
    """
    if isinstance(given, list | tuple) and all(isinstance(name, str) for name in given):
        if len(set(given)) < len(given):
            raise ValueError("names a method twice")
        return {name: {} for name in given}
    if isinstance(given, Mapping):
        return {name: {} if fixed is None else fixed for name, fixed in given.items()}
    raise ValueError("must be a list of method names, or a mapping from them to hyperparameters fixed for each")


class Block(Frozen):
    """A part of the design: which parameters vary, for which methods. The others stay at their defaults."""

    parameters: tuple[str, ...] | None = Field(None, description="All shared parameters when absent.")
    methods: tuple[str, ...] | None = Field(None, description="All methods when absent.")


class Setting(Frozen):
    """One data set, label budget or net; every point is run in every setting."""

    data: DataConfig | None = Field(None, description="Instead of the study's data.")
    model: ModelConfig | None = Field(None, description="Instead of the study's model.")
    pretrain: Annotated[PretrainConfig | None, LATER] = Field(None, description="Instead of the study's pre-training.")


class Study(Frozen):
    """One study file, resolved: search space read, overrides applied, everything checked."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)] = Field(
        description="Names the folder of its records and its MLflow experiment."
    )
    description: str = Field("", description="What the study is for; shown in the report.")
    data: DataConfig = Field(DataConfig(), description="Data set and label budget.")
    model: ModelConfig = Field(ModelConfig(), description="The encoder.")
    training: TrainingConfig = Field(TrainingConfig(), description="Length and arithmetic of one training run.")
    pretrain: Annotated[PretrainConfig | None, LATER] = Field(
        None, description="A first stage without labels; none when absent."
    )
    methods: Annotated[dict[str, dict[str, Value]], BeforeValidator(methods_as_mapping), Field(min_length=1)] = Field(
        description="Methods compared: a list of names, or a mapping from names to hyperparameters fixed for that one."
    )
    own_methods: Annotated[dict[str, OwnMethod], LATER] = Field(
        {},
        description="Methods of one's own by name: a class, a function or a command; `methods` names them too.",
    )
    hyperparameters: dict[str, Value] = Field({}, description="Fixed values for all methods that have the key.")
    search_space: SearchSpace = Field(
        description="Parameters that vary: a mapping, or the path of a search-space file, or a list of these."
    )
    design: Design = Field(description="How points are chosen in the search space.")
    blocks: dict[str, Block] = Field(
        {"shared": Block()}, description="Parts of the design; claims name the one they are about."
    )
    settings: dict[str, Setting] = Field({}, description="Data sets, label budgets or nets to repeat the study in.")
    seeds: Annotated[int, Field(ge=1, le=1000)] = Field(
        3, description="Repetitions of every point: labelled split, initialization, data order. Seeds 0, 1, ..."
    )
    resources: Resources = Field(Resources(), description="What one training run needs.")
    cluster: Annotated[Cluster | None, LATER] = Field(
        None, description="The Ray cluster that cells run on; this machine when absent."
    )
    retries: Annotated[int, Field(ge=0, le=20)] = Field(2, description="Further attempts for a cell that raises.")
    timeout: Annotated[float | None, Field(gt=0), LATER] = Field(
        None,
        description="Seconds without progress (a step, a report) after which an attempt at a cell is ended and counts "
        "as one whose worker died; when absent 1800 for methods trained here, none for one's own.",
    )
    claims: tuple[Claim, ...] = Field((), description="Statements fixed before any cell runs, judged at the end.")

    @property
    def shared_parameters(self) -> tuple[str, ...]:
        """Parameters that every method of the study has."""
        space = self.search_space.parameters
        return tuple(name for name, p in space.items() if all(p.applies(method) for method in self.methods))

    def block_parameters(self, block: str) -> tuple[str, ...]:
        """Parameters that vary in a block, in the order of the search space."""
        chosen = self.blocks[block].parameters
        if chosen is None:
            return self.shared_parameters
        return tuple(name for name in self.search_space.parameters if name in chosen)

    def block_methods(self, block: str) -> tuple[str, ...]:
        """Methods that a block runs, in the order of the study."""
        chosen = self.blocks[block].methods
        return tuple(self.methods) if chosen is None else tuple(n for n in self.methods if n in chosen)

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of points at which the claims are judged; empty where they are judged at the end alone."""
        return self.design.judged_at

    @property
    def stops_when_decided(self) -> bool:
        """Whether the study ends at the look at which every claim is decided."""
        return self.design.stops_when_decided

    def first_points(self, points: int) -> Study:
        """The study as it was with the first ``points`` points of its sobol or random design, and no looks."""
        return self.model_copy(
            update={"design": self.design.model_copy(update={"points": points, "looks": (), "stop": "never"})}
        )

    @property
    def setting_names(self) -> tuple[str, ...]:
        """Names of the settings; one called ``main`` where the study declares none."""
        return tuple(self.settings) or ("main",)

    def setting(self, name: str) -> tuple[DataConfig, ModelConfig]:
        """Data and model of a setting."""
        chosen = self.settings.get(name, Setting())
        return chosen.data or self.data, chosen.model or self.model

    @property
    def factors(self) -> dict[str, Factor]:
        """Parameters of the search space that set the data or the net, in its order."""
        named = [name for name in self.search_space.parameters if name in FACTORS]
        if not named:
            return {}
        known = [self.hyperparameters_of(method) for method in self.methods if method in self.known_methods]
        return {name: FACTORS[name] for name in named if not any(name in model.model_fields for model in known)}

    def placed(self, name: str, values: Mapping[str, Value]) -> tuple[DataConfig, ModelConfig]:
        """Data and model of a point in a setting: its factors as ``values`` say, those not there at their defaults."""
        data, model = self.setting(name)
        chosen: dict[str, dict[str, Value]] = {"data": {}, "model": {}}
        for key, factor in self.factors.items():
            chosen[factor.part][factor.key] = values.get(key, self.search_space.parameters[key].default)
        return placed(data, chosen["data"]), placed(model, chosen["model"])

    def decides(self, parameter: str, method: str) -> bool:
        """Whether a parameter of the search space has a part in the cells of a method: as a factor, or as its own."""
        if not self.search_space.parameters[parameter].applies(method):
            return False
        return parameter in self.hyperparameters_of(method).model_fields or parameter in self.factors

    def values_of(self, config: CellConfig) -> dict[str, Value]:
        """The hyperparameters of a cell, and its factors."""
        return {**config.hyperparameters, **{name: factor.of(config) for name, factor in self.factors.items()}}

    def pretraining(self, name: str) -> PretrainConfig | None:
        """Pre-training of a setting."""
        return self.settings.get(name, Setting()).pretrain or self.pretrain

    def hyperparameters_of(self, method: str) -> type[Frozen]:
        """The model of a method's hyperparameters."""
        return method_registry.hyperparameters_of(method, self.own_methods.get(method))

    def trains(self, method: str) -> bool:
        """Whether our loop trains a method, and not a function or command."""
        own = self.own_methods.get(method)
        return own is None or own.is_ours_to_train

    @property
    def known_methods(self) -> tuple[str, ...]:
        """Every method that the study may name: those it declares itself, and the registered ones."""
        return (*self.own_methods, *(name for name in method_registry.known() if name not in self.own_methods))

    def given(self, method: str, setting: str = "") -> dict[str, Value]:
        """Hyperparameters of a method that are given: by the setting's data set, by ``hyperparameters``, by itself."""
        known = self.hyperparameters_of(method).model_fields
        of_data = data_registry.hyperparameters(self.setting(setting)[0].source) if self.trains(method) else {}
        common = {key: value for key, value in {**of_data, **self.hyperparameters}.items() if key in known}
        return {**common, **self.methods[method]}

    def fixed(self, method: str, setting: str = "") -> dict[str, Value]:
        """The hyperparameters of a method outside the design: its defaults, then those that are given."""
        defaults = {
            name: parameter.default
            for name, parameter in self.search_space.parameters.items()
            if parameter.applies(method) and name not in self.factors
        }
        return method_registry.resolve(
            method, {**self.given(method, setting), **defaults}, self.own_methods.get(method)
        )
