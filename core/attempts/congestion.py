"""The number of calls in flight that a provider takes without refusing, found by trying.

A relative of CUBIC (RFC 9438) that uses what TCP cannot know: each refused call tells how many
were in flight when it was sent. The limit goes to just below that level, returns there quickly,
stays there for some rounds, and then tries more in steps that double while nothing is refused.
Where refusals do not depend on the level (a calm level is refused, a higher one was not), the share
refused decides instead, as in DCTCP (RFC 8257). Pure arithmetic: no clock, no sleeping.
"""

from typing import Protocol

from core.attempts.slowdown import Slowdown

SLOW_START = 0.5  # per answer: the limit grows by half in each round, and overshoots by less
HOLD_ROUNDS = 10  # between two tries above the level that was refused: a round is one latency
HOLD_BOUNDS_S = (2.0, 120.0)
FIRST_STEP = 0.01  # of the limit, tried first above it; at least one call
SMOOTHING = 16  # answers over which the share refused is smoothed, at least
DOUBTS = 2  # refusals at a level that was calm before, until the level is no longer blamed
BOTTLENECK = 0.9  # of the limit: calls sent below it say nothing about more
DOUBTFUL_STEP, DOUBTFUL_PART = 0.05, 0.01  # growth in a round where the level is not blamed
DOUBTFUL_LEAST = 4.0  # where refusals come at any level, going lower would not help
UNEVEN = 1.1  # times the mean limit of the gates that share, from where on it is evened out
FIRST_REST_S, MAX_REST_S = 0.05, 4.0  # where even one call at a time is refused


class Sent(Protocol):
    """What is remembered of a call."""

    @property
    def number(self) -> int:
        """Its place in the order in which calls were sent, from 1."""

    @property
    def level(self) -> int:
        """Calls in flight when it was sent, itself included."""


