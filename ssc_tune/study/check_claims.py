"""Checks of claims against the study they are part of."""

from __future__ import annotations

from collections.abc import Iterator

from ssc_tune.study.claims import LEAST_SETTINGS, MIN_SEARCHES, ON_SEARCHED, WEIGHTED, Claim
from ssc_tune.study.models import (
    DefaultsDesign,
    GridDesign,
    OneAtATimeDesign,
    RandomDesign,
    SearchDesign,
    SobolDesign,
    Study,
)
from ssc_tune.study.names import Names
from ssc_tune.study.source import Problem
from ssc_tune.study.suggest import unknown

NEEDS_SEEDS = (
    "std",
    "iqr",
    "range",
    "importance",
    "below",
)
"""Measures that cannot tell the points' effect from the seeds' noise with one seed."""

HELD_OUT = ("best_of_n", "worst", "tunability", "default_regret", "near_optimal_volume", "transfer_sensitivity")
"""Measures that choose a point on some seeds and score it on the others."""

AT_DEFAULTS = ("default", "steps_to_target", "area_under_curve")
"""Measures that mean something of the defaults alone."""


def check_claims(study: Study, names: Names, positions: list[int]) -> Iterator[Problem]:
    """Every claim names what the study has, and asks what the study's design can answer.

    Args:
        study: the study.
        names: what may be named.
        positions: index of each claim in the file.
    """
    seen: dict[str, int] = {}
    for i, claim in zip(positions, study.claims, strict=True):
        path = ("claims", i)
        if claim.name in seen:
            yield Problem((*path, "name"), f"{claim.name!r} is the name of claims.{seen[claim.name]} too")
        seen.setdefault(claim.name, i)
        yield from _check_names(path, claim, names)
        yield from _check_block(path, claim, study)
        yield from _check_setting(path, claim, names)
        if not names.broken & {"design", "blocks"}:
            yield from _check_parameter(path, claim, study)
        yield from _check_seeds(path, claim, study)
        yield from _check_robust(path, claim, study, names)
        if "design" not in names.broken:
            yield from _check_design(path, claim, study)


def _check_names(path: tuple[str | int, ...], claim: Claim, names: Names) -> Iterator[Problem]:
    for key in ("less", "more", "than", "method"):
        yield from _known((*path, key), getattr(claim, key), names.methods, "method of this study")
    for i, method in enumerate(claim.equivalent or ()):
        yield from _known((*path, "equivalent", i), method, names.methods, "method of this study")
    yield from _known((*path, "block"), claim.block, names.blocks, "block of this study")
    yield from _known((*path, "parameter"), claim.parameter, names.parameters, "parameter of the search space")
    if names.settings:
        yield from _known((*path, "setting"), claim.setting, names.settings, "setting of this study")


def _known(path: tuple[str | int, ...], name: str | None, allowed: list[str], what: str) -> Iterator[Problem]:
    if name is not None and name not in allowed:
        yield Problem(path, unknown(f"{name!r} is no {what}", name, allowed))


def _check_block(path: tuple[str | int, ...], claim: Claim, study: Study) -> Iterator[Problem]:
    if claim.block not in study.blocks:
        return
    running = study.block_methods(claim.block)
    for method in claim.methods:
        if method in study.methods and method not in running:
            text = f"block {claim.block!r} does not run {method}; it runs {', '.join(running)}"
            yield Problem((*path, "block"), text)


def _check_setting(path: tuple[str | int, ...], claim: Claim, names: Names) -> Iterator[Problem]:
    if claim.measure == "transfer_sensitivity":
        if len(names.settings) < 2:
            yield Problem((*path, "in"), "transfer_sensitivity needs a study with two settings or more")
        elif claim.setting is not None:
            yield Problem((*path, "setting"), "transfer_sensitivity is about all settings; leave the key out")
    elif claim.over is not None:
        if len(names.settings) < LEAST_SETTINGS:
            text = f"needs a study with {LEAST_SETTINGS} settings or more, not {len(names.settings)}"
            yield Problem((*path, "over"), text)
    elif claim.setting is None and len(names.settings) > 1:
        yield Problem((*path, "setting"), f"the key is missing; allowed: {', '.join(names.settings)}")
    elif claim.setting is not None and not names.settings:
        yield Problem((*path, "setting"), "this study declares no settings; leave the key out")


