"""Tests of two paired series: is B better than A, by how much, and how sure is that. Pure.

Pair i is the same plan index in both batches. A difference is always B minus A. No I/O.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.insight.diversity.measures import Z_95

Z_80 = 0.8416212335729143  # 80 % quantile of the normal distribution: the usual power
ALPHA = 0.05
RESAMPLES = 4_000
BOOTSTRAP_PAIRS = 5_000  # with more pairs the normal interval of the mean is as good
FEW_PAIRS = 20
MAX_EXACT_WILCOXON = 25  # without ties; more pairs use the normal approximation
_TIE = 1e-12
_BLOCK_CELLS = 2_000_000


class Rates(NamedTuple):
    """Two paired yes-or-no series."""

    pairs: int
    a: float  # share of yes, 0 to 1; nan without pairs
    b: float
    only_a: int  # pairs where A alone says yes
    only_b: int
    difference: float
    low: float  # 95 % interval of the difference
    high: float
    p_value: float  # McNemar, exact, two-sided
    odds_ratio: float | None  # only_b / only_a; None where only_a is 0
    detectable: float | None  # the smallest difference that 80 % of such tests would find


class Means(NamedTuple):
    """Two paired series of figures."""

    pairs: int
    a: float  # mean; nan without pairs
    b: float
    difference: float
    low: float  # 95 % interval of the mean difference
    high: float
    p_value: float  # Wilcoxon's signed ranks, two-sided
    rank_biserial: float  # -1 to 1: share of rank in favour of B less that in favour of A
    detectable: float | None


def compare_rates(a: ArrayLike, b: ArrayLike) -> Rates:
    """Two yes-or-no series of equal length, pair by pair.

    The interval is Bonett and Price's for paired shares, which keeps its level in small samples.
    Source: McNemar 1947; Bonett & Price 2012, Adjusted Wald Confidence Interval for a Difference
    of Binomial Proportions Based on Paired Data, J. Educ. Behav. Stat. 37, eq. 5.
    """
    x, y = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    return rates_of_counts(
        int((x & y).sum()), int((x & ~y).sum()), int((~x & y).sum()), int((~x & ~y).sum())
    )


def rates_of_counts(both: int, only_a: int, only_b: int, neither: int) -> Rates:
    """The same from the four counts of a paired table."""
    n = both + only_a + only_b + neither
    if n == 0:
        return Rates(0, math.nan, math.nan, 0, 0, math.nan, -1.0, 1.0, 1.0, None, None)
    low, high = _paired_interval(only_a, only_b, n)
    return Rates(
        pairs=n,
        a=(both + only_a) / n,
        b=(both + only_b) / n,
        only_a=only_a,
        only_b=only_b,
        difference=(only_b - only_a) / n,
        low=low,
        high=high,
        p_value=mcnemar(only_a, only_b),
        odds_ratio=only_b / only_a if only_a else None,
        detectable=_detectable_share(only_a, only_b, n),
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """The exact two-sided p-value: how likely a split at least as uneven is by chance alone.

    Source: McNemar 1947, with the binomial distribution in place of chi-square.
    """
    from scipy.special import bdtr

    n = only_a + only_b
    if n == 0:
        return 1.0
    return min(1.0, 2.0 * float(bdtr(min(only_a, only_b), n, 0.5)))


def _paired_interval(only_a: int, only_b: int, n: int) -> tuple[float, float]:
    to_b, to_a = (only_b + 1) / (n + 2), (only_a + 1) / (n + 2)
    centre = to_b - to_a
    half = Z_95 * math.sqrt((to_b + to_a - centre**2) / (n + 2))
    return max(-1.0, centre - half), min(1.0, centre + half)


def _detectable_share(only_a: int, only_b: int, n: int) -> float:
    """Source: Connor 1987, Sample Size for Testing Differences in Proportions for the
    Paired-Sample Design, Biometrics 43, solved for the difference to first order. The share of
    unequal pairs is taken as in `_paired_interval`, so that it is never 0.
    """
    unequal = (only_a + only_b + 2) / (n + 2)
    return min(1.0, (Z_95 + Z_80) * math.sqrt(unequal / n))


def compare_means(a: ArrayLike, b: ArrayLike, *, seed: int = 0) -> Means:
    """Two series of figures of equal length, pair by pair.

    The interval of the mean difference is the bootstrap's up to BOOTSTRAP_PAIRS pairs, the normal
    one above. Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    n = len(x)
    if n == 0:
        return Means(0, math.nan, math.nan, math.nan, -math.inf, math.inf, 1.0, 0.0, None)
    differences = y - x
    low, high = mean_interval(differences, seed=seed)
    p_value, effect = wilcoxon(differences)
    spread = float(differences.std(ddof=1)) if n > 1 else 0.0
    return Means(
        pairs=n,
        a=float(x.mean()),
        b=float(y.mean()),
        difference=float(differences.mean()),
        low=low,
        high=high,
        p_value=p_value,
        rank_biserial=effect,
        detectable=(Z_95 + Z_80) * spread / math.sqrt(n) if n > 1 else None,
    )