class AdaptiveLimit:
    """The limit and why it stands there; `sent` is always the number of the newest call."""

    def __init__(self, first: int) -> None:
        self.limit = float(first)
        self.reason = "starting"
        self._sharers = 1
        self._struck: float | None = None  # the highest level believed to be calm
        self._floor = 1.0  # one congested moment does not lower the limit further
        self._lowered_at = 0  # calls up to this number were sent before the limit was lowered
        self._proofs: dict[int, int] = {}  # first call answered since then, by level
        self._doubts = 0
        self._refused_share = 0.0
        self._latency_s = 0.0
        self._hold_until_s = 0.0
        self._step = 0.0
        self._step_began_at = 0
        self._rest_s = 0.0
        self._slowdown = Slowdown()

    def answered(
        self, call: Sent, latency_s: float, now: float, in_flight: int, sent: int, most: int
    ) -> None:
        """A call was answered while so many were in flight; the limit may grow to `most` now."""
        self._refused_share -= self._refused_share / max(SMOOTHING, self.limit)
        self._rest_s = 0.0
        self._latency_s += (latency_s - self._latency_s) / (SMOOTHING if self._latency_s else 1)
        if call.number <= self._lowered_at and self._doubts < DOUBTS:
            return
        first = self._proofs.setdefault(call.level, call.number)
        if call.number < first:
            self._proofs[call.level] = call.number
        if in_flight < BOTTLENECK * self.limit - 1:
            return
        slower = self._slowdown.note(call.level, latency_s, now)
        if slower is not None and slower < self.limit:
            self._ease(max(slower, self.limit / 2), now, sent)
        elif self.limit < most:
            self.limit = min(float(most), self.limit + self._growth(now, sent) / self.limit)

    def _growth(self, now: float, sent: int) -> float:
        """How much the limit grows in this round."""
        if self._slowdown.is_suspected:
            return 0.0
        if now >= self._hold_until_s:
            self._doubts = 0
        if self._doubts >= DOUBTS:
            return DOUBTFUL_STEP + DOUBTFUL_PART * self.limit
        if self._struck is None:
            self.reason = "growing"
            return SLOW_START * self.limit
        below = self._struck - self.limit
        if below > 0:
            return min(max(1.0, below / 3), below * self.limit)
        return 0.0 if now < self._hold_until_s else self._probing_growth(sent)

    def _probing_growth(self, sent: int) -> float:
        if self._step == 0.0:
            self._step, self._step_began_at = max(1.0, FIRST_STEP * self.limit), sent
        elif sent - self._step_began_at > 2 * self.limit:
            # One round to grow and one to be answered: this much more was calm.
            self._step = min(2 * self._step, SLOW_START * self.limit)
            self._step_began_at = sent
            self.reason = "growing"
        return self._step

    def refused(self, call: Sent, kind: str, now: float, sent: int) -> float:
        """A call failed from congestion of this kind; seconds for which no other should go.

        That is more than 0 only where even one call at a time is too many.
        """
        weight = 1 / max(SMOOTHING, self.limit)
        self._refused_share += (1 - self._refused_share) * weight
        if call.number <= self._lowered_at:
            # The same moment; but answers come out of order, and this one may know better.
            if self._struck is not None and self._doubts < DOUBTS and call.level - 1 < self._struck:
                self._struck = max(self._floor, call.level - 1.0)
                self.limit = min(self.limit, self._struck)
            return 0.0
        self._floor = max(1.0, self.limit / 2)
        lower = self.limit * (1 - self._refused_share / 2)
        if self._is_level_to_blame(call):
            lower = min(lower, call.level - 1.0)
            self._struck = max(self._floor, min(self.limit, call.level - 1.0))
        elif self._doubts >= DOUBTS:
            lower = max(lower, min(self.limit, DOUBTFUL_LEAST / self._sharers))
        self._hold(now)
        self._lower(max(self._floor, lower), sent)
        self.reason = f"lowered by the provider ({kind})"
        if self.limit > 1:
            return 0.0
        self._struck = None
        self._rest_s = min(MAX_REST_S, 2 * self._rest_s or FIRST_REST_S)
        return self._rest_s

    def _is_level_to_blame(self, call: Sent) -> bool:
        """Whether fewer in flight would have helped, as far as the answers since then tell.

        Only answers to earlier calls count: behind a refused call the provider has room for one.
        """
        if any(
            level >= call.level and first < call.number for level, first in self._proofs.items()
        ):
            self._doubts = min(2 * DOUBTS, self._doubts + 1)
            return False
        if self._proofs:
            self._doubts = max(0, self._doubts - 1)
        return self._doubts < DOUBTS

    def set_sharers(self, sharers: int, mean_limit: float | None, now: float) -> None:
        """So many gates find the same limit together, and theirs are so large in the mean.

        Left alone they would keep what each has found: one that comes late finds no room.
        """
        part, self._sharers = self._sharers / sharers, sharers
        if self._struck is None:
            return
        if part != 1.0:
            self._aim(self._struck * part, now)
        elif mean_limit is not None and sharers > 1:
            gap = self.limit - mean_limit
            if abs(gap) >= max(1.0, (UNEVEN - 1) * mean_limit):
                self._aim(mean_limit, now)

    def _aim(self, level: float, now: float) -> None:
        """Take `level` for calm: go there at once from above, and step by step from below."""
        self._struck, self._doubts = max(1.0, level), 0
        if self._struck < self.limit:
            self._hold(now)
            self._lower(self._struck, self._lowered_at)

    def paused(self, now: float, sent: int) -> None:
        """The provider asked for a pause: start again with half, and return from there."""
        self._struck = self._struck or self.limit
        self._hold(now)
        self._lower(max(1.0, self.limit / 2), sent)

    def _ease(self, target: float, now: float, sent: int) -> None:
        self._struck = target
        self._hold(now)
        self._lower(target, sent)
        self.reason = "answers get slower"

    def _hold(self, now: float) -> None:
        low, high = HOLD_BOUNDS_S
        self._hold_until_s = now + min(high, max(low, HOLD_ROUNDS * self._latency_s))

    def _lower(self, target: float, sent: int) -> None:
        self.limit = target
        self._lowered_at, self._step = sent, 0.0
        self._proofs.clear()
        self._slowdown.forget()
