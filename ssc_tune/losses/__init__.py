"""The loss functions, each a pure function of tensors that returns a scalar.

All of them run without host synchronization and without shapes that depend on the data, so that a step can be compiled
and captured; float16 and bfloat16 inputs are accumulated in float32, also under autocast.
"""

from ssc_tune.losses.fixmatch import FixMatchTerms, fixmatch_loss, fixmatch_terms
from ssc_tune.losses.nt_xent import nt_xent_loss
from ssc_tune.losses.ssc import SSCTerms, ssc_loss, ssc_terms
from ssc_tune.losses.supcon import supcon_loss

__all__ = [
    "FixMatchTerms",
    "SSCTerms",
    "fixmatch_loss",
    "fixmatch_terms",
    "nt_xent_loss",
    "ssc_loss",
    "ssc_terms",
    "supcon_loss",
]
