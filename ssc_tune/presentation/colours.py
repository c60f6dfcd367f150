"""Colours, markers and line styles: of each method the same in figures, pages and MLflow's charts; of verdicts."""

from __future__ import annotations

from ssc_tune.study.model.study import Study

OKABE_ITO = ("#0072b2", "#d55e00", "#009e73", "#c46f9d", "#ad8800", "#3696d1", "#8a8a8a")
"""Okabe and Ito's colours, darker where they are too light for paper: each has a contrast of 3 to 1 to both papers."""

ON_DARK = {
    OKABE_ITO[0]: "#4aa6de",
    OKABE_ITO[1]: "#f0813a",
    OKABE_ITO[2]: "#2cc499",
    OKABE_ITO[3]: "#cc79a7",
    OKABE_ITO[4]: "#e69f00",
    OKABE_ITO[5]: "#56b4e9",
}
"""Colours that a page shows in place of these on a dark screen."""

RANKS = (
    "#d55e00", "#c26922", "#b07445", "#9d7f68", "#8a8a8a", "#688494", "#457e9e", "#2278a8", "#0072b2",
)  # fmt: skip
"""From the worst run to the best, by hue and hardly by lightness, so that each can be seen on light and dark paper."""

CIVIDIS = (
    "#002051", "#0d346b", "#31476e", "#555b6e", "#727071", "#898577", "#a19b78", "#c0b26f", "#e2cb5c", "#fce647",
)  # fmt: skip
"""The scale of heat maps as Vega draws it, at equal steps: for legends."""

EDGE = "#7f8794"
"""The edge of a bin, whose own colour may be as dark or as light as the paper."""

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
