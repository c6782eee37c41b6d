"""F12: the provider is overloaded, broken or gone, for some requests or for all of them."""

import pytest
from faulty_runs import CONCURRENCY, Provider, hurry, on_databases

from core.attempts.retry import MAX_REQUESTS_PER_CALL
from core.db.workspace import Workspace
from core.generation.batches import get_batch
from core.generation.routes import BREAKER_FAILURES
from core.jobs.running.waking import Alarms, Waiting, wake
from tests.loopback import Loopback

N = 60
ERRORS = {
    "server_error": "server_error",
    "bad_gateway": "server_error",
    "unavailable": "overloaded",
    "overloaded": "overloaded",
}
EACH_ERROR = on_databases("fault", ERRORS, on_both=["bad_gateway"])


@EACH_ERROR
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_errors_now_and_then_are_survived_with_few_requests(
    any_workspace: Workspace,
    loopback: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    share: float,
) -> None:
    hurry(monkeypatch)
    provider = Provider(any_workspace, loopback)
    loopback.script(ratio={fault: share})
    batch = provider.launch(N)
    provider.run_to_the_end(batch)
    outcome = provider.outcome(batch)
    assert outcome.batch.generated + len(outcome.failed) == N
    assert set(outcome.kinds) == {ERRORS[fault]}
    outcome.assert_each_failure_was_answered_once()
    requests = loopback.stats()["requests"]
    # Each call is asked until it is answered: on average 1 / (1 - share) times.
    assert requests <= 1.3 * N / (1 - share)
    assert max(attempt.number for attempt in outcome.attempts) <= MAX_REQUESTS_PER_CALL
    if share < 0.2:
        assert outcome.failed == []
    # A gateway may have passed the question on; the others did not answer it.
    assert any(a.is_estimated for a in outcome.attempts) == (fault == "bad_gateway")


@EACH_ERROR
def test_a_provider_that_is_down_pauses_the_batch_and_fails_no_sample(
    any_workspace: Workspace,
    loopback: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    hurry(monkeypatch)
    provider = Provider(any_workspace, loopback)
    loopback.script(lambda number, body: fault)
    batch = provider.launch(200)
    assert provider.run(batch) == "paused"
    outcome = provider.outcome(batch)
    assert (outcome.batch.pause_reason, outcome.samples) == ("provider", [])
    assert outcome.batch.wake_after_s is not None
    assert 0 < outcome.batch.wake_after_s <= 60
    assert loopback.stats()["requests"] <= BREAKER_FAILURES + 3 * CONCURRENCY
    assert set(outcome.kinds) == {ERRORS[fault]}
    assert "keeps failing" in outcome.batch.message


def test_each_further_try_costs_one_request_and_waits_longer(
    any_workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    # The batch runs in this process, so that the job of its launch is never done.
    monkeypatch.setattr("core.jobs.running.waking.live_jobs", lambda *_: 0)
    provider = Provider(any_workspace, loopback)
    loopback.script(lambda number, body: "unavailable")
    batch = provider.launch(200)
    alarms, now_s, waits = Alarms(), 0.0, []
    for _ in range(5):
        requests = loopback.stats()["requests"]
        assert provider.run(batch) == "paused"
        if waits:
            assert loopback.stats()["requests"] == requests + 1
        found = get_batch(any_workspace, batch.batch_id)
        assert found.wake_after_s is not None
        waits.append(found.wake_after_s)
        assert wake(any_workspace, alarms, [Waiting.of(found)], now_s) == 0
        now_s += found.wake_after_s
        assert wake(any_workspace, alarms, [Waiting.of(found)], now_s) == 1
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]
    loopback.script()
    assert provider.run(batch) == "completed"
    outcome = provider.outcome(batch)
    assert (outcome.batch.generated, outcome.failed) == (200, [])


def test_a_provider_that_comes_back_meanwhile_is_not_paused_for(
    workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    provider = Provider(workspace, loopback)
    loopback.script(["unavailable"] * (CONCURRENCY + 4))
    batch = provider.launch(N)
    assert provider.run(batch) == "completed"
    assert provider.outcome(batch).batch.generated == N


def test_an_address_where_nobody_answers_pauses_too_and_costs_nothing(
    any_workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    provider = Provider(any_workspace, loopback)
    batch = provider.launch(100)
    loopback.stop()
    assert provider.run(batch) == "paused"
    outcome = provider.outcome(batch, is_within_ledger=False)
    assert (outcome.batch.pause_reason, outcome.samples) == ("provider", [])
    assert outcome.batch.wake_after_s is not None
    assert set(outcome.kinds) == {"connection"}
    assert sum(attempt.cost_usd or 0 for attempt in outcome.attempts) == 0
    loopback.start(loopback.port)
    provider.run_to_the_end(batch)
    assert get_batch(any_workspace, batch.batch_id).generated == 100
    assert loopback.stats()["requests"] == 100
