"""The models that a run may ask: the chosen one, and the one it falls back on."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from core.attempts.breaker import Breaker
from core.attempts.calls import Call, Target, request_key
from core.attempts.limits import Admission, ConnectionLimits, Gate
from core.attempts.retry import MAX_REQUESTS_PER_CALL
from core.db.ids import new_id
from core.generation.asking import Task
from core.providers.base import FATAL_FOR_BATCH, RETRYABLE, FailureKind, Outcome, Provider
from core.providers.failures import OUTAGES
from core.providers.prices import ModelPrice
from core.spend.factors import scale_reservation

NOTHING = Decimal(0)
# Requests that fail in a row, beyond those in flight at once, before a model counts as down.
BREAKER_FAILURES = 20
MAX_OPENED_AHEAD = 64


@dataclass(frozen=True)
class Endpoint:
    """An open provider and what is known of the model behind it."""

    provider: Provider
    target: Target
    price: ModelPrice | None
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)
    reservation_factor: float = 1.0  # rises when the model bills more than was reserved


def prepare_for(task: Task, provider: Provider, target: Target) -> None:
    """Put a task's request into the words of this provider, and name it by its request key."""
    if task.request.model != target.model:
        task.request = replace(task.request, model=target.model)
    task.prepared = provider.prepare(task.request)
    task.request_key = request_key(target.connection, task.prepared, task.request.nonce)
    task.target = target


class Started(NamedTuple):
    """A call that the gate let in."""

    task: Task
    call: Call
    admission: Admission


class Route:
    """One endpoint in use by one run: its gate, its breaker, and the calls opened for it."""

    def __init__(self, endpoint: Endpoint, gate: Gate, breaker: Breaker) -> None:
        self.provider, self.target = endpoint.provider, endpoint.target
        self.price, self.factor = endpoint.price, endpoint.reservation_factor
        self.gate, self.breaker = gate, breaker
        self._opened: deque[tuple[Task, Call]] = deque()
        self._has_opened = asyncio.Event()
        self._admitted = 0  # tasks on their way into `opened`
        self._was_closed = True

    def prepare(self, task: Task) -> None:
        """Put the request into the words of this route's provider."""
        prepare_for(task, self.provider, self.target)

    def call(self, task: Task) -> Call:
        """The task's next request, with a fresh id and its worst case."""
        if task.prepared is None or task.target is not self.target:
            self.prepare(task)
        assert task.prepared is not None
        task.attempt_id = new_id("att")
        return Call(
            plan_index=task.plan_index,
            purpose="repair" if task.is_repair else "generate",
            number=task.number,
            request=task.request,
            prepared=task.prepared,
            request_key=task.request_key,
            worst_case_usd=self._worst_case(task),
            reserved_with=self.factor,
            attempt_id=task.attempt_id,
            target=self.target,
            step=task.step,
            retry_cause=task.retry_cause,
        )

    def _worst_case(self, task: Task) -> Decimal:
        if self.price is None:
            return NOTHING
        assert task.prepared is not None
        bound, most = task.prepared.input_tokens_bound, task.request.max_output_tokens
        amount = self.price.worst_case(bound, most)
        return scale_reservation(amount, self.factor)

    @property
    def room(self) -> int:
        """How many more calls may be opened ahead of the gate."""
        ahead = min(MAX_OPENED_AHEAD, max(2, self.gate.limit // 2))
        return ahead - self._admitted - len(self._opened)

    def admit(self) -> None:
        """One more call is being opened for this route."""
        self._admitted += 1
        self.breaker.sent()

    def open(self, task: Task, call: Call) -> None:
        """Its attempt row is committed: it waits for the gate."""
        self._admitted -= 1
        self._opened.append((task, call))
        self._has_opened.set()

    async def next(self) -> Started:
        """The next opened call, once the gate lets it in."""
        while True:
            await self._has_opened.wait()
            if not self._opened:
                self._has_opened.clear()
                continue
            admission = await self.gate.enter(self._opened[0][1].tokens_bound)
            if self._opened:
                return Started(*self._opened.popleft(), admission)
            self.gate.leave(admission)

    def next_now(self) -> Started | None:
        """The next opened call if the gate lets it in at this moment."""
        if not self._opened:
            return None
        admission = self.gate.enter_now(self._opened[0][1].tokens_bound)
        return None if admission is None else Started(*self._opened.popleft(), admission)

    def turn_away(self) -> None:
        """It did not fit the budget."""
        self._admitted -= 1
        self.breaker.not_sent()

    def heed(self, outcome: Outcome, admission: Admission, number: int) -> None:
        """Let gate and breaker learn from the outcome of a call's `number`-th request."""
        self._was_closed = self.breaker.is_closed
        failure, usage = outcome.failure, outcome.reply.usage if outcome.reply else None
        if failure is None:
            tokens = usage.input_tokens + usage.output_tokens if usage else 0
            self.gate.succeeded(outcome.latency_ms / 1000, tokens, outcome.limits, admission)
        else:
            wait_s = failure.retry_after_s
            self.gate.failed(failure.kind, wait_s, outcome.limits, admission)
        if failure is not None and failure.kind in FATAL_FOR_BATCH:
            self.breaker.block()
        elif failure is not None and failure.kind in RETRYABLE:
            self.breaker.failed(self._streak(failure.kind, number))
        else:
            self.breaker.answered()

    def _streak(self, kind: FailureKind, number: int) -> int:
        """How many failures in a row close this route. Few, where a call has used up its tries
        with nothing answered meanwhile: in a small batch no longer streak would ever come."""
        is_last = number >= MAX_REQUESTS_PER_CALL and kind in OUTAGES
        return MAX_REQUESTS_PER_CALL if is_last else BREAKER_FAILURES + self.gate.limit

    def is_down(self, kind: FailureKind) -> bool:
        """Whether this failure is the provider's, not the question's."""
        return kind in OUTAGES and not self.breaker.is_closed

    def was_shut_just_now(self) -> bool:
        """The newest outcome closed this route."""
        return self._was_closed and not self.breaker.is_closed


class Routes:
    """The routes of one run, in the order in which they are asked."""

    def __init__(
        self, endpoints: Sequence[Endpoint], concurrency: int | None, last_outage_s: float | None
    ) -> None:
        self._routes = [
            Route(endpoint, Gate(concurrency, endpoint.limits), Breaker(last_outage_s))
            for endpoint in endpoints[:1]
        ]
        self._routes += [
            Route(endpoint, Gate(concurrency, endpoint.limits), Breaker())
            for endpoint in endpoints[1:]
        ]

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    @property
    def first(self) -> Route:
        """The model that was chosen for the batch."""
        return self._routes[0]

    @property
    def have_failover(self) -> bool:
        """Whether there is a second model."""
        return len(self._routes) > 1

    def route_of(self, task: Task) -> Route | None:
        """Whom to ask now; None while the task must wait.

        What the first model gave up on goes to the second; where that cannot be asked, back to the
        first, which decides.
        """
        second = [route for route in self._routes[1:] if route.breaker.is_usable()]
        for route in second if task.uses_failover and second else self._routes:
            if route.breaker.admits():
                return route if route.room > 0 else None
        return None

    def heed_factors(self, factors: Mapping[Target, float]) -> None:
        """Reserve more for the models that were seen to bill more."""
        for route in self._routes:
            route.factor = max(route.factor, factors.get(route.target, 1.0))

    def is_any_usable(self) -> bool:
        """Whether any model may be asked, or is being tried."""
        return any(route.breaker.is_usable() for route in self._routes)
