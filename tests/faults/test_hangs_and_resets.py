"""F14 and F17: a provider that falls silent, trickles, hangs up half-way, or resets."""

import time
from typing import Any

import pytest
from faulty_runs import Provider, hurry, on_databases, with_settings

from core.db.workspace import Workspace
from tests.loopback import Loopback

DEADLINE_S = 1.5  # shorter, a busy machine may not even have connected
N = 12
SILENCES = {
    "hang": "timeout",
    "hang_body": "timeout",
    "drip": "timeout",
    "drip_head": "timeout",
    "half_close": "connection",
    "half_close_body": "truncated",
}


@on_databases("fault", SILENCES, on_both=["hang", "half_close_body"])
def test_the_deadline_ends_a_silent_call_and_charges_its_reservation(
    any_workspace: Workspace,
    loopback: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    hurry(monkeypatch)
    kind = SILENCES[fault]
    provider = Provider(with_settings(any_workspace, request_deadline_s=DEADLINE_S), loopback)
    loopback.script([None, fault, None, fault])
    batch = provider.launch(N)
    started = time.monotonic()
    assert provider.run(batch) == "completed"
    assert time.monotonic() - started < DEADLINE_S + 2.0
    outcome = provider.outcome(batch)
    assert (outcome.batch.generated, outcome.failed) == (N, [])
    assert outcome.kinds == {kind: 2}
    assert loopback.stats()["requests"] == N + 2
    outcome.assert_each_failure_was_answered_once()
    for attempt in outcome.of_kind(kind):
        assert (attempt.state, attempt.cost_usd) == ("unknown", attempt.reserved_usd)
        assert attempt.is_estimated
        assert attempt.latency_ms is not None
        assert attempt.latency_ms <= (DEADLINE_S + 1) * 1000
        assert bool(attempt.response_text) == (fault in ("hang_body", "half_close_body", "drip"))


def test_a_provider_that_only_hangs_pauses_the_batch(
    workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    provider = Provider(with_settings(workspace, request_deadline_s=0.2), loopback)
    loopback.script(lambda number, body: "hang")
    batch = provider.launch(100)
    assert provider.run(batch) == "paused"
    outcome = provider.outcome(batch)
    assert (outcome.batch.pause_reason, outcome.samples) == ("provider", [])
    assert outcome.batch.wake_after_s is not None


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_each_reset_is_decided_on_once_and_counted_by_both_sides(
    any_workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    hurry(monkeypatch)
    provider = Provider(any_workspace, loopback, protocol)
    loopback.script(ratio={"reset": 0.3})
    batch = provider.launch(60)
    provider.run_to_the_end(batch)
    outcome = provider.outcome(batch)
    outcome.assert_each_failure_was_answered_once()
    stats = loopback.stats()
    assert len(outcome.attempts) == stats["requests"]
    assert outcome.kinds == {"connection": stats["faults"]["reset"]}
    assert len(outcome.of_kind("connection")) == stats["requests"] - outcome.batch.generated
    assert all(a.cost_usd == a.reserved_usd for a in outcome.of_kind("connection"))
    # The server saw every question as often as there are rows for it.
    asked: dict[str, int] = {}
    for entry in loopback.log:
        asked[entry.key] = asked.get(entry.key, 0) + 1
    stored: dict[Any, int] = {}
    for attempt in outcome.attempts:
        stored[attempt.request_key] = stored.get(attempt.request_key, 0) + 1
    assert sum(asked.values()) == sum(stored.values())