def _check_parameter(path: tuple[str | int, ...], claim: Claim, study: Study) -> Iterator[Problem]:
    parameter = study.search_space.parameters.get(claim.parameter or "")
    if parameter is None or claim.block not in study.blocks:
        return
    varied = study.block_parameters(claim.block)
    if isinstance(study.design, GridDesign | OneAtATimeDesign):
        varied = tuple(name for name in varied if name in study.design.levels)
    if claim.parameter not in varied:
        text = f"{claim.parameter} does not vary in block {claim.block!r}; allowed: {', '.join(varied) or 'none'}"
        yield Problem((*path, "parameter"), text)
    for method in claim.methods:
        if method in study.methods and not parameter.applies(method):
            yield Problem((*path, "parameter"), f"{method} has no {claim.parameter}")


def _check_seeds(path: tuple[str | int, ...], claim: Claim, study: Study) -> Iterator[Problem]:
    if claim.measure in (*NEEDS_SEEDS, *HELD_OUT) and study.seeds < 2:
        why = "with one, noise counts as sensitivity"
        if claim.measure in HELD_OUT:
            why = "points are chosen on some seeds and scored on the others"
        text = f"{claim.measure} needs seeds: 2 or more, not {study.seeds}; {why}"
        yield Problem((*path, "in"), text)


def _check_robust(path: tuple[str | int, ...], claim: Claim, study: Study, names: Names) -> Iterator[Problem]:
    if not claim.robust:
        return
    if claim.measure not in WEIGHTED:
        text = f"{claim.measure} cannot be computed over other ranges; allowed with in: {', '.join(WEIGHTED)}"
        yield Problem((*path, "robust"), text)
    elif claim.over is not None:
        yield Problem((*path, "robust"), "ranges are varied within one setting; leave it out with over: settings")
    if "design" not in names.broken and not isinstance(study.design, SobolDesign | RandomDesign):
        text = f"needs points drawn from the space: design type sobol or random, not {study.design.type}"
        yield Problem((*path, "robust"), text)


def _check_design(path: tuple[str | int, ...], claim: Claim, study: Study) -> Iterator[Problem]:
    design = study.design
    if isinstance(design, SearchDesign):
        yield from _check_search(path, claim, design)
    if isinstance(design, DefaultsDesign) and claim.measure not in AT_DEFAULTS:
        text = f"{claim.measure} needs points beside the defaults; at the defaults alone: {', '.join(AT_DEFAULTS)}"
        yield Problem((*path, "in"), text)
    elif claim.measure == "tolerance_width" and not isinstance(design, OneAtATimeDesign):
        yield Problem((*path, "in"), "tolerance_width needs design type one-at-a-time")
    points = None if isinstance(design, SearchDesign) else getattr(design, "points", None)
    if claim.n is not None and points is not None and claim.n >= points:
        yield Problem((*path, "n"), f"must be less than the design's points ({points}), not {claim.n}")


def _check_search(path: tuple[str | int, ...], claim: Claim, design: SearchDesign) -> Iterator[Problem]:
    if claim.measure not in ON_SEARCHED:
        text = (
            f"{claim.measure} cannot be judged on points that a search chose; "
            "use design type sobol, random, grid or one-at-a-time"
        )
        yield Problem((*path, "in"), text)
    elif claim.measure != "default" and design.searches < MIN_SEARCHES:
        text = (
            f"{claim.measure} needs searches: {MIN_SEARCHES} or more in the design (better 5), not {design.searches}; "
            "one search is one draw"
        )
        yield Problem((*path, "in"), text)
