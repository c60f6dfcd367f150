"""What a run says: names, parameters, metrics and tags, as pure functions of records and the study.

Nothing here knows MLflow. The same input always gives the same output; that is why writing twice changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ssc_tune.analysis.result import Estimate, MethodSummary, StudyAnalysis
from ssc_tune.design import Placement
from ssc_tune.design.points import label
from ssc_tune.presentation.measures import SCORES, estimates
from ssc_tune.presentation.numbers import compact
from ssc_tune.presentation.words import plain_value
from ssc_tune.records.record import Record
from ssc_tune.study.model.study import Study
from ssc_tune.tracking.grouping import Group
from ssc_tune.training.config import CellConfig

FORMAT = 1
"""Raised whenever the same record would be written differently: runs of an older format are written again."""

MAX_PARAMETER = 6_000  # characters; MLflow cuts or refuses what is longer
MAX_TAG = 5_000  # characters; what every server of the last years accepts
CUT = " … (cut)"

_SHORT = {"learning_rate": "lr", "weight_decay": "wd", "batch_size": "B", "temperature": "T"}
MAX_KEY = 250
HASH = 12
_ILLEGAL = re.compile(r"[^A-Za-z0-9_\-. :/]")
_HASHED = re.compile(rf" [0-9a-f]{{{HASH}}}$")


class MetricRow(NamedTuple):
    """One value of one metric; ``timestamp`` in milliseconds since the epoch."""

    key: str
    value: float
    timestamp: int
    step: int


def milliseconds(seconds: float) -> int:
    """Seconds since the epoch as MLflow counts them."""
    return round(seconds * 1000)


def cut(text: str, limit: int) -> str:
    """The text, shortened to ``limit`` characters with a mark at its end if it is longer."""
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def key(text: str) -> str:
    """A metric or tag name, another for every text: one that MLflow takes stays as it is.

    In others what it refuses becomes underscores, what is too long is cut, and a hash of the whole text ends them.
    """
    fits = _ILLEGAL.search(text) is None and len(text) <= MAX_KEY and posixpath.normpath(text) == text
    if fits and text != "." and not text.startswith(("/", "..")) and _HASHED.search(text) is None:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:HASH]
    parts = [part for part in _ILLEGAL.sub("_", text).split("/") if part not in ("", ".", "..")]
    start = "/".join(parts)[: MAX_KEY - HASH - 2]
    return f"{'_' if start.startswith('..') else ''}{start} {digest}"


def record_digest(record: Record) -> str:
    """What tells a run that is up to date from one that is not: a hash of FORMAT and of what the run shows."""
    content = {name: value for name, value in record.identity().items() if name != "registrations"}
    text = json.dumps([FORMAT, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parameters(config: CellConfig) -> dict[str, str]:
    """Everything that decides the cell's result, flat, under the names of the field.

    Hyperparameters stand under their own names (``tau``), the rest as ``data.name``, ``training.steps``; the net's name
    is ``model``. All of it is part of the cell's id, hence never changes for a run, as MLflow demands of parameters. Of
    a function or command neither net nor training is said, since it has its own; what it is stands as ``own.command``.
    """
    whole = config.identity()
    model = {_named(f"model.{name}"): value for name, value in whole["model"].items()}
    flat: dict[str, Any] = {
        "method": config.method,
        "seed": config.seed,
        **whole["hyperparameters"],
        **{f"data.{name}": value for name, value in whole["data"].items()},
    }
    if config.is_ours_to_train:
        flat |= {**model, **{f"training.{name}": value for name, value in whole["training"].items()}}
    if config.own is not None:
        declared = config.own.model_dump(exclude_defaults=True, exclude={"hyperparameters"})
        flat |= {f"own.{name}": value for name, value in declared.items()}
    if config.pretrain is not None:
        flat |= {f"pretrain.{name}": value for name, value in whole["pretrain"].items()}
    return {name: cut(str(value), MAX_PARAMETER) for name, value in flat.items()}


def _named(path: str) -> str:
    """The parameter of a run that holds what stands at ``path`` of a study file."""
    return "model" if path == "model.name" else path


def varying_key(study: Study, name: str) -> str:
    """The parameter of a cell's run that holds a parameter of the search space."""
    return _named(study.factors[name].path) if name in study.factors else name


