"""How often claims over settings hold what they say: simulated, with effects drawn and with whole tables.

    python benchmarks/coverage_settings.py            # 4,000 draws, 150 studies of tables each: about six minutes
    python benchmarks/coverage_settings.py --quick    # 1,000 draws, 30 studies each

Effects drawn: setting i of k has the true effect N(0, tau^2), on the scale of ln ratios, measured with an error whose
standard error (0.25 times a factor between 0.7 and 1.4) is itself estimated with few degrees of freedom. Wrong: how
often a claim is supported (the interval above the truth), and how often refuted, at 95% confidence where the
population's mean is 0. Prediction: how often the interval holds the true effect of one more setting.

Tables: ln ratios of spreads of two methods, 32 points x 5 seeds in every setting, through the code that judges claims.
Point effects are normal, those of the two methods correlated by 0.6 and those of the settings by ``shared``, because
all settings have the same points; sensitivity varies by seed (slope CV 0.3).

Shares: the share below an accuracy of one method, 32 points x 5 seeds, tau on the scale of the scores (of standard
deviation 1; points carry 60% of their variance, seeds 10%), held against the population's mean share.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from simulated import scores_of

from ssc_tune.analysis.estimators.pooling import Pooling, pool
from ssc_tune.analysis.measures.base import ClaimData
from ssc_tune.analysis.measures.below import below
from ssc_tune.analysis.measures.settings import pooled
from ssc_tune.analysis.measures.std import std
from ssc_tune.study.model.claims import read_claim

Array = NDArray[np.float64]

NUM_SETTINGS = (3, 5, 10)
TAUS = (0.0, 0.2, 0.5)
DEGREES = (4, 11)
SHARED = (0.0, 0.8)
SHARES = (0.02, 0.1, 0.3)
NUM_POINTS, NUM_SEEDS = 32, 5
CLAIM = read_claim({"name": "c", "less": "a", "than": "b", "in": "std", "over": "settings"})


class Row(NamedTuple):
    """Rates in percent."""

    num_settings: int
    law: str
    tau: float
    covered: float
    alone: float  # by Hartung-Knapp alone
    supported: float
    refuted: float
    predicted: float
    width: float  # median


def _row(
    num: int, law: str, tau: float, found: list[Pooling], alone: list[bool], further: Array, truth: float = 0.0
) -> Row:
    lows, highs = (np.array([getattr(x.mean, end) for x in found]) for end in ("low", "high"))
    lower, upper = (np.array([getattr(x.prediction, end) for x in found]) for end in ("low", "high"))
    rates = (
        (lows <= truth) & (highs >= truth),
        np.array(alone),
        lows > truth,
        highs < truth,
        (lower <= further) & (further <= upper),
    )
    covered, by_itself, supported, refuted, predicted = (100 * float(np.mean(rate)) for rate in rates)
    return Row(num, law, tau, covered, by_itself, supported, refuted, predicted, float(np.median(highs - lows)))


def drawn(num: int, degrees: int, tau: float, *, repeats: int, seed: int = 0) -> Row:
    """Effects and standard errors drawn."""
    rng = np.random.default_rng([seed, num, degrees, round(100 * tau)])
    found = []
    for _ in range(repeats):
        errors = 0.25 * np.exp(rng.uniform(np.log(0.7), np.log(1.4), num))
        measured = tau * rng.standard_normal(num) + errors * rng.standard_normal(num)
        found.append(pool(measured, errors * np.sqrt(rng.chisquare(degrees, num) / degrees)))
    further = tau * rng.standard_normal(repeats)
    alone = [x.mean.low <= 0 <= x.mean.high for x in found]
    return _row(num, f"standard errors with {degrees} df", tau, found, alone, further)


def tables(num: int, shared: float, tau: float, rng: np.random.Generator) -> list[ClaimData]:
    """One study: data of each setting."""

    def effect(*shape: int) -> Array:
        return rng.standard_normal(shape)

    point = np.sqrt(shared) * effect(1, 2, NUM_POINTS, 1) + np.sqrt(1 - shared) * effect(num, 2, NUM_POINTS, 1)
    first, second = point[:, 0], 0.6 * point[:, 0] + 0.8 * point[:, 1]
    factors = np.exp(tau * effect(num))
    parts = []
    for i in range(num):
        pair = []
        for k, surface in enumerate((first[i], second[i])):
            slopes, levels = effect(1, NUM_SEEDS), effect(1, NUM_SEEDS)
            noise = 0.4 * effect(NUM_POINTS, NUM_SEEDS)
            pair.append((surface * (1 + 0.3 * slopes) + 0.3 * levels + noise) * (factors[i] if k == 0 else 1.0))
        one, other = (scores_of(y) for y in pair)
        nothing = cast(Any, None)  # no measure of spread looks at study or tables
        parts.append(ClaimData(CLAIM, nothing, f"s{i}", one, other, "chance", rng))
    return parts


def whole(num: int, shared: float, tau: float, *, repeats: int, seed: int = 0) -> Row:
    """Whole tables through the measure of ``std`` over settings."""
    rng = np.random.default_rng([seed, num, round(100 * shared), round(100 * tau)])
    found, alone = [], []
    while len(found) < repeats:
        effect = pooled(tables(num, shared, tau, rng), std)
        if effect.pooled is None:  # a spread within the noise
            continue
        each = [x.interval for _, x in effect.pooled.settings]
        knapp = pool([x.estimate for x in each], [x.se for x in each])
        alone.append(bool(knapp.mean.low <= 0 <= knapp.mean.high))
        found.append(effect.pooled.pooling)
    return _row(num, f"tables, shared {shared:g}", tau, found, alone, tau * rng.standard_normal(repeats))


def shares(num: int, share: float, tau: float, *, repeats: int, seed: int = 0) -> Row:
    """Whole tables through the measure ``below`` of one method over settings."""
    rng = np.random.default_rng([seed, num, round(1000 * share), round(100 * tau)])
    cut, nothing = float(stats.norm.ppf(share)), cast(Any, None)
    truth = float(stats.norm.cdf(cut / np.sqrt(1 + tau**2)))
    about = {"name": "c", "method": "a", "in": "below", "accuracy": 0, "at_most": truth, "over": "settings"}
    claim = read_claim(about)
    found, alone = [], []
    for _ in range(repeats):
        parts = []
        for i in range(num):
            point, seeds = rng.standard_normal((NUM_POINTS, 1)), rng.standard_normal((1, NUM_SEEDS))
            noise = rng.standard_normal((NUM_POINTS, NUM_SEEDS))
            y = np.sqrt(0.6) * point + np.sqrt(0.1) * seeds + np.sqrt(0.3) * noise - tau * rng.standard_normal() - cut
            parts.append(ClaimData(claim, nothing, f"s{i}", scores_of(y), scores_of(y), "chance", rng))
        effect = pooled([part._replace(estimate_only=True) for part in parts], below)
        assert effect.pooled is not None
        each = [x.interval for _, x in effect.pooled.settings]
        knapp = pool([x.estimate for x in each], [x.se for x in each])
        alone.append(bool(knapp.mean.low <= truth <= knapp.mean.high))
        found.append(effect.pooled.pooling)
    further = stats.norm.cdf(cut + tau * rng.standard_normal(repeats))
    return _row(num, f"share {truth:.3f}", tau, found, alone, further, truth)


def markdown(rows: list[Row]) -> Iterator[str]:
    """A line a row."""
    yield "| settings | law | tau | covered | Hartung-Knapp alone | supported | refuted | predicted | width |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        rates = (row.covered, row.alone, row.supported, row.refuted, row.predicted)
        texts = " | ".join(f"{rate:.1f}" for rate in rates)
        yield f"| {row.num_settings} | {row.law} | {row.tau:g} | {texts} | {row.width:.2f} |"


def short(rows: list[Row], draws: int, studies: int) -> Iterator[str]:
    """A line a kind of law: mean and lowest coverage of the population's mean and of one more setting."""
    yield "| interval | mean coverage | lowest coverage | most without one | studies a row |"
    yield "| --- | --- | --- | --- | --- |"
    for kind in ("standard errors", "tables", "share"):
        own = [row for row in rows if row.law.startswith(kind)]
        repeats = draws if kind == "standard errors" else studies
        for what, values in (
            ("mean over settings", [row.covered for row in own]),
            ("one more setting", [row.predicted for row in own]),
        ):
            least = own[int(np.argmin(values))]
            where = f"{least.num_settings} settings, {least.law}, tau {least.tau:g}"
            numbers = f"{np.mean(values) / 100:.3f} | {min(values) / 100:.3f} ({where})"
            yield f"| {what}, {kind} | {numbers} | 0.00 | {repeats} |"


def every(draws: int, studies: int, seed: int = 0) -> list[Row]:
    """All rows: effects drawn, ratios of spreads from tables, shares."""
    rows = [drawn(k, df, t, repeats=draws, seed=seed) for df in DEGREES for k in NUM_SETTINGS for t in TAUS]
    rows += [whole(k, s, t, repeats=studies, seed=seed) for s in SHARED for k in NUM_SETTINGS for t in TAUS]
    return rows + [
        shares(k, s, t, repeats=studies, seed=seed) for s in SHARES for k in NUM_SETTINGS for t in (0.2, 0.5)
    ]


def main() -> None:
    """Reads the command line, simulates, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="1,000 draws and 30 studies instead of 4,000 and 150")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draws, studies = (1000, 30) if arguments.quick else (4000, 150)
    rows = every(draws, studies, arguments.seed)
    print(
        f"Percent at 95% confidence; {draws} draws, {studies} studies of tables.\n",
        *markdown(rows),
        "",
        *short(rows, draws, studies),
        sep="\n",
    )


if __name__ == "__main__":
    main()
