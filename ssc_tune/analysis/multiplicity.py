"""p-values of several claims, adjusted together. Thin layer over ``statsmodels``, with a rule for undefined ones.

An undefined p-value (None or NaN) stays undefined, and still counts in the family: how many claims were declared must
not depend on what the data allowed to be computed. It enters as p = 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ssc_tune.analysis.variance import FloatArray


def holm(p_values: Sequence[float | None] | ArrayLike) -> FloatArray:
    """Holm's step-down adjusted p-values, in the order given; NaN where undefined.

    ``p_(k) -> max over j <= k of min(1, (m - j + 1) p_(j))``. Controls the chance of any false rejection, whatever the
    dependence. Source: Holm, Scandinavian Journal of Statistics 6 (1979).

    Raises:
        ValueError: a p-value is outside [0, 1].
    """
    return _adjust(p_values, "holm")


def benjamini_hochberg(p_values: Sequence[float | None] | ArrayLike) -> FloatArray:
    """Benjamini-Hochberg adjusted p-values (false discovery rate): for exploration, never for a verdict."""
    return _adjust(p_values, "fdr_bh")


def _adjust(p_values: Sequence[float | None] | ArrayLike, method: str) -> FloatArray:
    from statsmodels.stats.multitest import multipletests

    values = np.array(p_values, dtype=np.float64).reshape(-1)
    known = ~np.isnan(values)
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise ValueError("p-values must lie in [0, 1]")
    if not len(values):
        return values
    adjusted: FloatArray = np.asarray(multipletests(np.where(known, values, 1.0), method=method)[1], dtype=np.float64)
    return np.where(known, adjusted, np.nan)
