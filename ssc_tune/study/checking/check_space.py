"""Checks of the search space, the blocks and the design's levels against the methods of a study."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ssc_tune.study.checking.check_factors import problem_in, values
from ssc_tune.study.checking.names import Names, check_known, misfit
from ssc_tune.study.model.factors import FACTORS
from ssc_tune.study.model.space import Parameter
from ssc_tune.study.model.study import Study
from ssc_tune.study.reading.provenance import Problem
from ssc_tune.study.reading.suggest import unknown


def known_methods(study: Study) -> list[str]:
    """The methods of the study that are registered or declared, in its order."""
    return [name for name in study.methods if name in study.known_methods]


def hyperparameters_of(study: Study, *methods: str) -> list[str]:
    """Names of all hyperparameters of known methods, each once."""
    return list(dict.fromkeys(name for method in methods for name in study.hyperparameters_of(method).model_fields))


def value_problem(study: Study, methods: Iterable[str], name: str, value: Any) -> str | None:
    """What is wrong with the value of a hyperparameter or factor by the limits of methods, data or net, if anything."""
    factor = study.factors.get(name)
    if factor is not None:
        return problem_in(factor.config, factor.key, value)
    return next(filter(None, (problem_in(study.hyperparameters_of(m), name, value) for m in methods)), None)


def check_parameters(study: Study) -> Iterator[Problem]:
    """Every parameter is a factor, or a hyperparameter of every method it applies to, within that method's limits."""
    parameters = study.search_space.parameters
    if not any(parameter.applies(method) for parameter in parameters.values() for method in study.methods):
        yield Problem(("search_space", "parameters"), f"none applies to {' or '.join(study.methods)}")
    for name, parameter in parameters.items():
        path = ("search_space", "parameters", name)
        for i, method in enumerate(parameter.applies_to or ()):
            yield from check_known((*path, "applies_to", i), method, study.known_methods, "method")
        if parameter.applies_to == ():
            yield Problem((*path, "applies_to"), f"names no method; allowed: {', '.join(study.known_methods)}")
        if name in study.factors:
            continue
        yield from _check_applicable(study, name, parameter)
        having = [method for method in known_methods(study) if study.decides(name, method)]
        for key, value in values(parameter):
            for method in having:
                if problem := value_problem(study, [method], name, value):
                    yield Problem((*path, *key), f"{problem} (hyperparameter {name} of {method})")
                    break


def _check_applicable(study: Study, name: str, parameter: Parameter) -> Iterator[Problem]:
    path = ("search_space", "parameters", name)
    methods = known_methods(study)
    having = [method for method in study.known_methods if name in hyperparameters_of(study, method)]
    lacking = [method for method in methods if parameter.applies(method) and method not in having]
    if not lacking:
        return
    if not having:
        everything = hyperparameters_of(study, *methods)
        factor = next((key for key, one in FACTORS.items() if one.path == name), None)
        text = unknown("no method has such a hyperparameter", name, [*everything, *FACTORS], also=factor)
        yield Problem(path, text)
    elif parameter.applies_to is None:
        mine = [method for method in having if method in methods] or having
        yield Problem(path, f"{' and '.join(lacking)} has no such hyperparameter; add applies_to: [{', '.join(mine)}]")
    else:
        for method in lacking:
            where = (*path, "applies_to", parameter.applies_to.index(method))
            yield Problem(where, f"{method} has no hyperparameter {name}; allowed: {', '.join(having)}")


def check_blocks(study: Study, names: Names) -> Iterator[Problem]:
    """Blocks name parameters and methods that exist, and every method-specific parameter varies in some block."""
    if not study.blocks:
        yield Problem(("blocks",), "names no block; leave the key out for one block of all shared parameters")
    for name, block in study.blocks.items():
        path = ("blocks", name)
        if text := misfit(name, "block"):
            yield Problem(path, text)
        of_space = "parameter of the search space"
        yield from _check_names((*path, "parameters"), block.parameters, names.parameters, of_space)
        yield from _check_names((*path, "methods"), block.methods, names.methods, "method of this study")
        if not names.broken & {"design", "search_space"}:
            yield from _check_variation(study, name)
    misspelt = any(name not in names.parameters for block in study.blocks.values() for name in block.parameters or ())
    if not misspelt and not names.broken & {"design", "blocks"}:
        yield from _check_unvaried(study)


