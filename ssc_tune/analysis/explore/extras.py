"""Everything beyond summaries and verdicts: curves, shares of variance and further facts of a study.

For exploration and figures: none of it decides a claim. A piece that is undefined becomes a warning with its reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ssc_tune.analysis.explore import further, pairs, single
from ssc_tune.analysis.material import Findings, Material, Materials, plain
from ssc_tune.analysis.result import Curve, Share
from ssc_tune.study.model.designs import DesignBase
from ssc_tune.study.model.study import Study


@dataclass
class Extras:
    """What :func:`extras` found; nothing of a study that is not explored."""

    curves: list[Curve] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    facts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # plain rows by topic; None with a "reason"
    warnings: list[str] = field(default_factory=list)

    def add(self, where: str, piece: Callable[[], Findings]) -> None:
        """Adds what a piece finds; what its numbers do not allow becomes a warning. Assertions are bugs and pass."""
        try:
            found = piece()
        except (ValueError, ArithmeticError) as error:
            self.warnings.append(f"{where}: {str(error).splitlines()[0]}")
            return
        self.curves += found.curves
        self.shares += found.shares
        for topic, row in found.facts:
            self.facts.setdefault(topic, []).append(plain(row))
        self.warnings += [f"{where}: {reason}" for reason in found.reasons if reason]


def _at(study: Study, what: str, block: str, setting: str | None = None) -> str:
    """``ssc (shared, main)``, of block and setting what the study has several of."""
    parts = [block] if len(study.blocks) > 1 else []
    parts += [setting] if setting is not None and len(study.setting_names) > 1 else []
    return f"{what} ({', '.join(parts)})" if parts else what


def pieces(design: DesignBase) -> Sequence[tuple[str, Callable[[Material], Findings]]]:
    """What is found of one method where a design allows it, by name."""
    found = [("convergence", single.convergence_curve)]
    if design.defaults_count:
        found.append(("one at a time", single.one_at_a_time))
    if design.fills:
        found += [
            ("budget", single.budget_curve),
            ("near-optimal volume", single.volume_curve),
            ("partial dependence", single.partial_dependence),
            ("variance decomposition", single.variance_shares),
            ("importance", single.importance_shares),
            ("exploratory profile", further.profile),
            ("exploratory Shapley shares", further.shapley_shares),
            ("exploratory ablation path", further.ablation_path),
        ]
    return found


def comparisons(design: DesignBase) -> Sequence[tuple[str, Callable[[Material, Material], Findings]]]:
    """What is found of two methods; points of two searches are no pairs."""
    if design.adaptive:
        return []
    return [("convergence", pairs.speed), *([("budget", pairs.tuning)] if design.fills else [])]


def extras(whole: Materials) -> Extras:
    """Curves, shares and facts of every block, setting and method of a study.

    Failed and diverged cells score at chance, points that lack a cell are left out. The surrogate of a method is fitted
    once and serves its partial dependence and its variance decomposition. Adaptive (``search``) points are no sample of
    the space: from them only convergence is read.
    """
    study, gathered = whole.study, Extras()
    for block, setting in itertools.product(study.blocks, study.setting_names):
        materials = []
        for method in study.block_methods(block):
            where, material = _at(study, method, block, setting), whole.of(block, setting, method)
            if material is not None:
                materials.append(material)
                for name, piece in pieces(study.design):
                    gathered.add(f"{where}, {name}", partial(piece, material))
            elif study.design.varies:  # else there are no points to draw curves of
                gathered.warnings.append(f"{where}: no point has all its cells; no curves")
        for first, second in itertools.combinations(materials, 2):
            where = _at(study, f"{first.method} and {second.method}", block, setting)
            for name, compare in comparisons(study.design):
                gathered.add(f"{where}, {name}", partial(compare, first, second))
    if len(study.setting_names) > 1 and study.design.varies and not study.design.adaptive:
        for block in study.blocks:
            _over_settings(whole, block, gathered)
    gathered.warnings = list(dict.fromkeys(gathered.warnings))
    return gathered


def _over_settings(whole: Materials, block: str, gathered: Extras) -> None:
    study = whole.study
    methods = study.block_methods(block)
    found = {m: [whole.of(block, setting, m) for setting in study.setting_names] for m in methods}
    for method in methods:
        where = _at(study, method, block)
        gathered.add(f"{where}, transfer", partial(pairs.transfer_over_settings, found, method, block))
        gathered.add(f"{where}, exploratory plane", partial(further.over_settings, found, method, block))
