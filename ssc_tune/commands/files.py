"""``ssc-tune new`` and ``ssc-tune validate``: study and search-space files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssc_tune.errors import InputError


def new(name: str) -> int:
    """Writes a commented study file that runs as it is."""
    from ssc_tune.study.reading.template import study_template

    path = Path(f"{name}.yaml")
    if path.exists():
        raise InputError(f"{path}: there is such a file already; choose another name")
    text = study_template(name)
    path.write_text(text, encoding="utf-8")
    print(f"{path} written; try it with: python -m ssc_tune.run {path} --dry-run")
    return 0


def validate(files: Sequence[Path]) -> int:
    """Checks study files and search-space files; says what is wrong in all of them at once."""
    problems: list[str] = []
    for path in files:
        try:
            for line in _checked(path):
                print(f"{path}: {line}")
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return 0


def _checked(path: Path) -> list[str]:
    """That the file is valid, and what is worth knowing of its design."""
    from ssc_tune.design.notes import notes
    from ssc_tune.study import load_search_space, load_study

    if _is_search_space(path):
        return [f"a valid search space of {len(load_search_space(path).parameters)} parameters"]
    study = load_study(path)
    return [f"valid; study {study.name}", *(f"note: {line}" for line in notes(study))]


def _is_search_space(path: Path) -> bool:
    """A search space has ``parameters`` and nothing that only a study has."""
    from ssc_tune.study import SearchSpace, Study
    from ssc_tune.study.reading.yaml_reader import read_yaml

    try:
        content = read_yaml(path).value
    except InputError:
        return False  # reading it as a study says what is wrong
    if not isinstance(content, dict) or "parameters" not in content:
        return False
    return not (set(Study.model_fields) - set(SearchSpace.model_fields)) & set(content)
