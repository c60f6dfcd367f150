"""Which of two methods stands first wherever they are compared: one direction for cards, tables, figures and MLflow."""

from __future__ import annotations

from ssc_tune.study.model.study import Study


def leading(study: Study, measure: str, first: str, second: str, *, block: str, otherwise: str) -> str:
    """The method that is named first in the difference, or the ratio, of a measure of two methods.

    As the study's first claim on both in this measure shows it, one in the same block before others: an effect is
    turned so that a positive one speaks for the claim. ``otherwise`` where no claim is about it.
    """
    claims = [c for c in study.claims if c.measure == measure and set(c.methods) == {first, second}]
    here = sorted(claims, key=lambda claim: claim.block != block)
    if not here:
        return otherwise
    return here[0].methods[1 if here[0].less is not None else 0]