def mean_interval(values: NDArray[np.float64], *, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of a mean; without bounds for fewer than two values."""
    n = len(values)
    if n < 2:
        return -math.inf, math.inf
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    if spread <= _TIE * max(1.0, abs(mean)):
        return mean, mean
    if n > BOOTSTRAP_PAIRS:
        half = Z_95 * spread / math.sqrt(n)
        return mean - half, mean + half
    low, high = np.quantile(_resampled_means(values, seed), (ALPHA / 2, 1 - ALPHA / 2))
    # The percentiles are too narrow by about sqrt((n - 1) / n): the resampled spread divides by n.
    widen = math.sqrt(n / (n - 1))
    return mean + (float(low) - mean) * widen, mean + (float(high) - mean) * widen


def _resampled_means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    generator, n = np.random.default_rng(seed), len(values)
    step = max(1, _BLOCK_CELLS // n)
    parts = [
        values[generator.integers(0, n, size=(min(step, RESAMPLES - start), n))].mean(axis=1)
        for start in range(0, RESAMPLES, step)
    ]
    return np.concatenate(parts)


class SignedRanks(NamedTuple):
    """Wilcoxon's test of paired differences."""

    p_value: float
    rank_biserial: float


def wilcoxon(differences: ArrayLike) -> SignedRanks:
    """The two-sided signed-rank test; pairs without a difference are left out.

    Exact for up to MAX_EXACT_WILCOXON different ranks, else normal with the tie correction. The
    effect is the matched rank-biserial correlation.
    Source: Wilcoxon 1945, Individual Comparisons by Ranking Methods; Kerby 2014 for the effect.
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[np.abs(values) > _TIE]
    n = len(values)
    if n == 0:
        return SignedRanks(1.0, 0.0)
    ranks, ties = _ranks(np.abs(values))
    for_b = float(ranks[values > 0].sum())
    whole = n * (n + 1) / 2
    effect = (2 * for_b - whole) / whole
    if n <= MAX_EXACT_WILCOXON and not ties:
        return SignedRanks(_exact_p(round(min(for_b, whole - for_b)), n), effect)
    variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48
    if variance <= 0:
        return SignedRanks(1.0, effect)
    z = (abs(for_b - whole / 2)) / math.sqrt(variance)
    return SignedRanks(min(1.0, math.erfc(z / math.sqrt(2))), effect)


def _ranks(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Ranks from 1, ties sharing their mean; with the sum of t³ - t over groups of t ties."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean_rank = last - (counts - 1) / 2
    return mean_rank[inverse], float((counts.astype(np.float64) ** 3 - counts).sum())


def _exact_p(smaller: int, n: int) -> float:
    """Twice the share of the 2^n sign patterns whose rank sum is at most the smaller one."""
    ways = [0] * (n * (n + 1) // 2 + 1)
    ways[0] = 1
    for rank in range(1, n + 1):
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    return float(min(1.0, 2 * sum(ways[: smaller + 1]) / 2**n))


def two_shares(a: int, of_a: int, b: int, of_b: int) -> float:
    """The two-sided p-value of two independent shares: Fisher's exact test up to 1,000 in all,
    above that the pooled normal one.

    Source: Fisher 1935, The Logic of Inductive Inference.
    """
    from scipy.stats import fisher_exact

    if min(of_a, of_b) == 0:
        return 1.0
    if of_a + of_b <= 1_000:
        return float(fisher_exact([[a, of_a - a], [b, of_b - b]]).pvalue)
    pooled = (a + b) / (of_a + of_b)
    variance = pooled * (1 - pooled) * (1 / of_a + 1 / of_b)
    if variance <= 0:
        return 1.0
    return math.erfc(abs(a / of_a - b / of_b) / math.sqrt(2 * variance))


def two_means(a: float, error_a: float, b: float, error_b: float) -> float:
    """The two-sided p-value of two independent means with these standard errors, normal."""
    error = math.hypot(error_a, error_b)
    if error == 0:
        return 1.0 if a == b else 0.0
    return math.erfc(abs(a - b) / error / math.sqrt(2))


def is_significant(adjusted_p: float | None) -> bool:
    """Whether a corrected p-value is below ALPHA."""
    return adjusted_p is not None and adjusted_p < ALPHA


def paired(a: Sequence[float | None], b: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """The pairs in which both have a figure."""
    kept = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    return [x for x, _ in kept], [y for _, y in kept]