PLACE = ("block", "setting", "design")
"""Parameters of a cell that tell where it stands, not what it is."""


def cell_parameters(study: Study, config: CellConfig, placement: Placement) -> dict[str, str]:
    """All parameters of a cell's run: block, setting and design first, so that MLflow's own Compare has them.

    Then factors, those too that are at their default and for that no part of the cell's identity.
    A hyperparameter of someone's own method that is called like one of them keeps its name, and is what is shown.
    """
    place = {"block": placement.block, "setting": placement.setting, "design": study.design.type}
    factors = {_named(factor.path): str(factor.of(config)) for factor in study.factors.values()}
    return place | factors | parameters(config)


def group_parameters(study: Study, group: Group) -> dict[str, str]:
    """Of the run of a method: where it stands and what varies there."""
    varying = study.block_parameters(group.block) if group.block in study.blocks and study.design.varies else ()
    named = {**group._asdict(), "design": study.design.type, "seeds": str(study.seeds)}
    return named | {"varied": cut(", ".join(varying) or "nothing", MAX_PARAMETER)}


def study_parameters(study: Study) -> dict[str, str]:
    """What the parent run shows: design, data, net, training, methods and number of seeds; no factor, which varies.

    Of data and nets all values that settings have, separated by commas.
    """
    design, training = study.design.model_dump(), study.training.identity()
    flat = {"design": study.design.type, **{f"design.{name}": str(value) for name, value in design.items()}}
    grounds = [study.setting(name) for name in study.setting_names]
    names = dict.fromkeys(name for data, _ in grounds for name in data.identity())
    flat |= {f"data.{name}": _values(getattr(data, name) for data, _ in grounds) for name in names}
    flat |= {f"training.{name}": str(value) for name, value in training.items()}
    flat |= {
        "model": _values(model.name for _, model in grounds),
        "methods": ", ".join(study.methods),
        "seeds": str(study.seeds),
    }
    varying = {varying_key(study, name) for name in study.factors}
    return {name: cut(value, MAX_PARAMETER) for name, value in flat.items() if name not in varying}


def _values(found: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(map(str, found)))


def metrics(record: Record) -> list[MetricRow]:
    """Every finite number of the cell, with the times of the record; same names for every method.

    By step: ``train_loss``, ``loss/TERM``, ``validation_accuracy``, ``confident_fraction``, ``confident_accuracy``,
    ``learning_rate``, ``images_per_second``, ``signature/NAME``. Once, at the last step: ``test_accuracy``,
    ``steps_to_90``, ``seconds``, ``peak_memory``. What is undefined is left out.
    """
    rows: list[MetricRow] = []

    def add(name: str, value: float | None, time: float, step: int) -> None:
        if value is not None and math.isfinite(value):
            rows.append(MetricRow(key(name), float(value), milliseconds(time), step))

    for evaluation in record.result.history:
        named: dict[str, float | None] = {
            "train_loss": evaluation.train_loss,
            **{f"loss/{term}": value for term, value in evaluation.loss_terms.items()},
            "validation_accuracy": evaluation.validation_accuracy,
            "confident_fraction": evaluation.confident_fraction,
            "confident_accuracy": evaluation.confident_accuracy,
            "learning_rate": evaluation.learning_rate,
            "images_per_second": evaluation.images_per_second,
            **{f"signature/{name}": value for name, value in evaluation.signatures.items()},
        }
        for name, value in named.items():
            add(name, value, evaluation.time, evaluation.step)
    result = record.result
    for name in ("test_accuracy", "steps_to_90", "seconds", "peak_memory"):
        add(name, getattr(result, name), record.ended, result.steps)
    return rows


def run_status(record: Record) -> str:
    """MLflow's status. A diverged cell is a result, hence FINISHED, and says so in its tag ``status``."""
    return "FINISHED" if record.result.status in ("ok", "diverged") else "FAILED"


def traceback_text(record: Record) -> str:
    """The tracebacks of all attempts that left one, empty if none did."""
    parts = [f"attempt {a.number} on {a.host or 'unknown host'}\n{a.traceback}" for a in record.attempts if a.traceback]
    return "\n".join(parts)


