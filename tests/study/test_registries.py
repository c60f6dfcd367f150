"""What a study file may name is what a registry has a row for, and every row leads to something."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from typing import Any, get_args

import pytest

from ssc_tune import data, methods, prototypes
from ssc_tune.data import registry as data_rows
from ssc_tune.methods import registry as method_rows
from ssc_tune.methods.ssc import SSCHyperparameters
from ssc_tune.models import registry as encoders
from ssc_tune.training.config import DataConfig, ModelConfig

ROWS = {
    **{f"data set {name}": row.reader for name, row in data.DATASETS.items()},
    **{f"own data {name}": row.reader for name, row in data_rows.OWN.items()},
    **{f"survey of {name}": row.survey for name, row in data_rows.OWN.items()},
    "data of a function": data_rows.FUNCTION.reader,
    "survey of a function": data_rows.FUNCTION.survey,
    **{f"method {name}": row for name, row in method_rows._METHODS.items()},
    **{f"encoder {row.title}": row.encoder for row in encoders.FAMILIES},
    **{f"initialization {name}": row.function for name, row in prototypes.STRATEGIES.items()},
}


def named(model: Any, key: str) -> tuple[str, ...]:
    return get_args(model.model_fields[key].annotation)


def test_study_files_name_what_is_registered() -> None:
    names, function = named(DataConfig, "name")
    enlarged = data_rows.EXTRA.values()
    assert get_args(names) == (*(name for name in data.DATASETS if name not in enlarged), *data_rows.OWN)
    assert re.fullmatch(get_args(function)[1].metadata[0].pattern, "my_data:birds")
    assert named(SSCHyperparameters, "prototype_init") == tuple(prototypes.STRATEGIES)
    schema = ModelConfig.model_json_schema()["properties"]["name"]
    for name in ("wrn-10-1", "wrn-37-2", "resnet-50"):
        assert re.fullmatch(schema["pattern"], name)
        assert encoders.find(name)[0] in encoders.FAMILIES


@pytest.mark.parametrize("row", ROWS)
def test_every_row_leads_to_something(row: str) -> None:
    assert callable(pkgutil.resolve_name(ROWS[row]))


def test_a_method_has_the_name_of_its_row() -> None:
    assert [methods.get(name).name for name in methods.names] == list(methods.names)


def test_registries_do_without_torch() -> None:
    code = (
        "import sys; from ssc_tune.training import config; from ssc_tune import data, methods, models, prototypes; "
        "[methods.get(name) for name in methods.names]; data.DATASETS, models.build, prototypes.STRATEGIES; "
        "assert not {'torch', 'sklearn', 'scipy', 'ray', 'mlflow', 'optuna'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
