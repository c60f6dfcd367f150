"""The 1,797 handwritten digits of 8x8 pixels that ship with scikit-learn.

Source: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI repository 1998 (its test part).
"""

from __future__ import annotations

import numpy as np

from ssc_tune.data.dataset import Dataset, from_arrays, packaged_table


def read() -> Dataset:
    """1,297 training and 500 test images of shape (1, 8, 8); grey levels 0..16 scaled to 0..255, rounded to nearest.

    ``mean`` and ``std`` are those of the training part. Digits are not mirrored: a mirrored 2 is no 2.
    They are not turned or scaled either: 5 degrees and 5% together move no pixel of 8x8.
    """
    table = packaged_table("sklearn", "datasets/data/digits.csv.gz")
    levels, labels = table[:, :-1].astype(np.float64), table[:, -1].astype(np.int64)
    images = np.rint(levels * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8)
    return from_arrays(
        "digits",
        images,
        labels,
        num_test=500,
        mean=(0.3054,),
        std=(0.3760,),
        horizontal_flip=False,
    )
