"""The reference of study files, made from the models.

``python -m ssc_tune.study.reference [FOLDER]`` writes ``study_file.md``, into ``docs`` by default.
"""

from __future__ import annotations

import inspect
import re
import sys
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ssc_tune import methods as registry
from ssc_tune.data.registry import DATASETS, EXTRA
from ssc_tune.methods.base import Hyperparameters
from ssc_tune.study.model import resources, space, study
from ssc_tune.study.model.claims import FORMS, ClaimForm
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
    for name in names:
        field = model.model_fields[name]
        cells = [f"`{field.alias or name}`", _kind(field), _default(field), field.description or ""]
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("``", "`") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _factors() -> str:
    rows = ["| name | sets | values |", "| --- | --- | --- |"]
    for name, factor in FACTORS.items():
        rows.append(f"| `{name}` | `{factor.path}` | {_kind(factor.config.model_fields[factor.key])} |")
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


def _kind(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and isinstance(extra.get("enum"), list):
        return _listed(extra["enum"])
    limits = _limits(field.metadata)
    return _words(field.annotation) + (f", {limits}" if limits else "")


def _listed(values: Any) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _words(annotation: Any) -> str:
    """A type in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        limits = _limits(arguments[1:])
        return _words(arguments[0]) + (f", {limits}" if limits else "")
    if origin is Literal:
        return _listed(arguments)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is not None:
        return _container(origin, arguments)
    plain = {bool: "`true` or `false`", int: "whole number", float: "number", str: "text"}
    return plain.get(annotation) or re.sub(r"(?<!^)(?=[A-Z])", " ", annotation.__name__).lower().removesuffix(" config")


def _union(arguments: tuple[Any, ...]) -> str:
    members = [inner for inner in arguments if inner is not type(None)]
    if any(get_args(inner)[:1] == FORMS[:1] for inner in members):
        return "claim"
    if set(members) == {bool, int, float, str}:
        return "any value"
    if all(isinstance(inner, type) and issubclass(inner, BaseModel) for inner in members) and len(members) > 1:
        return "mapping by `type`"
    return " or ".join(map(_words, members))


def _container(origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is dict:
        return f"mapping of names to {_words(arguments[1])}"
    several = arguments[-1] is Ellipsis
    return f"list of {_words(arguments[0])}" if several else f"list of {len(arguments)} ({_words(arguments[0])})"


def _limits(metadata: Any) -> str:
    found: list[str] = []
    for item in metadata:
        for inner in getattr(item, "metadata", [item]):
            if isinstance(inner, Gt | Ge | Lt | Le):
                sign, bound = {Gt: (">", "gt"), Ge: (">=", "ge"), Lt: ("<", "lt"), Le: ("<=", "le")}[type(inner)]
                found.append(f"{sign} {getattr(inner, bound)}")
            elif isinstance(inner, MinLen) and inner.min_length > 1:
                found.append(f"at least {inner.min_length}")
            elif isinstance(inner, MaxLen):
                found.append(f"at most {inner.max_length} characters")
    return ", ".join(found)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    (folder / "study_file.md").write_text(reference(), encoding="utf-8")
