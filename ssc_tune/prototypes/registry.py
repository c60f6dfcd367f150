"""Every initialization of prototypes in one row.

Nothing here imports torch, so that study files are checked in a moment. The values that ``prototype_init`` may have,
the schema, the reference and the messages follow from these rows.
"""

from __future__ import annotations

from typing import NamedTuple


class Strategy(NamedTuple):
    """An initialization."""

    function: str  # "module:function", from what is wanted (prototypes.strategies.Wanted) to rows (K, D)
    needs_embeddings: bool = False  # of images, before the first step


STRATEGIES: dict[str, Strategy] = {
    "random": Strategy("ssc_tune.prototypes.strategies:normal"),
    "orthogonal": Strategy("ssc_tune.prototypes.strategies:orthogonal"),
    "simplex": Strategy("ssc_tune.prototypes.strategies:simplex"),
    "class_means": Strategy("ssc_tune.prototypes.strategies:class_means", needs_embeddings=True),
    "kmeans": Strategy("ssc_tune.prototypes.kmeans:kmeans", needs_embeddings=True),
}
"""Every strategy of :func:`ssc_tune.prototypes.initialize`."""

NEEDS_EMBEDDINGS: frozenset[str] = frozenset(name for name, row in STRATEGIES.items() if row.needs_embeddings)
"""Strategies that need embeddings of images before the first step."""
