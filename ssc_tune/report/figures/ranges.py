"""Specification curves: a claim's effect over smaller boxes about the defaults and under other priors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt

from ssc_tune.analysis.estimators.multiverse import MINIMUM_EFFECTIVE
from ssc_tune.analysis.judge.specifications import counted
from ssc_tune.analysis.result import Specification, Verdict
from ssc_tune.presentation import words
from ssc_tune.presentation.colours import OKABE_ITO
from ssc_tune.report.cells import Row, View, limits
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel
from ssc_tune.report.figures.encodings import by_name, fixed, on, rows_of, tips, wrapped
from ssc_tune.report.forest import borders
from ssc_tune.study.model.claims import Equivalence

CURVE = 200
"""Height of the part that shows effects."""
ROW = 18
"""Height of a row of the matrix below it."""

NONE = "no effect shown"
_COLOURS = (OKABE_ITO[0], OKABE_ITO[1], OKABE_ITO[6])
_SHAPES = ("circle", "square", "diamond")


class _Layout(NamedTuple):
    """The axis of effects, which goes on below them through the rows of the matrix."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    borders: tuple[float, ...]  # of no effect, or of the margin of an equivalence
    rows: dict[str, float]  # of the matrix: labels and their places
    height: int


def figures(view: View, given: Given) -> list[Figure]:
    """A figure a claim of this block and setting whose effect is seen under two specifications or more."""
    first = view.study.setting_names[0]
    here = [
        (index, verdict)
        for index, verdict in enumerate(given.analysis.verdicts)
        if (verdict.claim.block, verdict.claim.setting or first) == (view.block, view.setting)
        and len(_seen(verdict.specifications)) > 1
    ]
    return [_figure(view, index, verdict, alone=len(here) == 1) for index, verdict in here]


def _seen(specifications: Sequence[Specification]) -> list[Specification]:
    """Those whose effect is drawn, by its size."""
    seen = [s for s in counted(specifications) if s.effect.value is not None]
    return sorted(seen, key=lambda s: s.effect.value or 0.0)


def _figure(view: View, index: int, verdict: Verdict, *, alone: bool) -> Figure:
    name = f"ranges-{index}{view.slug}"
    seen = _seen(verdict.specifications)
    layout = _layout(verdict, seen)
    rows, marks = _rows(verdict, layout)
    effect = words.effect_title(verdict)
    texts = [f"{_box(s)}, {s.prior}: {words.effect_text(verdict, s.effect)}" for s in seen]
    panel = Panel(
        "curve",
        f"{effect}, by specification",
        f"{effect} under {len(seen)} specifications, in order: {'; '.join(texts)}.",
        _chart(name, layout, effect, _kinds(verdict), len(verdict.specifications)),
        layout.height,
    )
    title = f'Do the ranges decide "{verdict.claim.name}"?'
    link = "Ranges" if alone else f"Ranges: {verdict.claim.name}"
    return Figure(name, title, link, _caption(verdict, seen), (panel,), {name: rows, f"{name}-matrix": marks})


def _caption(verdict: Verdict, seen: Sequence[Specification]) -> str:
    found = verdict.specifications
    kept = counted(found)
    same = sum(s.same_sign is True for s in kept)
    undefined, few = len(kept) - len(seen), len(found) - len(kept)
    what = "side of the margin" if isinstance(verdict.claim, Equivalence) else "sign"
    own = words.effect_text(verdict, verdict.effect)
    low, high = (words.scale(verdict, s.effect)(s.effect.value) for s in (seen[0], seen[-1]))
    texts = [
        "The effect of the claim as it would be with smaller boxes about the defaults (box, a share of each range) and "
        "with other priors on them, from the same points, weighted. The rings mark the verdict's own specification, "
        f"{own}; the effects go from {low} to {high}.",
        f"Blue circles have the same {what} as it, orange squares the other: the same in {same} of {len(kept)} "
        f"specifications with {MINIMUM_EFFECTIVE:g} or more effective points.",
    ]
    if isinstance(verdict.claim, Equivalence):
        texts.append("The dashes are the margin.")
    if undefined:
        texts.append(f"In {undefined} of these the effect is undefined (grey).")
    if few:
        texts.append(f"{few} with fewer {'is' if few == 1 else 'are'} grey, without an effect: too few points.")
    if verdict.claim.robust:
        texts.append("The claim is judged by it: it asks to be robust.")
    return " ".join(texts)


