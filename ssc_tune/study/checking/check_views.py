"""RandAugment's magnitude where strong views are drawn by a law that does not use it."""

from __future__ import annotations

from collections.abc import Iterator

from ssc_tune.study.checking.check_space import hyperparameters_of, known_methods
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.provenance import Problem

_UNUSED, _LAW = "randaugment_m", "paper"


def check_views(study: Study) -> Iterator[Problem]:
    """Points that differ by the magnitude alone would be the same; one that is fixed would be thought to count."""
    trained = [m for m in known_methods(study) if study.trains(m) and _UNUSED in hyperparameters_of(study, m)]
    space = study.search_space.parameters
    choosing = [m for m in trained if "strong_view" in space and space["strong_view"].applies(m)]
    unused = {
        (method, setting): study.given(method, setting).get("strong_view") == _LAW
        for method in trained
        if method not in choosing
        for setting in study.setting_names
    }
    if not any(unused.values()):
        return
    if _UNUSED in space:
        found = [place for place, without in unused.items() if without and space[_UNUSED].applies(place[0])]
        if found:
            yield Problem(("search_space", "parameters", _UNUSED), _text(study, *found[0]))
    everywhere = not choosing and all(unused.values())
    if _UNUSED in study.hyperparameters and everywhere:
        yield Problem(("hyperparameters", _UNUSED), _text(study, *next(iter(unused))))
    for method in trained:
        places = [place for place in unused if place[0] == method]
        if _UNUSED in study.methods[method] and places and all(unused[place] for place in places):
            yield Problem(("methods", method, _UNUSED), _text(study, *places[0]))


def _text(study: Study, method: str, setting: str) -> str:
    data = study.setting(setting)[0]
    by_itself = "strong_view" not in {**study.hyperparameters, **study.methods[method]}
    why = f", the default of {data.name}" if by_itself else ""
    return f"decides nothing where strong_view is {_LAW}{why}; fix strong_view: ours or fixmatch, or leave it out"
