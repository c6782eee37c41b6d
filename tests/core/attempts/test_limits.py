"""The gate before every call."""

import asyncio
import time
from itertools import repeat

import pytest
from virtual_provider import run_virtually
from virtual_provider import virtual_now as now

from core.attempts.limits import FIRST_LIMIT, MAX_LIMIT, Admission, ConnectionLimits, Gate
from core.attempts.retry import MAX_RETRY_AFTER_S
from core.providers.base import FailureKind


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def _enter(gate: Gate, count: int) -> list[Admission]:
    return [await gate.enter() for _ in repeat(None, count)]


def _end(gate: Gate, admission: Admission, kind: FailureKind | None = None) -> None:
    if kind is None:
        gate.succeeded(1.0, admission=admission)
    else:
        gate.failed(kind, None, admission=admission)
    gate.leave(admission)


def test_a_fixed_gate_keeps_its_limit_whatever_happens() -> None:
    gate = Gate(8)
    for _ in range(100):
        gate.succeeded()
    gate.failed(FailureKind.RATE_LIMIT, None)
    assert (gate.limit, gate.reason) == (8, "limit set by the user")


def test_an_adaptive_gate_grows_with_success_up_to_its_ceiling() -> None:
    async def scenario() -> Gate:
        gate = Gate(None, clock=Clock())
        assert gate.limit == FIRST_LIMIT
        calls = await _enter(gate, FIRST_LIMIT)
        for _ in range(10_000):
            _end(gate, calls.pop(0))
            calls += await _enter(gate, gate.limit - gate.in_flight)
        return gate

    assert asyncio.run(scenario()).limit == MAX_LIMIT


def test_a_refused_call_tells_how_many_are_too_many() -> None:
    async def scenario() -> int:
        gate = Gate(None)
        calls = await _enter(gate, FIRST_LIMIT)
        _end(gate, calls[11], FailureKind.RATE_LIMIT)  # the twelfth at once
        return gate.limit

    assert asyncio.run(scenario()) == 11


def test_one_congested_moment_counts_once() -> None:
    async def scenario() -> tuple[int, int, str]:
        gate = Gate(None)
        calls = await _enter(gate, FIRST_LIMIT)
        for call in calls[8:]:
            _end(gate, call, FailureKind.OVERLOADED)
        first = gate.limit
        _end(gate, calls[0])
        (later,) = await _enter(gate, 1)
        _end(gate, later, FailureKind.TIMEOUT)
        return first, gate.limit, gate.reason

    first, then, reason = asyncio.run(scenario())
    assert first == 8
    assert 1 < then < 8
    assert reason == "lowered by the provider (timeout)"


def test_other_failures_do_not_lower_the_limit() -> None:
    gate = Gate(None)
    gate.failed(FailureKind.BAD_REQUEST, None)
    assert gate.limit == FIRST_LIMIT


def test_an_announced_wait_holds_back_every_call_but_not_forever() -> None:
    async def scenario() -> tuple[float, float]:
        gate = Gate(4, clock=now)
        gate.failed(FailureKind.RATE_LIMIT, 0.2)
        await gate.enter()
        first = now()
        gate.failed(FailureKind.RATE_LIMIT, 1e9)
        assert gate.reason == "the provider asked for a pause"
        await gate.enter()
        return first, now() - first

    first, second = run_virtually(scenario)
    assert first == pytest.approx(0.2, abs=0.01)
    assert second == pytest.approx(MAX_RETRY_AFTER_S, abs=0.01)


@pytest.mark.parametrize("wait_s", [0.0, -5.0, None])
def test_an_announced_wait_of_nothing_is_none(wait_s: float | None) -> None:
    async def scenario() -> float:
        gate = Gate(4, clock=now)
        gate.failed(FailureKind.RATE_LIMIT, wait_s)
        await gate.enter()
        return now()

    assert run_virtually(scenario) == 0.0


def test_a_full_gate_admits_as_soon_as_a_call_leaves() -> None:
    async def scenario() -> int:
        gate = Gate(1)
        admission = await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        gate.leave(admission)
        async with asyncio.timeout(1):
            await waiting
        return gate.in_flight

    assert asyncio.run(scenario()) == 1


def test_the_users_ceiling_holds_is_shared_and_may_change() -> None:
    gate = Gate(None, ConnectionLimits(max_concurrency=9))
    assert (gate.limit, gate.reason) == (9, "limit set by the user")
    gate.set_share(3)
    assert gate.limit == 3
    gate.set_share(100)
    assert gate.limit == 1
    gate.set_share(1)
    gate.set_limits(ConnectionLimits())
    assert gate.limit == FIRST_LIMIT
    assert Gate(64, ConnectionLimits(max_concurrency=5)).limit == 5


def test_a_raised_ceiling_wakes_the_one_who_waits() -> None:
    async def scenario() -> int:
        gate = Gate(None, ConnectionLimits(max_concurrency=1))
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        gate.set_limits(ConnectionLimits(max_concurrency=2))
        async with asyncio.timeout(1):
            await waiting
        return gate.in_flight

    assert asyncio.run(scenario()) == 2


def test_entering_costs_microseconds_and_never_suspends_while_there_is_room() -> None:
    gate = Gate(256, ConnectionLimits(10**9, 10**9))
    start = time.perf_counter()
    for _ in range(10_000):
        entering = gate.enter(100)
        with pytest.raises(StopIteration) as done:
            entering.send(None)
        admission = done.value.value
        gate.succeeded(0.1, 50, admission=admission)
        gate.leave(admission)
    assert (time.perf_counter() - start) / 10_000 < 200e-6
