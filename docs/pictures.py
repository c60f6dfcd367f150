"""Draws the pictures of statistics.md, one a statistic, from made-up accuracies, and the README's of accuracy against
tau, from the published results of the main study: no training, no clock, no chance.

    uv run python docs/pictures.py

Standard deviations, components, CVaR10 and the expected best of n are computed by ssc_tune.analysis, as in a study.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd
import vl_convert

from ssc_tune import data
from ssc_tune.analysis.build import build_tables
from ssc_tune.analysis.estimators import budget, spread, variance
from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.analysis.tables import Tables
from ssc_tune.paper.drawing import picture
from ssc_tune.report.figures import Given, figures
from ssc_tune.study import Study, load_study

BLUE, ORANGE, GREY, BLACK = "#0072b2", "#d55e00", "#8a8a8a", "#222222"
COLOURS = alt.Scale(domain=["A", "B"], range=[BLUE, ORANGE])
DASHES = alt.StrokeDash("method:N", scale=alt.Scale(domain=["A", "B"], range=[[1, 0], [6, 3]]))
WIDTH, HEIGHT = 460, 220
Array = npt.NDArray[np.float64]


def points(method: str, *, n: int = 24, seeds: int = 3, sd: float, mean: float, noise: float = 0.012) -> pd.DataFrame:
    """Accuracies of n points with some seeds each, long format."""
    rng = np.random.default_rng([7, ord(method)])
    effect = -np.sort(rng.beta(8, 2, n))
    effect = mean + sd * (-(effect - effect.mean()) / effect.std())
    y = effect[:, None] + noise * rng.standard_normal((n, seeds))
    rows = [(method, i, j, float(min(y[i, j], 0.995))) for i in range(n) for j in range(seeds)]
    return pd.DataFrame(rows, columns=["method", "point", "seed", "accuracy"])


def both() -> pd.DataFrame:
    """A varies little over the points, B much."""
    return pd.concat([points("A", sd=0.02, mean=0.915), points("B", sd=0.05, mean=0.865)])


def matrix(frame: pd.DataFrame, method: str) -> Array:
    """Accuracies of one method, points x seeds."""
    chosen = frame[frame["method"] == method]
    return chosen.pivot_table(index="point", columns="seed", values="accuracy").to_numpy(dtype=float)


def accuracy(title: str = "test accuracy", **scale: Any) -> alt.Y:
    """The axis of accuracies, not from 0."""
    return alt.Y("accuracy:Q", title=title, scale=alt.Scale(zero=False, **scale))


def components() -> alt.Chart:
    """Seeds scatter about their point's mean; point means scatter about the method's mean."""
    frame = points("B", n=10, sd=0.04, mean=0.88)
    found = variance.components(matrix(frame, "B"))
    means = frame.groupby("point", as_index=False)["accuracy"].mean()
    dots = alt.Chart(frame).mark_point(filled=True, color=GREY, size=36).encode(x="point:O", y=accuracy())
    bars = alt.Chart(means).mark_tick(color=ORANGE, thickness=3, width=22).encode(x="point:O", y=accuracy())
    line = alt.Chart(pd.DataFrame({"accuracy": [means["accuracy"].mean()]})).mark_rule(color=BLACK, strokeDash=[5, 3])
    title = f"sd over points {np.sqrt(found.var_point):.3f}, noise of a cell {np.sqrt(found.var_error):.3f}"
    return (line.encode(y=accuracy()) + dots + bars).properties(title=title)


def deviation() -> alt.Chart:
    """Two methods with their mean and one corrected standard deviation either way."""
    frame = both()
    means = frame.groupby(["method", "point"], as_index=False)["accuracy"].mean()
    rows = []
    for method in ("A", "B"):
        y = matrix(frame, method)
        sd, mean = spread.corrected_std(y), float(y.mean())
        rows.append({"method": method, "accuracy": mean, "low": mean - sd, "high": mean + sd})
    bands = pd.DataFrame(rows)
    colour = alt.Color("method:N", scale=COLOURS, legend=None)
    dots = (
        alt.Chart(means)
        .mark_point(filled=True, opacity=0.6, size=40)
        .encode(
            x=alt.X("accuracy:Q", title="mean accuracy of a point", scale=alt.Scale(zero=False)),
            y="method:N",
            color=colour,
        )
    )
    bar = (
        alt.Chart(bands).mark_rule(strokeWidth=5, yOffset=16).encode(x="low:Q", x2="high:Q", y="method:N", color=colour)
    )
    middle = (
        alt.Chart(bands).mark_point(filled=True, color=BLACK, size=60, yOffset=16).encode(x="accuracy:Q", y="method:N")
    )
    ratio = np.log((bands["high"] - bands["low"]).iloc[1] / (bands["high"] - bands["low"]).iloc[0])
    return (dots + bar + middle).properties(title=f"ln(sd of B / sd of A) = {ratio:.2f}", height=150)


def quantiles() -> alt.Chart:
    """A sorted line of point means with its quartiles, its ends, and its worst tenth."""
    means = np.sort(matrix(both(), "B").mean(axis=1))
    frame = pd.DataFrame({"rank": (np.arange(len(means)) + 0.5) / len(means), "accuracy": means})
    low, high = np.quantile(means, [0.25, 0.75])
    box = pd.DataFrame({"low": [low], "high": [high]})
    area = (
        alt.Chart(box)
        .mark_rect(color=BLUE, opacity=0.18)
        .encode(y=alt.Y("low:Q", title="mean accuracy of a point"), y2="high:Q")
    )
    dots = (
        alt.Chart(frame)
        .mark_line(color=ORANGE, point={"color": ORANGE})
        .encode(x=alt.X("rank:Q", title="share of the points that are worse"), y=accuracy("mean accuracy of a point"))
    )
    return (area + dots).properties(title=f"IQR {high - low:.3f} (shaded), range {means[-1] - means[0]:.3f}")


def tail() -> alt.Chart:
    """The worst tenth of the points and its mean."""
    means = np.sort(matrix(both(), "B").mean(axis=1))
    value = spread.cvar(means, 0.1)
    frame = pd.DataFrame({"rank": np.arange(1, len(means) + 1), "accuracy": means})
    frame["part"] = np.where(frame["rank"] <= np.ceil(len(means) * 0.1), "worst tenth", "the others")
    dots = (
        alt.Chart(frame)
        .mark_point(filled=True, size=70)
        .encode(
            x=alt.X("rank:O", title="points, worst first", axis=alt.Axis(labels=False, ticks=False)),
            y=alt.Y("accuracy:Q", title="mean accuracy of a point", scale=alt.Scale(zero=False)),
            color=alt.Color(
                "part:N", title=None, scale=alt.Scale(domain=["worst tenth", "the others"], range=[ORANGE, GREY])
            ),
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"accuracy": [value]})).mark_rule(color=BLACK, strokeDash=[5, 3]).encode(y="accuracy:Q")
    )
    return (dots + rule).properties(title=f"CVaR10 = {value:.3f} (dashed), worst point {means[0]:.3f}")


def difference() -> alt.Chart:
    """Paired differences at each point, with their mean."""
    frame = both()
    gap = matrix(frame, "A").mean(axis=1) - matrix(frame, "B").mean(axis=1)[::-1]
    table = pd.DataFrame({"point": np.arange(1, len(gap) + 1), "accuracy": gap})
    dots = (
        alt.Chart(table)
        .mark_bar(color=BLUE, opacity=0.7)
        .encode(
            x=alt.X("point:O", axis=alt.Axis(labels=False, ticks=False)), y=accuracy("A minus B, same point and seeds")
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"accuracy": [gap.mean()]}))
        .mark_rule(color=BLACK, strokeDash=[5, 3])
        .encode(y="accuracy:Q")
    )
    return (dots + rule).properties(title=f"mean difference {gap.mean():.3f} (dashed)")


def best_of_n() -> alt.Chart:
    """Expected best of n points for both methods."""
    frame, rows = both(), []
    for method in ("A", "B"):
        means = matrix(frame, method).mean(axis=1)
        rows += [
            {"method": method, "n": n, "accuracy": budget.expected_best(means, n)} for n in range(1, len(means) + 1)
        ]
    return (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("n:Q", title="points tried, n"),
            y=accuracy("expected best of n"),
            color=alt.Color("method:N", scale=COLOURS),
            strokeDash=DASHES,
        )
        .properties(title="B overtakes A only after some search")
    )


def near_optimal() -> alt.Chart:
    """Share of points within delta of the better best."""
    frame = both()
    means = {m: matrix(frame, m).mean(axis=1) for m in ("A", "B")}
    best = max(values.max() for values in means.values())
    rows = [
        {"method": m, "delta": d, "share": float((values >= best - d).mean())}
        for m, values in means.items()
        for d in np.linspace(0, 0.15, 61)
    ]
    lines = (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(strokeWidth=2.5, interpolate="step-after")
        .encode(
            x=alt.X("delta:Q", title="delta below the better method's best point"),
            y=alt.Y("share:Q", title="share of the points"),
            color=alt.Color("method:N", scale=COLOURS),
            strokeDash=DASHES,
        )
    )
    rule = alt.Chart(pd.DataFrame({"delta": [0.02]})).mark_rule(color=BLACK, strokeDash=[5, 3]).encode(x="delta:Q")
    return (lines + rule).properties(title="near-optimal volume is the height at 0.02 (dashed)")


def tolerance() -> alt.Chart:
    """Accuracy against one hyperparameter, with the part within 0.02 of the best."""
    x = np.linspace(0, 1, 101)
    rows = []
    for method, width, top in (("A", 0.75, 0.92), ("B", 0.30, 0.93)):
        y = top - 0.05 * ((x - 0.45) / width) ** 2
        inside = y >= y.max() - 0.02
        rows += [
            {"method": method, "x": a, "accuracy": b, "within": b if c else None}
            for a, b, c in zip(x, y, inside, strict=True)
        ]
    frame = pd.DataFrame(rows)
    base = alt.Chart(frame).encode(
        x=alt.X("x:Q", title="hyperparameter on its own scale, from low to high"),
        color=alt.Color("method:N", scale=COLOURS),
    )
    thin = base.mark_line(strokeWidth=1.2).encode(y=accuracy("mean accuracy"))
    thick = base.mark_line(strokeWidth=5).encode(y=alt.Y("within:Q"))
    return (thin + thick).properties(title="thick: within 0.02 of the method's own best")


def transfer() -> alt.Chart:
    """Tuned in each setting against one point for all."""
    scores = np.array([[1, 0.2, 0.7], [0.1, 0.9, 0.7]])
    rows = [
        {"point": f"point {i + 1}", "setting": f"setting {d + 1}", "accuracy": scores[d, i]}
        for d in range(2)
        for i in range(3)
    ]
    tuned, fixed = scores.max(axis=1).mean(), scores.mean(axis=0).max()
    return (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar()
        .encode(
            x=alt.X("point:N", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("accuracy:Q", title="score, normalized in its setting"),
            color=alt.Color("setting:N", scale=alt.Scale(range=[BLUE, ORANGE])),
            xOffset="setting:N",
        )
        .properties(title=f"best in each {tuned:.2f}, best for all (point 3) {fixed:.2f}: Phi = {tuned - fixed:.2f}")
    )


def speed() -> alt.Chart:
    """Learning curves with the common target."""
    steps = np.arange(0, 201, 5)
    rows = []
    for method, rate, top in (("A", 25, 0.92), ("B", 60, 0.90)):
        rows += [{"method": method, "step": s, "accuracy": 0.1 + (top - 0.1) * (1 - np.exp(-s / rate))} for s in steps]
    frame = pd.DataFrame(rows)
    target = 0.9 * frame[frame["step"] == 200]["accuracy"].min()
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("step:Q", title="optimizer steps"),
            y=alt.Y("accuracy:Q", title="validation accuracy"),
            color=alt.Color("method:N", scale=COLOURS),
            strokeDash=DASHES,
        )
    )
    rule = (
        alt.Chart(pd.DataFrame({"accuracy": [target]})).mark_rule(color=BLACK, strokeDash=[5, 3]).encode(y="accuracy:Q")
    )
    return (lines + rule).properties(title=f"one target for both: {target:.2f} (dashed)")


def importance() -> alt.Chart:
    """Shares of the variance of accuracy."""
    order = ["learning_rate", "tau", "both together", "seed", "residual"]
    rows = [
        (method, source, share)
        for method, shares in (("A", (0.35, 0.25, 0.1, 0.1, 0.2)), ("B", (0.2, 0.6, 0.1, 0.03, 0.07)))
        for source, share in zip(order, shares, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["method", "source", "share"])
    return (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            y=alt.Y("method:N", title=None),
            x=alt.X("share:Q", title="share of the variance of accuracy"),
            color=alt.Color(
                "source:N",
                title=None,
                sort=order,
                scale=alt.Scale(domain=order, range=[BLUE, ORANGE, "#009e73", "#e69f00", GREY]),
            ),
            order="rank:O",
        )
        .transform_calculate(rank=f"indexof({order}, datum.source)")
        .properties(height=110, title="shares sum to 1")
    )


def gates() -> alt.Chart:
    """Intervals of an effect and the verdicts they lead to."""
    rows = [
        ("supported", 0.2, 0.9), ("inconclusive: holds 0", -0.2, 0.6), ("refuted", -0.9, -0.15),
        ("inconclusive: a gate is closed", 0.3, 1.1),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["verdict", "low", "high"])
    frame["effect"] = (frame["low"] + frame["high"]) / 2
    y = alt.Y("verdict:N", sort=None, title=None, axis=alt.Axis(labelLimit=260))
    bars = (
        alt.Chart(frame)
        .mark_rule(strokeWidth=4, color=BLUE)
        .encode(x=alt.X("low:Q", title="effect with its interval; the claim says: above 0"), x2="high:Q", y=y)
    )
    dots = alt.Chart(frame).mark_point(filled=True, color=BLACK, size=60).encode(x="effect:Q", y=y)
    zero = alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color=BLACK, strokeDash=[5, 3]).encode(x="x:Q")
    return (zero + bars + dots).properties(height=130)


PICTURES: dict[str, Callable[[], alt.Chart]] = {
    "rule": gates,
    "components": components,
    "std": deviation,
    "iqr": quantiles,
    "mean": difference,
    "cvar": tail,
    "budget": best_of_n,
    "volume": near_optimal,
    "tolerance": tolerance,
    "transfer": transfer,
    "speed": speed,
    "importance": importance,
}


RESULTS = Path(__file__).parent / "results" / "stability" / "results.csv"
STUDY = Path(__file__).parents[1] / "studies" / "stability.yaml"
SHOWN = "tau"


def main_study() -> tuple[Study, Tables]:
    """The main study with its published results, a row a cell; without courses, which they have not."""
    study = load_study(STUDY)
    cells = pd.read_csv(RESULTS).assign(num_classes=data.info(study.data.source).num_classes)
    return study, Tables(
        cells, build_tables(study, [], {}).history, cells[["block", "setting", "method", "point", "seed", "cell_id"]]
    )


def against_tau() -> bytes:
    """The report's panel of tau, at the width of a page of a paper, as PNG."""
    study, tables = main_study()
    summaries = StudyAnalysis(study=study.name, summaries=(), comparisons=(), verdicts=())
    found = next(figure for figure in figures(Given(study, tables, summaries)).figures if figure.name == "parameters")
    panels = tuple(panel for panel in found.panels if panel.name == SHOWN)
    return picture(study, dataclasses.replace(found, panels=panels), "page").png


def svg(name: str) -> str:
    """One picture on white."""
    chart = PICTURES[name]()
    if not isinstance(chart.height, int | float):
        chart = chart.properties(height=HEIGHT)
    chart = chart.properties(width=WIDTH, background="white").configure_title(fontSize=13, anchor="start")
    drawn: str = vl_convert.vegalite_to_svg(chart.configure_view(stroke=None).to_json())
    return drawn + "\n"


def main() -> None:
    """Writes every picture into the folder named, ``docs/images`` by default."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for name in PICTURES:
        (folder / f"statistic_{name}.svg").write_text(svg(name), encoding="utf-8")
    (folder / "tau.png").write_bytes(against_tau())


if __name__ == "__main__":
    main()
