"""What the variance of accuracy is made of."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ssc_tune.analysis.estimators.decomposition import UNRESOLVED
from ssc_tune.analysis.result import Share
from ssc_tune.presentation.numbers import percent
from ssc_tune.presentation.words import join
from ssc_tune.report.cells import Row, View, limits
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, told
from ssc_tune.report.figures.encodings import colour, rows_of, tips

MAX_SOURCES = 10
LEAST_INTERACTION = 0.005
"""Share below which an interaction gets no bar."""


def figures(view: View, given: Given) -> list[Figure]:
    """Bars of variance shares with their intervals, one panel an evaluator, methods side by side."""
    here = [share for share in view.here(given.analysis.shares) if share.share.value is not None]
    if not here:
        return []
    panels, datasets = [], {}
    for number, evaluator in enumerate(dict.fromkeys(s.evaluator for s in here)):
        chosen = [s for s in here if s.evaluator == evaluator]
        sources = _sources(chosen)
        key = f"shares-{number}{view.slug}"
        datasets[key] = [_row(s) for s in chosen if s.source in sources]
        height = 40 + len(sources) * (12 * len(view.methods) + 8)
        whole = chosen[0].whole
        chart = _chart(view, key, sources, whole, banded=any("lo" in row for row in datasets[key]))
        panels.append(Panel(key, evaluator, _alt(chosen, sources, whole), chart, max(height, 150)))
    caption = (
        "The share of the variance of test accuracy that each hyperparameter, interaction, the seed and the rest "
        "account for; whiskers are intervals. Shares are of each method's own variance: a stable method has little "
        f"of it to share out. Interactions below {percent(LEAST_INTERACTION)} are left out."
    )
    caption = " ".join([caption, *_wholes(here), *_notes(here)])
    name, title = f"shares{view.slug}", "Where the variance comes from"
    return [Figure(name, title, "Variance", caption, tuple(panels), datasets, view.methods)]


def _wholes(shares: Sequence[Share]) -> list[str]:
    """What each panel shares out, where it is not the same in all."""
    found: dict[str, dict[str, None]] = {}
    for share in shares:
        found.setdefault(share.whole, {})[share.evaluator] = None
    if len(found) < 2:
        return []
    told = join([f"{join(list(evaluators))} of the {whole}" for whole, evaluators in found.items()])
    return [f"Panels share out different variances, so their bars are not to be compared: {told}."]


def _notes(shares: Sequence[Share]) -> list[str]:
    """What is said of single evaluators, with the methods that it is said of."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    unresolved = {(share.evaluator, share.method) for share in shares if share.source == UNRESOLVED}
    for share in shares:
        if share.share.note:
            end = ", so hyperparameters are not told apart" if (share.evaluator, share.method) in unresolved else ""
            found.setdefault((share.evaluator, share.share.note.rstrip(".") + end), {})[share.method] = None
    everyone = {share.method for share in shares}
    return [
        f"{evaluator}{'' if set(methods) == everyone else f' for {join(list(methods))}'}: {note}."
        for (evaluator, note), methods in found.items()
    ]


def _sources(shares: Sequence[Share]) -> list[str]:
    """The largest sources, in the order in which the analysis names them, without interactions that explain nothing."""
    largest: dict[str, float] = {}
    for share in shares:
        largest[share.source] = max(largest.get(share.source, float("-inf")), share.share.value or 0.0)
    told = [source for source, value in largest.items() if " x " not in source or value >= LEAST_INTERACTION]
    kept = set(sorted(told, key=lambda source: -largest[source])[:MAX_SOURCES])
    return [source for source in largest if source in kept]


def _row(share: Share) -> Row:
    found = share.share
    return {"m": share.method, "s": share.source, "y": found.value, **limits(found.low, found.high)}


def _chart(view: View, key: str, sources: list[str], whole: str, *, banded: bool) -> Chart:
    two = "length(datum.label) > 20 && indexof(datum.label, ' x ') > 0"  # an interaction takes two lines
    axis = alt.Axis(
        labelExpr=f"{two} ? split(replace(datum.label, ' x ', ' x\\n'), '\\n') : datum.label",
        labelBaseline={"condition": {"test": two, "value": "bottom"}, "value": "middle"},
        labelLimit=190,
        labelFontSize=12,
        labelPadding=4,
    )
    row = alt.Y("s:N", title=None, sort=sources, axis=axis)
    lane = alt.YOffset("m:N", sort=list(view.methods), scale=alt.Scale(domain=list(view.methods), paddingInner=0.12))
    x = alt.X("y:Q", title=f"share of the {whole}", axis=alt.Axis(format="%", grid=True, tickCount=5))
    said = tips("m", ("s:N", "source"), ("y:Q", "share", ".1%"))
    bars: alt.Chart = (
        rows_of(key)
        .mark_bar(cornerRadiusEnd=2)
        .encode(x=x, y=row, yOffset=lane, color=colour(view.study), tooltip=said)
    )
    whiskers = rows_of(key, "isValid(datum.lo)").mark_rule(stroke="currentColor", strokeWidth=1.2)
    if not banded:
        return bars
    return alt.layer(bars, whiskers.encode(x="lo:Q", x2="hi:Q", y=row, yOffset=lane))


def _alt(shares: Sequence[Share], sources: Sequence[str], whole: str) -> str:
    parts = []
    for method in dict.fromkeys(s.method for s in shares):
        own = sorted(
            (s for s in shares if s.method == method and s.source in sources), key=lambda s: -(s.share.value or 0)
        )
        parts.append(f"{method}: " + ", ".join(f"{s.source} {percent(round(s.share.value or 0, 3))}" for s in own[:5]))
    return told(f"Shares of the {whole}", parts)
