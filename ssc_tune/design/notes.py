"""What is worth knowing of a design before and after it is run, and is no mistake."""

from __future__ import annotations

from itertools import combinations

from ssc_tune.data.registry import hyperparameters
from ssc_tune.design.distinct import count, varies_continuously
from ssc_tune.study.model.study import Study


def notes(study: Study) -> list[str]:
    """Sobol points that are no power of two, points that are equal for a method or a pair, and data sets' defaults."""
    return [*unbalanced(study), *repeated(study), *of_data(study)]


def of_data(study: Study) -> list[str]:
    """Data sets that give hyperparameters which a method has neither fixed nor in its search space."""
    lines = []
    space = study.search_space.parameters
    for setting in study.setting_names:
        data = study.setting(setting)[0]
        for name, value in hyperparameters(data.source).items():
            taking = [
                method
                for method in study.methods
                if study.trains(method)
                and name not in {**study.hyperparameters, **study.methods[method]}
                and not (name in space and space[name].applies(method))
            ]
            if taking:
                of = "" if len(taking) == len(study.methods) else f" of {' and '.join(taking)}"
                lines.append(f"{name}{of} is {value}, the default of {data.name}")
    return list(dict.fromkeys(lines))


def unbalanced(study: Study) -> list[str]:
    """A Sobol sequence is balanced at powers of two: at the size of the design, and at each look where it has any."""
    if not study.design.balanced:
        return []
    numbers = dict.fromkeys([*study.looks, study.design.num_points or 0])
    why = "Sobol points are no power of two: the sequence covers the space evenly at powers of two only; take"
    halves = {number: 1 << (number.bit_length() - 1) for number in numbers if number & (number - 1)}
    return [f"{number} {why} {below} or {2 * below}" for number, below in halves.items()]


def repeated(study: Study) -> list[str]:
    """Blocks in which points are equal for a method, and what is left of them for a pair of methods."""
    lines = []
    for block in study.blocks:
        running = study.block_methods(block)
        discrete = [method for method in running if not varies_continuously(study, block, method)]
        if study.design.adaptive or not discrete:
            continue
        counts = {method: count(study, block, method) for method in discrete}
        for method, found in counts.items():
            if found.distinct < found.drawn:
                lines.append(f"block {block}, {method}: {found}; equal cells are run once and count once")
        for first, second in combinations(running, 2):
            lines += _pair(study, block, first, second)
    return lines


def _pair(study: Study, block: str, first: str, second: str) -> list[str]:
    own = [count(study, block, method).distinct for method in (first, second)]
    both = count(study, block, first, second)
    if both.distinct == max(own):
        return []
    return [
        f"block {block}, {first} against {second}: {both.distinct} pairs of {both.drawn} points, as {first} has "
        f"{own[0]} distinct points and {second} {own[1]}, and every cell is in one pair at most"
    ]
