"""Claims in words."""

from __future__ import annotations

import math

from ssc_tune.study.model.claims import Bound, Claim, Equivalence
from ssc_tune.study.model.study import Study


def sentence(claim: Claim, study: Study) -> str:
    """A claim as a sentence; block and setting are named where the study has several."""
    what, where = _measured(claim, study), place(claim, study)
    if isinstance(claim, Equivalence):
        return f"{' and '.join(claim.methods)} differ by less than {claim.near:g} in {what}{where}."
    if isinstance(claim, Bound):
        bound = f"at {'most' if claim.at_least is None else 'least'} {100 * claim.bound:g}%"
        words = {"method": claim.method, "parameter": claim.parameter, "accuracy": claim.accuracy}
        return f"{claim.kind.of_one.format(bound=bound, Bound=bound.capitalize(), **words)}{where}."
    first, second = claim.methods
    return f"{first} has a {'smaller' if claim.less else 'larger'} {what} than {second}{where}."


def found(claim: Claim, study: Study, *, holds: bool) -> str:
    """What is so if a comparison holds, or if its opposite does: ``ssc varied less than fixmatch``."""
    first, second = claim.methods
    predicate = claim.kind.predicates[(claim.less is not None) != holds]
    return f"{first} {predicate.format(words=_measured(claim, study))} than {second}{place(claim, study)}"


def place(claim: Claim, study: Study) -> str:
    """In which block and setting, with a space before it: nothing where a study has one of each."""
    parts = [f"block {claim.block}"] if len(study.blocks) > 1 else []
    if claim.over is not None:
        parts.append(f"over {claim.over}")
    elif len(study.setting_names) > 1 and not claim.kind.over_all_settings:
        parts.append(f"setting {claim.setting or study.setting_names[0]}")
    return f" ({', '.join(parts)})" if parts else ""


def _measured(claim: Claim, study: Study) -> str:
    """The measure in words, with what the claim names beside it."""
    what = (claim.kind.searched_words if study.design.adaptive else "") or claim.kind.words
    return what.format(n=claim.n, parameter=claim.parameter, accuracy=claim.accuracy or 0.0)


def percent(share: float) -> str:
    """A level: 0.95 is ``95%``, 0.975 is ``97.5%``, 0.9999988 is ``99.99988%`` and never 100."""
    if not 0 < share < 1:
        return f"{100 * share:.4g}%"
    digits = max(4, 1 - math.floor(math.log10(1 - share)))
    return f"{100 * share:.{digits}g}%"
