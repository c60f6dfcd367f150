"""Numpy arrays in, estimates with intervals out: the public functions. They know of no study and no claim.

Scores have points first and seeds second, and higher is better. One module a family: :mod:`variance`, :mod:`spread`,
:mod:`comparison`, :mod:`intervals`, :mod:`multiplicity` and their neighbours.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ssc_tune.analysis.estimators import ablation as ablation
    from ssc_tune.analysis.estimators import budget as budget
    from ssc_tune.analysis.estimators import comparison as comparison
    from ssc_tune.analysis.estimators import convergence as convergence
    from ssc_tune.analysis.estimators import crossed_shares as crossed_shares
    from ssc_tune.analysis.estimators import curves as curves
    from ssc_tune.analysis.estimators import decomposition as decomposition
    from ssc_tune.analysis.estimators import extremes as extremes
    from ssc_tune.analysis.estimators import failures as failures
    from ssc_tune.analysis.estimators import importance as importance
    from ssc_tune.analysis.estimators import intervals as intervals
    from ssc_tune.analysis.estimators import multiplicity as multiplicity
    from ssc_tune.analysis.estimators import multiverse as multiverse
    from ssc_tune.analysis.estimators import plane as plane
    from ssc_tune.analysis.estimators import pooling as pooling
    from ssc_tune.analysis.estimators import profiles as profiles
    from ssc_tune.analysis.estimators import sequential as sequential
    from ssc_tune.analysis.estimators import shapes as shapes
    from ssc_tune.analysis.estimators import shapley as shapley
    from ssc_tune.analysis.estimators import sobol as sobol
    from ssc_tune.analysis.estimators import splits as splits
    from ssc_tune.analysis.estimators import spread as spread
    from ssc_tune.analysis.estimators import surrogate as surrogate
    from ssc_tune.analysis.estimators import transfer as transfer
    from ssc_tune.analysis.estimators import variance as variance
    from ssc_tune.analysis.estimators import volume as volume

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "ablation",
        "budget",
        "comparison",
        "convergence",
        "crossed_shares",
        "curves",
        "decomposition",
        "extremes",
        "failures",
        "importance",
        "intervals",
        "multiplicity",
        "multiverse",
        "plane",
        "pooling",
        "profiles",
        "sequential",
        "shapes",
        "shapley",
        "sobol",
        "splits",
        "spread",
        "surrogate",
        "transfer",
        "variance",
        "volume",
    ],
)
