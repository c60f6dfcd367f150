"""Claims in words."""

from __future__ import annotations

import math

from ssc_tune.study.model.claims import Bound, Claim, Equivalence
from ssc_tune.study.model.study import Study


def sentence(claim: Claim, study: Study) -> str:
    """A claim as a sentence; block and setting are named where the study has several."""
    searched = study.design.adaptive
    what = (claim.kind.searched_words if searched else "") or claim.kind.words
    what = what.format(n=claim.n, parameter=claim.parameter, accuracy=claim.accuracy or 0.0)
    place = [f"block {claim.block}"] if len(study.blocks) > 1 else []
    if claim.over is not None:
        place.append(f"over {claim.over}")
    elif len(study.setting_names) > 1 and not claim.kind.over_all_settings:
        place.append(f"setting {claim.setting or study.setting_names[0]}")
    where = f" ({', '.join(place)})" if place else ""
    if isinstance(claim, Equivalence):
        return f"{' and '.join(claim.methods)} differ by less than {claim.near:g} in {what}{where}."
    if isinstance(claim, Bound):
        bound = f"at {'most' if claim.at_least is None else 'least'} {100 * claim.bound:g}%"
        words = {"method": claim.method, "parameter": claim.parameter, "accuracy": claim.accuracy}
        return f"{claim.kind.of_one.format(bound=bound, Bound=bound.capitalize(), **words)}{where}."
    first, second = claim.methods
    return f"{first} has a {'smaller' if claim.less else 'larger'} {what} than {second}{where}."


def percent(share: float) -> str:
    """A level: 0.95 is ``95%``, 0.975 is ``97.5%``, 0.9999988 is ``99.99988%`` and never 100."""
    if not 0 < share < 1:
        return f"{100 * share:.4g}%"
    digits = max(4, 1 - math.floor(math.log10(1 - share)))
    return f"{100 * share:.{digits}g}%"
