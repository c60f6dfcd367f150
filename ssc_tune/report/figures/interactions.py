"""Mean accuracy over pairs of hyperparameters, binned on their own scales."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import altair as alt

from ssc_tune.presentation.colours import EDGE
from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import Row, View, mean_rows
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, Ramp
from ssc_tune.report.figures.encodings import heat, rows_of, tips
from ssc_tune.study.model.space import ChoiceParameter, Parameter, shown

MIN_POINTS = 16
MAX_PAIRS = 6
PER_BIN = 4
"""Points that a bin must hold on average; with fewer, bins are made larger, or the pair is not shown."""
LEAST_IN_BIN = 3
"""Points from which a bin is coloured."""


class _Map(NamedTuple):
    """The bins of two hyperparameters for one method, and how much of the spread of its points lies between them."""

    i: int
    j: int
    method: str
    key: str
    rows: list[Row]
    between: float


def figures(view: View, _: Given | None = None) -> list[Figure]:
    """A heat map a pair and method, from 16 points on; of at most six pairs, those that tell most."""
    fewest = min((int((view.counted["method"] == m).sum()) for m in view.methods), default=0)
    if fewest < MIN_POINTS or len(view.parameters) < 2:
        return []
    points = f"points{view.slug}"
    datasets: dict[str, list[Row]] = {points: mean_rows(view, counted=True)}
    maps = _maps(view, mean_rows(view, len(view.counted), counted=True))
    pairs = list(dict.fromkeys((one.i, one.j) for one in maps))
    ranked = sorted(pairs, key=lambda pair: -max(one.between for one in maps if (one.i, one.j) == pair))
    cases = [one for pair in ranked[:MAX_PAIRS] for one in maps if (one.i, one.j) == pair]
    if not cases:
        return []
    datasets |= {one.key: one.rows for one in cases}
    values = [row["v"] for one in cases for row in one.rows]
    ramp = Ramp("mean test accuracy", min(values), max(values))
    panels = tuple(_panel(view, one, points, ramp) for one in cases)
    caption = (
        "Colour is the mean test accuracy of the points in a bin, on one scale for all panels; dots are the points. "
        f"Bins hold {PER_BIN} points or more on average; those with fewer than {LEAST_IN_BIN} have no colour. The most "
        "important pairs come first: by the share of the variance of the points that lies between bins, less what bins "
        "drawn by lot would hold (epsilon squared), of the method in which it is largest."
    )
    if len(pairs) > MAX_PAIRS:
        caption += f" The first {MAX_PAIRS} of {len(pairs)} pairs."
    name = f"interactions{view.slug}"
    return [Figure(name, "Pairwise interactions", "Interactions", caption, panels, datasets, (), ramp)]


def _maps(view: View, rows: list[Row]) -> list[_Map]:
    """Every pair and method whose bins hold points enough, in the order of the search space."""
    found = []
    for (i, j), (k, method) in itertools.product(
        itertools.combinations(range(len(view.parameters)), 2), enumerate(view.methods)
    ):
        groups, sizes = _groups(view, rows, method, i, j)
        if sum(len(group) >= LEAST_IN_BIN for group in groups.values()) > 1:
            key = f"heat-{i}-{j}-{k}{view.slug}"
            pair = tuple(list(view.parameters.values())[k] for k in (i, j))
            found.append(_Map(i, j, method, key, _bins(groups, sizes, pair), _between(groups)))
    return found


def _between(groups: Mapping[tuple[int, int], Sequence[Row]]) -> float:
    """Epsilon squared of the bins: (SS between - (k - 1) MS within) / SS total; -inf where no bin has two points.

    Source: Kelley, PNAS 21 (1935).
    """
    kept: list[list[float]] = [[row["y"] for row in group] for group in groups.values()]
    values = [y for group in kept for y in group]
    means = [sum(group) / len(group) for group in kept]
    mean, within_degrees = sum(values) / len(values), len(values) - len(kept)
    total = sum((y - mean) ** 2 for y in values)
    within = sum((y - m) ** 2 for group, m in zip(kept, means, strict=True) for y in group)
    if within_degrees < 1 or total <= 0:
        return -math.inf
    return 1 - within / within_degrees * (len(values) - 1) / total


def _panel(view: View, one: _Map, points: str, ramp: Ramp) -> Panel:
    names, (i, j, method) = list(view.parameters), one[:3]
    low, high = min(one.rows, key=lambda row: row["v"]), max(one.rows, key=lambda row: row["v"])
    text = (
        f"Heat map of {method} over {names[i]} and {names[j]}: bins from {number(low['v'])} to {number(high['v'])}; "
        f"the lowest holds {low['t']}, the highest {high['t']}."
    )
    title = f"{method}: {names[j]} by {names[i]}"
    return Panel(f"{names[i]}-{names[j]}-{method}", title, text, _chart(view, one, points, ramp), 230)


def _sizes(first: Parameter, second: Parameter, num_points: int) -> tuple[int, int] | None:
    """Bins of each: one a choice, of numbers as many as points allow; None where they do not allow two."""
    most = num_points // PER_BIN
    choices = [len(p.choices) if isinstance(p, ChoiceParameter) else 0 for p in (first, second)]
    of_numbers = min(8, most // max(choices) if any(choices) else math.isqrt(most))
    x, y = (size or of_numbers for size in choices)
    return (x, y) if min(x, y) > 1 and x * y <= most else None


def _groups(
    view: View, rows: list[Row], method: str, i: int, j: int
) -> tuple[dict[tuple[int, int], list[Row]], tuple[int, int]]:
    """A method's points by their bin, and the number of bins of each hyperparameter; nothing where they are few."""
    here = [row for row in rows if row["m"] == method and f"x{i}" in row and f"x{j}" in row]
    parameters = list(view.parameters.values())
    sizes = _sizes(parameters[i], parameters[j], len(here))
    if sizes is None:
        return {}, (0, 0)
    held: dict[tuple[int, int], list[Row]] = {}
    for row in here:
        place = tuple(min(int(row[f"x{k}"] * n), n - 1) for k, n in zip((i, j), sizes, strict=True))
        held.setdefault((place[0], place[1]), []).append(row)
    return held, sizes


