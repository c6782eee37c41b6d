"""Correlations, intervals and exact tests that reports on judges share. Pure, numpy alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z_95: Final = 1.959963984540054
DRAWS: Final = 500  # of a bootstrap: the 95 % bounds then move by a few hundredths of their width
MOST_RESAMPLED: Final = 2_000  # units in one draw; above, an interval is that of so many
FEWEST: Final = 3  # units below which nothing is said about a relation
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(count: int, total: int) -> Range:
    """A share with its 95 % interval; 0 within (0, 1) where nothing was counted.

    Source: Wilson 1927, Probable Inference, JASA 22.
    """
    if total == 0:
        return Range(0.0, 0.0, 1.0)
    share, z2 = count / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    low = 0.0 if count == 0 else centre - half
    return Range(share, low, 1.0 if count == total else centre + half)


def sign_test(one: int, other: int) -> float:
    """Two-sided p that both are equally likely; 1 where nothing was counted.

    Source: exact binomial test against one half, doubled tail (Conover 1999, section 3.4).
    """
    n, smaller = one + other, min(one, other)
    if n == 0:
        return 1.0
    if n > 1000:
        # The doubled normal tail with continuity correction; off by less than 1e-3 from here on.
        z = max(0.0, abs(one - other) - 1) / math.sqrt(n)
        return min(1.0, math.erfc(z / math.sqrt(2)))
    tail = sum(math.comb(n, k) for k in range(smaller + 1))
    return min(1.0, 2.0 * float(tail) / float(2**n))


def average_ranks(values: ArrayLike) -> Floats:
    """Ranks from 1, equal values sharing the mean of theirs; (n,) float64."""
    array = np.asarray(values, dtype=np.float64)
    _, inverse, counts = np.unique(array, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: Floats = (ends - (counts - 1) / 2.0)[inverse]
    return shared


def pearson(x: ArrayLike, y: ArrayLike) -> float | None:
    """Product-moment correlation, -1 to 1; None where either does not vary or n < FEWEST.

    Source: Pearson 1895.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(a) < FEWEST:
        return None
    da, db = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(da @ da) * float(db @ db))
    return None if scale < 1e-12 else max(-1.0, min(1.0, float(da @ db) / scale))


def spearman(x: ArrayLike, y: ArrayLike) -> float | None:
    """Rank correlation, ties by average ranks. Source: Spearman 1904."""
    return pearson(average_ranks(x), average_ranks(y))


def kendall(x: ArrayLike, y: ArrayLike) -> float | None:
    """Kendall's tau-b; None where either does not vary or n < FEWEST.

    Counted in a table of the different values: fast where a judge has few of them.
    Source: Kendall 1945, The treatment of ties in ranking problems, Biometrika 33.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    n = len(a)
    if n < FEWEST:
        return None
    levels_a, at_a = np.unique(a, return_inverse=True)
    levels_b, at_b = np.unique(b, return_inverse=True)
    table = np.zeros((len(levels_a), len(levels_b)))
    np.add.at(table, (at_a, at_b), 1)
    # What lies above and to the right of each cell is concordant with it; above and left is not.
    above = table[::-1].cumsum(axis=0)[::-1]
    right = above[:, ::-1].cumsum(axis=1)[:, ::-1]
    left = above.cumsum(axis=1)
    concordant = float((table[:-1, :-1] * right[1:, 1:]).sum())
    discordant = float((table[:-1, 1:] * left[1:, :-1]).sum())
    pairs = n * (n - 1) / 2
    ties_a = float((table.sum(axis=1) * (table.sum(axis=1) - 1)).sum() / 2)
    ties_b = float((table.sum(axis=0) * (table.sum(axis=0) - 1)).sum() / 2)
    scale = math.sqrt((pairs - ties_a) * (pairs - ties_b))
    return None if scale == 0 else (concordant - discordant) / scale


def ranked_higher(scores: ArrayLike, is_good: ArrayLike) -> float | None:
    """How likely a good one scores above a bad one, ties counting half (the area under the ROC
    curve); None without both kinds.

    Source: Hanley & McNeil 1982, through the Mann-Whitney statistic.
    """
    good = np.asarray(is_good, dtype=bool)
    n_good, n_bad = int(good.sum()), int((~good).sum())
    if not n_good or not n_bad:
        return None
    ranks = average_ranks(scores)
    return float((ranks[good].sum() - n_good * (n_good + 1) / 2) / (n_good * n_bad))


def bootstrap(
    measure: Callable[[NDArray[np.int64]], float | None], n: int, *, seed: int = 0
) -> Range | None:
    """A measure of n units with its percentile interval; it is given the places of the units.

    Above MOST_RESAMPLED units each draw takes so many, which makes the interval too wide rather
    than too narrow. None where the measure has no value. Source: Efron & Tibshirani 1993, ch. 13.
    """
    value = measure(np.arange(n))
    if value is None:
        return None
    generator = np.random.default_rng(seed)
    size = min(n, MOST_RESAMPLED)
    drawn = [measure(generator.integers(0, n, size)) for _ in range(DRAWS)]
    known = np.array([v for v in drawn if v is not None])
    if len(known) < DRAWS / 2:
        return Range(value, -1.0, 1.0)
    low, high = np.quantile(known, (0.025, 0.975))
    return Range(value, min(float(low), value), max(float(high), value))
