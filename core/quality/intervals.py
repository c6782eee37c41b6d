"""How sure a share or a mean is: 95 % intervals. Pure."""

import math
from dataclasses import dataclass
from typing import Final

Z_95: Final = 1.959963984540054  # 97.5 % quantile of the normal distribution


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval; all None where there was nothing to count."""

    value: float | None  # 0 to 1
    low: float | None
    high: float | None
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class Average:
    """A mean with its 95 % interval; None where nothing was measured."""

    value: float | None
    low: float | None
    high: float | None
    total: int


def rate_of(count: int, total: int) -> Rate:
    """A share of a total, with Wilson's score interval.

    Source: Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference,
    J. Am. Stat. Assoc. 22, p. 209.
    """
    if total <= 0:
        return Rate(None, None, None, count, total)
    share, z2 = count / total, Z_95**2
    scale = 1.0 + z2 / total
    centre = (share + z2 / (2 * total)) / scale
    half = Z_95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / scale
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == total else min(1.0, centre + half)
    return Rate(share, low, high, count, total)


def average_of(total: int, sum_: float, sum_of_squares: float) -> Average:
    """The mean of `total` scores from 0 to 1, with its normal interval, from their sums."""
    if total <= 0:
        return Average(None, None, None, 0)
    mean = sum_ / total
    spread = max(sum_of_squares / total - mean * mean, 0.0) * total / max(total - 1, 1)
    half = Z_95 * math.sqrt(spread / total)
    return Average(mean, max(0.0, mean - half), min(1.0, mean + half), total)
