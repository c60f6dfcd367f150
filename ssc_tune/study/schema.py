"""JSON Schemas of study and search-space files, made from the models, so that editors complete and check keys.

``python -m ssc_tune.study.schema [FOLDER]`` writes them, into ``docs`` by default.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ssc_tune import methods as registry
from ssc_tune.study.model.space import SearchSpace
from ssc_tune.study.model.study import Study

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def study_schema() -> Schema:
    """The schema of a study file, in every form the file may take."""
    schema = Study.model_json_schema(by_alias=True)
    properties = schema["properties"]
    space = {"$ref": "#/$defs/SearchSpace"}
    path = {"type": "string", "description": "Path of a search-space file, relative to the study file."}
    properties["search_space"] = {
        "description": properties["search_space"]["description"],
        "anyOf": [path, space, {"type": "array", "minItems": 1, "items": {"anyOf": [path, space]}}],
    }
    properties["methods"] = _methods(schema, properties["methods"]["description"])
    values = {key: value for name in registry.names for key, value in _hyperparameters(name).items()}
    properties["hyperparameters"] = {
        "description": properties["hyperparameters"]["description"],
        "type": "object",
        "properties": values,
    }
    schema["if"] = {"not": {"required": ["own_methods"]}}
    schema["then"] = {"properties": {"methods": _only(registry.names), "hyperparameters": _only(values)}}
    return _finished(schema, "Study file of ssc_tune")


def search_space_schema() -> Schema:
    """The schema of a search-space file."""
    return _finished(SearchSpace.model_json_schema(by_alias=True), "Search-space file of ssc_tune")


def _methods(schema: Schema, description: str) -> Schema:
    fixed: Schema = {}
    for name in registry.names:
        of_method = {"type": ["object", "null"], "additionalProperties": False, "properties": _hyperparameters(name)}
        schema["$defs"][f"hyperparameters of {name}"] = of_method
        fixed[name] = {"$ref": f"#/$defs/hyperparameters of {name}"}
    listed = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}}
    own = {"type": ["object", "null"]}
    mapped = {"type": "object", "minProperties": 1, "additionalProperties": own, "properties": fixed}
    return {"description": description, "anyOf": [listed, mapped]}


def _only(names: Iterable[str]) -> Schema:
    """What a list may hold, or the keys that a mapping may have, where a study declares no methods of its own."""
    allowed = {"enum": list(names)}
    return {"items": allowed, "propertyNames": allowed}


def _hyperparameters(method: str) -> Schema:
    properties: Schema = registry.get(method).Hyperparameters.model_json_schema(by_alias=True)["properties"]
    return properties


def _finished(schema: Schema, title: str) -> Schema:
    floats = schema["$defs"]["FloatParameter"]
    floats["required"] = [key for key in floats["required"] if key not in ("low", "high")]
    floats["anyOf"] = [{"required": ["low", "high"]}, {"required": ["factor"]}]
    return {"$schema": DRAFT, **schema, "title": title}


def files() -> dict[str, str]:
    """The text of each schema by the name of its file."""
    schemas = {"study.schema.json": study_schema(), "search_space.schema.json": search_space_schema()}
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
