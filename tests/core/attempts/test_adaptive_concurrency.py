"""The limit that adapts, against providers in virtual time."""

import asyncio

import pytest
from virtual_provider import Client, VirtualProvider, run_clients, run_virtually, share_evenly
from virtual_provider import virtual_now as now

from core.attempts.limits import FIRST_LIMIT, MAX_LIMIT, ConnectionLimits, Gate
from core.providers.base import FailureKind

MEAN_OF_SPREAD = 1.046  # of a log-normal with sigma 0.3, in medians


def adaptive(limits: ConnectionLimits = ConnectionLimits()) -> Gate:
    return Gate(None, limits, clock=now)


@pytest.mark.parametrize("refusal_s", [0.01, None], ids=["refused_at_once", "refused_late"])
@pytest.mark.parametrize("latency_s", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("most", [8, 64, 200])
def test_it_finds_how_many_calls_a_provider_takes(
    most: int, latency_s: float, refusal_s: float | None
) -> None:
    async def scenario() -> tuple[float, float, float, float]:
        provider = VirtualProvider(
            latency_s=latency_s,
            most=most,
            refusal_s=latency_s if refusal_s is None else refusal_s,
            transit_s=0.001,
        )
        client = Client(adaptive(), provider)
        await run_clients([client], 15 * latency_s + 2)
        wasted = client.refused / client.answered
        client.reset_counts()
        seconds = 30 * latency_s + 2
        await run_clients([client], seconds)
        best = most * seconds / (latency_s * MEAN_OF_SPREAD)
        return wasted, client.refused_share, client.mean_in_flight, client.answered / best

    wasted_at_first, refused_share, in_flight, throughput = run_virtually(scenario)
    assert 0.8 * most <= in_flight <= most
    assert throughput >= 0.8
    assert refused_share <= 0.05
    assert wasted_at_first <= 0.2


def test_it_finds_it_while_answers_are_committed_in_groups() -> None:
    async def scenario() -> tuple[float, float]:
        client = Client(adaptive(), VirtualProvider(latency_s=0.1, most=64), commit_s=0.02)
        await run_clients([client], 3)
        client.reset_counts()
        await run_clients([client], 10)
        return client.mean_in_flight, client.refused_share

    in_flight, refused_share = run_virtually(scenario)
    assert in_flight >= 0.8 * 64
    assert refused_share <= 0.05


def test_it_follows_a_provider_that_changes_its_mind() -> None:
    async def scenario() -> list[float]:
        client = Client(adaptive(), provider := VirtualProvider(latency_s=0.5, most=200))
        seen = []
        for most in (200, 20, 150):
            provider.most = most
            await run_clients([client], 25)
            client.reset_counts()
            await run_clients([client], 10)
            seen.append(client.mean_in_flight / most)
        return seen

    assert all(0.8 <= part <= 1 for part in run_virtually(scenario))


def test_it_takes_all_connections_where_nothing_is_refused() -> None:
    async def scenario() -> Gate:
        client = Client(adaptive(), VirtualProvider(latency_s=1, spread=1.0))
        await run_clients([client], 30)
        return client.gate

    gate = run_virtually(scenario)
    assert gate.limit == MAX_LIMIT


@pytest.mark.parametrize("latency_s", [0.1, 1.0])
def test_it_eases_off_where_more_calls_only_wait_longer(latency_s: float) -> None:
    async def scenario() -> tuple[float, float, set[str]]:
        provider = VirtualProvider(latency_s=latency_s, spread=0.4, workers=20)
        client = Client(adaptive(), provider)
        await run_clients([client], 30 * latency_s)
        client.reset_counts()
        reasons = set()
        for _ in range(60):
            await run_clients([client], 3 * latency_s)
            reasons.add(client.gate.reason)
        return client.mean_in_flight, client.answered / (180 * 20), reasons

    waiting_too, throughput, reasons = run_virtually(scenario)
    assert "answers get slower" in reasons
    assert waiting_too <= 3 * 20  # without it: all 256
    assert throughput >= 0.8


def test_refusals_that_do_not_depend_on_the_load_do_not_close_the_gate() -> None:
    async def scenario() -> float:
        client = Client(adaptive(), VirtualProvider(latency_s=0.5, refused_share=0.3))
        await run_clients([client], 60)
        client.reset_counts()
        await run_clients([client], 60)
        return client.mean_in_flight

    assert run_virtually(scenario) >= 2


def test_a_provider_that_refuses_everything_is_asked_rarely() -> None:
    async def scenario() -> int:
        client = Client(adaptive(), VirtualProvider(most=0))
        await run_clients([client], 10)
        client.reset_counts()
        await run_clients([client], 60)
        return client.refused

    assert 10 <= run_virtually(scenario) <= 20


@pytest.mark.parametrize("most", [8, 64, 200])
@pytest.mark.parametrize("later", [False, True], ids=["together", "one_later"])
def test_two_batches_share_a_provider_fairly(most: int, later: bool) -> None:
    async def scenario() -> tuple[list[int], float]:
        provider = VirtualProvider(latency_s=0.5, most=most)
        clients = [Client(adaptive(), provider) for _ in range(2)]
        if later:
            await run_clients(clients[:1], 20)
        sharing = asyncio.create_task(share_evenly(clients))
        await run_clients(clients, 30)
        for client in clients:
            client.reset_counts()
        await run_clients(clients, 60)
        sharing.cancel()
        return [client.answered for client in clients], max(c.refused_share for c in clients)

    answered, refused_share = run_virtually(scenario)
    assert min(answered) >= 0.75 * max(answered)
    assert sum(answered) >= 0.8 * most * 60 / (0.5 * MEAN_OF_SPREAD)
    assert refused_share <= 0.05


def test_the_room_of_a_batch_that_ends_is_taken_over() -> None:
    async def scenario() -> float:
        provider = VirtualProvider(latency_s=0.5, most=64)
        clients = [Client(adaptive(), provider) for _ in range(2)]
        sharing = asyncio.create_task(share_evenly(clients))
        await run_clients(clients, 30)
        sharing.cancel()
        clients[0].gate.set_share(1)
        await run_clients(clients[:1], 10)
        clients[0].reset_counts()
        await run_clients(clients[:1], 10)
        return clients[0].mean_in_flight

    assert run_virtually(scenario) >= 0.8 * 64


def test_a_late_event_loop_stops_the_growth() -> None:
    async def scenario() -> tuple[int, str, int]:
        client = Client(adaptive(), VirtualProvider(latency_s=1))
        for _ in range(3):
            client.gate.note_lag(0.2)
        await run_clients([client], 20)
        busy = client.gate.limit, client.gate.reason
        for _ in range(3):
            client.gate.note_lag(0.01)
        await run_clients([client], 20)
        return *busy, client.gate.limit

    busy_limit, reason, limit = run_virtually(scenario)
    assert (busy_limit, reason) == (FIRST_LIMIT, "this machine is busy")
    assert limit > FIRST_LIMIT


def test_it_does_not_grow_while_the_calls_do_not_fill_it() -> None:
    async def scenario() -> int:
        gate = adaptive()
        for _ in range(500):
            admission = await gate.enter()
            await asyncio.sleep(0.1)
            gate.succeeded(0.1, admission=admission)
            gate.leave(admission)
        return gate.limit

    assert run_virtually(scenario) == FIRST_LIMIT


def test_after_a_pause_it_begins_with_half() -> None:
    async def scenario() -> tuple[int, int, float]:
        client = Client(adaptive(), VirtualProvider(latency_s=1))
        await run_clients([client], 20)
        gate, before = client.gate, client.gate.limit
        admission = await gate.enter()
        gate.failed(FailureKind.RATE_LIMIT, 5.0, admission=admission)
        gate.leave(admission)
        gate.failed(FailureKind.RATE_LIMIT, 3.0, admission=admission)  # the same moment
        start = now()
        await gate.enter()
        return before, gate.limit, now() - start

    before, after, waited_s = run_virtually(scenario)
    assert after == pytest.approx(before / 2, abs=1)
    assert waited_s == pytest.approx(5.0, abs=0.01)
