"""How an outcome differs between groups: intervals, tests, effect sizes. Pure.

Each group is set against all other groups together. Shares use closed forms, numbers the bootstrap
and permutations; both stay quick at 100,000 values. What is measured, and of whom, is not decided
here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.insight.bias.statistics import MAX_EXACT_PARTITIONS, all_sums, wilson_interval

RESAMPLES = 2_000
MIN_RESAMPLED = 2  # one value alone says nothing about its own error
MOST_RESAMPLED = 2_000  # a larger group's mean has a bootstrap distribution known in closed form
PERMUTATIONS = 5_000
MOST_PERMUTED = 5_000  # more values than these use the permutations' own normal limit
MOST_FISHER = 20_000  # more values than these are tested by the normal limit of Fisher's test
_TIE = 1e-9
_BLOCK_CELLS = 2_000_000

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class GroupDifference:
    """One group beside all others. Figures are nan where a side has no values."""

    count: int
    mean: float  # a share for yes-or-no outcomes
    low: float  # 95 % interval of the mean
    high: float
    others: int
    others_mean: float
    difference: float  # mean less others_mean
    difference_low: float  # 95 % interval of the difference
    difference_high: float
    effect: float  # Cohen's d of numbers, Cohen's h of shares
    p_value: float  # two-sided; 1 where a side has no values


def share_differences(values: ArrayLike, codes: Codes, groups: int) -> list[GroupDifference]:
    """A yes-or-no outcome by group; `codes` are 0 to groups - 1, others are left out.

    Intervals are Wilson's of a share and Newcombe's of a difference, which hold for 0 and for all;
    a bootstrap has no width there. The test is Fisher's, the exact permutation test of shares.
    Source: Newcombe 1998, Interval Estimation for the Difference Between Independent Proportions,
    Statistics in Medicine 17, method 10; Cohen 1988 for h.
    """
    yes = np.asarray(values, dtype=bool)
    counts = np.array([np.count_nonzero(codes == g) for g in range(groups)])
    found = np.array([np.count_nonzero(yes[codes == g]) for g in range(groups)])
    return [
        _share_difference(
            int(found[g]),
            int(counts[g]),
            int(found.sum() - found[g]),
            int(counts.sum() - counts[g]),
        )
        for g in range(groups)
    ]


def _share_difference(a: int, of_a: int, b: int, of_b: int) -> GroupDifference:
    low, high = wilson_interval(a, of_a)
    share, others = _ratio(a, of_a), _ratio(b, of_b)
    bounds = newcombe_interval(a, of_a, b, of_b)
    return GroupDifference(
        of_a, share, low, high, of_b, others, share - others, *bounds,
        cohen_h(share, others), fisher(a, of_a, b, of_b),
    )  # fmt: skip


def _ratio(count: int, total: int) -> float:
    return count / total if total else math.nan


def newcombe_interval(a: int, of_a: int, b: int, of_b: int) -> tuple[float, float]:
    """The 95 % interval of a / of_a - b / of_b; (-1, 1) where a side is empty.

    Source: Newcombe 1998, method 10: the root of the squared distances to Wilson's bounds.
    """
    if min(of_a, of_b) == 0:
        return -1.0, 1.0
    p, q = a / of_a, b / of_b
    (p_low, p_high), (q_low, q_high) = wilson_interval(a, of_a), wilson_interval(b, of_b)
    return (
        p - q - math.hypot(p - p_low, q_high - q),
        p - q + math.hypot(p_high - p, q - q_low),
    )


def cohen_h(p: float, q: float) -> float:
    """The distance of two shares on a scale where equal steps are equally hard to see; nan where
    one is unknown. Source: Cohen 1988, Statistical Power Analysis, section 6.2."""
    if math.isnan(p) or math.isnan(q):
        return math.nan
    return 2 * math.asin(math.sqrt(p)) - 2 * math.asin(math.sqrt(q))


def fisher(a: int, of_a: int, b: int, of_b: int) -> float:
    """The two-sided p-value of two shares: Fisher's exact test, above MOST_FISHER its normal limit.

    Source: Fisher 1935, The Logic of Inductive Inference.
    """
    if min(of_a, of_b) == 0:
        return 1.0
    if of_a + of_b <= MOST_FISHER:
        from scipy.stats import fisher_exact

        return float(fisher_exact([[a, of_a - a], [b, of_b - b]]).pvalue)
    n, pooled = of_a + of_b, (a + b) / (of_a + of_b)
    variance = pooled * (1 - pooled) * n / (n - 1) * (1 / of_a + 1 / of_b)
    if variance <= 0:
        return 1.0
    return math.erfc(abs(a / of_a - b / of_b) / math.sqrt(2 * variance))


def number_differences(
    values: ArrayLike, codes: Codes, groups: int, *, seed: int = 0
) -> list[GroupDifference]:
    """A number by group; `codes` are 0 to groups - 1, others and nan values are left out.

    Intervals are bias-corrected and accelerated bootstrap ones over groups of the sizes that they
    have; p-values count seeded permutations of the values over the groups.
    Source: Efron 1987, Better Bootstrap Confidence Intervals, JASA 82; Phipson & Smyth 2010,
    Permutation P-values Should Never Be Zero, for the count.
    """
    x = np.asarray(values, dtype=np.float64)
    kept = ~np.isnan(x) & (codes >= 0) & (codes < groups)
    order = np.argsort(codes[kept], kind="stable")
    x, codes = x[kept][order], codes[kept][order]
    parts = np.split(x, np.searchsorted(codes, np.arange(1, groups)))
    generator = np.random.default_rng(seed)
    replicates = np.stack([resampled_means(part, generator) for part in parts])
    p_values = permutation_p(parts, seed=seed)
    return [_number_difference(g, parts, replicates, p_values[g]) for g in range(groups)]


def _number_difference(
    g: int, parts: Sequence[Floats], replicates: Floats, p_value: float
) -> GroupDifference:
    own = parts[g]
    weights = np.array([0 if i == g else len(part) for i, part in enumerate(parts)], dtype=float)
    others = int(weights.sum())
    if len(own) == 0 or others == 0:
        return _one_sided(own, replicates[g], parts, g)
    weights /= others
    means = np.array([part.mean() if len(part) else 0.0 for part in parts])
    others_mean = float(weights @ means)
    difference = float(means[g] - others_mean)
    known = np.where(weights[:, None] > 0, replicates, 0.0)
    influences = [(own - means[g]) / len(own)]
    influences += [
        -(part - means[i]) / others for i, part in enumerate(parts) if i != g and len(part)
    ]
    bounds = math.nan, math.nan
    if min(len(own), others) >= MIN_RESAMPLED:
        moved = replicates[g] - weights @ known
        bounds = bca_interval(difference, moved, acceleration(influences))
    rest = np.concatenate([part for i, part in enumerate(parts) if i != g])
    return GroupDifference(
        len(own), float(means[g]), *_mean_interval(own, replicates[g]), others, others_mean,
        difference, *bounds, cohen_d(own, rest), p_value,
    )  # fmt: skip


def _one_sided(own: Floats, replicates: Floats, parts: Sequence[Floats], g: int) -> GroupDifference:
    rest = np.concatenate([*(part for i, part in enumerate(parts) if i != g), np.zeros(0)])
    mean = float(own.mean()) if len(own) else math.nan
    others = float(rest.mean()) if len(rest) else math.nan
    return GroupDifference(
        len(own), mean, *_mean_interval(own, replicates), len(rest), others,
        math.nan, math.nan, math.nan, math.nan, 1.0,
    )  # fmt: skip


def _mean_interval(values: Floats, replicates: Floats) -> tuple[float, float]:
    if len(values) < MIN_RESAMPLED:
        return math.nan, math.nan
    mean = float(values.mean())
    return bca_interval(mean, replicates, acceleration([(values - mean) / len(values)]))


def resampled_means(
    values: Floats, generator: np.random.Generator, resamples: int = RESAMPLES
) -> Floats:
    """Means of bootstrap samples of the values, (resamples,); nan for no values.

    Above MOST_RESAMPLED values they are drawn from the Cornish-Fisher expansion of their
    distribution, which has its mean, variance and skewness.
    Source: Hall 1992, The Bootstrap and Edgeworth Expansion, section 2.5.
    """
    n = len(values)
    if n == 0:
        return np.full(resamples, math.nan)
    if n > MOST_RESAMPLED:
        mean, spread = float(values.mean()), float(values.std())
        skew = float(((values - mean) ** 3).mean()) / spread**3 if spread > 0 else 0.0
        z = generator.standard_normal(resamples)
        drawn: Floats = mean + spread / math.sqrt(n) * (z + skew / (6 * math.sqrt(n)) * (z**2 - 1))
        return drawn
    step = max(1, _BLOCK_CELLS // n)
    return np.concatenate(
        [
            values[generator.integers(0, n, size=(min(step, resamples - start), n))].mean(axis=1)
            for start in range(0, resamples, step)
        ]
    )


def acceleration(influences: Sequence[Floats]) -> float:
    """How fast the statistic's error grows with the statistic, from each value's influence on it.

    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, eq. 14.15, over several
    samples.
    """
    squares = sum(float((part**2).sum()) for part in influences)
    if squares <= 0:
        return 0.0
    cubes = sum(float((part**3).sum()) for part in influences)
    return cubes / (6 * math.sqrt(squares) ** 3)


def bca_interval(
    estimate: float, replicates: Floats, a: float, level: float = 0.95
) -> tuple[float, float]:
    """The bias-corrected and accelerated interval; the estimate alone where nothing varies.

    Source: Efron & Tibshirani 1993, eqs. 14.10 and 14.14; ties count half on each side.
    """
    from scipy.special import ndtr, ndtri

    if np.ptp(replicates) <= _TIE * max(1.0, abs(estimate)):
        return estimate, estimate
    below = np.count_nonzero(replicates < estimate) + np.count_nonzero(replicates <= estimate)
    bias = float(ndtri(below / (2 * len(replicates))))
    if not math.isfinite(bias):
        bias, a = 0.0, 0.0  # the estimate lies outside of all replicates: the plain percentiles
    z = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    if (1 - a * z).min() <= 0:  # a single value decides: the correction has no meaning
        a = 0.0
    low, high = np.quantile(replicates, ndtr(bias + z / (1 - a * z)))
    return float(low), float(high)


def permutation_p(
    parts: Sequence[Floats], *, permutations: int = PERMUTATIONS, seed: int = 0
) -> list[float]:
    """For each group: how often its mean would lie as far off if values were dealt out at random.

    Twice the smaller tail. All ways to deal where there are few, else seeded random ones with the
    observed one added; above MOST_PERMUTED values the normal limit with the permutations' own
    variance. Source: Hajek 1961, Some Extensions of the Wald-Wolfowitz-Noether Theorem.
    """
    x = np.concatenate(list(parts)) if parts else np.zeros(0)
    sizes = [len(part) for part in parts]
    spread = float(x.std()) if len(x) else 0.0
    if spread <= _TIE:
        return [1.0] * len(parts)
    x = (x - x.mean()) / spread
    edges = np.concatenate([[0], np.cumsum(sizes)])
    observed = [float(x[edges[g] : edges[g + 1]].sum()) for g in range(len(parts))]
    if len(x) > MOST_PERMUTED:
        return [_limit_p(s, size, len(x)) for s, size in zip(observed, sizes, strict=True)]
    exact = [math.comb(len(x), size) <= MAX_EXACT_PARTITIONS for size in sizes]
    drawn = (
        np.zeros((1, len(parts)))
        if all(exact)
        else _dealt_sums(x, edges, permutations, np.random.default_rng(seed))
    )
    return [
        1.0
        if size in (0, len(x))
        else _tail_p(all_sums(x, size), observed[g], 0)
        if exact[g]
        else _tail_p(drawn[:, g], observed[g], 1)
        for g, size in enumerate(sizes)
    ]


def _limit_p(total: float, size: int, n: int) -> float:
    """For values of mean 0 and population variance 1."""
    variance = size * (n - size) / (n - 1)
    return math.erfc(abs(total) / math.sqrt(2 * variance)) if variance > 0 else 1.0


def _tail_p(sums: Floats, observed: float, added: int) -> float:
    above = int(np.count_nonzero(sums >= observed - _TIE)) + added
    below = int(np.count_nonzero(sums <= observed + _TIE)) + added
    return min(1.0, 2 * min(above, below) / (len(sums) + added))


def _dealt_sums(
    x: Floats, edges: Codes, permutations: int, generator: np.random.Generator
) -> Floats:
    """Sums by group, (permutations, groups)."""
    step = max(1, _BLOCK_CELLS // len(x))
    blocks = []
    for start in range(0, permutations, step):
        rows = min(step, permutations - start)
        dealt = generator.permuted(np.tile(x, (rows, 1)), axis=1)
        running = np.concatenate([np.zeros((rows, 1)), dealt.cumsum(axis=1)], axis=1)
        blocks.append(np.diff(running[:, edges], axis=1))
    return np.concatenate(blocks)


def cohen_d(a: Floats, b: Floats) -> float:
    """The difference of two means in pooled standard deviations; 0 where nothing varies.

    Source: Cohen 1988, Statistical Power Analysis, eq. 2.5.2.
    """
    n, m = len(a), len(b)
    if n + m < 3:
        return math.nan
    squares = float(((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum())
    pooled = math.sqrt(squares / (n + m - 2))
    difference = float(a.mean() - b.mean())
    if pooled <= _TIE:
        return 0.0 if abs(difference) <= _TIE else math.nan
    return difference / pooled


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """P-values corrected so that the share of false alarms among those below a level stays there.

    Source: Benjamini & Hochberg 1995, Controlling the False Discovery Rate, JRSS B 57.
    """
    n = len(p_values)
    adjusted = [1.0] * n
    running = 1.0
    for rank, i in enumerate(sorted(range(n), key=lambda i: -p_values[i])):
        running = min(running, p_values[i] * n / (n - rank))
        adjusted[i] = running
    return adjusted
