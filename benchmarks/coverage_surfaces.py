"""How often the printed intervals hold the truth that the other scripts leave out: surfaces, grids, levels.

    python benchmarks/coverage.py surfaces

Surfaces: accuracy over two hyperparameters in [0, 1]^2, ::

    y_ij = f(x_i) + 0.2 s_j (f(x_i) - mean f) + 0.015 u_j + 0.02 e_ij,   s, u, e independent N(0, 1)

counted on 500 images; f is additive, interacting, or has a cliff behind which 15% of the space lies at 0.3. Points,
seeds and noise are drawn anew in each study, points by a scrambled Sobol sequence. Truths are averages over a dense
grid of the space and closed forms of the law above; nothing of the package computes them. Every place of a curve and
every source of variance is a row of its own, as a mean over them hides where they miss; levels of one-at-a-time curves
count by whether all hold together, as they claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from laws import IMAGES, Array
from scipy import stats

from ssc_tune.analysis.estimators import curves, decomposition, sobol, surrogate

SIZES = ((32, 3), (32, 5), (64, 5))
LEVELS = np.linspace(0.1, 0.9, 5)
SLOPE, SEED, ERROR, MINOR = 0.2, 0.015, 0.02, 0.05
NAMES = "abcd"


class Row(NamedTuple):
    """Coverage of one interval under one law at one size."""

    what: str
    law: str
    size: str
    covered: float  # of the intervals given
    none: float  # share of studies, or of single intervals, without one
    repeats: int


def additive(x: Array) -> Array:
    """Two separate effects."""
    return 0.8 - 0.5 * (x[..., 0] - 0.4) ** 2 + 0.1 * (x[..., 1] - 0.5)


def interacting(x: Array) -> Array:
    """The same and a product."""
    return additive(x) + 0.4 * (x[..., 0] - 0.5) * (x[..., 1] - 0.5)


def cliff(x: Array) -> Array:
    """The same, and a region where nothing is learnt."""
    return np.where(x[..., 0] > 0.85, 0.3, additive(x))


SURFACES: dict[str, Callable[[Array], Array]] = {"additive": additive, "interacting": interacting, "cliff": cliff}


@lru_cache
def dense(law: str) -> Array:
    """f on a grid of the space (200, 200), first hyperparameter first."""
    at = (np.arange(200) + 0.5) / 200
    return SURFACES[law](np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1))


def measured(law: str, x: Array, num_seeds: int, rng: np.random.Generator) -> Array:
    """Accuracies (N, R) at points x (N, P): two parameters as the law says, a third of little effect, a fourth of 0."""
    f = (SURFACES[law](x) + (MINOR * (x[:, 2] - 0.5) if x.shape[1] > 2 else 0.0))[:, None]
    away = f - dense(law).mean()
    y = f + SLOPE * rng.standard_normal((1, num_seeds)) * away + SEED * rng.standard_normal((1, num_seeds))
    y = np.clip(y + ERROR * rng.standard_normal((len(x), num_seeds)), 0, 1)
    return rng.binomial(IMAGES, y) / IMAGES


def true_shares(law: str, num_parameters: int = 2) -> dict[str, float]:
    """Shares of the variance of a cell: main effects, interaction, seed, residual (noise, images and seeds' slopes)."""
    f = dense(law)
    inner, minor = f.var(), MINOR**2 / 12 if num_parameters > 2 else 0.0
    point = inner + minor
    first, second = f.mean(axis=1).var(), f.mean(axis=0).var()
    images = float((f * (1 - f)).mean()) / IMAGES
    residual = ERROR**2 + images + SLOPE**2 * point  # slopes times centred effects: no part of the seeds' means
    total = point + SEED**2 + residual
    parts = {"a": first, "b": second, "a x b": inner - first - second, "residual": residual, "seed": SEED**2}
    if num_parameters > 2:
        parts |= {"c": minor, "d": 0.0}
    return {name: float(value / total) for name, value in parts.items()}


def counted(what: str, law: str, size: str, inside: list[Array]) -> Row:
    """From arrays of 1 (held), 0 (missed) and NaN (no interval), one a study."""
    every = np.concatenate([np.atleast_1d(part).astype(float) for part in inside])
    known = every[np.isfinite(every)]
    return Row(
        what, law, size, float(known.mean()) if len(known) else float("nan"), float(np.isnan(every).mean()), len(inside)
    )


def inside_of(low: Array, high: Array, truth: Array) -> Array:
    held = (low <= truth) & (truth <= high)
    return np.where(np.isfinite(low) & np.isfinite(high), held, np.nan)


def true_curves(law: str, num_parameters: int, at: Array) -> list[Array]:
    """Means over the others at places ``at`` of each parameter; those beyond the second are minor and nothing."""
    grid, f = (np.arange(200) + 0.5) / 200, dense(law)
    found = [np.interp(at, grid, f.mean(axis=1)), np.interp(at, grid, f.mean(axis=0))]
    return [*found, f.mean() + MINOR * (at - 0.5), np.full(len(at), f.mean())][:num_parameters]


def surfaces(repeats: int) -> Iterator[Row]:
    """Partial dependence and shares of variance from scattered points, each place and each source by itself.

    Of two parameters, and of four: the third moves the mean by at most 0.025, the fourth does nothing.
    """
    at = np.linspace(0.05, 0.95, 7)
    for law in SURFACES:
        for num_parameters in (2, 4):
            names = list(NAMES[:num_parameters])
            truth, shares = true_curves(law, num_parameters, at), true_shares(law, num_parameters)
            for num_points, num_seeds in ((16, 3), (32, 3), (32, 5), (64, 5)):
                rng = np.random.default_rng([num_points, num_seeds, len(law), num_parameters])
                bands, parts = [], []
                for _ in range(repeats):
                    x = stats.qmc.Sobol(num_parameters, rng=rng).random(num_points)
                    band, part = _surface(x, measured(law, x, num_seeds, rng), names, truth, shares, at, rng)
                    bands.append(band)
                    parts.append(part)
                size, of = f"{num_points} x {num_seeds}", f"{law}, {num_parameters} parameters"
                for k, name in enumerate(names):
                    for j, place in enumerate(at):
                        column = [band[k, j] for band in bands]
                        yield counted("partial dependence, each place", f"{of}, {name} at {place:.2g}", size, column)
                for k, name in enumerate(shares):
                    column = [part[k] for part in parts]
                    yield counted("shares of variance, surrogate", f"{of}, {name}", size, column)


def _surface(
    x: Array, y: Array, names: list[str], truth: list[Array], shares: dict[str, float], at: Array, rng: Any
) -> tuple[Array, Array]:
    """Of one study: whether each place (P, L) and each of the shares holds; NaN where there is no interval."""
    model = surrogate.fit(x, y, rng=rng)
    r2 = surrogate.cross_validated_r2(x, y.mean(axis=1), rng=rng, start=model.kernel)
    draws, unexplained = 100 if r2 >= sobol.MINIMUM_R2 else 0, surrogate.unexplained(y, r2)
    bands = []
    for k, curve in enumerate(truth):
        band = curves.partial_dependence(model, k, at, num_bootstrap=draws, rng=rng, unexplained=unexplained)
        bands.append(inside_of(band.low, band.high, curve))
    found = decomposition.functional(x, y, names, num_bootstrap=100, rng=rng, model=model, r2=r2)
    ends = {source: share[1:3] for source, share in found.shares.items()}
    known = [np.array(ends.get(name, (np.nan, np.nan))) for name in shares]
    held = [
        float(inside_of(low, high, np.array(share))) for (low, high), share in zip(known, shares.values(), strict=True)
    ]
    return np.array(bands), np.array(held)


def grids(repeats: int) -> Iterator[Row]:
    """Exact shares of a full grid, of which the points are all there are."""
    axis = np.linspace(0.1, 0.9, 4)
    x = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    for law in SURFACES:
        f = SURFACES[law](x).reshape(4, 4)
        rows, columns = f.mean(axis=1, keepdims=True), f.mean(axis=0, keepdims=True)
        both = f - rows - columns + f.mean()
        away = f - dense(law).mean()
        residual = ERROR**2 + float((f * (1 - f)).mean()) / IMAGES + SLOPE**2 * f.var()
        seed = SEED**2 + SLOPE**2 * away.mean() ** 2
        parts = np.array([rows.var(), columns.var(), (both**2).mean(), seed, residual])
        truth = parts / parts.sum()
        for num_seeds in (3, 5):
            rng = np.random.default_rng([num_seeds, len(law)])
            inside = []
            for _ in range(repeats):
                found = decomposition.anova(x, measured(law, x, num_seeds, rng), ["a", "b"])
                low, high = np.array([share[1:3] for share in found.shares.values()]).T
                inside.append(inside_of(low, high, truth))
            for k, name in enumerate(("a", "b", "a x b", "seed", "residual")):
                yield counted(
                    "shares of variance, full grid", f"{law}, {name}", f"16 x {num_seeds}", [h[k] for h in inside]
                )


def levels(repeats: int) -> Iterator[Row]:
    """Means at the levels of one parameter, together; and the width within 0.02 of the best."""
    x = np.stack([LEVELS, np.full(len(LEVELS), 0.5)], axis=-1)
    for law in SURFACES:
        truth = SURFACES[law](x)
        for num_seeds in (3, 5):
            rng = np.random.default_rng([num_seeds, len(law), 2])
            together, widths = [], []
            drawn = [measured(law, x, num_seeds, rng) for _ in range(repeats)]
            centre = np.mean([curves.tolerance_width(y, 0.02, positions=LEVELS).estimate for y in drawn])
            for y in drawn:
                curve = curves.one_at_a_time(y)
                each = inside_of(curve.low, curve.high, truth)
                together.append(np.array(np.nan if np.isnan(each).any() else each.all()))
                width = curves.tolerance_width(y, 0.02, positions=LEVELS)
                widths.append(inside_of(np.array(width.low), np.array(width.high), centre))
            yield counted("one at a time, all levels", law, f"5 x {num_seeds}", together)
            yield counted("tolerance width", law, f"5 x {num_seeds}", widths)
