"""Tests of two independent populations: does B differ from A, by how much, how sure is that. Pure.

A difference is always B less A. Pairs over one plan have tests of their own, in `significance`.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from core.insight.bias.statistics import wilson_interval
from core.insight.diversity.measures import Z_95

LEAST_EXPECTED = 5.0  # a table with a smaller expected count takes the exact test


class Difference(NamedTuple):
    """Two figures and how they differ. None where one side has nothing to say."""

    a: float | None
    b: float | None
    difference: float | None
    low: float | None  # 95 % interval of the difference
    high: float | None
    p_value: float | None  # two-sided
    effect: float | None  # Cohen's h of shares, Cohen's d of means
    test: str


def compare_shares(a_count: int, a_total: int, b_count: int, b_total: int) -> Difference:
    """Two shares. The interval is Newcombe's; p is the pooled z test's, or Fisher's exact one.

    Source: Newcombe 1998, Interval Estimation for the Difference Between Independent Proportions,
    Statistics in Medicine 17, method 10; Fisher 1934; Cohen 1988, section 6.2, for h.
    """
    if not a_total or not b_total:
        return Difference(
            a_count / a_total if a_total else None, b_count / b_total if b_total else None,
            None, None, None, None, None, "",
        )  # fmt: skip
    a, b = a_count / a_total, b_count / b_total
    a_low, a_high = wilson_interval(a_count, a_total)
    b_low, b_high = wilson_interval(b_count, b_total)
    difference = b - a
    low = difference - math.hypot(b - b_low, a_high - a)
    high = difference + math.hypot(b_high - b, a - a_low)
    p_value, test = _p_of_shares(a_count, a_total, b_count, b_total)
    effect = 2 * math.asin(math.sqrt(b)) - 2 * math.asin(math.sqrt(a))
    return Difference(a, b, difference, low, high, p_value, effect, test)


def _p_of_shares(a_count: int, a_total: int, b_count: int, b_total: int) -> tuple[float, str]:
    total, hits = a_total + b_total, a_count + b_count
    smallest = min(hits, total - hits) * min(a_total, b_total) / total
    if smallest < LEAST_EXPECTED:
        from scipy.stats import fisher_exact

        table = [[a_count, a_total - a_count], [b_count, b_total - b_count]]
        return float(fisher_exact(table).pvalue), "Fisher, exact"
    pooled = hits / total
    error = math.sqrt(pooled * (1 - pooled) * (1 / a_total + 1 / b_total))
    z = abs(b_count / b_total - a_count / a_total) / error
    return math.erfc(z / math.sqrt(2)), "two shares, z"


def compare_averages(a: ArrayLike, b: ArrayLike) -> Difference:
    """Two means without the assumption of equal spreads.

    Source: Welch 1947, The Generalization of Student's Problem, Biometrika 34; Cohen 1988 for d.
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    mean_a = float(x.mean()) if len(x) else None
    mean_b = float(y.mean()) if len(y) else None
    if mean_a is None or mean_b is None:
        return Difference(mean_a, mean_b, None, None, None, None, None, "")
    difference = mean_b - mean_a
    if len(x) < 2 or len(y) < 2:
        return Difference(mean_a, mean_b, difference, None, None, None, None, "")
    spread_a, spread_b = float(x.var(ddof=1)), float(y.var(ddof=1))
    error_a, error_b = spread_a / len(x), spread_b / len(y)
    pooled = math.sqrt((spread_a + spread_b) / 2)
    error = math.sqrt(error_a + error_b)
    if error == 0:
        p_value = 1.0 if difference == 0 else 0.0
        return Difference(
            mean_a, mean_b, difference, difference, difference, p_value, None, "Welch's t"
        )
    from scipy.special import stdtr, stdtrit

    freedom = (error_a + error_b) ** 2 / (
        error_a**2 / (len(x) - 1) + error_b**2 / (len(y) - 1)
    )  # fmt: skip
    half = float(stdtrit(freedom, 0.975)) * error
    return Difference(
        mean_a, mean_b, difference, difference - half, difference + half,
        float(2 * stdtr(freedom, -abs(difference) / error)), difference / pooled, "Welch's t",
    )  # fmt: skip


def relabelled(observed: float, shuffled: ArrayLike) -> tuple[float, float]:
    """The two-sided p-value of a difference, and the half-width of its 95 % interval, by its spread
    under random relabelling.

    The spread is taken for the standard error of a normal difference: the share of rounds that go
    as far cannot fall below one over their number, so it would not survive a correction for many
    tests. Source: Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses, ch. 3.
    """
    values = np.asarray(shuffled, dtype=np.float64)
    spread = float(np.sqrt((values**2).mean())) if len(values) else 0.0
    if spread == 0:
        return (1.0 if observed == 0 else 0.0), 0.0
    return math.erfc(abs(observed) / spread / math.sqrt(2)), float(Z_95 * spread)
