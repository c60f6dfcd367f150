"""Registration: a plan is put on record before its cells, and a claim that came later than a cell says what was known.

A claim is *declared* if the plan as it is now stood, whole, before every cell that the claim is judged on was begun;
each record says which plans stood then. Everything else is post hoc: edited, added or dropped claims, another number of
points or seeds, other margins, a copy of the study with any of these. What was known is said in words.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ssc_tune import __version__
from ssc_tune.analysis.result import Registered, StudyAnalysis
from ssc_tune.design.cells import Cell
from ssc_tune.records import Record, Registration, StudyFolder
from ssc_tune.records.registrations import register as write
from ssc_tune.records.registrations import registered, registered_below
from ssc_tune.study.registration import SHOWN, hash_of, may_share_cells, plan_hash, plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from ssc_tune.study.model.claims import Claim
    from ssc_tune.study.model.study import Study


def register(study: Study, folder: StudyFolder) -> tuple[Registration, list[str]]:
    """Registers a study's plan, unless the study has done so; the registration, and what is wrong with the file."""
    plan = plan_of(study)
    found, problems = registered(folder)
    for earlier in found:
        if earlier.hash == hash_of(plan):
            return earlier, problems
    now = Registration(hash=hash_of(plan), time=time.time(), study=study.name, version=__version__, plan=plan)
    write(folder, now)
    return now, problems


def first_registration(storage: Path, digest: str) -> Registration | None:
    """When and by which study below a storage folder a plan was registered first."""
    return next((one for one in registered_below(storage) if one.hash == digest), None)


class Known(NamedTuple):
    """Which cells were begun before a plan stood."""

    num_cells: int
    origins: Counter[str]  # cells by where they come from, in words

    @property
    def number(self) -> int:
        """Cells that were known."""
        return self.origins.total()

    def words(self, *, were: str = "were") -> str:
        """``198 of 198 cells were known from study x``; empty if none was."""
        if not self.number:
            return ""
        count = f"{self.number} of {self.num_cells} cells {were} known"
        if len(self.origins) == 1:
            return f"{count} {next(iter(self.origins))}"
        return f"{count}: {', '.join(f'{n} {origin}' for origin, n in sorted(self.origins.items()))}"


def known(study: Study, cells: Iterable[Cell], records: Mapping[str, Record]) -> Known:
    """Which of these cells were begun before the study's plan was registered; cells without a record were not.

    A cell that only a machine's failure ended has no result and does not count.
    """
    digest, origins = plan_hash(study), Counter[str]()
    ids = {cell.cell_id for cell in cells}
    for cell_id in ids:
        record = records.get(cell_id)
        if record is not None and record.result.status != "infrastructure" and digest not in record.registrations:
            origins[_origin(study, record)] += 1
    return Known(len(ids), origins)


def _origin(study: Study, record: Record) -> str:
    own = record.study == study.name
    if not record.registrations:
        return f"from records{'' if own else f' of study {record.study}'} made before registrations were kept"
    return "under an earlier plan of this study" if own else f"from study {record.study}"


def cells_of(study: Study, claim: Claim, cells: Iterable[Cell]) -> Iterator[Cell]:
    """The cells that a claim is judged on: its block and setting, or all settings; its methods; all points and seeds.

    The defaults are among them, though measures over the space leave them out: they are what a study that was drawn
    anew, with another seed of its design, has in common with the first.
    """
    settings = study.setting_names if claim.setting is None else (claim.setting,)
    for cell in cells:
        place = cell.placement
        if place.block == claim.block and place.setting in settings and place.method in claim.methods:
            yield cell


def declare(
    study: Study, folder: StudyFolder, cells: Sequence[Cell], records: Mapping[str, Record], analysis: StudyAnalysis
) -> StudyAnalysis:
    """The analysis with each verdict marked post hoc or not, and the registration.

    Args:
        study: the whole study, as registered; not a part of it that is looked at.
        folder: its folder, whose storage holds the registrations.
        cells: the study's cells, those without a record too.
        records: what there is of them, by cell id.
        analysis: what was found; marks it has are replaced.
    """
    made = [cell for cell in cells if cell.cell_id in records]
    first = first_registration(folder.storage, plan_hash(study))
    tail = " when this plan was registered" if first is not None else "; this plan is not registered"
    verdicts = []
    for verdict in analysis.verdicts:
        found = known(study, cells_of(study, verdict.claim, made), records).words()
        marks = {"post_hoc": bool(found), "known": found and found + tail}
        verdicts.append(verdict.model_copy(update=marks))
    registration = registration_of(study, folder, cells, records)
    return analysis.model_copy(update={"verdicts": tuple(verdicts), "registration": registration})


def registration_of(
    study: Study, folder: StudyFolder, cells: Sequence[Cell], records: Mapping[str, Record]
) -> Registered:
    """The registration of a study's plan and what was known before it."""
    usable = {key: r for key, r in records.items() if r.result.status != "infrastructure"}
    made = [cell for cell in cells if cell.cell_id in usable]
    found, digest = known(study, made, usable), plan_hash(study)
    first = first_registration(folder.storage, digest)
    by = f" by study {first.study}" if first is not None and first.study != study.name else ""
    start = f"registered as {digest[:SHOWN]} on {first.when}{by}" if first is not None else _unregistered(digest, found)
    parts = [
        start,
        _before(found, " by then" if first is not None else ""),
        *_others(study, folder, [usable[cell.cell_id] for cell in made]),
    ]
    return Registered(
        hash=digest,
        time=first.time if first is not None else None,
        study=first.study if first is not None else "",
        num_cells=found.num_cells,
        num_known=found.number,
        known=found.words(),
        line="; ".join(parts),
    )


def plan_lines(
    study: Study, folder: StudyFolder, cells: Sequence[Cell], records: Mapping[str, Record]
) -> Iterator[str]:
    """What is said of the registration before a run: where it stands, and which claims would be post hoc and why."""
    digest = plan_hash(study)
    own = next((one for one in registered(folder)[0] if one.hash == digest), None)
    if own is not None:
        yield f"registered: {own.short} at {own.when}"
    else:
        yield f"will be registered as {digest[:SHOWN]} before the first cell"
    for claim in study.claims:
        found = known(study, cells_of(study, claim, cells), records)
        if found.number:
            yield f"claim {claim.name!r} would be post hoc: {found.words(were='are')}"


def _unregistered(digest: str, found: Known) -> str:
    if found.number < found.num_cells:
        return f"the records carry {digest[:SHOWN]}, but no file holds this registration"
    return f"not registered (the plan's hash is {digest[:SHOWN]})"


def _before(found: Known, then: str) -> str:
    if not found.num_cells:
        return "no cell has a record yet"
    return found.words() + then if found.number else f"before each of its {found.num_cells} cells was begun"


def _others(study: Study, folder: StudyFolder, records: Sequence[Record]) -> Iterator[str]:
    """Further plans over such cells that stood when cells were made: a choice between them is in no error rate."""
    digest, plan = plan_hash(study), plan_of(study)
    stood = {one for record in records for one in record.registrations} - {digest}
    others = {one.hash: one for one in reversed(registered_below(folder.storage)) if one.hash in stood}
    names = Counter(one.study for one in others.values() if may_share_cells(plan, one.plan))
    if names:
        counts = [
            f"{n} of {'this study' if name == study.name else f'study {name}'}" for name, n in sorted(names.items())
        ]
        number = names.total()
        yield f"{number} other plan{'s' * (number > 1)} for such cells stood as well: {', '.join(counts)}"