def _check_names(
    path: tuple[str, ...], names: tuple[str, ...] | None, allowed: list[str], what: str
) -> Iterator[Problem]:
    if names == ():
        yield Problem(path, f"names no {what}; allowed: {', '.join(allowed)}")
    for i, name in enumerate(names or ()):
        yield from check_known((*path, i), name, allowed, what)
        if names is not None and name in allowed and name in names[:i]:
            yield Problem((*path, i), f"{name!r} is named twice")


def _check_variation(study: Study, block: str) -> Iterator[Problem]:
    """Each method of a block has a parameter that varies there: otherwise its cells would all be the same."""
    of_block = study.block_parameters(block)
    varied = study.design.varied(of_block)
    if not of_block and study.blocks[block].parameters is None:
        yield Problem(("blocks", block), "varies nothing: no parameter of the search space is shared by all methods")
    if of_block and not varied:
        yield Problem(("blocks", block), "varies nothing: the design has no levels for its parameters")
    parameters = [study.search_space.parameters[name] for name in varied]
    running = study.block_methods(block)
    having = [method for method in running if any(parameter.applies(method) for parameter in parameters)]
    for method in running:
        if varied and method not in having:
            rest = f"add methods: [{', '.join(having)}], or " if having else ""
            text = f"{method} has no {' and no '.join(varied)}; {rest}a parameter that {method} has"
            yield Problem(("blocks", block), text)


def _check_unvaried(study: Study) -> Iterator[Problem]:
    """A method-specific parameter in no block would keep its default: say how to give it a block of its own."""
    if not (study.design.is_sample or study.design.adaptive):
        return
    varied = {name for block in study.blocks for name in study.block_parameters(block)}
    space, shared = study.search_space.parameters, study.shared_parameters
    missing = [name for name in space if name not in shared and name not in varied]
    for name in missing:
        applies = [method for method in study.methods if space[name].applies(method)]
        if applies:
            text = (
                f"only {' and '.join(applies)} has it, and no block varies it; add a block for it, for instance "
                f"blocks: {{shared: {{}}, specific: {{parameters: [{', '.join([*shared, *missing])}]}}}}"
            )
            yield Problem(("search_space", "parameters", name), text)


_MAGNITUDE = "randaugment_m"
_WITHOUT = "paper"  # the strong view that is drawn by a law without a magnitude


def check_views(study: Study) -> Iterator[Problem]:
    """RandAugment's magnitude neither varies nor is fixed where strong views are drawn by a law that does not use it.

    Points that differ by it alone would be the same; one that is fixed would be thought to count.
    """
    trained = [m for m in known_methods(study) if study.trains(m) and _MAGNITUDE in hyperparameters_of(study, m)]
    space = study.search_space.parameters
    choosing = [m for m in trained if "strong_view" in space and space["strong_view"].applies(m)]
    unused = {
        method: [s for s in study.setting_names if study.given(method, s).get("strong_view") == _WITHOUT]
        for method in trained
        if method not in choosing
    }
    some = [m for m in unused if unused[m] and _MAGNITUDE in space and space[_MAGNITUDE].applies(m)]
    if some:
        yield Problem(("search_space", "parameters", _MAGNITUDE), _unused(study, some[0], unused[some[0]][0]))
    everywhere = [method for method in unused if len(unused[method]) == len(study.setting_names)]
    if _MAGNITUDE in study.hyperparameters and trained and everywhere == trained:
        yield Problem(("hyperparameters", _MAGNITUDE), _unused(study, trained[0], study.setting_names[0]))
    for method in everywhere:
        if _MAGNITUDE in study.methods[method]:
            yield Problem(("methods", method, _MAGNITUDE), _unused(study, method, study.setting_names[0]))


def _unused(study: Study, method: str, setting: str) -> str:
    data = study.setting(setting)[0]
    by_itself = "strong_view" not in {**study.hyperparameters, **study.methods[method]}
    why = f", the default of {data.name}" if by_itself else ""
    return f"decides nothing where strong_view is {_WITHOUT}{why}; fix strong_view: ours or fixmatch, or leave it out"
