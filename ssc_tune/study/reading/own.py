"""Where a study's own methods are: their files, and the hash of these that makes an edited method a new one."""

from __future__ import annotations

import ast
import hashlib
import importlib.machinery
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ssc_tune.atomic import digest
from ssc_tune.methods import registry
from ssc_tune.methods.own import OwnMethod, add_folder
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.suggest import unknown
from ssc_tune.study.reading.yaml_reader import KeyPath


def locate(raw: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    """A study's values with folder and fingerprint in each of its own methods, and what cannot be found.

    Args:
        raw: the study as plain values. What is not well formed is left for the models to tell.
        folder: of the study file, where modules are looked for first and commands run.
    """
    declared = raw.get("own_methods")
    if not isinstance(declared, Mapping):
        return dict(raw), []
    found, problems = {}, []
    for name, content in declared.items():
        path: KeyPath = ("own_methods", name)
        try:
            own = OwnMethod.model_validate(content)
        except ValidationError:
            found[name] = content
            continue
        problems += list(_problems(path, own, folder))
        found[name] = {**content, "folder": str(folder.absolute()), "fingerprint": _fingerprint(own, folder)}
    return {**raw, "own_methods": found}, problems


def _problems(path: KeyPath, own: OwnMethod, folder: Path) -> Iterator[Problem]:
    for i, name in enumerate(own.files):
        if not (folder / name).is_file():
            yield Problem((*path, "files", i), f"no file {name!r} in {folder}")
    if own.command is not None:
        program = own.command[0]
        if not (shutil.which(program) or shutil.which(str(folder / program)) or program in ("python", "python3")):
            yield Problem((*path, "command", 0), f"no program {program!r}, neither installed nor in {folder}")
        return
    key = "method" if own.method is not None else "function"
    module, _, name = (own.method or own.function or "").partition(":")
    file = _module_file(module, folder)
    if file is None:
        yield Problem((*path, key), f"no module {module!r}, neither installed nor in {folder}")
    elif file.suffix == ".py" and name not in (names := _names(file)):
        yield Problem((*path, key), unknown(f"{file} has no {name!r}", name, names))
    elif own.method is not None:
        yield from _class_problems((*path, key), own.method, folder)


def _class_problems(path: KeyPath, target: str, folder: Path) -> Iterator[Problem]:
    add_folder(str(folder.absolute()))
    try:
        registry.class_at(target)
    except registry.NotAMethod as error:
        yield Problem(path, str(error))
    except Exception as error:  # a module of the user's may raise anything
        yield Problem(path, f"{target} cannot be imported: {type(error).__name__}: {error}")


def _module_file(module: str, folder: Path) -> Path | None:
    """The file of a module, found without running it; of a package, its ``__init__``."""
    places: list[str] | None = [str(folder.absolute()), *sys.path]
    for part in module.split("."):
        spec = importlib.machinery.PathFinder.find_spec(part, places)
        if spec is None or (spec.origin is None and spec.submodule_search_locations is None):
            return None
        places = list(spec.submodule_search_locations or ())
    return Path(spec.origin) if spec is not None and spec.origin else None


def _names(file: Path) -> list[str]:
    """Names that a module's top level binds; none of a module that does not parse."""
    try:
        body = ast.parse(file.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError):
        return []
    names: list[str] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names += [alias.asname or alias.name for alias in node.names]
    return names


def _fingerprint(own: OwnMethod, folder: Path) -> str:
    """SHA-256 over the files that decide its result; empty where the study says a version."""
    if own.version:
        return ""
    files = [folder / name for name in (*own.files, *(own.command or ())) if (folder / name).is_file()]
    target = own.method or own.function
    module = _module_file(target.partition(":")[0], folder) if target else None
    found = (digest(file) for file in (*files, module) if file is not None)
    return hashlib.sha256(b"".join(bytes.fromhex(one) for one in found if one is not None)).hexdigest()
