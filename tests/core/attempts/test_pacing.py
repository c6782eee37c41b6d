"""Limits per minute: the user's are kept strictly, the provider's are respected."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest
from virtual_provider import Client, VirtualProvider, most_in_a_minute, run_clients, run_virtually
from virtual_provider import virtual_now as now

from core.attempts.limits import ConnectionLimits, Gate
from core.attempts.pacing import LONGEST_SILENCE_S, AnnouncedLimit, SlidingWindow
from core.providers.base import RateLimits


def lengths(median: int, most: int, seed: int = 3) -> Iterator[int]:
    rng = np.random.Generator(np.random.PCG64(seed))
    while True:
        yield min(most, int(median * np.exp(0.6 * rng.standard_normal())))


def paced(limits: ConnectionLimits) -> Gate:
    return Gate(None, limits, clock=now)


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600, 6000])
def test_requests_per_minute_hold_in_any_minute_and_are_used(per_minute: int) -> None:
    async def scenario() -> tuple[VirtualProvider, str]:
        provider = VirtualProvider(latency_s=0.3)
        client = Client(paced(ConnectionLimits(requests_per_minute=per_minute)), provider)
        await run_clients([client], 300)
        return provider, client.gate.reason

    provider, reason = run_virtually(scenario)
    assert most_in_a_minute((second, 1) for second, _ in provider.arrivals) <= per_minute
    assert len(provider.arrivals) >= 0.94 * per_minute * 5
    assert reason == "requests per minute"


@pytest.mark.parametrize("bound", [4000, 0], ids=["bounded", "no_bound_known"])
@pytest.mark.parametrize("latency_s", [1.0, 10.0])
def test_tokens_per_minute_hold_in_any_minute_and_are_used(latency_s: float, bound: int) -> None:
    async def scenario() -> tuple[VirtualProvider, str]:
        provider = VirtualProvider(latency_s=latency_s)
        gate = paced(ConnectionLimits(tokens_per_minute=60_000))
        client = Client(gate, provider, tokens=lengths(300, 4000), bound=bound)
        await run_clients([client], 360)
        return provider, gate.reason

    provider, reason = run_virtually(scenario)
    assert most_in_a_minute(provider.arrivals) <= 60_000
    assert sum(tokens for second, tokens in provider.arrivals if second >= 180) >= 0.85 * 180_000
    assert reason == "tokens per minute"


def test_a_call_larger_than_the_minutes_limit_goes_alone() -> None:
    async def scenario() -> list[float]:
        gate, moments = paced(ConnectionLimits(tokens_per_minute=500)), []
        for _ in range(3):
            admission = await gate.enter(800)
            moments.append(now())
            gate.succeeded(1.0, 800, admission=admission)
            gate.leave(admission)
        return moments

    first, second, third = run_virtually(scenario)
    assert first == 0
    assert 60 <= second - first <= 120
    assert 60 <= third - second <= 120


def test_a_call_that_was_never_sent_gives_its_part_back() -> None:
    async def scenario() -> float:
        gate = paced(ConnectionLimits(requests_per_minute=2, tokens_per_minute=1000))
        for _ in range(20):
            gate.leave(await gate.enter(900))
        return now()

    assert run_virtually(scenario) < 1


def test_limits_may_change_while_calls_wait_for_them() -> None:
    async def scenario() -> float:
        gate = paced(ConnectionLimits(requests_per_minute=1))
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await asyncio.sleep(5)
        gate.set_limits(ConnectionLimits())
        await waiting
        return now()

    assert run_virtually(scenario) == pytest.approx(5, abs=0.01)


def test_lowered_limits_count_what_was_sent_before() -> None:
    async def scenario() -> list[tuple[float, int]]:
        provider = VirtualProvider(latency_s=0.3)
        client = Client(paced(ConnectionLimits(requests_per_minute=600)), provider)
        await run_clients([client], 30)
        client.gate.set_limits(ConnectionLimits(requests_per_minute=60))
        await run_clients([client], 180)
        return provider.arrivals

    arrivals = run_virtually(scenario)
    after = [(second, 1) for second, _ in arrivals if second > 30]
    assert most_in_a_minute(after) <= 60
    assert not [second for second, _ in after if second < 75]


def test_batches_divide_the_users_limits_among_them() -> None:
    async def scenario() -> tuple[list[int], VirtualProvider]:
        provider = VirtualProvider(latency_s=0.5, most=20)
        limits = ConnectionLimits(requests_per_minute=300)
        clients = [Client(paced(limits), provider) for _ in range(2)]
        for client in clients:
            client.gate.set_share(2)
        await run_clients(clients, 180)
        return [client.answered for client in clients], provider

    answered, provider = run_virtually(scenario)
    assert min(answered) >= 0.75 * max(answered)
    assert sum(answered) >= 0.9 * 300 * 3
    assert most_in_a_minute((second, 1) for second, _ in provider.arrivals) <= 300


@pytest.mark.parametrize("window_s", [None, 60.0], ids=["refills_all_the_time", "refills_at_once"])
@pytest.mark.parametrize("latency_s", [0.2, 2.0])
def test_what_the_provider_announces_is_respected_and_used(
    latency_s: float, window_s: float | None
) -> None:
    async def scenario() -> tuple[int, int, str]:
        provider = VirtualProvider(
            latency_s=latency_s, per_minute=600, window_s=window_s, announces=True
        )
        client = Client(paced(ConnectionLimits()), provider)
        await run_clients([client], 120)
        client.reset_counts()
        await run_clients([client], 120)
        return client.answered, client.refused, client.gate.reason

    answered, refused, reason = run_virtually(scenario)
    assert answered >= 0.9 * 1200
    assert refused <= 0.01 * answered
    assert reason == "requests left, as the provider announces"


def test_two_batches_divide_what_the_provider_announces() -> None:
    async def scenario() -> tuple[list[int], int]:
        provider = VirtualProvider(latency_s=1, per_minute=600, most=64, announces=True)
        clients = [Client(paced(ConnectionLimits()), provider) for _ in range(2)]
        for client in clients:
            client.gate.set_share(2)
        await run_clients(clients, 120)
        for client in clients:
            client.reset_counts()
        await run_clients(clients, 120)
        return [client.answered for client in clients], sum(c.refused for c in clients)

    answered, refused = run_virtually(scenario)
    assert min(answered) >= 0.75 * max(answered)
    assert sum(answered) >= 0.9 * 1200
    assert refused <= 0.02 * sum(answered)


def test_an_older_calls_answer_that_comes_late_changes_nothing() -> None:
    known = AnnouncedLimit()
    known.note(100, 40, 36.0, number=7, used=7, now=0)
    known.note(100, 90, 6.0, number=3, used=3, now=0.1)
    assert known.wait_s(1, used=46, share=1, now=0.1) == 0
    assert known.wait_s(1, used=48, share=1, now=0.1) > 0


@pytest.mark.parametrize(
    "announced",
    [
        RateLimits(0, 0, 60.0, 0, 0, 60.0),
        RateLimits(-5, 10, 60.0),
        RateLimits(100, -3, -1.0),
        RateLimits(100, 10**14, 1.0),
        RateLimits(None, 0, None),
        RateLimits(100, 0, 1e9),
        RateLimits(None, None, None, 1, 0, 0.0),
        RateLimits(),
    ],
    ids=str,
)
def test_nonsense_announced_never_stops_the_calls_for_good(announced: RateLimits) -> None:
    async def scenario() -> float:
        gate, start = paced(ConnectionLimits()), now()
        for _ in range(3):
            admission = await gate.enter(1000)
            gate.succeeded(0.1, 500, announced, admission)
            gate.leave(admission)
        return now() - start

    assert run_virtually(scenario) <= 2.1 * LONGEST_SILENCE_S


def test_the_window_knows_when_there_is_room() -> None:
    window = SlidingWindow()
    first = window.add(6, 0.0)
    window.add(3, 10.0)
    assert window.wait_s(1, 10, 20.0) == 0
    assert window.wait_s(4, 10, 20.0) == pytest.approx(41.25)
    assert window.wait_s(100, 10, 20.0) == pytest.approx(51.25)
    window.correct(first, -5)
    assert window.wait_s(4, 10, 20.0) == 0
    assert window.wait_s(100, 10, 80.0) == 0
