"""How many calls may be in flight, and when the next one may go.

Owns the gate before every call: the number in flight (fixed, or one that adapts by itself), the
limits per minute of the user and of the provider, and pauses that the provider asks for. Refuses to
repeat calls: that is `core.attempts.retry`.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.attempts.congestion import AdaptiveLimit
from core.attempts.pacing import AnnouncedLimit, Charge, MinuteLimit
from core.attempts.retry import MAX_RETRY_AFTER_S
from core.providers.base import FailureKind, RateLimits
from core.providers.failures import CONGESTION

# The provider refused at the door, so that it counts no tokens.
NOT_WORKED_ON = frozenset({FailureKind.RATE_LIMIT, FailureKind.OVERLOADED})
FIRST_LIMIT = 16
MAX_LIMIT = 256  # connections that one run keeps open
LAG_S = 0.1  # an event loop this late is the bottleneck itself
LAGS_IN_A_ROW = 3
ENOUGH_ANSWERS = 20  # until then a call is expected to take all tokens that it may
CAUTION = 1.2  # times the mean tokens of a call
KEPT_BACK = 0.05  # of the tokens per minute, for answers that turn out longer than expected
SHOWN_S = 2.0  # how long a limit per minute is named as the reason after it held a call back
SHORTEST_NAP_S = 0.001
FULL = -1.0  # instead of seconds: until a call leaves


@dataclass(frozen=True)
class ConnectionLimits:
    """The limits that the user set for a connection; None where there is none."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None  # input and output together
    max_concurrency: int | None = None


@dataclass(slots=True)
class Admission:
    """One call's pass through the gate: give it back with the call's end."""

    number: int  # of the call, in the order sent, from 1
    level: int  # calls in flight when it was sent, itself included
    sent_s: float
    tokens: float  # expected
    used_tokens: float  # expected of all calls up to this one
    request_charge: Charge | None = None
    token_charge: Charge | None = None
    is_ended: bool = False


