"""Everything beyond summaries and verdicts: curves, shares of variance and further facts of a study.

For exploration and figures: none of it decides a claim. A piece that is undefined becomes a warning with its reason.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ssc_tune.analysis.explore import further, pairs, single
from ssc_tune.analysis.material import MOST_DRAWS, Findings, Material, Materials, plain
from ssc_tune.analysis.result import Curve, Share
from ssc_tune.analysis.tables import Tables
from ssc_tune.study.model.study import Study


class Extras(NamedTuple):
    """What :func:`extras` found."""

    curves: tuple[Curve, ...]
    shares: tuple[Share, ...]
    facts: dict[str, Any]  # plain JSON: lists of rows by topic; None where undefined, with a "reason"
    warnings: tuple[str, ...]


NOTHING = Extras((), (), {}, ())
"""Where nothing is explored."""


class _Gathered:
    def __init__(self) -> None:
        self.curves: list[Curve] = []
        self.shares: list[Share] = []
        self.facts: dict[str, list[dict[str, Any]]] = {}
        self.warnings: list[str] = []

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
            self.facts.setdefault(topic, []).append(row)
        self.warnings += [f"{where}: {reason}" for reason in found.reasons]


def _at(study: Study, what: str, block: str, setting: str | None = None) -> str:
    """``ssc (shared, main)``, of block and setting what the study has several of."""
    parts = [block] if len(study.blocks) > 1 else []
    parts += [setting] if setting is not None and len(study.setting_names) > 1 else []
    return f"{what} ({', '.join(parts)})" if parts else what


def _generator(seed: int, *names: str) -> np.random.Generator:
    """One stream a piece, by name: adding a method or a block leaves the numbers of the others."""
    return np.random.default_rng([seed, zlib.crc32("/".join(names).encode())])


def extras(
    study: Study, tables: Tables, *, seed: int, num_bootstrap: int, materials: Materials | None = None
) -> Extras:
    """Curves, shares and facts of every block, setting and method of a study.

    Args:
        study: the study.
        tables: its records; failed and diverged cells score at chance, points that lack a cell are left out.
        seed: of every generator used.
        num_bootstrap: resamples for bands; at most 200 are drawn, which fixes a standard error to 5%.
        materials: of the same study, tables, seed and number of resamples, where claims are judged with them too.

    The surrogate of a method is fitted once and serves its partial dependence and its variance decomposition. Adaptive
    (``search``) points are no sample of the space: from them only convergence is read.
    """
    gathered = _Gathered()
    draws = min(num_bootstrap, MOST_DRAWS)
    made = materials or Materials(study, tables, seed=seed, num_bootstrap=num_bootstrap)
    known: dict[tuple[str, str, str], Material] = {}
    for block, setting in itertools.product(study.blocks, study.setting_names):
        methods = []
        for method in study.block_methods(block):
            material = made.of(block, setting, method)
            if material is None:
                if study.design.varies:  # else there are no points to draw curves of
                    gathered.warnings.append(
                        f"{_at(study, method, block, setting)}: no point has all its cells; no curves"
                    )
                continue
            known[block, setting, method] = material
            methods.append(method)
            _single(material, study, draws, seed, gathered)
        for first, second in itertools.combinations(methods, 2):
            _pair(known[block, setting, first], known[block, setting, second], study, gathered)
    if len(study.setting_names) > 1 and not study.design.adaptive:
        _transfer(study, known, draws, seed, gathered)
    facts = {topic: plain(rows) for topic, rows in gathered.facts.items()}
    warnings = tuple(dict.fromkeys(gathered.warnings))
    return Extras(tuple(gathered.curves), tuple(gathered.shares), facts, warnings)


def _single(material: Material, study: Study, draws: int, seed: int, gathered: _Gathered) -> None:
    for name, piece in single.pieces(study):
        rng = _generator(seed, material.block, material.setting, material.method, name)
        where = f"{_at(study, material.method, material.block, material.setting)}, {name}"
        gathered.add(where, partial(piece, material, draws, rng))
    for name, explore in further.pieces(study):
        rng = _generator(seed, material.block, material.setting, material.method, "exploratory", name)
        where = f"{_at(study, material.method, material.block, material.setting)}, exploratory {name}"
        gathered.add(where, partial(explore, material, rng))


def _pair(first: Material, second: Material, study: Study, gathered: _Gathered) -> None:
    for name, compare in pairs.pieces(study):
        where = f"{_at(study, f'{first.method} and {second.method}', first.block, first.setting)}, {name}"
        gathered.add(where, partial(compare, first, second))


def _transfer(
    study: Study, known: dict[tuple[str, str, str], Material], draws: int, seed: int, gathered: _Gathered
) -> None:
    for block in study.blocks:
        methods = study.block_methods(block)
        found = {m: [known.get((block, setting, m)) for setting in study.setting_names] for m in methods}
        for method in methods:
            piece = partial(pairs.transfer_over_settings, found, method, block)
            gathered.add(f"{_at(study, method, block)}, transfer", piece)
            rng = _generator(seed, block, method, "exploratory plane")
            explore = partial(further.over_settings, found, method, block, draws, rng)
            gathered.add(f"{_at(study, method, block)}, exploratory plane", explore)