def cell_name(study: Study, record: Record, placement: Placement) -> str:
    """A name to read: ``ssc · point 3 · seed 1 · tau 0.93 lr 0.021``, with the setting where there are several."""
    space = study.search_space.parameters
    varying = study.block_parameters(placement.block) if placement.block in study.blocks else ()
    values = study.values_of(record.config)
    shown = [f"{_SHORT.get(n, n)} {compact(values[n], 3)}" for n in varying if n in values and n in space]
    where = [placement.setting] if len(study.setting_names) > 1 else []
    parts = [placement.method, *where, f"point {label(placement.point)}", f"seed {placement.seed}", " ".join(shown)]
    return cut(" · ".join(part for part in parts if part), 200)


def group_name(study: Study, group: Group) -> str:
    """``ssc · shared``, with the setting where there are several."""
    where = [group.setting] if len(study.setting_names) > 1 else []
    return " · ".join([group.method, group.block, *where])


def cell_tags(record: Record, placements: Sequence[Placement]) -> dict[str, str]:
    """The tags to filter by. The first placement names the point; all of them stand in ``ssc.placements``."""
    first = placements[0]
    tags = {
        "method": first.method,
        "block": first.block,
        "setting": first.setting,
        "point": str(first.point),
        "seed": str(first.seed),
        "cell_id": record.cell_id,
        "status": record.result.status,
        "ssc.role": "cell",
        "ssc.cell_id": record.cell_id,
    }
    if len(placements) > 1:
        tags["ssc.placements"] = cut(json.dumps([placement._asdict() for placement in placements]), MAX_TAG)
    return tags


def _estimates(named: Mapping[str, Estimate | float | None]) -> dict[str, float]:
    values = {name: x if x is None or isinstance(x, int | float) else x.value for name, x in named.items()}
    return {name: float(x) for name, x in values.items() if x is not None and math.isfinite(x)}


def summary_metrics(summary: MethodSummary) -> dict[str, float]:
    """The figures of one method in one block and setting; undefined ones are left out."""
    named: dict[str, Estimate | float | None] = {**estimates(summary), "seed_std": summary.seed_std}
    scores = {name: getattr(summary, name) for name in SCORES}
    named.update({f"{name}_point": score.test for name, score in scores.items() if score is not None})
    named.update({name: getattr(summary, name) for name in ("num_diverged", "num_failed", "num_missing", "num_points")})
    return {f"summary/{name}": value for name, value in _estimates(named).items()}


def verdict_metrics(analysis: StudyAnalysis) -> dict[str, float]:
    """Effect and p-value of each claim, for the parent run, ratios as such; undefined ones are left out."""
    named: dict[str, Estimate | float | None] = {}
    for verdict in analysis.verdicts:
        named[key(f"effect/{verdict.claim.name}")] = plain_value(verdict, verdict.effect.value)
        named[key(f"p_value/{verdict.claim.name}")] = verdict.p_value
    return _estimates(named)


def analysis_tags(analysis: StudyAnalysis) -> dict[str, str]:
    """All that the parent run says of claims: of each, by the name of the claim, what it has.

    ``verdict/CLAIM``: supported, refuted or inconclusive; ``look/CLAIM``: the points of the look it is from;
    ``post_hoc/CLAIM`` of one that is: what was known when the plan was registered.
    """
    tags: dict[str, str] = {}
    for verdict in analysis.verdicts:
        name = verdict.claim.name
        tags[key(f"verdict/{name}")] = verdict.verdict
        if verdict.look:
            tags[key(f"look/{name}")] = str(verdict.look)
        if verdict.post_hoc:
            tags[key(f"post_hoc/{name}")] = cut(verdict.known or "yes", MAX_TAG)
    return tags


def outdated_tags(present: Iterable[str], analysis: StudyAnalysis) -> list[str]:
    """Tags that the analysis does not give: of claims that are not post hoc any more, or were named otherwise."""
    kept = analysis_tags(analysis)
    return [name for name in present if name.startswith(("verdict/", "look/", "post_hoc/")) and name not in kept]