class Gate:
    """Admits calls while fewer than `limit` are in flight and nothing else holds them back.

    `fixed` keeps the limit where the user set it; None starts at `first_limit` and adapts.
    """

    def __init__(
        self,
        fixed: int | None,
        limits: ConnectionLimits = ConnectionLimits(),
        clock: Callable[[], float] = time.monotonic,
        first_limit: int = FIRST_LIMIT,
    ) -> None:
        self._fixed, self._clock = fixed, clock
        self._adaptive = AdaptiveLimit(first_limit)
        self._share = 1
        self._sent = 0
        self._used_tokens = 0.0
        self._answers, self._mean_tokens = 0, 0.0
        self._lags = 0
        self._paused_until_s = 0.0
        self._paused_at = 0  # calls up to this number were sent before the pause
        self._held_by, self._held_at_s = "", -SHOWN_S
        self._changed = asyncio.Event()
        self._announced_requests, self._announced_tokens = AnnouncedLimit(), AnnouncedLimit()
        self._requests: MinuteLimit | None = None
        self._tokens: MinuteLimit | None = None
        self.in_flight = 0
        self.set_limits(limits)

    # What pages show

    @property
    def limit(self) -> int:
        """The number of calls that may be in flight now."""
        wanted = self._fixed or int(self._adaptive.limit + 0.5)
        return max(1, min(wanted, self._ceiling))

    @property
    def reason(self) -> str:
        """Why no more calls are in flight, in words for a person."""
        now = self._clock()
        if self._held_by and now - self._held_at_s < SHOWN_S:
            return self._held_by
        if self._fixed is not None or self._adaptive.limit >= self._ceiling < MAX_LIMIT:
            return "limit set by the user"
        if self._is_machine_busy:
            return "this machine is busy"
        if self._adaptive.limit >= MAX_LIMIT:
            return "as many as there are connections"
        return self._adaptive.reason

    # What the user and the runner set

    def set_limits(self, limits: ConnectionLimits) -> None:
        """The user's limits from now on; what was sent during the last minute still counts."""
        most = limits.max_concurrency
        self._max_concurrency = most if most is not None and most > 0 else None
        now = self._clock()
        self._requests = self._renewed(self._requests, limits.requests_per_minute, now)
        tokens = limits.tokens_per_minute
        kept = None if tokens is None else max(1, int(tokens * (1 - KEPT_BACK)))
        self._tokens = self._renewed(self._tokens, kept, now)
        self._set_ceiling()

    def _renewed(
        self, known: MinuteLimit | None, per_minute: int | None, now: float
    ) -> MinuteLimit | None:
        if per_minute is None or per_minute <= 0:
            return None
        made = known or MinuteLimit(per_minute, now)
        made.per_minute, made.share = per_minute, self._share
        return made

    def set_share(self, batches: int, mean_limit: float | None = None) -> None:
        """How many running batches share the connection: each keeps to its part.

        `mean_limit` is the mean of the limits that those which adapt have now.
        """
        self._share = max(1, batches)
        self._adaptive.set_sharers(self._share, mean_limit, self._clock())
        for made in (self._requests, self._tokens):
            if made is not None:
                made.share = self._share
        self._set_ceiling()

    def _set_ceiling(self) -> None:
        self._ceiling = self._fixed or MAX_LIMIT
        if self._max_concurrency is not None:
            self._ceiling = min(self._ceiling, max(1, self._max_concurrency // self._share))
        self._changed.set()

    def note_lag(self, lag_s: float) -> None:
        """By how much the event loop is late; a machine that is busy gets no more calls."""
        self._lags = max(0, min(2 * LAGS_IN_A_ROW, self._lags + (1 if lag_s > LAG_S else -2)))

    @property
    def _is_machine_busy(self) -> bool:
        return self._lags >= LAGS_IN_A_ROW

    # The way in

    async def enter(self, expected_tokens: int = 0) -> Admission:
        """Wait for room, then take it. One coroutine at a time may wait here.

        `expected_tokens` is the most that the call can take, input and output together.
        """
        while True:
            now = self._clock()
            tokens = self._expectation(expected_tokens)
            wait_s = self._wait_s(tokens, now)
            if wait_s == 0.0:
                return self._admit(tokens, now)
            self._changed.clear()
            if wait_s == FULL:
                await self._changed.wait()
            else:
                await self._nap(max(wait_s, SHORTEST_NAP_S))

    def enter_now(self, expected_tokens: int = 0) -> Admission | None:
        """Take room if there is any at this moment; None where `enter` would have to wait."""
        now, tokens = self._clock(), self._expectation(expected_tokens)
        return self._admit(tokens, now) if self._wait_s(tokens, now) == 0.0 else None

    async def _nap(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            return

    def _expectation(self, bound: int) -> float:
        if self._answers < ENOUGH_ANSWERS:
            return float(bound)
        usual = CAUTION * self._mean_tokens
        return min(float(bound), usual) if bound else usual

    def _wait_s(self, tokens: float, now: float) -> float:
        if self.in_flight >= self.limit:
            return FULL
        longest, held_by = self._paused_until_s - now, "the provider asked for a pause"
        if self._requests is not None:
            wait_s = self._requests.wait_s(1.0, now)
            if wait_s > longest:
                longest, held_by = wait_s, "requests per minute"
        if self._tokens is not None:
            wait_s = self._tokens.wait_s(tokens, now)
            if wait_s > longest:
                longest, held_by = wait_s, "tokens per minute"
        if self._announced_requests.is_known:
            wait_s = self._announced_requests.wait_s(1.0, self._sent, self._share, now)
            if wait_s > longest:
                longest, held_by = wait_s, "requests left, as the provider announces"
        if self._announced_tokens.is_known:
            wait_s = self._announced_tokens.wait_s(tokens, self._used_tokens, self._share, now)
            if wait_s > longest:
                longest, held_by = wait_s, "tokens left, as the provider announces"
        if longest <= 0:
            return 0.0
        self._held_by, self._held_at_s = held_by, now + longest
        return longest

    def _admit(self, tokens: float, now: float) -> Admission:
        self.in_flight += 1
        self._sent += 1
        self._used_tokens += tokens
        admission = Admission(self._sent, self.in_flight, now, tokens, self._used_tokens)
        if self._requests is not None:
            admission.request_charge = self._requests.take(1.0, now)
        if self._tokens is not None:
            admission.token_charge = self._tokens.take(tokens, now)
        self._announced_requests.tried(now)
        self._announced_tokens.tried(now)
        return admission

    # The way out

    def leave(self, admission: Admission | None = None) -> None:
        """Give the room back; a call that was never sent gives back its part of the minute too."""
        self.in_flight -= 1
        if admission is not None and not admission.is_ended:
            admission.is_ended = True
            self._correct_tokens(admission, 0.0)
            if admission.request_charge is not None and self._requests is not None:
                self._requests.correct(admission.request_charge, 0.0)
        self._changed.set()

    def succeeded(
        self,
        latency_s: float = 0.0,
        tokens: int = 0,
        announced: RateLimits | None = None,
        admission: Admission | None = None,
    ) -> None:
        """A call was answered and took `tokens` (0: not known)."""
        now = self._clock()
        call = admission or self._newest(now)
        call.is_ended = True
        if tokens > 0:
            self._answers += 1
            self._mean_tokens += (tokens - self._mean_tokens) / min(self._answers, 200)
            self._correct_tokens(call, float(tokens))
        self._heed(announced, call, now)
        if self._fixed is None:
            latency_s = latency_s or now - call.sent_s
            most = int(self._adaptive.limit) if self._is_machine_busy else self._ceiling
            self._adaptive.answered(call, latency_s, now, self.in_flight, self._sent, most)

    def failed(
        self,
        kind: FailureKind,
        retry_after_s: float | None,
        announced: RateLimits | None = None,
        admission: Admission | None = None,
    ) -> None:
        """A call failed: congestion lowers the limit, an announced wait pauses every call."""
        now = self._clock()
        call = admission or self._newest(now)
        call.is_ended = True
        if kind in NOT_WORKED_ON:
            self._correct_tokens(call, 0.0)
        self._heed(announced, call, now)
        if self._fixed is None and kind in CONGESTION:
            rest_s = self._adaptive.refused(call, str(kind), now, self._sent)
            self._paused_until_s = max(self._paused_until_s, now + rest_s)
        if retry_after_s is not None and retry_after_s > 0:
            self._pause(min(retry_after_s, MAX_RETRY_AFTER_S), call, now)

    def _pause(self, wait_s: float, call: Admission, now: float) -> None:
        self._paused_until_s = max(self._paused_until_s, now + wait_s)
        if call.number > self._paused_at:
            self._paused_at = self._sent
            self._adaptive.paused(now, self._sent)

    def _newest(self, now: float) -> Admission:
        """What is assumed of a call that came without its admission."""
        return Admission(self._sent, max(1, self.in_flight), now, 0.0, self._used_tokens)

    def _correct_tokens(self, call: Admission, actual: float) -> None:
        if call.token_charge is not None and self._tokens is not None:
            self._tokens.correct(call.token_charge, actual)
            call.token_charge = None

    def _heed(self, announced: RateLimits | None, call: Admission, now: float) -> None:
        if announced is None:
            return
        self._announced_requests.note(
            announced.requests_limit,
            announced.requests_remaining,
            announced.requests_reset_s,
            number=call.number,
            used=float(call.number),
            now=now,
        )
        self._announced_tokens.note(
            announced.tokens_limit,
            announced.tokens_remaining,
            announced.tokens_reset_s,
            number=call.number,
            used=call.used_tokens,
            now=now,
        )
