"""The whole analysis of a study: tables in, plain data out. Equal tables and seeds give equal output."""

from __future__ import annotations

import itertools

from ssc_tune.analysis.arrays import RESULTS
from ssc_tune.analysis.explore.extras import Extras, extras
from ssc_tune.analysis.judge.cautions import LEAST_SEEDS
from ssc_tune.analysis.judge.looks import judge
from ssc_tune.analysis.material import Materials
from ssc_tune.analysis.result import StudyAnalysis
from ssc_tune.analysis.summaries import compare, summarize
from ssc_tune.analysis.tables import Tables
from ssc_tune.analysis.threads import one_thread
from ssc_tune.design.notes import notes
from ssc_tune.study.model.study import Study


@one_thread()
def analyze(
    study: Study, tables: Tables, *, seed: int = 0, num_bootstrap: int = 2000, explore: bool = True
) -> StudyAnalysis:
    """Summaries, comparisons, verdicts and curves of a study.

    Args:
        study: the study.
        tables: its results, complete or not.
        seed: of every bootstrap and permutation; the records alone and this number decide the output.
        num_bootstrap: draws of each.
        explore: what decides no claim too: curves, shares, facts, and the warnings of these. Of many cells it takes
            most of the time.
    """
    whole = Materials(study, _in_order(tables), seed=seed, num_bootstrap=num_bootstrap)
    summaries, comparisons = [], []
    for block, setting in itertools.product(study.blocks, study.setting_names):
        summaries += [summarize(whole, block, setting, method) for method in study.block_methods(block)]
        if not study.design.adaptive:
            comparisons += compare(whole, block, setting)
    more = extras(whole) if explore else Extras()
    judged = judge(whole)
    return StudyAnalysis(
        study=study.name,
        summaries=tuple(summaries),
        comparisons=tuple(comparisons),
        verdicts=judged.verdicts,
        looks=judged.looks,
        curves=tuple(more.curves),
        shares=tuple(more.shares),
        facts=more.facts,
        warnings=(*_warnings(study, whole.tables), *more.warnings),
    )


def _in_order(tables: Tables) -> Tables:
    """The same tables whatever the order in which cells ended."""
    place = ["block", "setting", "method", "point", "seed"]
    return Tables(
        tables.cells.sort_values(place, kind="stable").reset_index(drop=True),
        tables.history.sort_values(["cell_id", "step"], kind="stable").reset_index(drop=True),
        tables.expected.sort_values(place, kind="stable").reset_index(drop=True),
    )


def _warnings(study: Study, tables: Tables) -> tuple[str, ...]:
    lines = []
    results = tables.cells[tables.cells["status"].isin(RESULTS)].drop_duplicates("cell_id")
    num_expected = tables.expected["cell_id"].nunique()
    missing = num_expected - len(results)
    if missing > 0:
        lines.append(f"{missing} of {num_expected} cells have no result yet")
    failed = int((results["status"] != "ok").sum())
    if failed:
        lines.append(f"{failed} of {len(results)} cells diverged or failed; they score at chance")
    if study.seeds < LEAST_SEEDS:
        few = f"{study.seeds} seed{'s' * (study.seeds != 1)}: fewer than {LEAST_SEEDS}, so "
        lines.append(
            few + ("intervals are wide or undefined" if study.seeds < 3 else "a verdict on spread can mislead")
        )
    lines += notes(study)
    if study.design.adaptive:
        lines.append("the points were chosen by a search: spread and means over them are no property of the space")
    return tuple(lines)
