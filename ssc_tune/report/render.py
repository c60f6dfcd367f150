"""Templates to text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from ssc_tune.presentation import markdown as markdowns
from ssc_tune.presentation.colours import CIVIDIS, ON_DARK, colours, dashes, shapes
from ssc_tune.presentation.words import sentence
from ssc_tune.report.data_tables import data_tables
from ssc_tune.report.figures.base import Figure
from ssc_tune.report.figures.inline import Drawing
from ssc_tune.study.model.study import Study

STYLES = ("report.css", "runs.css")
SCRIPTS = (
    "report.js", "runs.js", "runs_table.js", "runs_canvas.js", "runs_curves.js", "runs_parallel.js", "runs_matrix.js",
    "runs_timeline.js", "access.js",
)  # fmt: skip
"""In this order one style sheet and one script."""


def markdown(content: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """``report.md``: the same content without interaction; figures by their files."""
    return _environment(escape=False).get_template("report.md.j2").render(**content, figures=figures)


def published(content: Mapping[str, Any], figures: Sequence[Figure], command: str) -> str:
    """The page of :mod:`ssc_tune.report.published`."""
    environment = dict(content["environment"])
    processor = environment.get("processor", "unknown")
    template = _environment(escape=False).get_template("published.md.j2")
    return template.render(**content, shown=figures, publish=command, processor=processor)


def html(
    study: Study, content: Mapping[str, Any], figures: Sequence[Figure], drawings: Mapping[str, Sequence[Drawing]]
) -> str:
    """``report.html``: one file with its style, its drawings and a small script inside; it runs no other script.

    ``drawings`` are the panels of each figure, by its name.
    """
    environment = _environment(escape=True)
    source = environment.loader
    assert source is not None
    style, script = ("".join(source.get_source(environment, name)[0] for name in names) for names in (STYLES, SCRIPTS))
    return environment.get_template("report.html.j2").render(
        **content,
        figures=figures,
        drawings={n: [one._replace(svg=_inline(one.svg)) for one in d] for n, d in drawings.items()},
        colours=colours(study),
        on_dark=ON_DARK,
        cividis=CIVIDIS,
        dashes=dashes(study),
        shapes=shapes(study),
        style=_inline(style),
        script=_inline(script),
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),  # of the one script that may run
    )


def _inline(text: str) -> Any:
    """Our own style, script or drawing, to stand in the page as it is."""
    assert "</script" not in text.lower()
    assert "</style" not in text.lower()
    assert "<!--" not in text
    return Markup(text)


def _environment(*, escape: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ssc_tune.report"),
        autoescape=escape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        sentence=sentence, md=markdowns.escaped, code=markdowns.code, fence=markdowns.fence, data_tables=data_tables
    )
    return environment
