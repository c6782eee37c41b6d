"""How fast samples are finished, with the range that its fluctuation allows."""

import math
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

WINDOW_S = 10
NORMAL_95 = 1.96  # two-sided 95 % quantile of the standard normal distribution


class Rate(NamedTuple):
    """Samples per second, with its 95 % interval."""

    mean: float
    low: float
    high: float


class Pace:
    """Counts finished samples by the second, for the last WINDOW_S seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._seconds: deque[tuple[int, int]] = deque(maxlen=WINDOW_S + 1)  # second, count

    def finished(self, count: int = 1) -> None:
        """So many samples were stored just now."""
        second = int(self._clock() - self._started)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = (second, self._seconds[-1][1] + count)
        else:
            self._seconds.append((second, count))

    def rate(self) -> Rate:
        """The rate over the last full seconds, at most WINDOW_S of them.

        The interval is that of a mean of per-second counts, which allows for bursts; a Poisson
        count sets its least width.
        """
        elapsed = self._clock() - self._started
        now = int(elapsed)
        span = min(now, WINDOW_S)
        if span < 1:
            total = sum(count for _, count in self._seconds)
            return _interval(total / elapsed if elapsed > 0 else 0.0, total / max(elapsed, 1e-3), 1)
        counts = dict(self._seconds)
        recent = [counts.get(second, 0) for second in range(now - span, now)]
        mean = sum(recent) / span
        spread = sum((count - mean) ** 2 for count in recent) / max(span - 1, 1)
        return _interval(mean, max(spread, mean), span)


def _interval(mean: float, variance: float, seconds: int) -> Rate:
    half = NORMAL_95 * math.sqrt(variance / seconds)
    return Rate(mean, max(0.0, mean - half), mean + half)
