"""The names of the initialization strategies; free of heavy imports, so that study files are checked in a moment."""

from __future__ import annotations

STRATEGIES: tuple[str, ...] = ("random", "orthogonal", "simplex", "class_means", "kmeans")
"""Every strategy of :func:`ssc_tune.prototypes.initialize`."""

NEEDS_EMBEDDINGS: frozenset[str] = frozenset({"class_means", "kmeans"})
"""Strategies that need embeddings of images before the first step."""
