"""Telling that more calls at once only make the answers slower.

By Little's law the calls in flight are the throughput times the latency: where more in flight
brings no more throughput, the rest of them only wait. Compared are windows of many answers by
their median latency, since a single answer's latency depends on its length. Pure arithmetic.
"""

from collections import deque
from statistics import median
from typing import NamedTuple

SMALLEST_WINDOW = 32  # answers; fewer say too little about a median
WINDOWS_KEPT = 100
CLEARLY_MORE = 1.4  # levels closer together than this are not compared
USEFUL_PART = 0.25  # of the throughput that the higher level should have brought
HEADROOM = 1.25  # above throughput times unhurried latency, as BBR keeps it


class Window(NamedTuple):
    """What many answers in a row had in common."""

    level: float  # calls in flight, mean
    per_s: float  # answers
    latency_s: float  # median


class Slowdown:
    """Learns from every answer; `note` returns a better level once the evidence is clear."""

    def __init__(self) -> None:
        self._windows: deque[Window] = deque(maxlen=WINDOWS_KEPT)
        self._latencies: list[float] = []
        self._levels = 0
        self._start_s = 0.0
        self._doubts = 0

    @property
    def is_suspected(self) -> bool:
        """Whether the newest window says so; the next one will tell."""
        return self._doubts > 0

    def forget(self) -> None:
        """Drop the window begun: the limit has moved, or calls were held back."""
        self._latencies, self._levels = [], 0

    def note(self, level: int, latency_s: float, now: float) -> float | None:
        """The level to go down to, or None. Two windows in a row must say so."""
        if not self._latencies:
            self._start_s = now
        self._latencies.append(latency_s)
        self._levels += level
        count = len(self._latencies)
        if count < max(SMALLEST_WINDOW, 2 * level) or now <= self._start_s:
            return None
        window = Window(
            self._levels / count, count / (now - self._start_s), median(self._latencies)
        )
        self.forget()
        target = self._judge(window)
        self._windows.append(window)
        self._doubts = 0 if target is None else self._doubts + 1
        if self._doubts < 2:
            return None
        self._doubts = 0
        return target

    def _judge(self, window: Window) -> float | None:
        if not self._windows:
            return None
        base = min(self._windows, key=lambda known: known.level)
        ratio = window.level / max(base.level, 1.0)
        if ratio < CLEARLY_MORE:
            return None
        gained = window.per_s / base.per_s - 1 < USEFUL_PART * (ratio - 1)
        slower = window.latency_s > base.latency_s * (1 + (ratio - 1) / 2)
        if not (gained and slower):
            return None
        return max(base.level, HEADROOM * window.per_s * base.latency_s)