def _bins(
    groups: Mapping[tuple[int, int], Sequence[Row]], sizes: tuple[int, int], pair: Sequence[Parameter]
) -> list[Row]:
    """Rectangles of the unit square with the means of the point means, where there are points enough for one."""
    (nx, ny), found = sizes, []
    for (a, b), group in sorted(groups.items()):
        if len(group) < LEAST_IN_BIN:
            continue
        which = "point " + ", ".join(str(row["p"]) for row in group[:4]) + (" and more" if len(group) > 4 else "")
        ends = {"a": round(a / nx, 6), "b": round((a + 1) / nx, 6), "c": round(b / ny, 6), "d": round((b + 1) / ny, 6)}
        mean = round(sum(row["y"] for row in group) / len(group), 6)
        told = {key: _told(pair[k], (a, b)[k], sizes[k]) for k, key in enumerate(("i", "j"))}
        found.append({**ends, **told, "v": mean, "n": len(group), "t": which})
    return found


def _told(parameter: Parameter, index: int, size: int) -> str:
    """The values of a bin in words: ``0.6 to 0.8``, or the one that it has."""
    ends = (parameter.from_unit(index / size), parameter.from_unit(max((index + 1) / size - 1e-9, 0.0)))
    return " to ".join(dict.fromkeys(shown(parameter, value) for value in ends))


def _chart(view: View, one: _Map, points: str, ramp: Ramp) -> Chart:
    x_name, y_name = (list(view.parameters)[k] for k in (one.i, one.j))
    x_axis = axes.axis(x_name, view.parameters[x_name])
    y_axis = axes.axis(y_name, view.parameters[y_name])
    y_axis.labelAngle = 0
    y_axis.grid = False
    scale = alt.Scale(domain=[0, 1], nice=False)
    rect = rows_of(one.key).mark_rect(stroke=EDGE, strokeWidth=1)
    dots = rows_of(points).transform_filter(alt.FieldEqualPredicate(field="m", equal=one.method))
    dots = dots.mark_point(filled=True, size=22, color="white", stroke="black", strokeWidth=0.9, opacity=1)
    return alt.layer(
        rect.encode(
            x=alt.X("a:Q", axis=x_axis, scale=scale),
            x2="b:Q",
            y=alt.Y("c:Q", axis=y_axis, scale=scale),
            y2="d:Q",
            color=heat(ramp),
            tooltip=tips(
                ("i:N", x_name),
                ("j:N", y_name),
                ("v:Q", "mean test accuracy", ".3f"),
                ("n:Q", "points"),
                ("t:N", "which"),
            ),
        ),
        dots.encode(
            x=alt.X(f"x{one.i}:Q", axis=x_axis, scale=scale),
            y=alt.Y(f"x{one.j}:Q", axis=y_axis, scale=scale),
            tooltip=tips("p", "v", "y"),
        ),
    )
