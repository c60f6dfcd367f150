"""Checks of claims against the study they are part of."""

from __future__ import annotations

from collections.abc import Iterator

from ssc_tune.study.checking.names import Names, check_known
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.designs import DesignBase
from ssc_tune.study.model.measures import DRAWN, LEAST_SETTINGS, MIN_SEARCHES, OVER_SPACE, in_design, with_
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.yaml_reader import KeyPath


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


def _check_names(path: KeyPath, claim: Claim, names: Names) -> Iterator[Problem]:
    for key in ("less", "more", "than", "method"):
        yield from check_known((*path, key), getattr(claim, key), names.methods, "method of this study")
    for i, method in enumerate(claim.equivalent or ()):
        yield from check_known((*path, "equivalent", i), method, names.methods, "method of this study")
    yield from check_known((*path, "block"), claim.block, names.blocks, "block of this study")
    yield from check_known((*path, "parameter"), claim.parameter, names.parameters, "parameter of the search space")
    if names.settings:
        yield from check_known((*path, "setting"), claim.setting, names.settings, "setting of this study")


def _check_block(path: KeyPath, claim: Claim, study: Study) -> Iterator[Problem]:
    if claim.block not in study.blocks:
        return
    running = study.block_methods(claim.block)
    for method in claim.methods:
        if method in study.methods and method not in running:
            text = f"block {claim.block!r} does not run {method}; it runs {', '.join(running)}"
            yield Problem((*path, "block"), text)


def _check_setting(path: KeyPath, claim: Claim, names: Names) -> Iterator[Problem]:
    if claim.kind.over_all_settings:
        if len(names.settings) < 2:
            yield Problem((*path, "in"), f"{claim.measure} needs a study with two settings or more")
        elif claim.setting is not None:
            yield Problem((*path, "setting"), f"{claim.measure} is about all settings; leave the key out")
    elif claim.over is not None:
        if len(names.settings) < LEAST_SETTINGS:
            text = f"needs a study with {LEAST_SETTINGS} settings or more, not {len(names.settings)}"
            yield Problem((*path, "over"), text)
    elif claim.setting is None and len(names.settings) > 1:
        yield Problem((*path, "setting"), f"the key is missing; allowed: {', '.join(names.settings)}")
    elif claim.setting is not None and not names.settings:
        yield Problem((*path, "setting"), "this study declares no settings; leave the key out")


def _check_parameter(path: KeyPath, claim: Claim, study: Study) -> Iterator[Problem]:
    parameter = study.search_space.parameters.get(claim.parameter or "")
    if parameter is None or claim.block not in study.blocks:
        return
    varied = study.design.varied(study.block_parameters(claim.block))
    if claim.parameter not in varied:
        text = f"{claim.parameter} does not vary in block {claim.block!r}; allowed: {', '.join(varied) or 'none'}"
        yield Problem((*path, "parameter"), text)
    for method in claim.methods:
        if method in study.methods and not parameter.applies(method):
            yield Problem((*path, "parameter"), f"{method} has no {claim.parameter}")


def _check_seeds(path: KeyPath, claim: Claim, study: Study) -> Iterator[Problem]:
    if claim.kind.why_seeds and study.seeds < 2:
        text = f"{claim.measure} needs seeds: 2 or more, not {study.seeds}; {claim.kind.why_seeds}"
        yield Problem((*path, "in"), text)


def _check_robust(path: KeyPath, claim: Claim, study: Study, names: Names) -> Iterator[Problem]:
    if not claim.robust:
        return
    if not claim.kind.weighted:
        allowed = ", ".join(with_(weighted=True))
        text = f"{claim.measure} cannot be computed over other ranges; allowed with in: {allowed}"
        yield Problem((*path, "robust"), text)
    elif claim.over is not None:
        yield Problem((*path, "robust"), "ranges are varied within one setting; leave it out with over: settings")
    if "design" not in names.broken and not study.design.is_sample:
        text = f"needs points drawn from the space: design type {' or '.join(DRAWN)}, not {study.design.name()}"
        yield Problem((*path, "robust"), text)


def _check_design(path: KeyPath, claim: Claim, study: Study) -> Iterator[Problem]:
    design = study.design
    if design.name() not in claim.kind.designs:
        yield Problem((*path, "in"), _why_not(claim, design))
    elif design.adaptive and not claim.kind.at_defaults and design.num_searches < MIN_SEARCHES:
        text = (
            f"{claim.measure} needs searches: {MIN_SEARCHES} or more in the design (better 5), not "
            f"{design.num_searches}; one search is one draw"
        )
        yield Problem((*path, "in"), text)
    points = design.num_points
    if claim.n is not None and points is not None and claim.n >= points:
        yield Problem((*path, "n"), f"must be less than the design's points ({points}), not {claim.n}")


def _why_not(claim: Claim, design: DesignBase) -> str:
    if design.adaptive:
        return (
            f"{claim.measure} cannot be judged on points that a search chose; "
            f"use design type {', '.join(OVER_SPACE[:-1])} or {OVER_SPACE[-1]}"
        )
    if not design.varies:
        alone = ", ".join(in_design(design.name()))
        return f"{claim.measure} needs points beside the defaults; at the defaults alone: {alone}"
    return f"{claim.measure} needs design type {' or '.join(claim.kind.designs)}"
