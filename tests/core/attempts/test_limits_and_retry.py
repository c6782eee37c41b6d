"""The gate that adapts, and the one retry policy."""

import asyncio

import pytest

from core.attempts.limits import FIRST_LIMIT, MAX_LIMIT, Gate
from core.attempts.retry import MAX_BACKOFF_S, MAX_REQUESTS_PER_CALL, MAX_RETRY_AFTER_S, backoff_s
from core.providers.base import RETRYABLE, Failure, FailureKind


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_fixed_gate_keeps_its_limit_whatever_happens() -> None:
    gate = Gate(8)
    for _ in range(100):
        gate.succeeded()
    gate.failed(FailureKind.RATE_LIMIT, None)
    assert gate.limit == 8


def test_an_adaptive_gate_grows_with_success_up_to_its_ceiling() -> None:
    gate = Gate(None)
    assert gate.limit == FIRST_LIMIT
    for _ in range(10_000):
        gate.succeeded()
    assert gate.limit == MAX_LIMIT


def test_congestion_lowers_the_limit_once_per_second() -> None:
    clock = Clock()
    gate = Gate(None, clock)
    gate.in_flight = FIRST_LIMIT
    for _ in range(50):
        gate.failed(FailureKind.RATE_LIMIT, None)
    first = gate.limit
    assert first == int(FIRST_LIMIT * 0.7)
    clock.now += 1.5
    gate.failed(FailureKind.TIMEOUT, None)
    assert gate.limit < first


def test_other_failures_do_not_lower_the_limit() -> None:
    gate = Gate(None)
    gate.failed(FailureKind.BAD_REQUEST, None)
    assert gate.limit == FIRST_LIMIT


async def _seconds_held(gate: Gate) -> float:
    loop = asyncio.get_running_loop()
    start = loop.time()
    await gate.enter()
    return loop.time() - start


def test_an_announced_wait_holds_back_every_call() -> None:
    gate = Gate(4)
    gate.failed(FailureKind.RATE_LIMIT, 0.2)
    assert asyncio.run(_seconds_held(gate)) >= 0.19


def test_a_full_gate_admits_when_a_call_leaves() -> None:
    async def scenario() -> int:
        gate = Gate(1)
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        gate.leave()
        await asyncio.wait_for(waiting, 1)
        return gate.in_flight

    assert asyncio.run(scenario()) == 1


@pytest.mark.parametrize("kind", list(FailureKind))
def test_exactly_the_retryable_kinds_are_repeated(kind: FailureKind) -> None:
    assert (backoff_s(Failure(kind, "x"), 1, "s") is not None) == (kind in RETRYABLE)


def test_backoff_grows_is_bounded_and_ends() -> None:
    failure = Failure(FailureKind.SERVER_ERROR, "x")
    waits = [backoff_s(failure, number, "s") for number in range(1, MAX_REQUESTS_PER_CALL)]
    assert all(wait is not None and 0 <= wait <= MAX_BACKOFF_S for wait in waits)
    assert backoff_s(failure, MAX_REQUESTS_PER_CALL, "s") is None


def test_retry_after_is_a_lower_bound_with_a_ceiling() -> None:
    def wait(announced: float) -> float:
        return backoff_s(Failure(FailureKind.RATE_LIMIT, "x", retry_after_s=announced), 1, "s") or 0

    assert wait(3.0) >= 3.0
    assert wait(1e9) <= MAX_RETRY_AFTER_S + 1


def test_jitter_differs_between_samples_and_repeats_for_one() -> None:
    failure = Failure(FailureKind.SERVER_ERROR, "x")
    waits = [backoff_s(failure, 1, f"bat:{i}") for i in range(20)]
    assert len(set(waits)) == 20
    assert waits == [backoff_s(failure, 1, f"bat:{i}") for i in range(20)]
