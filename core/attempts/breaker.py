"""A circuit breaker: whether a model is worth asking at all.

Closed while answers come. Open after a streak of failures, then half-open: one call at a time tries
until one is answered (Nygard, Release It!, 2007).
"""

import time
from collections.abc import Callable

FIRST_COOL_DOWN_S = 5.0
MAX_COOL_DOWN_S = 45.0  # so that work resumes within a minute of the provider's return


class Breaker:
    """Counts failures in a row. `last_cool_down_s` is what a run before this one waited: the
    breaker then starts half-open, and waits longer when the model is still down."""

    def __init__(
        self, last_cool_down_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._failures = 0
        self._is_trying = False  # half-open, with its one call on the way
        self._opened_at: float | None = None if last_cool_down_s is None else -MAX_COOL_DOWN_S
        self._is_blocked = False
        self.cool_down_s = last_cool_down_s or 0.0  # how long an open breaker refuses

    @property
    def is_closed(self) -> bool:
        """The model answers, as far as is known."""
        return self._opened_at is None and not self._is_blocked

    def admits(self) -> bool:
        """Whether a call may be made now: any while closed, one at a time while half-open."""
        if self._is_blocked or self._is_trying:
            return False
        return self._opened_at is None or self._clock() >= self._opened_at + self.cool_down_s

    def is_usable(self) -> bool:
        """Whether calls are admitted, or one is finding out."""
        return self.admits() or (self._is_trying and not self._is_blocked)

    def sent(self) -> None:
        """A call that was admitted goes out."""
        self._is_trying = self._opened_at is not None

    def not_sent(self) -> None:
        """The call that was admitted last stayed here after all."""
        self._is_trying = False

    def answered(self) -> None:
        """The model answered something: it is there."""
        self._failures, self._opened_at, self._is_trying, self.cool_down_s = 0, None, False, 0.0

    def failed(self, streak: int) -> None:
        """A call failed in a way that any call may; `streak` in a row open the breaker."""
        self._failures += 1
        if self._opened_at is None and self._failures < streak:
            return
        if self._opened_at is None or self._is_trying:
            self.cool_down_s = min(MAX_COOL_DOWN_S, max(FIRST_COOL_DOWN_S, 2 * self.cool_down_s))
            self._opened_at = self._clock()
        self._is_trying = False

    def block(self) -> None:
        """Every further call would fail in the same way: never ask again in this run."""
        self._is_blocked = True
