"""From a few measured samples to a full batch: what it will cost and take, with a range. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.insight.diversity.measures import T_95, Z_95


@dataclass(frozen=True)
class Range:
    """A total of n samples. `low` and `high` are None where one sample says nothing of spread."""

    value: float
    low: float | None
    high: float | None


def total_of(measured: Sequence[float], n: int) -> Range | None:
    """The sum over n new samples like the k measured ones; None without any.

    The range is a 95 % prediction interval: n·m ± t·s·sqrt(n + n²/k), with the mean m, the standard
    deviation s, and Student's t with k - 1 degrees of freedom. It allows for the spread of the n
    samples and for the doubt about m. Source: Hahn & Meeker 1991, Statistical Intervals, section 4.
    """
    k = len(measured)
    if k == 0 or n < 0:
        return None
    mean = math.fsum(measured) / k
    value = mean * n
    if k == 1:
        return Range(value, None, None)
    variance = math.fsum((x - mean) ** 2 for x in measured) / (k - 1)
    t = T_95[k - 2] if k - 2 < len(T_95) else Z_95
    half = t * math.sqrt(variance * (n + n * n / k))
    return Range(value, max(0.0, value - half), value + half)


def time_of(latencies_s: Sequence[float], n: int, in_flight: int) -> Range | None:
    """Seconds for n samples with that many calls in flight, by the measured latencies of one."""
    total = total_of(latencies_s, n)
    if total is None:
        return None
    lanes = max(1, min(in_flight, n))
    longest = max(latencies_s) if n else 0.0  # however many lanes, the last one takes a call

    def lasting(seconds: float) -> float:
        return max(seconds / lanes, min(longest, seconds))

    low = None if total.low is None else lasting(total.low)
    high = None if total.high is None else lasting(total.high)
    return Range(lasting(total.value), low, high)
