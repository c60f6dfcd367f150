"""Templates to text."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ssc_tune.report.figures.base import Figure, colours, shapes
from ssc_tune.report.figures.specification import VEGA_LITE, page
from ssc_tune.study.models import Study

if TYPE_CHECKING:
    import jinja2

_MARKDOWN_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]|#"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})
_SCRIPT_SPECIAL = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def markdown(content: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """``report.md``: the same content without interaction; figures by their files."""
    return _template("report.md.j2", escape=False).render(**content, figures=figures)


def html(study: Study, content: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """``report.html``: one file with style, data and the drawing library inside."""
    environment = _environment(escape=True)
    source = environment.loader
    assert source is not None
    style, script = (source.get_source(environment, name)[0] for name in ("report.css", "report.js"))
    return environment.get_template("report.html.j2").render(
        **content,
        figures=figures,
        colours=colours(study),
        shapes=shapes(study),
        style=_inline(style),
        script=_inline(script),
        library=_inline(_library()) if figures else "",
        drawings=script_json(_drawings(figures)),
    )


def script_json(value: object) -> str:
    """JSON that may stand in a script element: no character in it can end the element or open another."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_SCRIPT_SPECIAL)


def _drawings(figures: Sequence[Figure]) -> dict[str, Any]:
    datasets = {name: list(rows) for figure in figures for name, rows in figure.datasets.items()}
    panels = {f"{figure.name}--{i}": page(panel) for figure in figures for i, panel in enumerate(figure.panels)}
    return {"datasets": datasets, "panels": panels}


@functools.cache
def _library() -> str:
    """Vega, Vega-Lite and their embedding, from the package that draws the files."""
    import vl_convert

    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return text


def _inline(text: str) -> Any:
    """Our own style or script, to stand in its element as it is."""
    from markupsafe import Markup

    assert "</script" not in text.lower()
    assert "</style" not in text.lower()
    assert "<!--" not in text
    return Markup(text)


def _template(name: str, *, escape: bool) -> jinja2.Template:
    return _environment(escape=escape).get_template(name)


def _environment(*, escape: bool) -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ssc_tune.report"),
        autoescape=escape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = _markdown_text
    environment.filters["fence"] = _fence
    return environment


def _markdown_text(value: object) -> str:
    """Text that means itself in Markdown, on one line."""
    return " ".join(str(value).split()).translate(_MARKDOWN_SPECIAL)


def _fence(value: object) -> str:
    """A block of literal text: the fence is longer than any run of backticks inside."""
    text = str(value).rstrip("\n")
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}\n{text}\n{ticks}"
