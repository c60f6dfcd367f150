"""Two studies, or two revisions of one, side by side: their cells, their plans, their claims and their spreads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from ssc_tune.commands import state, stored
from ssc_tune.commands.stored import Stored
from ssc_tune.errors import InputError
from ssc_tune.presentation import words
from ssc_tune.records import StudyFolder
from ssc_tune.records.registrations import registered
from ssc_tune.running.changes import STUDY_FILE
from ssc_tune.study import Study
from ssc_tune.study.registration import SHOWN, differences, hash_of, plan_hash, plan_of

if TYPE_CHECKING:
    from ssc_tune.analysis.result import MethodSummary, StudyAnalysis, Verdict

AT = "@"
"""Stands before the hash of a registration: ``stability@8ff9adce``."""
LEAST_HASH = 4
_LABELS = ("name", "expected", "source")
"""What of a claim decides nothing."""
_OF_A_VERDICT = ("claim", "verdict", "post_hoc", "effect_name", "effect", "low", "high", "p_adjusted")
SPREADS = ("std", "mean")
"""Estimates of each method that are shown side by side."""


class Side(NamedTuple):
    """One of the two, judged."""

    label: str
    stored: Stored
    analysis: StudyAnalysis | None

    def verdicts(self) -> dict[str, Verdict]:
        """What was found, by the name of the claim."""
        return {} if self.analysis is None else {v.claim.name: v for v in self.analysis.verdicts}

    def summaries(self) -> dict[tuple[str, str, str], MethodSummary]:
        """Measures by block, setting and method."""
        found = () if self.analysis is None else self.analysis.summaries
        return {(s.block, s.setting, s.method): s for s in found}


def side(name: str, storage: Path) -> Side:
    """A study by its file, its name or its folder; ``@HASH`` after a name or folder is an earlier plan of it.

    Raises:
        InputError: there is none.
    """
    given, at, start = name.rpartition(AT)
    whole = Path(name)
    if not at or whole.exists() or (storage / whole / STUDY_FILE).exists():
        given, at = name, ""
    path = Path(given)
    if (path / STUDY_FILE).is_file():
        storage, path = path.parent, Path(path.name)
    study = stored.load(path, (), storage)
    if at:
        study = _earlier(study, StudyFolder(storage, study.name), start)
    return Side(name, *stored.judged(study, storage, explore=False))


def _earlier(study: Study, folder: StudyFolder, start: str) -> Study:
    """The study with a plan that it has registered.

    Raises:
        InputError: no registration, or several, or one that this version cannot read.
    """
    known = {one.hash: one for one in registered(folder)[0]}
    found = [one for digest, one in known.items() if digest.startswith(start) and len(start) >= LEAST_HASH]
    if len(found) != 1:
        some = ", ".join(digest[:SHOWN] for digest in known) or "none"
        raise InputError(f"{study.name}{AT}{start}: no single plan of this study has this hash; registered: {some}")
    try:
        earlier = _study_of(study.name, found[0].plan)
    except (ValidationError, ValueError, KeyError, TypeError):
        earlier = None
    if earlier is None or plan_hash(earlier) != found[0].hash:
        text = "this version cannot make the study of its registered plan again; name the study's file instead"
        raise InputError(f"{study.name}{AT}{found[0].short}: {text}")
    return earlier


def _study_of(name: str, plan: Mapping[str, Any]) -> Study:
    content = {key: value for key, value in plan.items() if key not in ("semantics", "threads", "parameters")}
    content["search_space"] = {"parameters": dict(plan["parameters"])}
    if "threads" in plan:
        content["resources"] = {"threads": plan["threads"]}
    return Study.model_validate({"name": name, **content})


def compared(first: Side, second: Side) -> dict[str, Any]:
    """What ``ssc-tune compare --json`` prints."""
    plans = plan_of(first.stored.study), plan_of(second.stored.study)
    return {
        "first": _told(first),
        "second": _told(second),
        "same_plan": hash_of(plans[0]) == hash_of(plans[1]),
        "plan": differences(*plans),
        "cells": _cells(first, second),
        "claims": _claims(first, second),
        "methods": _methods(first, second),
    }


def _told(one: Side) -> dict[str, Any]:
    return {
        "given": one.label,
        "study": one.stored.study.name,
        "folder": str(one.stored.folder.path),
        "plan": plan_hash(one.stored.study),
        **state.state(one.stored),
    }


def _cells(first: Side, second: Side) -> dict[str, Any]:
    """Cells that both have, by their ids, and those of them whose records tell different accuracies."""
    ids = [{cell.cell_id for cell in one.stored.progress.cells} for one in (first, second)]
    shared = ids[0] & ids[1]
    records = [one.stored.progress.records for one in (first, second)]
    both = [key for key in sorted(shared) if all(key in of for of in records)]
    pairs = {key: [of[key].result.test_accuracy for of in records] for key in both}
    return {
        "shared": len(shared),
        "only_first": len(ids[0] - shared),
        "only_second": len(ids[1] - shared),
        "shared_with_records": len(both),
        "unlike": [key for key, (x, y) in pairs.items() if x != y],
    }


def _claims(first: Side, second: Side) -> list[dict[str, Any]]:
    """Claims of the same name, then those whose content alone is the same, then those that one of the two has."""
    claims = [{claim.name: claim for claim in one.stored.study.claims} for one in (first, second)]
    pairs: list[tuple[str | None, str | None]] = [(name, name) for name in claims[0] if name in claims[1]]
    left = [[name for name in claims[i] if name not in claims[1 - i]] for i in (0, 1)]
    for name in list(left[0]):
        alike = [other for other in left[1] if _content(claims[1][other]) == _content(claims[0][name])]
        if alike:
            pairs.append((name, alike[0]))
            left[0].remove(name)
            left[1].remove(alike[0])
    pairs += [*((name, None) for name in left[0]), *((None, name) for name in left[1])]
    found = first.verdicts(), second.verdicts()
    rows = []
    for names in pairs:
        both = [of.get(name or "") for of, name in zip(found, names, strict=True)]
        contents = [_content(claims[i][name]) for i, name in enumerate(names) if name is not None]
        said = [verdict.verdict if verdict is not None else None for verdict in both]
        rows.append(
            {
                "first": _verdict(names[0], both[0]),
                "second": _verdict(names[1], both[1]),
                "claim_differs": differences(*contents) if len(contents) == 2 else [],
                "verdict_changed": None not in said and said[0] != said[1],
            }
        )
    return rows


def _content(claim: Any) -> dict[str, Any]:
    content: dict[str, Any] = claim.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=set(_LABELS))
    return content


def _verdict(name: str | None, verdict: Verdict | None) -> dict[str, Any] | None:
    if name is None:
        return None
    if verdict is None:
        return {"claim": name, "verdict": None}
    row = state.verdict(verdict)
    kept = {key: row[key] for key in _OF_A_VERDICT}
    return {**kept, "text": words.effect_text(verdict, verdict.effect), "title": words.effect_title(verdict)}


def _methods(first: Side, second: Side) -> list[dict[str, Any]]:
    both = first.summaries(), second.summaries()
    return [
        {
            "block": key[0],
            "setting": key[1],
            "method": key[2],
            "first": _summary(both[0].get(key)),
            "second": _summary(both[1].get(key)),
        }
        for key in dict.fromkeys([*both[0], *both[1]])
    ]


def _summary(found: MethodSummary | None) -> dict[str, Any] | None:
    if found is None:
        return None
    numbers = {"points": found.num_points, "seeds": found.num_seeds}
    return {**numbers, **{name: getattr(found, name).model_dump(mode="json") for name in SPREADS}}
