"""p-values of several claims, adjusted together. With a rule for undefined ones.

An undefined p-value (None or NaN) stays undefined, and still counts in the family: how many claims were declared must
not depend on what the data allowed to be computed. It enters as p = 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssc_tune.analysis.estimators.variance import FloatArray

SOURCES = ("holm1979simple",)
"""Where the adjustment was published, as keys of :mod:`ssc_tune.sources`."""


def holm(p_values: Sequence[float | None] | ArrayLike) -> FloatArray:
    """Holm's step-down adjusted p-values, in the order given; NaN where undefined.

    ``p_(k) -> max over j <= k of min(1, (m - j + 1) p_(j))``. Controls the chance of any false rejection, whatever the
    dependence. Source: Holm, Scandinavian Journal of Statistics 6 (1979). (``statsmodels.multipletests`` gives the same
    and collects garbage at every call, which takes a tenth of a second where much is held.)

    Raises:
        ValueError: a p-value is outside [0, 1].
    """
    values, known = _checked(p_values)
    filled = np.where(known, values, 1.0)
    order = np.argsort(filled, kind="stable")
    steps = np.minimum(1.0, filled[order] * np.arange(len(filled), 0, -1))
    adjusted = np.empty(len(filled))
    adjusted[order] = np.maximum.accumulate(steps)
    return np.where(known, adjusted, np.nan)


def _checked(p_values: Sequence[float | None] | ArrayLike) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The p-values as an array, and which of them are defined."""
    values = np.array(p_values, dtype=np.float64).reshape(-1)
    known = ~np.isnan(values)
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise ValueError("p-values must lie in [0, 1]")
    return values, known
