"""The best and the worst point of a design, without the optimism of picking an extreme from noisy scores.

The point is chosen by the validation scores of all seeds but one and scored by the test score of the seed left out;
the R scores so obtained are averaged, with a t interval over seeds. They are about the points of this design: that
another draw of points would hold another extreme is not in the interval, for no interval for the extremes of an unknown
distribution holds what it says.
"""

from __future__ import annotations

import numpy as np

from ssc_tune.analysis.variance import FloatArray


def held_out(test: FloatArray, validation: FloatArray, *, lowest: bool) -> FloatArray:
    """Test scores (R,) of the best (or lowest) point of (N, R), each at the seed left out of the choice.

    Raises:
        ValueError: fewer than two seeds.
    """
    num_seeds = test.shape[1]
    if num_seeds < 2:
        raise ValueError("one seed: an extreme cannot be chosen and scored on different seeds")
    others = validation.sum(axis=1, keepdims=True) - validation  # (N, R)
    chosen = others.argmin(axis=0) if lowest else others.argmax(axis=0)
    scores: FloatArray = test[chosen, np.arange(num_seeds)]
    return scores
