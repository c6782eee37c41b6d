"""Keeping to limits per minute: the user's own, and those that the provider announces.

Owns the arithmetic alone: every function takes the time, nothing here sleeps. A token bucket makes
the calls even, a sliding window makes the limit strict.
"""

import math
from collections import deque
from dataclasses import dataclass

MINUTE_S = 60.0
# Two calls sent this much more than a minute apart may still arrive within one minute.
TRANSIT_S = 1.0
BIN_S = 0.25
LONGEST_SILENCE_S = 60.0  # an announcement alone holds calls back no longer than this
RESET_TOLERANCE_S = 1.5  # Anthropic announces whole seconds


@dataclass(slots=True)
class Bin:
    """What was used in one short span of time."""

    start_s: float
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Charge:
    """One call's part of a minute, so that it can be corrected later."""

    bin: Bin
    amount: float
    share: int


class SlidingWindow:
    """The amount used during the last minute, and the time until there is room for more."""

    def __init__(self) -> None:
        self._bins: deque[Bin] = deque()
        self._used = 0.0

    def add(self, amount: float, now: float) -> Bin:
        """Count `amount` at `now`; the bin returned may be corrected while it is in the window."""
        if not self._bins or now >= self._bins[-1].start_s + BIN_S:
            self._bins.append(Bin(now))
        self._bins[-1].amount += amount
        self._used += amount
        return self._bins[-1]

    def correct(self, part: Bin, more: float) -> None:
        """Change what was counted in `part`, where that still matters."""
        if self._bins and part.start_s >= self._bins[0].start_s:
            part.amount += more
            self._used += more

    def wait_s(self, amount: float, limit: float, now: float) -> float:
        """Seconds until `amount` fits; an amount above the limit waits for an empty window."""
        bins = self._bins
        while bins and self._end_s(bins[0]) <= now:
            self._used -= bins.popleft().amount
        used = self._used if bins else 0.0
        wait_s = 0.0
        for part in bins:
            if used + amount <= limit:
                break
            used -= part.amount
            wait_s = self._end_s(part) - now
        return wait_s

    @staticmethod
    def _end_s(part: Bin) -> float:
        return part.start_s + BIN_S + MINUTE_S + TRANSIT_S


class MinuteLimit:
    """A limit per minute that the user set, divided by the batches that share it.

    The window alone would let a minute's amount go at once and then stand still; the bucket alone
    is exact only for calls of one known size.
    """

    def __init__(self, per_minute: int, now: float) -> None:
        self.per_minute = per_minute
        self.share = 1
        self._window = SlidingWindow()
        self._level = math.inf  # the first look at it cuts it to what one second allows
        self._seen_s = now

    @property
    def _per_s(self) -> float:
        return self.per_minute / self.share / MINUTE_S

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until a call of this amount may be sent; 0.0 for at once."""
        # One second's worth may go at once, so that a late timer does not cost throughput.
        capacity = max(1.0, self._per_s)
        self._level = min(capacity, self._level + (now - self._seen_s) * self._per_s)
        self._seen_s = now
        missing = min(amount, capacity) - self._level
        if missing > 1e-9:
            return missing / self._per_s
        return self._window.wait_s(amount * self.share, self.per_minute, now)

    def take(self, amount: float, now: float) -> Charge:
        """A call of this amount is sent."""
        self._level -= amount
        return Charge(self._window.add(amount * self.share, now), amount, self.share)

    def correct(self, charge: Charge, actual: float) -> None:
        """The call turned out to be of another amount; 0 gives all of it back."""
        self._level += charge.amount - actual
        self._window.correct(charge.bin, (actual - charge.amount) * charge.share)


class AnnouncedLimit:
    """What a provider's headers say is left of one resource, requests or tokens.

    `used` counts what this gate has sent since it began. A call's answer tells what was left when
    the provider saw that call, so what was sent after it is taken off. Some providers refill all
    the time (OpenAI, Anthropic: the reset tells when the bucket is full again), some at once when
    a window ends; where the figures do not fit a bucket of one minute, nothing is refilled early.
    """

    def __init__(self) -> None:
        self.is_known = False
        self._number = 0
        self._has_window = False

    def note(
        self,
        limit: int | None,
        remaining: int | None,
        reset_s: float | None,
        *,
        number: int,
        used: float,
        now: float,
    ) -> None:
        """The answer to call `number`, sent when `used` was used, announced these figures.

        Answers come out of order: only those to later calls than the last one noted count.
        """
        if remaining is None or number < self._number or (limit is not None and limit <= 0):
            return
        self.is_known, self._number, self._used = True, number, used
        self._limit = limit
        self._remaining = max(0, remaining if limit is None else min(limit, remaining))
        usable = reset_s is not None and reset_s >= 0
        self._reset_s = reset_s if usable and reset_s is not None else MINUTE_S
        self._noted_s = self._last_try_s = now
        bucket_s = MINUTE_S * (1 - self._remaining / limit) if limit is not None else 0.0
        if abs(self._reset_s - bucket_s) > RESET_TOLERANCE_S:
            self._has_window = True

    def wait_s(self, amount: float, used: float, share: int, now: float) -> float:
        """Seconds until a call of this amount may be sent; 0.0 for at once."""
        if not self.is_known:
            return 0.0
        passed_s = now - self._noted_s
        if self._limit is None and passed_s >= self._reset_s:
            self.is_known = False
            return 0.0
        # A call above the whole limit goes when all of it is left.
        needed = amount if self._limit is None else min(amount, self._limit / share)
        missing = needed - self._left(used, share, passed_s)
        if missing <= 0:
            return 0.0
        silence_s = self._last_try_s + LONGEST_SILENCE_S - now
        return max(0.0, min(self._refill_s(missing, share, passed_s), silence_s))

    def tried(self, now: float) -> None:
        """A call was sent: the next one that only silence would allow waits as long again."""
        self._last_try_s = now

    def _left(self, used: float, share: int, passed_s: float) -> float:
        return (self._remaining + self._refilled(passed_s)) / share - (used - self._used)

    def _refilled(self, passed_s: float) -> float:
        gone = (self._limit or self._remaining) - self._remaining
        if passed_s >= self._reset_s:
            return gone
        return 0.0 if self._has_window else gone * passed_s / self._reset_s

    def _refill_s(self, missing: float, share: int, passed_s: float) -> float:
        rest_s = self._reset_s - passed_s
        if rest_s <= 0:
            return LONGEST_SILENCE_S
        gone = (self._limit or self._remaining) - self._remaining
        if self._has_window or gone == 0:
            return rest_s
        return min(rest_s, missing * share * self._reset_s / gone)
