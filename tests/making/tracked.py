"""Small studies, records and analyses with known contents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ssc_tune.analysis.result import Estimate, MethodSummary, StudyAnalysis, Verdict
from ssc_tune.design import Cell, Placement
from ssc_tune.records.record import Record
from ssc_tune.study.model.study import Study
from ssc_tune.training.config import CellConfig
from ssc_tune.training.result import Status
from tests.making.records import START, evaluation, record

TAUS = (0.95, 0.93, 0.9, 0.85)


def accuracy(method: str, point: int, seed: int) -> float:
    """Above 0.9 for SSC alone."""
    return (0.92 if method == "ssc" else 0.85) + 0.01 * point + 0.001 * seed


def cell(
    method: str = "ssc",
    point: int = 0,
    seed: int = 0,
    *,
    status: Status = "ok",
    evaluations: int = 3,
    shift: float = 0.0,
    hyperparameters: dict[str, Any] | None = None,
) -> tuple[Record, list[Placement]]:
    """A cell that started ``100 * point + 10 * seed + shift`` seconds after START, with an evaluation a second."""
    varied = {"tau": TAUS[point % 4], "learning_rate": 0.021 + 0.001 * point} | (hyperparameters or {})
    config = CellConfig.model_validate(
        {"data": {}, "model": {}, "training": {}, "method": method, "hyperparameters": varied, "seed": seed}
    )
    began = START + 100 * point + 10 * seed + shift
    score = accuracy(method, point, seed)
    history = tuple(
        evaluation(
            25 * (i + 1),
            score - 0.01 * (evaluations - i),
            time=began + i + 1,
            train_loss=2.0 - 0.1 * i,
            loss_terms={"contrastive": 1.5 - 0.1 * i},
            confident_fraction=0.1 * i,
            confident_accuracy=None if i == 0 else 0.9,
            learning_rate=0.02,
            signatures={"prototype_cosine_max": 0.3},
        )
        for i in range(evaluations)
    )
    failed = status == "failed"
    traceback = 'Traceback (most recent call last):\nRuntimeError: out of "luck"' if failed else None
    placement = Placement("shared", "main", method, point, seed)
    made = record(
        Cell(placement, config, config.cell_id),
        score,
        study="stability",
        status=status,
        times=(began, began + evaluations + 1),
        attempt={"outcome": "raised" if failed else "finished", "host": "node-1", "traceback": traceback},
        about={"versions": {"python": "3.11", "torch": "2.9"}, "environment": {"host": "node-1"}},
        steps=25 * evaluations,
        validation_accuracy=None if failed else history[-1].validation_accuracy,
        steps_to_90=25 if status == "ok" else None,
        seconds=float(evaluations),
        images_per_second=1000.0,
        num_parameters=77_850,
        history=() if failed else history,
    )
    return made, [placement]


def cells(points: Sequence[int] = range(2), seeds: int = 2) -> list[tuple[Record, list[Placement]]]:
    """Every cell of both methods."""
    return [cell(m, p, s) for m in ("fixmatch", "ssc") for p in points for s in range(seeds)]


def analysis(of: Study, std: float = 0.03) -> StudyAnalysis:
    """One summary a method and a verdict on the study's one claim."""

    def estimate(value: float) -> Estimate:
        return Estimate(value=value, low=value / 2, high=value * 2, confidence=0.95, how="closed form")

    undefined = Estimate(value=None, note="too few points")
    summaries = tuple(
        MethodSummary(
            method=method,
            block="shared",
            setting="main",
            num_points=2,
            num_distinct=2,
            num_drawn=2,
            num_seeds=2,
            mean=estimate(accuracy(method, 0, 0)),
            std=estimate(std),
            std_uncorrected=std,
            iqr=undefined,
            range=undefined,
            cvar=undefined,
            seed_std=None,
            var_point=None,
            var_seed=None,
            var_error=None,
            best=None,
            median=None,
            worst=None,
            default=None,
            tunability=undefined,
            default_regret=undefined,
            num_diverged=0,
            num_failed=0,
            failure_rate=estimate(0.1),
            num_missing=0,
            seconds=3.0,
        )
        for method in of.methods
    )
    verdict = Verdict(
        claim=of.claims[0],
        sentence="ssc varies less than fixmatch",
        verdict="supported",
        effect=estimate(0.41),
        effect_name="ln(sd of fixmatch / sd of ssc)",
        p_value=0.01,
        p_adjusted=0.01,
        reason="the interval excludes 0",
    )
    return StudyAnalysis(study=of.name, summaries=summaries, comparisons=(), verdicts=(verdict,))
