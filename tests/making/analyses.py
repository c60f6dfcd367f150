"""A synthetic study with known structure: tables, records and an analysis, all from one seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import qmc

from ssc_tune.analysis.result import (
    Comparison,
    Curve,
    Estimate,
    Gate,
    MethodSummary,
    Score,
    Share,
    StudyAnalysis,
    Verdict,
)
from ssc_tune.analysis.tables import Tables
from ssc_tune.design import Cell, Placement
from ssc_tune.records.record import Record
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import CellConfig
from ssc_tune.training.result import Evaluation
from tests.making.records import START, evaluation, record
from tests.making.studies import REPORTED, study


class Case(NamedTuple):
    """All that a report is written from."""

    study: Study
    tables: Tables
    analysis: StudyAnalysis
    records: tuple[Record, ...]


def _values(made: Study, block: str) -> list[dict[str, Any]]:
    names = made.block_parameters(block)
    assert made.design.type == "sobol"
    count = made.design.points
    units = qmc.Sobol(len(names), seed=1).random_base2(math.ceil(math.log2(count)))[:count]
    defaults = {name: made.search_space.parameters[name].default for name in names}
    space = made.search_space.parameters
    return [defaults, *({n: space[n].from_unit(float(u)) for n, u in zip(names, row, strict=True)} for row in units)]


def case(
    made: Study | None = None, *, num_failed: int = 0, traceback: str = "RuntimeError: broken", history: int = 6
) -> Case:
    """Cells with a smooth effect of tau and learning rate, stronger for FixMatch, and noise."""
    made = study(REPORTED) if made is None else made
    rng = np.random.default_rng(7)
    rows, evaluations, records = [], [], []
    left = num_failed
    for block in made.blocks:
        for point, values in enumerate(_values(made, block)):
            for seed in range(made.seeds):
                for method in made.block_methods(block):
                    accuracy = _accuracy(made, values, method, rng)
                    failed = left > 0 and point > 0
                    left -= failed
                    one = _record(made, block, point, seed, method, values, accuracy, failed, traceback, history, rng)
                    records.append(one)
                    rows.append(_row(made, one, values))
                    evaluations += [{"cell_id": one.cell_id, **_evaluation(e)} for e in one.result.history]
    cells = pd.DataFrame(rows)
    expected = cells[["block", "setting", "method", "point", "seed", "cell_id"]].copy()
    tables = Tables(cells, pd.DataFrame(evaluations), expected)
    return Case(made, tables, analysis(made, tables), tuple(records))


def _accuracy(made: Study, values: dict[str, Any], method: str, rng: np.random.Generator) -> float:
    space = made.search_space.parameters
    units = [space[name].to_unit(value) for name, value in values.items()]
    width = 0.25 if method == "fixmatch" else 0.12
    effect = sum((unit - 0.6) ** 2 * weight for unit, weight in zip(units, (1.0, 0.7, 0.2, 0.3, 0.2), strict=False))
    return float(np.clip(0.955 - width * effect + rng.normal(0, 0.012), 0.05, 0.999))


def _record(
    made: Study, block: str, point: int, seed: int, method: str, values: dict[str, Any], accuracy: float,
    failed: bool, traceback: str, history: int, rng: np.random.Generator,
) -> Record:  # fmt: skip
    space = made.search_space.parameters
    config = CellConfig.model_construct(
        data=made.data,
        model=made.model,
        training=made.training,
        method=method,
        hyperparameters={name: value for name, value in values.items() if space[name].applies(method)},
        seed=seed,
    )
    identity = f"{rng.integers(2**63):016x}"
    steps = [round(200 * (k + 1) / history) for k in range(history)]
    tau = float(values.get("tau", 0.95))
    course = tuple(
        evaluation(
            step,
            accuracy * (1 - 0.7 * 0.5 ** (k + 1)),
            train_loss=2.0 / (k + 1),
            confident_fraction=(1 - tau) ** 0.3 * (k + 1) / (history + 1),
            confident_accuracy=min(1.0, accuracy * tau**0.3),
            images_per_second=900.0,
            signatures={
                "prototype_max_cosine": float(rng.uniform(0, 0.4)),
                "prototype_rank": float(rng.uniform(6, 9.5)),
            },
        )
        for k, step in enumerate(steps)
    )
    return record(
        Cell(Placement(block, "main", method, point, seed), config, identity),
        accuracy,
        study=made.name,
        status="failed" if failed else "ok",
        times=(START, START + 9),
        attempt={"host": "node-1", "traceback": traceback if failed else None},
        about={"versions": {"python": "3.11.7", "torch": "2.9.0"}, "environment": {"processor": "synthetic"}},
        steps=0 if failed else 200,
        steps_to_90=None if failed else steps[min(3, history - 1)],
        seconds=8.0 + 5.0 * (method == "ssc"),
        images_per_second=900.0,
        num_parameters=77850,
        **{"history": ()} if failed else {"history": course, "validation_accuracy": course[-1].validation_accuracy},
    )


def _row(made: Study, one: Record, values: dict[str, Any]) -> dict[str, Any]:
    result, method = one.result, one.config.method
    space = made.search_space.parameters
    ok = result.status == "ok"
    return {
        "study": made.name,
        "block": one.block,
        "setting": one.setting,
        "method": method,
        "point": one.point,
        "seed": one.config.seed,
        "status": result.status,
        "validation_accuracy": result.validation_accuracy if ok else float("nan"),
        "test_accuracy": result.test_accuracy if ok else float("nan"),
        "steps": result.steps,
        "steps_to_90": result.steps_to_90 if ok else float("nan"),
        "seconds": result.seconds,
        "num_classes": result.num_classes,
        "cell_id": one.cell_id,
        **{name: (value if space[name].applies(method) else float("nan")) for name, value in values.items()},
    }


def _evaluation(entry: Evaluation) -> dict[str, Any]:
    names = (
        "step",
        "time",
        "train_loss",
        "validation_accuracy",
        "confident_fraction",
        "confident_accuracy",
        "learning_rate",
    )
    return {**{name: getattr(entry, name) for name in names}, "images_per_second": entry.images_per_second}


def estimate(value: float, width: float, how: str = "delete-one-point jackknife, t") -> Estimate:
    """A 95% interval of the given half-width."""
    return Estimate(value=value, low=value - width, high=value + width, confidence=0.95, how=how)


def analysis(made: Study, tables: Tables) -> StudyAnalysis:
    """An analysis with every part filled in; numbers are simple statistics of the tables."""
    blocks = [(block, method) for block in made.blocks for method in made.block_methods(block)]
    summaries = tuple(_summary(tables.cells, block, method) for block, method in blocks)
    return StudyAnalysis(
        study=made.name,
        summaries=summaries,
        comparisons=_comparisons(made),
        verdicts=_verdicts(made.claims),
        curves=tuple(_curves(made)),
        shares=tuple(_shares(made)),
        facts={"crossing of budget curves": 5},
        warnings=("16 points see only a halving of the spread with 80% power",),
    )


def _summary(cells: pd.DataFrame, block: str, method: str) -> MethodSummary:
    own = cells[(cells["block"] == block) & (cells["method"] == method)]
    scored = own.assign(score=own["test_accuracy"].fillna(0.1), picked=own["validation_accuracy"].fillna(0.1))
    means = scored.groupby("point")[["score", "picked"]].mean()

    def score(point: Any) -> Score:
        return Score(point=int(point), validation=float(means["picked"][point]), test=float(means["score"][point]))

    test = means["score"]
    return MethodSummary(
        method=method,
        block=block,
        setting="main",
        num_points=len(test) - 1,
        num_distinct=len(test) - 1,
        num_drawn=len(test) - 1,
        num_seeds=int(own["seed"].nunique()),
        mean=estimate(float(test.mean()), 0.011, "two-way, Satterthwaite t"),
        std=estimate(float(test.std()), 0.006, "BCa over points"),
        std_uncorrected=float(test.std()),
        iqr=estimate(float(test.quantile(0.75) - test.quantile(0.25)), 0.009, "BCa over points"),
        range=Estimate(value=float(test.max() - test.min())),
        cvar=estimate(float(test.nsmallest(2).mean()), 0.02, "BCa over points"),
        seed_std=0.012,
        var_point=float(test.var()),
        var_seed=1e-5,
        var_error=1.4e-4,
        best=score(means["picked"].idxmax()),
        median=score(test.sort_values().index[len(test) // 2]),
        worst=score(test.idxmin()),
        default=score(0),
        tunability=estimate(0.014, 0.01),
        default_regret=Estimate(value=None, note="too few seeds"),
        num_diverged=0,
        num_failed=int((own["status"] == "failed").sum()),
        failure_rate=Estimate(value=0.02, low=0.001, high=0.08, confidence=0.95, how="Wilson"),
        num_missing=0,
        seconds=float(own["seconds"].median()),
    )


def _comparisons(made: Study) -> tuple[Comparison, ...]:
    if len(made.methods) < 2:
        return ()
    return (
        Comparison(
            first="ssc",
            second="fixmatch",
            block="shared",
            setting="main",
            log_std_ratio=estimate(0.61, 0.32),
            log_std_ratio_p=0.004,
            log_std_ratio_logit=estimate(0.42, 0.4),
            mean_difference=estimate(0.021, 0.012, "two-way, Satterthwaite t"),
            mean_difference_p=0.02,
            probability_better=Estimate(value=0.8125, low=0.57, high=0.93, confidence=0.95, how="Wilson"),
        ),
    )


def _verdicts(claims: Sequence[Claim]) -> tuple[Verdict, ...]:
    made = (
        {
            "sentence": "ssc has a smaller standard deviation over points than fixmatch",
            "verdict": "supported",
            "effect": estimate(0.61, 0.32),
            "effect_name": "ln(sd of fixmatch / sd of ssc)",
            "p_value": 0.004,
            "p_adjusted": 0.012,
            "gates": (
                Gate(
                    name="not worse in mean and CVaR10", passed=True, detail="mean +0.021, CVaR10 +0.034, margin 0.01"
                ),
                Gate(name="same sign on logit(accuracy)", passed=True, detail="0.420 [0.020, 0.820]"),
            ),
            "reason": "The interval lies above 0, the adjusted p value is below 0.05 and both gates pass.",
            "sensitivity": ("failed cells dropped: supported", "failed cells at 0: supported"),
        },
        {
            "sentence": "ssc has a higher mean accuracy than fixmatch",
            "verdict": "inconclusive",
            "effect": estimate(0.008, 0.012, "two-way, Satterthwaite t"),
            "effect_name": "mean of ssc - mean of fixmatch",
            "p_value": 0.17,
            "p_adjusted": 0.34,
            "reason": "The interval contains 0.",
            "warnings": ("fewer than 5 seeds",),
            "post_hoc": True,
        },
        {
            "sentence": "ssc and fixmatch have the same CVaR10 within 0.02",
            "verdict": "refuted",
            "effect": estimate(0.044, 0.015),
            "effect_name": "CVaR10 of ssc - CVaR10 of fixmatch",
            "p_value": 0.4,
            "p_adjusted": 0.4,
            "reason": "The interval lies outside the margin.",
        },
    )
    return tuple(
        Verdict.model_validate({"claim": claim, **content}) for claim, content in zip(claims, made, strict=False)
    )


def _curves(made: Study) -> list[Curve]:
    grid = np.linspace(0, 1, 25, endpoint=False)
    found = []
    for block in made.blocks:
        for k, method in enumerate(made.block_methods(block)):
            place: dict[str, Any] = {"method": method, "block": block, "setting": "main"}
            for name in made.block_parameters(block):
                parameter = made.search_space.parameters[name]
                if parameter.applies(method) and parameter.type != "int":
                    x = tuple(dict.fromkeys(parameter.from_unit(float(u)) for u in grid))
                    y = 0.95 - 0.03 * (k + 1) * np.linspace(-0.6, 0.4, len(x)) ** 2
                    found.append(_curve(place, "partial_dependence", name, "test accuracy", x, y, 0.01))
            n = tuple(range(1, 17))
            best = 0.94 + 0.02 * (1 - 1 / np.array(n)) - 0.01 * k
            found.append(
                _curve(place, "budget", "number of points tried", "expected test accuracy of the best", n, best, 0.008)
            )
            delta = tuple(round(0.005 * i, 3) for i in range(21))
            share = 1 - np.exp(-np.array(delta) * (60 - 25 * k))
            found.append(
                _curve(place, "volume", "distance from the best accuracy", "share of the space", delta, share, 0.04)
            )
    return found


def _curve(
    place: dict[str, Any], kind: str, x_name: str, y_name: str, x: tuple[Any, ...], y: Any, width: float
) -> Curve:
    return Curve(
        kind=kind,
        **place,
        x_name=x_name,
        y_name=y_name,
        x=x,
        y=tuple(float(v) for v in y),
        low=tuple(float(v) - width for v in y),
        high=tuple(float(v) + width for v in y),
    )


def _shares(made: Study) -> list[Share]:
    parts = {"tau": 0.42, "learning_rate": 0.21, "mu": 0.05, "tau x learning_rate": 0.08, "seed": 0.04, "residual": 0.2}
    return [
        Share(
            method=method,
            block=next(iter(made.blocks)),
            setting="main",
            source=source,
            share=estimate(value * (1 - 0.2 * k), 0.05, "bootstrap over points"),
            evaluator="Sobol indices of a Gaussian process",
        )
        for k, method in enumerate(made.methods)
        for source, value in parts.items()
    ]
