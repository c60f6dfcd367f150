"""The reference of study files, made from the models.

``python -m ssc_tune.study.reference [FOLDER]`` writes ``study_file.md``, into ``docs`` by default.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ssc_tune import methods as registry
from ssc_tune.data.registry import DATASETS, EXTRA
from ssc_tune.methods.base import Hyperparameters
from ssc_tune.study.model import resources, space, study
from ssc_tune.study.model.claims import ClaimForm
from ssc_tune.study.model.designs import DESIGNS
from ssc_tune.study.model.factors import FACTORS
from ssc_tune.training.config import DataConfig, ModelConfig, PretrainConfig, TrainingConfig

_SECTIONS: tuple[tuple[str, tuple[type[BaseModel], ...]], ...] = (
    ("The file", (study.Study,)),
    ("data", (DataConfig,)),
    ("model", (ModelConfig,)),
    ("training", (TrainingConfig,)),
    ("pretrain", (PretrainConfig,)),
    ("search_space", (space.SearchSpace, space.FloatParameter, space.IntParameter, space.ChoiceParameter)),
    ("design", DESIGNS),
    ("blocks", (study.Block,)),
    ("settings", (study.Setting,)),
    ("resources", (resources.Resources,)),
    ("cluster", (resources.Cluster,)),
    ("claims", (ClaimForm,)),
)

_INTRODUCTION = """\
# Study files

<!-- Made by `python -m ssc_tune.study.reference`; a test holds it up to date. -->

A study is one YAML file. Unknown keys, keys given twice, anchors and aliases are errors; every error names file, line
and key, and all errors of a file are shown at once. `1e-3` is a number; `yes`, `no`, `on` and `off` are text, only
`true` and `false` are booleans. `--set path.to.key=value` changes a value for one run: `--set seeds=5`,
`--set claims.0.confidence=0.9`, `--set search_space.parameters.tau.low=0.9`.

A search space stands in the study, or in a file of its own that `search_space` names by a path relative to the study
file. A list of files and mappings is merged in order: a later parameter replaces an earlier one of the same name.
Parameters that apply to none of the study's methods are left out, so that one search space serves many studies.

A parameter that only some methods have says so with `applies_to`, and is varied only in a block that names it.
"""

_PLAIN = {"boolean": "`true` or `false`", "integer": "whole number", "number": "number", "string": "text"}
_LIMITS = {
    **{"exclusiveMinimum": "> {}", "minimum": ">= {}", "exclusiveMaximum": "< {}", "maximum": "<= {}"},
    "maxLength": "at most {} characters",
}

_FACTORS = """\
### Factors

A parameter of one of these names sets the data or the net in place of a hyperparameter, for all methods alike; every
design and claim takes it like any other. Its default stands in the place of the key, which `data`, `model` and
`settings` then leave out. Where a method of the study has a hyperparameter of that name, it is the hyperparameter.

```yaml
parameters:
  labels_per_class: {type: int, default: 4, low: 1, high: 20, log: true}
  label_noise: {type: float, default: 0.0, low: 0.0, high: 0.4}
  model: {type: choice, default: wrn-10-1, choices: [wrn-10-1, wrn-16-1]}
```
"""


def reference() -> str:
    """The text of ``study_file.md``."""
    parts = [_INTRODUCTION]
    for title, group in _SECTIONS:
        parts.append(f"## {title if title == 'The file' else f'`{title}`'}\n")
        for model in group:
            if len(group) > 1 and "type" in model.model_fields:
                parts.append(f"### `type: {get_args(model.model_fields['type'].annotation)[0]}`\n")
            parts += [_summary(model), _table(model, [name for name in model.model_fields if name != "type"])]
        if title == "search_space":
            parts += [_FACTORS, _factors()]
    parts += ["## Data sets\n", _datasets(), "## Hyperparameters\n", "### of all methods\n"]
    parts.append(_table(Hyperparameters, list(Hyperparameters.model_fields)))
    for method in registry.names:
        model = registry.get(method).Hyperparameters
        own = [name for name in model.model_fields if name not in Hyperparameters.model_fields]
        parts += [f"### of `{method}` only\n", _table(model, own)]
    return "\n".join(parts)


def _summary(model: type[BaseModel]) -> str:
    return inspect.cleandoc(model.__doc__ or "").replace("``", "`") + "\n"


def _table(model: type[BaseModel], names: list[str]) -> str:
    if not names:
        return "No further keys.\n"
    rows = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    types = model.model_json_schema()["properties"]
    for name in names:
        field = model.model_fields[name]
        key = field.alias or name
        cells = [f"`{key}`", _words(types[key]), _default(field), field.description or ""]
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("``", "`") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _factors() -> str:
    rows = ["| name | sets | values |", "| --- | --- | --- |"]
    for name, factor in FACTORS.items():
        types = factor.config.model_json_schema()["properties"]
        rows.append(f"| `{name}` | `{factor.path}` | {_words(types[factor.key])} |")
    return "\n".join(rows) + "\n"


def _datasets() -> str:
    rows = ["| name | classes | image (C, H, W) | training | test |", "| --- | --- | --- | --- | --- |"]
    for name, info in DATASETS.items():
        spelt = next((f"{base}`, `extra: true" for base, enlarged in EXTRA.items() if enlarged == name), name)
        more = f" and {info.unlabelled} without a label" if info.unlabelled else ""
        sizes = f"{info.train_size}{more} | {info.test_size}"
        rows.append(f"| `{spelt}` | {info.num_classes} | {info.image_shape} | {sizes} |")
    return "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        return "its defaults"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict) and any(isinstance(inner, BaseModel) for inner in value.values()):
        return "`{" + ", ".join(f"{key}: {{}}" for key in value) + "}`"
    return "empty" if value in ("", (), {}) else f"`{value}`"


def _words(schema: Mapping[str, Any]) -> str:
    """A type in words, by its JSON Schema."""
    limits = (words.format(schema[key]) for key, words in _LIMITS.items() if key in schema)
    return ", ".join([_type(schema), *limits])


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower().removesuffix(" config")
    if "oneOf" in schema:  # the form of a claim is told by its keys
        return "mapping by `type`" if "discriminator" in schema else "claim"
    if "anyOf" in schema:
        members = [_words(member) for member in schema["anyOf"] if member != {"type": "null"}]
        return "any value" if set(members) == set(_PLAIN.values()) else " or ".join(members)
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    return _container(schema)


def _container(schema: Mapping[str, Any]) -> str:
    if schema["type"] == "object":
        return f"mapping of names to {_words(schema['additionalProperties'])}"
    if "prefixItems" in schema:
        return f"list of {len(schema['prefixItems'])} ({_words(schema['prefixItems'][0])})"
    if schema["type"] == "array":
        least = schema.get("minItems", 1)
        return f"list of {_words(schema['items'])}{f', at least {least}' if least > 1 else ''}"
    return _PLAIN[schema["type"]]


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    (folder / "study_file.md").write_text(reference(), encoding="utf-8")
