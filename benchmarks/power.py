"""Whether `ssc-tune plan` keeps what it promises, as a table in Markdown.

    uv run python benchmarks/power.py [--repeats 1000] [--pilots 8] [--seed 0]

Studies with a ratio of spreads of 0.5 and equal means are drawn from laws written here, and judged one by one by the
whole rule (`simulated.py`). Beside the share that is supported stands what plan promises from
pilots of the same law: very large ones (1,024 points x 64 seeds), which show whether the simulation is right, and
those that one can afford (64 x 5, 16 x 5), which show what they are worth. Takes three minutes on a quiet core.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import simulated
from numpy.typing import NDArray

from ssc_tune.analysis.judge import power
from ssc_tune.analysis.judge.law import of_pilot, skewed
from ssc_tune.analysis.judge.power import Look, Question
from ssc_tune.study.model.claims import Claim
from ssc_tune.study.model.study import Study

Array = NDArray[np.float64]
SIZES = ((16, 5), (32, 3), (32, 5), (64, 3), (64, 5))
MARGINS = (0.01, 0.05)
RATIO, POINT, SEED, ERROR, MEAN = 0.5, 0.05**2, 0.01**2, 0.025**2, 0.75
LARGE = (1024, 64)
PILOTS = (LARGE, (64, 5), (16, 5))


def effects(rng: np.random.Generator, points: int, tail: bool) -> Array:
    """Effects of points (N, 1) with mean 0 and variance 1; skewed ones have an exponential's tail below."""
    return 1 - rng.exponential(size=(points, 1)) if tail else rng.normal(size=(points, 1))


def study(rng: np.random.Generator, points: int, seeds: int, *, tail: bool, slopes: float) -> tuple[Array, Array]:
    """Scores (N, R) of the stable method and of the other; the mean of their point variances is POINT."""
    other = np.sqrt(2 * POINT / (1 + RATIO**2))
    found = []
    for scale in (RATIO * other, other):
        slope = 1 + slopes * rng.normal(size=(1, seeds))
        noise = np.sqrt(SEED) * rng.normal(size=(1, seeds)) + np.sqrt(ERROR) * rng.normal(size=(points, seeds))
        found.append(MEAN + scale * effects(rng, points, tail) * slope + noise)
    return found[0], found[1]


LAWS: dict[str, dict[str, Any]] = {
    "normal": {"tail": False, "slopes": 0.0},
    "skewed": {"tail": True, "slopes": 0.0},
    "seed slopes 0.4": {"tail": False, "slopes": 0.4},
}


def a_study(margin: float) -> tuple[Study, Claim]:
    """A study with one claim, which the rule asks for its methods and its design."""
    claim = {"name": "c", "less": "ssc", "than": "fixmatch", "in": "std", "margin": margin}
    tau = {"type": "float", "default": 0.95, "low": 0.6, "high": 0.99, "log": True, "complement": True}
    of = Study.model_validate(
        {
            "name": "simulated",
            "methods": ["fixmatch", "ssc"],
            "search_space": {"parameters": {"tau": tau}},
            "design": {"type": "sobol", "points": 16},
            "claims": [claim],
        }
    )
    return of, of.claims[0]


def kept(draw: Callable[[], tuple[Array, Array]], margins: Sequence[float], repeats: int) -> list[float]:
    """Share of studies in which the whole rule supports the claim, for each margin."""
    asked = [a_study(margin) for margin in margins]
    supported = np.zeros(len(margins))
    for _ in range(repeats):
        first, second = draw()
        for i, (of, claim) in enumerate(asked):
            supported[i] += simulated.judge([simulated.find(of, claim, first, second)])[0] == "supported"
    return [float(value) for value in supported / repeats]


def hasten() -> None:
    """Lets the garbage collection at every call of statsmodels pass over what is loaded by now."""
    kept(lambda: study(np.random.default_rng(0), 4, 3, tail=False, slopes=0.0), MARGINS, 1)
    gc.freeze()


class Row(NamedTuple):
    """One law, size and margin."""

    law: str
    points: int
    seeds: int
    margin: float
    simulated: float
    promised: dict[tuple[int, int], list[float]]  # from pilots of each size
    skewed: float  # mean of what the last of these pilots promise "if skewed"


def rows(
    names: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    *,
    repeats: int,
    pilots: int,
    num_simulations: int,
    seed: int,
    pilot_sizes: Sequence[tuple[int, int]] = PILOTS,
) -> list[Row]:
    """Every law, size and margin."""
    found = []
    for number, name in enumerate(names):
        rng = np.random.default_rng([seed, number])

        def draw(points: int, seeds: int, rng: np.random.Generator = rng, name: str = name) -> tuple[Array, Array]:
            return study(rng, points, seeds, **LAWS[name])

        laws = {size: [of_pilot(draw(*size)).law for _ in range(pilots)] for size in pilot_sizes}
        for size in sizes:
            shares = kept(lambda size=size, draw=draw: draw(*size), MARGINS, repeats)  # type: ignore[misc]
            for margin, share in zip(MARGINS, shares, strict=True):
                promised = {at: [promise(law, size, margin, num_simulations) for law in of] for at, of in laws.items()}
                tails = [promise(skewed(law), size, margin, num_simulations) for law in laws[pilot_sizes[-1]]]
                found.append(Row(name, *size, margin, share, promised, float(np.mean(tails))))
    return found


def promise(law: Any, size: tuple[int, int], margin: float, num_simulations: int) -> float:
    """What plan says of a study of that size with one claim."""
    looks = [Look(size[0], 0.05, 0.05)]
    return power.simulate(looks, size[1], RATIO, Question(law, margin), num_simulations=num_simulations).whole


def markdown(found: Sequence[Row]) -> str:
    """The table."""
    names = [f"from {points:,} x {seeds}" for points, seeds in found[0].promised]
    spread = [f"{name}, 10 to 90%" for name in names[1:]]
    head = ["law", "size", "margin", "rule", names[0], *spread, f"{names[-1]}, if skewed"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for row in found:
        large, *others = row.promised.values()
        cells = [row.law, f"{row.points} x {row.seeds}", f"{row.margin:g}", f"{row.simulated:.1%}"]
        cells.append(f"{np.mean(large):.1%}")
        for values in others:
            low, high = np.quantile(values, (0.1, 0.9))
            cells.append(f"{np.mean(values):.0%}, {low:.0%} to {high:.0%}")
        lines.append(f"| {' | '.join([*cells, f'{row.skewed:.0%}'])} |")
    gap = max(abs(np.mean(next(iter(row.promised.values()))) - row.simulated) for row in found)
    return "\n".join([*lines, "", f"Largest gap of the promises {names[0]}: {100 * gap:.1f} points."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000, help="studies judged by the rule, a row")
    parser.add_argument("--pilots", type=int, default=8, help="pilots of each size, a law")
    parser.add_argument("--simulations", type=int, default=1000, help="studies behind each promise")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    hasten()
    found = rows(
        list(LAWS),
        SIZES,
        repeats=given.repeats,
        pilots=given.pilots,
        num_simulations=given.simulations,
        seed=given.seed,
    )
    studies = f"{given.repeats} studies a row, {given.pilots} pilots of each size a law"
    print(f"Ratio of spreads {RATIO:g}, equal means, one claim; {studies}.\n")
    print(markdown(found))


if __name__ == "__main__":
    main()
