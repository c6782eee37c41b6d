"""How many calls may be in flight: a fixed number, or one that adapts by itself.

Additive increase on success, multiplicative decrease on congestion, as TCP does it (Jacobson 1988).
A pause asked for by the provider holds back every call, not only the one that was told.
"""

import asyncio
import time
from collections.abc import Callable

from core.providers.base import FailureKind

CONGESTION = frozenset({FailureKind.RATE_LIMIT, FailureKind.OVERLOADED, FailureKind.TIMEOUT})
FIRST_LIMIT = 16
MAX_LIMIT = 256
DECREASE = 0.7
MIN_DECREASE_INTERVAL_S = 1.0  # one congested moment hits many calls: they count once


class Gate:
    """Admits calls while fewer than `limit` are in flight and no pause is on.

    `fixed` keeps the limit where the user set it; None starts at FIRST_LIMIT and adapts.
    """

    def __init__(self, fixed: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._fixed = fixed
        self._clock = clock
        self._limit = float(fixed or FIRST_LIMIT)
        self._paused_until = 0.0
        self._last_decrease = -MIN_DECREASE_INTERVAL_S
        self._room = asyncio.Event()
        self.in_flight = 0
        self.reason = "fixed by the user" if fixed else "starting"

    @property
    def limit(self) -> int:
        """The number of calls that may be in flight now."""
        return max(1, int(self._limit))

    async def enter(self) -> None:
        """Wait for room, then take it. One coroutine at a time may wait here."""
        while True:
            wait_s = self._paused_until - self._clock()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            elif self.in_flight < self.limit:
                self.in_flight += 1
                return
            else:
                self._room.clear()
                await self._room.wait()

    def leave(self) -> None:
        """Give the room back."""
        self.in_flight -= 1
        self._room.set()

    def succeeded(self) -> None:
        """A call was answered: room for one more per round of answers, doubling at first."""
        if self._fixed is None and self._limit < MAX_LIMIT:
            is_slow_start = self._last_decrease < 0
            self._limit += 1.0 if is_slow_start else 1.0 / self._limit
            self.reason = "growing"

    def failed(self, kind: FailureKind, retry_after_s: float | None) -> None:
        """A call failed: congestion lowers the limit, an announced wait pauses every call."""
        if retry_after_s:
            self._paused_until = max(self._paused_until, self._clock() + retry_after_s)
        if self._fixed is not None or kind not in CONGESTION:
            return
        now = self._clock()
        if now - self._last_decrease >= MIN_DECREASE_INTERVAL_S:
            self._last_decrease = max(now, 0.0)
            self._limit = max(1.0, min(self._limit, self.in_flight or 1) * DECREASE)
            self.reason = f"lowered by the provider ({kind})"