def _layout(verdict: Verdict, seen: Sequence[Specification]) -> _Layout:
    held = borders(verdict.claim)
    ends = [*held]
    for s in seen:
        ends += [x for x in (s.effect.low, s.effect.value, s.effect.high) if x is not None]
    low, high = min(ends), max(ends)
    margin = 0.05 * ((high - low) or 1.0)
    low, high = low - margin, high + margin
    boxes = [_box(s) for s in sorted(verdict.specifications, key=lambda s: -s.box)]
    labels = [*dict.fromkeys(boxes), *dict.fromkeys(s.prior for s in verdict.specifications)]
    step = (high - low) * ROW / CURVE
    gap = {label: 0.6 * (label not in boxes) for label in labels}
    places = {label: _plain(low - (k + 0.9 + gap[label]) * step) for k, label in enumerate(labels)}
    bottom = min(places.values()) - 0.6 * step
    ticks = tuple((_plain(at), text) for at, text in axes.effect_ticks(low, high, ratio=verdict.ratio is not None))
    return _Layout(bottom, high, ticks, held, places, round(CURVE * (high - bottom) / (high - low)))


def _plain(value: float) -> float:
    """A place on an axis as it is written and read again."""
    return float(f"{value:.10g}")


def _box(specification: Specification) -> str:
    return "whole space" if specification.box == 1 else f"box {specification.box:g}"


def _kinds(verdict: Verdict) -> list[str]:
    """What a mark may say: in the order of colours and shapes."""
    what = "side" if isinstance(verdict.claim, Equivalence) else "sign"
    return [f"same {what}", f"other {what}", NONE]


def _rows(verdict: Verdict, layout: _Layout) -> tuple[list[Row], list[Row]]:
    """A row a specification, in the order in which they stand; and its two places in the matrix."""
    seen = _seen(verdict.specifications)
    order = [*seen, *(s for s in verdict.specifications if s not in seen)]
    rows, marks = [], []
    for i, s in enumerate(order):
        drawn = i < len(seen)
        row = {
            "i": i + (0.0 if drawn else 0.5),
            "b": _box(s),
            "p": s.prior,
            "n": s.num_points,
            "e": round(s.effective_points, 2),
            "k": _kinds(verdict)[0 if s.same_sign else 1] if drawn else NONE,
            "t": words.effect_text(verdict, s.effect),
            "own": int(s is verdict.specifications[0]),
        }
        marks += [{**row, "r": layout.rows[label]} for label in (_box(s), s.prior)]
        if drawn:
            rows.append({**row, "y": s.effect.value, **limits(s.effect.low, s.effect.high)})
    return rows, marks


def _chart(name: str, layout: _Layout, effect: str, kinds: list[str], count: int) -> Chart:
    places = [*layout.ticks, *((place, label) for label, place in layout.rows.items())]
    axis = alt.Axis(
        title=wrapped(effect),
        titleAnchor="end",
        **axes.labelled(places),
        labelOverlap=False,
        labelLimit=140,
        grid=True,
        tickCount=len(places),  # with fewer than there are values, Vega would leave some out
    )
    scale = fixed([layout.low, layout.high])
    x = alt.X("i:Q", axis=None, scale=fixed([-0.7, count - 0.2]))
    colour = alt.Color("k:N", **by_name(dict(zip(kinds, _COLOURS, strict=True))))
    shape = alt.Shape("k:N", **by_name(dict(zip(kinds, _SHAPES, strict=True))))
    effective = ("e:Q", "effective points", ".1f")
    said = tips(("b:N", "box"), ("p:N", "prior"), ("n:Q", "points"), effective, ("t:N", "effect"))
    base, matrix = rows_of(name), rows_of(f"{name}-matrix")
    y = alt.Y("y:Q", axis=axis, scale=scale)
    rule = base.transform_filter("datum.own == 1").mark_rule(strokeDash=[4, 3], stroke="currentColor", opacity=0.6)
    dashes = [rule.encode(y=alt.YDatum(at, axis=axis, scale=scale)) for at in layout.borders]
    whisker = base.transform_filter("isValid(datum.lo)").mark_rule(strokeWidth=2)
    ring = base.transform_filter("datum.own == 1").mark_point(filled=False, size=170, strokeWidth=1.5)
    return alt.layer(
        *dashes,
        whisker.encode(x=x, y=on(y, "lo"), y2="hi:Q", color=colour),
        ring.encode(x=x, y=y, stroke=alt.value("currentColor")),
        base.mark_point(filled=True, size=55, opacity=1).encode(x=x, y=y, color=colour, shape=shape, tooltip=said),
        matrix.mark_point(filled=True, size=45, opacity=1).encode(
            x=x, y=on(y, "r"), color=colour, shape=shape, tooltip=said
        ),
    )
