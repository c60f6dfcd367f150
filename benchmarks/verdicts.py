"""Cells and seconds until every claim of a study is decided, with its looks against without, by replays of records.

    uv run python -m ssc_tune.run studies/stability.yaml --set design.stop=never --storage replays --tracking-uri none
    python benchmarks/verdicts.py studies/stability.yaml --storage replays

Nothing is trained: a replay hands the judge the study's records as a run would, the cells of one look after the other
until the study stops (``running.looks.stop_of``, which runs ask), and once all of them to the same study without looks.
Its seeds are drawn anew from those of the study, with replacement, as whole columns: a seed decides labels, weights and
data order at every point and for both methods, so it is these that are a sample; draws cell by cell would let the luck
of a labelled split average out over the points. The points stay, and so does their order. A seed that is drawn
twice brings no new noise: the variance between the seeds of a replay is on average 1 - 1 / seeds of the study's own.

Seconds are those of the cells as their records give them, one after the other: divide by the cells that run at once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssc_tune import analysis
from ssc_tune.design.cells import Cell, fixed_cells
from ssc_tune.errors import InputError
from ssc_tune.records import Record, StudyFolder
from ssc_tune.running import looks
from ssc_tune.study import load_study
from ssc_tune.study.model.study import Study

WITH, WITHOUT = "with looks", "without looks"
NAMES = ("supported", "refuted", "inconclusive")


class Outcome(NamedTuple):
    """What a design has cost, and what it found of each claim."""

    points: int
    cells: int
    seconds: float
    verdicts: dict[str, str]

    @property
    def decided(self) -> int:
        """Claims that are supported or refuted."""
        return sum(name != "inconclusive" for name in self.verdicts.values())


class Replay(NamedTuple):
    """Both designs on the same draw of seeds."""

    seeds: tuple[int, ...]
    outcomes: dict[str, Outcome]


def stored(study: Study, storage: Path) -> dict[str, Record]:
    """The records of a study that looks, all of them.

    Raises:
        InputError: it declares no looks, or cells have no result.
    """
    if not study.looks:
        raise InputError(f"study {study.name!r}: declares no looks; allowed: a study with design.looks")
    ids = {cell.cell_id for cell in fixed_cells(study)}
    found = StudyFolder(storage, study.name).records.read_many(list(ids), set_aside=False)[0]
    missing = sum(key not in found or not found[key].is_settled() for key in ids)
    if missing:
        cure = "a run with --set design.stop=never makes those of every look"
        raise InputError(f"--storage {storage}: {missing} of {len(ids)} cells of {study.name!r} have no result; {cure}")
    return found


def replay(study: Study, records: Mapping[str, Record], seeds: Sequence[int]) -> Replay:
    """What would have come of a study if its seeds had been ``seeds``, numbers of those that it has."""
    cells = fixed_cells(study)
    of = {cell.placement: records[cell.cell_id] for cell in cells}
    drawn = {c.cell_id: of[c.placement._replace(seed=seeds[c.placement.seed])] for c in cells}
    eager = study.model_copy(update={"design": study.design.model_copy(update={"stop": "when_decided"})})
    last = study.looks[-1]
    end = next((points for points in study.looks[:-1] if _stops(eager, cells, drawn, points)), last)
    outcomes = {
        WITH: _outcome(study, cells, drawn, end),
        WITHOUT: _outcome(study.first_points(last), cells, drawn, last),
    }
    return Replay(tuple(seeds), outcomes)


def _stops(study: Study, cells: Sequence[Cell], records: Mapping[str, Record], points: int) -> bool:
    """Whether a run ends at the look at ``points``, all that it has by then."""
    there = {cell.cell_id: records[cell.cell_id] for cell in looks.until(cells, points)}
    return looks.stop_of(study, cells, there) is not None


def _outcome(study: Study, cells: Sequence[Cell], records: Mapping[str, Record], points: int) -> Outcome:
    used = looks.until(cells, points)
    ids = {cell.cell_id for cell in used}
    tables = analysis.build.build_tables(study, used, records)
    judged = analysis.judge.looks.judge(analysis.material.Materials(study, tables))
    seconds = sum(records[key].result.seconds for key in ids)
    return Outcome(points, len(ids), seconds, {v.claim.name: v.verdict for v in judged.verdicts})


def replays(study: Study, records: Mapping[str, Record], count: int) -> list[Replay]:
    """The study as it is stored, then ``count`` replays with seeds drawn anew."""
    rng = np.random.default_rng(0)
    draws = [
        tuple(range(study.seeds)),
        *(tuple(rng.integers(study.seeds, size=study.seeds).tolist()) for _ in range(count)),
    ]
    return [replay(study, records, draw) for draw in draws]


def table_of_costs(study: Study, found: Sequence[Replay]) -> str:
    """A Markdown table, a row a design: medians and quartiles; what a verdict costs is all cells over all verdicts."""
    lines = [
        "| design | points | cells | trained, s | every claim decided | verdicts | cells a verdict | s a verdict |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in (WITH, WITHOUT):
        of = [one.outcomes[name] for one in found]
        ended = ", ".join(f"{points}: {times}" for points, times in sorted(Counter(o.points for o in of).items()))
        whole = sum(o.decided == len(study.claims) for o in of)
        costs = f"{_spread([o.cells for o in of])} | {_spread([o.seconds for o in of])}"
        verdicts = sum(o.decided for o in of)
        cells, seconds = sum(o.cells for o in of), sum(o.seconds for o in of)
        each = f"{cells / verdicts:,.0f} | {seconds / verdicts:,.0f}" if verdicts else "none | none"
        decided = f"{whole} of {len(of)} | {verdicts} of {len(of) * len(study.claims)}"
        lines.append(f"| {name} | {ended} | {costs} | {decided} | {each} |")
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{median:,.4g} ({low:,.4g}-{high:,.4g})"


def table_of_verdicts(study: Study, as_stored: Replay, found: Sequence[Replay]) -> str:
    """A Markdown table, a row a claim: how often each verdict came out, and how often looks changed it."""
    lines = [
        "| claim | as stored, with looks | without | replays with looks | without | other with looks | opposite |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for claim in (one.name for one in study.claims):
        pairs = [(r.outcomes[WITH].verdicts[claim], r.outcomes[WITHOUT].verdicts[claim]) for r in found]
        counts = [_counted([pair[i] for pair in pairs]) for i in range(2)]
        other = sum(a != b for a, b in pairs)
        opposite = sum(set(pair) == {"supported", "refuted"} for pair in pairs)
        known = " | ".join(as_stored.outcomes[name].verdicts[claim] for name in (WITH, WITHOUT))
        lines.append(f"| {claim} | {known} | {counts[0]} | {counts[1]} | {other} | {opposite} |")
    return "\n".join(lines)


def _counted(verdicts: Sequence[str]) -> str:
    times = Counter(verdicts)
    return ", ".join(f"{times[name]} {name}" for name in NAMES if times[name])


def main() -> int:
    """Reads the command line, replays, prints, writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--storage", type=Path, required=True, help="folder with the records of all its looks")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--replays", type=int, default=20)
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write every replay")
    arguments = parser.parse_args()
    try:
        study = load_study(arguments.study, arguments.overrides)
        records = stored(study, arguments.storage)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    as_stored, *found = replays(study, records, arguments.replays)
    where = next(iter(records.values())).environment
    print(f"{arguments.study}, {len(records)} records of: {where}")
    print(f"{len(found)} replays: median (quartiles); at points: replays that ended there\n")
    print(f"{table_of_costs(study, found)}\n\n{table_of_verdicts(study, as_stored, found)}")
    if arguments.json:
        arguments.json.write_text(_json(study, where, as_stored, found))
    return 0


def _json(study: Study, where: Mapping[str, str], as_stored: Replay, found: Sequence[Replay]) -> str:
    def told(one: Replay) -> dict[str, object]:
        return {"seeds": one.seeds, **{name: outcome._asdict() for name, outcome in one.outcomes.items()}}

    content = {"study": study.name, "records_of": where, "as_stored": told(as_stored), "replays": [*map(told, found)]}
    return json.dumps(content, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
