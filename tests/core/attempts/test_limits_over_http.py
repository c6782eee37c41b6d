"""The gate in front of real HTTP: the loopback server's own log is the witness."""

import asyncio
import time
from typing import Any

from core.attempts.limits import Admission, ConnectionLimits, Gate
from core.providers.base import Message, ModelRequest
from core.providers.openai_protocol import OpenAIProtocol
from core.providers.transport import HttpProvider, TransportLimits
from tests.loopback import Loopback


async def ask_through(gate: Gate, loopback: Loopback, count: int) -> None:
    """Send until `count` questions are answered; a refused one is asked again at once."""
    limits = TransportLimits(256, 10.0, 2**20)
    provider = HttpProvider("test", OpenAIProtocol(loopback.url), loopback.url, None, limits)
    request = ModelRequest("m", (Message("user", "hello"),), max_output_tokens=50)
    prepared = provider.prepare(request)
    answered = 0

    async def call(admission: Admission) -> None:
        nonlocal answered
        outcome = await provider.send(request, prepared)
        if outcome.failure is None:
            answered += 1
            assert outcome.reply is not None
            assert outcome.reply.usage is not None
            tokens = outcome.reply.usage.input_tokens + outcome.reply.usage.output_tokens
            gate.succeeded(outcome.latency_ms / 1000, tokens, outcome.limits, admission)
        else:
            kind, wait_s = outcome.failure.kind, outcome.failure.retry_after_s
            gate.failed(kind, wait_s, outcome.limits, admission)
        gate.leave(admission)

    try:
        async with asyncio.TaskGroup() as calls:
            while answered < count:
                calls.create_task(call(await gate.enter(prepared.input_tokens_bound + 50)))
    finally:
        await provider.close()


def most_within(entries: list[Any], seconds: float) -> int:
    moments = [entry.at_s for entry in entries]
    return max(sum(at <= other < at + seconds for other in moments) for at in moments)


def test_it_finds_what_a_server_takes_at_once(loopback: Loopback) -> None:
    loopback.configure({"latency_ms": 50, "max_concurrent": 24})
    gate = Gate(None)

    async def scenario() -> tuple[int, float]:
        await ask_through(gate, loopback, 400)
        start, began_s = len(loopback.log), time.monotonic()
        await ask_through(gate, loopback, 800)
        return start, time.monotonic() - began_s

    start, took_s = asyncio.run(scenario())
    later = loopback.log[start:]
    assert 0.8 * 24 <= gate.limit <= 1.2 * 24
    assert sum(entry.status == 429 for entry in later) <= 0.05 * len(later)
    assert len(loopback.log) <= 1.2 * 1200
    # Half of what it can at best: this machine may be busy with other tests.
    assert 800 / took_s >= 0.5 * 24 / 0.05


def test_it_keeps_to_what_a_server_announces(loopback: Loopback) -> None:
    loopback.configure({"latency_ms": 5, "requests_per_minute": 40, "minute_s": 1.0})
    gate = Gate(None)
    asyncio.run(ask_through(gate, loopback, 100))
    refused = sum(entry.status == 429 for entry in loopback.log)
    assert refused <= 5
    assert most_within([entry for entry in loopback.log if entry.status == 200], 1.0) <= 40


def test_a_server_sees_no_more_than_the_users_requests_per_minute(loopback: Loopback) -> None:
    gate = Gate(32, ConnectionLimits(requests_per_minute=1200))
    began_s = time.monotonic()
    asyncio.run(ask_through(gate, loopback, 60))
    took_s = time.monotonic() - began_s
    assert took_s >= 1.9  # twenty at once, the others at twenty a second
    # Twenty in any second, and the twenty that the bucket holds at first.
    assert most_within(loopback.log, 1.0) <= 45
    assert gate.reason == "requests per minute"


def test_the_server_counts_within_its_own_window(loopback: Loopback) -> None:
    loopback.configure({"requests_per_minute": 10, "minute_s": 0.5})
    asyncio.run(ask_through(Gate(4), loopback, 25))
    admitted = [entry for entry in loopback.log if entry.status == 200]
    assert most_within(admitted, 0.49) <= 10
    assert [entry.at_s for entry in loopback.log] == sorted(e.at_s for e in loopback.log)
