"""How sure a figure is: Wilson intervals for shares, bootstrap percentiles for the rest, a paired bootstrap for two runs.

Every figure is a ratio of sums over cases (a mean has denominators of 1), so one resampling serves all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLES = 2000
SEED = 20251116
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """This run minus the other, over the same cases.

    Attributes:
        delta: Difference of the two figures.
        interval: 95 % percentile interval of the difference.
        p: Two-sided bootstrap p-value of "no difference".
        n: Cases that both runs have.
    """

    delta: float
    interval: Interval
    p: float
    n: int


def wilson(successes: float, n: int) -> Interval:
    """95 % interval of a share (Wilson 1927): honest near 0 and 1, where the bootstrap has no width."""
    if n < 1:
        raise ValueError(f"n must be 1 or more, got {n}")
    share, square = successes / n, Z_95**2
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = Z_95 / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return Interval(
        max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
    )  # rounding may pass a share of 1


def bootstrap_ratio(numerators: Sequence[float], denominators: Sequence[float], *, seed: int = SEED) -> Interval:
    """95 % percentile interval of sum(numerators) / sum(denominators), cases resampled with replacement."""
    return _percentiles(_ratios(_counts(len(numerators), seed), numerators, denominators))


def bootstrap_statistic(
    n: int, statistic: Callable[[Sequence[int]], float | None], *, samples: int = 500, seed: int = SEED
) -> Interval:
    """95 % percentile interval of any statistic of case numbers; a resample where it is None is left out."""
    draws = np.random.default_rng(seed).integers(0, n, size=(samples, n))
    found = [value for draw in draws if (value := statistic(draw.tolist())) is not None]
    return _percentiles(np.asarray(found, dtype=np.float64))


def paired_bootstrap(
    ours: Sequence[tuple[float, float]], theirs: Sequence[tuple[float, float]], *, seed: int = SEED
) -> Difference:
    """Compare two runs on the same cases, given as (numerator, denominator) in the same order.

    A resample draws a case for both runs at once, so what makes a case hard cancels out (Efron & Tibshirani 1993).
    """
    if len(ours) != len(theirs) or not ours:
        raise ValueError(f"ours and theirs must hold the same cases, 1 or more, got {len(ours)} and {len(theirs)}")
    counts = _counts(len(ours), seed)
    pairs = [np.asarray(run, dtype=np.float64) for run in (ours, theirs)]
    deltas = _ratios(counts, pairs[0][:, 0], pairs[0][:, 1]) - _ratios(counts, pairs[1][:, 0], pairs[1][:, 1])
    deltas = deltas[np.isfinite(deltas)]
    totals = [run.sum(axis=0) for run in pairs]
    if not all(total[1] for total in totals):
        raise ValueError("ours and theirs must have denominators above 0 in both runs")
    delta = float(totals[0][0] / totals[0][1] - totals[1][0] / totals[1][1])
    p = min(1.0, 2 * float(min((deltas <= 0).mean(), (deltas >= 0).mean())))
    return Difference(delta, _percentiles(deltas), p, len(ours))


def wilcoxon(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Two-sided p of the signed-rank test that the two runs score the same cases alike (Wilcoxon 1945).

    Cases that score the same in both are left out, ties share their mean rank; the normal approximation with correction
    for ties and continuity serves any number of cases, and is rough below ten that differ.
    """
    differences = np.round(np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64), 12)
    differences = differences[differences != 0]
    n = len(differences)
    if not n:
        return 1.0
    _, group, sizes = np.unique(np.abs(differences), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[group]
    above = float(ranks[differences > 0].sum())
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((sizes**3 - sizes).sum()) / 48
    distance = max(0.0, abs(above - n * (n + 1) / 4) - 0.5)
    return min(1.0, math.erfc(distance / math.sqrt(2 * variance)))


def bootstrap_mean_of_means(groups: Sequence[Sequence[float]], *, seed: int = SEED) -> Interval:
    """95 % percentile interval of the mean of the groups' means; cases are resampled within their group."""
    if not groups or not all(groups):
        raise ValueError("groups must hold 1 or more groups of 1 or more cases")
    means = [
        _counts(len(group), seed + number) @ np.asarray(group, dtype=np.float64) / len(group)
        for number, group in enumerate(groups)
    ]
    return _percentiles(np.mean(means, axis=0))


@lru_cache(maxsize=2)
def _counts(n: int, seed: int) -> NDArray[np.float64]:
    """How often each case is drawn in each resample, shape (SAMPLES, n); not to be written to."""
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=SAMPLES).astype(np.float64)
    counts.flags.writeable = False
    return counts


def _ratios(
    counts: NDArray[np.float64],
    numerators: Sequence[float] | NDArray[np.float64],
    denominators: Sequence[float] | NDArray[np.float64],
) -> NDArray[np.float64]:
    below = counts @ np.asarray(denominators, dtype=np.float64)
    above = counts @ np.asarray(numerators, dtype=np.float64)
    return np.divide(above, below, out=np.full_like(below, np.nan), where=below > 0)


def _percentiles(values: NDArray[np.float64]) -> Interval:
    kept = values[np.isfinite(values)]
    if not kept.size:
        return Interval(0.0, 1.0)
    low, high = np.percentile(kept, [2.5, 97.5])
    return Interval(float(low), float(high))
