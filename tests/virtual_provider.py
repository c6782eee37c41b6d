"""A provider and a clock that exist in the mind only: a minute of calls takes a second to try.

Owns the event loop whose time jumps to the next timer, a provider that refuses above so many calls
in flight or so many a minute, and a client that sends as fast as its gate lets it.
"""

import asyncio
import selectors
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from core.attempts.limits import Admission, Gate
from core.providers.base import FailureKind, RateLimits

T = TypeVar("T")


class _NoWait(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    """Never sleeps: moves the loop's clock instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits and no timer is set")
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, in seconds from 0."""

    def __init__(self) -> None:
        self._virtual = _NoWait()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run_virtually(main: Callable[[], Awaitable[T]]) -> T:
    """The result of `main()`, run in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main())  # type: ignore[arg-type]
    finally:
        loop.close()


def virtual_now() -> float:
    """The clock for a gate within `run_virtually`."""
    return asyncio.get_running_loop().time()


class VirtualProvider:
    """Answers after a log-normal latency; refuses at once above its limits."""

    def __init__(
        self,
        *,
        latency_s: float = 1.0,
        spread: float = 0.3,  # sigma of the logarithm
        most: int | None = None,  # calls in flight
        per_minute: int | None = None,  # a bucket that refills all the time, as OpenAI's does
        workers: int | None = None,  # calls worked on at once; the others queue, none is refused
        refused_share: float = 0.0,  # whatever the load
        refusal_s: float = 0.02,
        transit_s: float = 0.005,  # one way
        window_s: float | None = None,  # a minute's calls come back at once when it ends
        announces: bool = False,
        seed: int = 1,
    ) -> None:
        self.rng = np.random.Generator(np.random.PCG64(seed))
        self.latency_s, self.spread, self.most = latency_s, spread, most
        self.per_minute, self.workers = per_minute, workers
        self.refused_share, self.refusal_s = refused_share, refusal_s
        self.transit_s = transit_s
        self.window_s, self.announces = window_s, announces
        self.bucket, self.bucket_s = float(per_minute or 0), 0.0
        self.in_flight = 0
        self.arrivals: list[tuple[float, int]] = []  # seconds and tokens
        self.free_at: list[float] = [0.0] * (workers or 0)

    def receive(self, now: float, tokens: int) -> tuple[bool, float, RateLimits | None]:
        """Whether a call is accepted, how long its end takes, and what is announced with it."""
        self.arrivals.append((now, tokens))
        is_within = self.per_minute is None or self._take(now)
        announced = self._announced(now)
        is_free = self.most is None or self.in_flight < self.most
        if not (is_within and is_free) or self.rng.random() < self.refused_share:
            return False, self.refusal_s, announced
        self.in_flight += 1
        drawn = float(self.latency_s * np.exp(self.spread * self.rng.standard_normal()))
        return True, self._queued(now) + drawn, announced

    def _queued(self, now: float) -> float:
        if self.workers is None:
            return 0.0
        # Every worker's next free moment; latency is drawn by the caller with the mean's length.
        first = int(np.argmin(self.free_at))
        start = max(now, self.free_at[first])
        self.free_at[first] = start + self.latency_s
        return start - now

    def _take(self, now: float) -> bool:
        most = float(self.per_minute or 0)
        if self.window_s is None:
            self.bucket = min(most, self.bucket + (now - self.bucket_s) * most / 60)
            self.bucket_s = now
        elif now >= self.bucket_s + self.window_s:
            self.bucket, self.bucket_s = most, now
        if self.bucket < 1:
            return False
        self.bucket -= 1
        return True

    def _announced(self, now: float) -> RateLimits | None:
        if not self.announces or self.per_minute is None:
            return None
        reset_s = 60 * (1 - self.bucket / self.per_minute)
        if self.window_s is not None:
            reset_s = self.bucket_s + self.window_s - now
        return RateLimits(self.per_minute, int(self.bucket), reset_s)


class Client:
    """Sends calls through its gate without end, and counts what becomes of them."""

    def __init__(
        self,
        gate: Gate,
        provider: VirtualProvider,
        *,
        tokens: Iterable[int] = (),
        bound: int = 0,
        retry_after_s: float | None = None,
        commit_s: float = 0.0,  # between an answer and the room that it gives back
    ) -> None:
        self.commit_s = commit_s
        self.gate, self.provider = gate, provider
        self.tokens, self.bound, self.retry_after_s = iter(tokens), bound, retry_after_s
        self.answered = self.refused = 0
        self._area = 0.0  # calls that the provider works on, times seconds
        self._in_flight, self._seen_s, self._began_s = 0, 0.0, 0.0

    def reset_counts(self) -> None:
        """Count from now on."""
        self._count(0)
        self.answered = self.refused = 0
        self._area, self._began_s = 0.0, virtual_now()

    @property
    def refused_share(self) -> float:
        """Of all requests counted."""
        return self.refused / max(1, self.answered + self.refused)

    @property
    def mean_in_flight(self) -> float:
        """Calls that the provider worked on, in the mean over the time counted."""
        self._count(0)
        return self._area / (virtual_now() - self._began_s)

    def _count(self, change: int) -> None:
        now = virtual_now()
        self._area += self._in_flight * (now - self._seen_s)
        self._in_flight, self._seen_s = self._in_flight + change, now

    async def send_all(self) -> None:
        """Send until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            admission = await self.gate.enter(self.bound)
            loop.call_later(self.provider.transit_s, self._arrive, admission)

    def _arrive(self, admission: Admission) -> None:
        loop, provider, took = asyncio.get_running_loop(), self.provider, next(self.tokens, 0)
        accepted, seconds, announced = provider.receive(loop.time(), took)
        back_s = seconds + provider.transit_s
        if not accepted:
            loop.call_later(back_s, self._refuse, admission, announced)
            return
        self._count(1)
        loop.call_later(seconds, self._finish)
        latency_s = back_s + provider.transit_s
        loop.call_later(back_s, self._answer, admission, latency_s, took, announced)

    def _finish(self) -> None:
        self._count(-1)
        self.provider.in_flight -= 1

    def _answer(
        self, admission: Admission, latency_s: float, took: int, announced: RateLimits | None
    ) -> None:
        self.answered += 1
        self.gate.succeeded(latency_s, took, announced, admission)
        self._leave(admission)

    def _leave(self, admission: Admission) -> None:
        if self.commit_s == 0.0:
            self.gate.leave(admission)
            return
        # Group commits: all that is answered by then leaves at once.
        now = virtual_now()
        seconds = self.commit_s - now % self.commit_s
        asyncio.get_running_loop().call_later(seconds, self.gate.leave, admission)

    def _refuse(self, admission: Admission, announced: RateLimits | None) -> None:
        self.refused += 1
        self.gate.failed(FailureKind.RATE_LIMIT, self.retry_after_s, announced, admission)
        self._leave(admission)


async def run_clients(clients: list[Client], seconds: float) -> None:
    """Let all of them send for so many virtual seconds."""
    tasks = [asyncio.create_task(client.send_all()) for client in clients]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def share_evenly(clients: list[Client], every_s: float = 2.0) -> None:
    """Tell the gates of each other, as running batches learn of each other; until cancelled."""
    while True:
        mean_limit = sum(client.gate.limit for client in clients) / len(clients)
        for client in clients:
            client.gate.set_share(len(clients), mean_limit)
        await asyncio.sleep(every_s)


def most_in_a_minute(amounts: Iterable[tuple[float, int]]) -> int:
    """The largest sum within any 60 seconds of (second, amount) in the order of time."""
    window: deque[tuple[float, int]] = deque()
    total = most = 0
    for second, amount in amounts:
        window.append((second, amount))
        total += amount
        while window[0][0] <= second - 60:
            total -= window.popleft()[1]
        most = max(most, total)
    return most
