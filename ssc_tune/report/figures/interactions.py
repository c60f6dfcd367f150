"""Mean accuracy over pairs of hyperparameters, binned on their own scales."""

from __future__ import annotations

import itertools
import math

import altair as alt

from ssc_tune.presentation.numbers import number
from ssc_tune.report.cells import Row, View, mean_rows
from ssc_tune.report.figures import axes
from ssc_tune.report.figures.base import Chart, Figure, Given, Panel, Ramp
from ssc_tune.report.figures.encodings import heat, rows_of, tips
from ssc_tune.study.model.space import ChoiceParameter, Parameter

MIN_POINTS = 16
MAX_PAIRS = 6


def figures(view: View, _: Given | None = None) -> list[Figure]:
    """A heat map a pair and method, from 16 points on; at most six pairs, in the order of the search space."""
    fewest = min((int((view.means["method"] == m).sum()) for m in view.methods), default=0)
    names = list(view.parameters)
    if fewest < MIN_POINTS or len(names) < 2:
        return []
    points = f"points{view.slug}"
    datasets: dict[str, list[Row]] = {points: mean_rows(view)}
    pairs = list(itertools.combinations(range(len(names)), 2))
    found = [
        (f"heat-{i}-{j}-{k}{view.slug}", i, j, method, rows)
        for (i, j), (k, method) in itertools.product(pairs, enumerate(view.methods))
        if (rows := _bins(view, datasets[points], method, i, j))
    ]
    held = list(dict.fromkeys((i, j) for _, i, j, _, _ in found))
    cases = [(key, i, j, method) for key, i, j, method, _ in found if (i, j) in held[:MAX_PAIRS]]
    if not cases:
        return []
    datasets |= {key: rows for key, i, j, _, rows in found if (i, j) in held[:MAX_PAIRS]}
    values = [row["v"] for key, *_ in cases for row in datasets[key]]
    ramp = Ramp("mean test accuracy", min(values), max(values))
    panels = tuple(_panel(view, datasets[key], key, points, i, j, method, ramp) for key, i, j, method in cases)
    caption = (
        "Colour is the mean test accuracy of the points in a bin, on one scale for all panels; dots are the points. "
        "Bins without a point are left empty. Few points share a bin, so read the pattern, not single bins."
    )
    if len(held) > MAX_PAIRS:
        caption += f" The first {MAX_PAIRS} of {len(held)} pairs, in the order of the search space."
    name = f"interactions{view.slug}"
    return [Figure(name, "Pairwise interactions", "Interactions", caption, panels, datasets, (), ramp)]


def _panel(view: View, rows: list[Row], key: str, points: str, i: int, j: int, method: str, ramp: Ramp) -> Panel:
    names = list(view.parameters)
    low, high = min(rows, key=lambda row: row["v"]), max(rows, key=lambda row: row["v"])
    text = (
        f"Heat map of {method} over {names[i]} and {names[j]}: bins from {number(low['v'])} to {number(high['v'])}; "
        f"the lowest holds {low['t']}, the highest {high['t']}."
    )
    chart = _chart(view, key, points, i, j, method, ramp)
    return Panel(f"{names[i]}-{names[j]}-{method}", f"{method}: {names[j]} by {names[i]}", text, chart, 230)


def _count(parameter: Parameter, num_points: int) -> int:
    if isinstance(parameter, ChoiceParameter):
        return len(parameter.choices)
    return max(2, min(8, round(math.sqrt(num_points / 2))))


def _bins(view: View, rows: list[Row], method: str, i: int, j: int) -> list[Row]:
    """Means of the point means over rectangles of the unit square."""
    here = [row for row in rows if row["m"] == method and f"x{i}" in row and f"x{j}" in row]
    first, second = list(view.parameters.values())[i], list(view.parameters.values())[j]
    nx, ny = _count(first, len(here)), _count(second, len(here))
    held: dict[tuple[int, int], list[Row]] = {}
    for row in here:
        place = (min(int(row[f"x{i}"] * nx), nx - 1), min(int(row[f"x{j}"] * ny), ny - 1))
        held.setdefault(place, []).append(row)
    return [
        {
            "a": round(a / nx, 6),
            "b": round((a + 1) / nx, 6),
            "c": round(b / ny, 6),
            "d": round((b + 1) / ny, 6),
            "v": round(sum(row["y"] for row in group) / len(group), 6),
            "n": len(group),
            "t": "point " + ", ".join(str(row["p"]) for row in group[:4]) + (" and more" if len(group) > 4 else ""),
        }
        for (a, b), group in sorted(held.items())
    ]


def _chart(view: View, key: str, points: str, i: int, j: int, method: str, ramp: Ramp) -> Chart:
    (x_name, y_name) = (list(view.parameters)[k] for k in (i, j))
    x_axis = axes.axis(x_name, view.parameters[x_name])
    y_axis = axes.axis(y_name, view.parameters[y_name])
    y_axis.labelAngle = 0
    y_axis.grid = False
    scale = alt.Scale(domain=[0, 1], nice=False)
    rect = rows_of(key).mark_rect()
    dots = rows_of(points).transform_filter(alt.FieldEqualPredicate(field="m", equal=method))
    dots = dots.mark_point(filled=True, size=22, color="white", stroke="black", strokeWidth=0.9, opacity=1)
    return alt.layer(
        rect.encode(
            x=alt.X("a:Q", axis=x_axis, scale=scale),
            x2="b:Q",
            y=alt.Y("c:Q", axis=y_axis, scale=scale),
            y2="d:Q",
            color=heat(ramp),
            tooltip=tips(("v:Q", "mean test accuracy", ".3f"), ("n:Q", "points"), ("t:N", "which")),
        ),
        dots.encode(
            x=alt.X(f"x{i}:Q", axis=x_axis, scale=scale),
            y=alt.Y(f"x{j}:Q", axis=y_axis, scale=scale),
            tooltip=tips("p", "v", "y"),
        ),
    )
