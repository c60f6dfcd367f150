"""Colours, markers and line styles: of each method the same in figures, pages and MLflow's charts; of verdicts."""

from __future__ import annotations

from ssc_tune.study.model.study import Study

OKABE_ITO = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Okabe and Ito's colours that keep a contrast of about 3 to 1 or more on white and on near-black come first."""

ON_DARK = {OKABE_ITO[0]: "#4aa6de", OKABE_ITO[1]: "#f0813a", OKABE_ITO[2]: "#2cc499"}
"""Colours that a page shows in place of these on a dark screen."""

VERDICTS = {"supported": "green", "refuted": "red", "inconclusive": "yellow"}
"""On a terminal."""

_OWN = {"ssc": OKABE_ITO[0], "fixmatch": OKABE_ITO[1], "supervised": OKABE_ITO[2]}
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [1, 3], [10, 4])


def colours(study: Study) -> dict[str, str]:
    """The colour of each method: fixed for those that ship, the next free one for others, in the study's order."""
    free = OKABE_ITO[len(_OWN) :]
    others = [method for method in study.methods if method not in _OWN]
    return {m: _OWN[m] if m in _OWN else free[others.index(m) % len(free)] for m in study.methods}


def shapes(study: Study) -> dict[str, str]:
    """The marker of each method, so that colour is never the only sign."""
    order = [*_OWN, *(method for method in study.methods if method not in _OWN)]
    return {method: _SHAPES[order.index(method) % len(_SHAPES)] for method in study.methods}


def dashes(study: Study) -> dict[str, list[int]]:
    """The line style of each method."""
    return {method: _DASHES[_SHAPES.index(marker)] for method, marker in shapes(study).items()}
