"""The folder for a paper, and that nothing else is lost in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ssc_tune import sources
from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.analysis.tables import Tables
from ssc_tune.atomic import write_atomically
from ssc_tune.errors import InputError
from ssc_tune.paper import paragraph
from ssc_tune.paper.drawing import picture
from ssc_tune.paper.layout import WIDTHS
from ssc_tune.paper.tables import tables as tex_tables
from ssc_tune.paper.tex import apart
from ssc_tune.presentation.csvs import written
from ssc_tune.records import Record
from ssc_tune.report.figures import Figure, Given, figures
from ssc_tune.study.model.study import Study
from ssc_tune.training.result import Geometry

_COLUMNS = {"m": "method", "p": "point", "s": "seed", "c": "cell", "st": "status", "lo": "low", "hi": "high"}
"""Of tables, by the short names of figures, where these mean the same in all; ``x`` and ``y`` are what axes show."""

MANIFEST = "paper.json"
"""Names what was written here, with the SHA-256 of each."""


class Written(NamedTuple):
    """What has been written, and which kinds of figures have nothing to show, with what each would need."""

    files: list[Path]
    absent: list[tuple[str, str]]


def write(
    study: Study,
    tables: Tables,
    analysis: StudyAnalysis,
    directory: Path,
    *,
    records: Sequence[Record],
    num_cells: int,
    geometries: Mapping[str, Geometry] | None = None,
) -> Written:
    """Writes figures, tables, the paragraph on methods and what it cites into a folder of its own.

    Equal input gives equal files.

    Args:
        study, tables, analysis, records, geometries: as of :func:`ssc_tune.report.write`.
        directory: empty, not there, or one that this function has written and nobody has changed.
        num_cells: cells of the study's design.

    Raises:
        InputError: the folder holds something else.
    """
    check(directory)
    found = figures(Given(study, tables, analysis, records, geometries or {}))
    files: dict[str, str | bytes] = {}
    for figure, name in zip(found.figures, apart([figure.name for figure in found.figures]), strict=True):
        files |= {f"figures/{name}{end}": content for end, content in _files(study, figure).items()}
    files |= {f"tables/{name}.tex": content for name, content in tex_tables(study, analysis).items()}
    said = paragraph.paragraphs(study, analysis, records, num_cells)
    files |= {"methods.tex": paragraph.as_tex(said), "methods.md": paragraph.as_markdown(said)}
    files["references.bib"] = sources.bibliography(paragraph.cited(said))
    return Written(_put(directory, study.name, files), found.absent)


def _files(study: Study, figure: Figure) -> dict[str, str | bytes]:
    """The figure at both widths, its data and its caption, by the ends of their names."""
    files: dict[str, str | bytes] = {}
    for width in WIDTHS:
        made = picture(study, figure, width)
        files |= {f"-{width}.svg": made.svg, f"-{width}.pdf": made.pdf, f"-{width}.png": made.png}
    return {**files, **data(figure), ".txt": f"{figure.to_copy}\n"}


def data(figure: Figure) -> dict[str, str]:
    """A figure's data as tables for other programs, by the ends of their names: one a set of rows that it draws."""
    ends = ["" if name == figure.name else f".{name}" for name in apart(figure.datasets)]
    return {f"{end}.csv": _csv(rows) for end, rows in zip(ends, figure.datasets.values(), strict=True)}


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return written([_COLUMNS.get(name, name) for name in names], ([row.get(name) for name in names] for row in rows))


def check(directory: Path) -> None:
    """Nothing, where the folder may be written.

    Raises:
        InputError: something is there that this program has not written, or that has been changed since.
    """
    if not directory.exists():
        return
    if not directory.is_dir():
        raise InputError(f"{directory}: --output must name a folder, and this is a file")
    known = _known(directory)
    for path in sorted(path for path in directory.rglob("*") if not path.is_dir()):
        name = path.relative_to(directory).as_posix()
        if name == MANIFEST and known:
            continue
        if name not in known:
            raise InputError(f"{directory}: holds {name}, which this command did not write; {_CURE}")
        if _digest(path.read_bytes()) not in known[name]:
            raise InputError(f"{directory}: {name} was changed since it was written; {_CURE}")


_CURE = "move it away, or name another folder with --output"


def _known(directory: Path) -> dict[str, list[str]]:
    """Digests that files written earlier may have, by name; none where nothing says so."""
    try:
        found = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {str(name): [str(one) for one in digests] for name, digests in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _put(directory: Path, study: str, files: Mapping[str, str | bytes]) -> list[Path]:
    """Replaces what is there; whoever is killed on the way leaves a folder that may be written again."""
    before = _known(directory)
    now = {name: _digest(text.encode() if isinstance(text, str) else text) for name, text in files.items()}
    both = {name: sorted({*before.get(name, ()), *([now[name]] if name in now else [])}) for name in {*before, *now}}
    _note(directory, study, both)
    for name in sorted(set(before) - set(now)):
        (directory / name).unlink(missing_ok=True)
    for name, content in files.items():
        write_atomically(directory / name, content)
    _note(directory, study, {name: [digest] for name, digest in now.items()})
    return [directory / name for name in files]


def _note(directory: Path, study: str, files: Mapping[str, Sequence[str]]) -> None:
    content = {"study": study, "files": {name: list(files[name]) for name in sorted(files)}}
    write_atomically(directory / MANIFEST, json.dumps(content, indent=1) + "\n")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
