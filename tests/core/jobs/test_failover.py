"""A provider that is down: the batch moves to a second model, or pauses and comes back alone."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest
from factories import make_template
from loopback import Loopback
from sqlalchemy import select, update

from core.attempts import breaker, retry
from core.db.tables import Attempt, Batch
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, batch_log, get_batch
from core.generation.routes import BREAKER_FAILURES
from core.jobs.launching import launch_batch
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import save_connection
from core.providers.prices import set_price

CONCURRENCY = 8


@pytest.fixture
def second() -> Iterator[Loopback]:
    server = Loopback()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


def launch(workspace: Workspace, loopback: Loopback, second: Loopback | None, n: int = 40) -> Batch:
    for name, server in (("first", loopback), ("second", second)):
        if server is not None:
            connection = save_connection(workspace, name, "openai", server.url, None, f"{name}-1")
            set_price(workspace, connection, f"{name}-1", Decimal(2), Decimal(8))
    request = LaunchRequest(
        make_template(workspace).template_version_id,
        n,
        connection="first",
        failover_connection="second" if second else "",
        concurrency=CONCURRENCY,
        seed=1,
        budget_usd=Decimal(10),
    )
    return launch_batch(workspace, request)


def run(workspace: Workspace, batch: Batch) -> str:
    return run_batch(WorkerContext(workspace, "wrk_test", threading.Event()), batch.batch_id)


def ledger(workspace: Workspace, batch: Batch) -> tuple[Counter[str], Decimal]:
    with workspace.read() as session:
        attempts = list(session.scalars(select(Attempt).where(Attempt.batch_id == batch.batch_id)))
    assert all(attempt.state != "open" for attempt in attempts)
    spent = sum((attempt.cost_usd or Decimal(0) for attempt in attempts), Decimal(0))
    return Counter(f"{attempt.connection} {attempt.model}" for attempt in attempts), spent


def bill(*servers: Loopback) -> Decimal:
    return sum((Decimal(server.bill_nano_usd) for server in servers), Decimal(0)) / 10**9


def test_a_model_that_is_down_hands_over_to_the_second(
    ready: Workspace, loopback: Loopback, second: Loopback
) -> None:
    loopback.script(lambda number, body: "unavailable")
    batch = launch(ready, loopback, second, n=60)
    assert run(ready, batch) == "completed"
    done = get_batch(ready, batch.batch_id)
    assert (done.generated, done.failed) == (60, 0)
    calls, spent = ledger(ready, batch)
    assert calls["second second-1"] == second.stats()["requests"] == 60
    assert calls["first first-1"] == loopback.stats()["requests"] <= BREAKER_FAILURES + 3 * 8
    assert spent == bill(loopback, second)
    assert any(
        "first-1 is left alone" in entry.message for entry in batch_log(ready, done.batch_id)
    )


def test_a_refused_key_hands_over_at_once(
    workspace: Workspace, loopback: Loopback, second: Loopback
) -> None:
    prepare_queue(workspace)
    loopback.script(lambda number, body: "unauthorized")
    batch = launch(workspace, loopback, second)
    assert run(workspace, batch) == "completed"
    assert loopback.stats()["requests"] <= CONCURRENCY
    assert second.stats()["requests"] == 40


def test_a_question_that_only_the_first_model_refuses_is_asked_of_the_second(
    workspace: Workspace, loopback: Loopback, second: Loopback
) -> None:
    prepare_queue(workspace)
    loopback.script(lambda number, body: "bad_request" if number % 4 == 0 else None)
    batch = launch(workspace, loopback, second)
    assert run(workspace, batch) == "completed"
    assert get_batch(workspace, batch.batch_id).generated == 40
    calls, spent = ledger(workspace, batch)
    assert calls == {"first first-1": 40, "second second-1": 10}
    assert spent == bill(loopback, second)
    with workspace.read() as session:
        causes = set(
            session.scalars(select(Attempt.retry_cause).where(Attempt.connection == "second"))
        )
    assert causes == {"bad_request"}


def test_a_second_model_that_refuses_the_key_leaves_nothing_waiting_for_ever(
    workspace: Workspace, loopback: Loopback, second: Loopback
) -> None:
    prepare_queue(workspace)
    loopback.script(lambda number, body: "bad_request" if number % 4 == 0 else None)
    second.script(lambda number, body: "unauthorized")
    batch = launch(workspace, loopback, second)
    stopping = threading.Event()
    watchdog = threading.Timer(20, stopping.set)
    watchdog.start()
    context = WorkerContext(workspace, "wrk_test", stopping)
    done = threading.Thread(target=run_batch, args=(context, batch.batch_id), daemon=True)
    done.start()
    done.join(15)
    watchdog.cancel()
    assert not done.is_alive(), "samples wait for a model that is never asked again"
    found = get_batch(workspace, batch.batch_id)
    assert found.state == "completed"
    assert found.generated + found.failed == 40
    assert found.failed > 0


def test_the_first_model_is_asked_again_when_it_is_back(
    workspace: Workspace, loopback: Loopback, second: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST_COOL_DOWN_S", 0.05)
    prepare_queue(workspace)
    loopback.script(lambda number, body: "unavailable" if number <= 30 else None)
    second.latency_ms = 20
    batch = launch(workspace, loopback, second, n=600)
    assert run(workspace, batch) == "completed"
    calls, spent = ledger(workspace, batch)
    answered_again = loopback.stats()["ok"]
    assert answered_again > 0
    assert calls["first first-1"] == 30 + answered_again
    assert calls["second second-1"] > 0
    assert spent == bill(loopback, second)


def test_with_both_down_the_batch_pauses_and_fails_no_sample(
    ready: Workspace, loopback: Loopback, second: Loopback
) -> None:
    for server in (loopback, second):
        server.script(lambda number, body: "unavailable")
    batch = launch(ready, loopback, second, n=200)
    assert run(ready, batch) == "paused"
    paused = get_batch(ready, batch.batch_id)
    assert (paused.pause_reason, paused.failed) == ("provider", 0)
    assert paused.wake_after_s == breaker.FIRST_COOL_DOWN_S
    _, spent = ledger(ready, batch)
    assert spent == bill(loopback, second) == 0


def test_a_batch_that_wakes_tries_with_one_call_and_waits_longer_while_it_is_down(
    ready: Workspace, loopback: Loopback
) -> None:
    loopback.script(lambda number, body: "unavailable")
    batch = launch(ready, loopback, None, n=100)
    assert run(ready, batch) == "paused"
    loopback.reset()
    loopback.script(lambda number, body: "unavailable")
    wake(ready, batch)
    assert run(ready, batch) == "paused"
    assert loopback.stats()["requests"] == 1
    assert get_batch(ready, batch.batch_id).wake_after_s == 2 * breaker.FIRST_COOL_DOWN_S
    loopback.reset()
    wake(ready, batch)
    started = time.monotonic()
    assert run(ready, batch) == "completed"
    assert time.monotonic() - started < 10
    done = get_batch(ready, batch.batch_id)
    assert (done.generated, done.failed, done.wake_after_s) == (100, 0, None)


def test_a_small_batch_pauses_too_and_fails_no_sample(
    workspace: Workspace, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_BACKOFF_S", 0.01)
    prepare_queue(workspace)
    loopback.script(lambda number, body: "unavailable")
    batch = launch(workspace, loopback, None, n=2)
    assert run(workspace, batch) == "paused"
    paused = get_batch(workspace, batch.batch_id)
    assert (paused.pause_reason, paused.failed) == ("provider", 0)
    assert paused.wake_after_s is not None
    loopback.reset()
    wake(workspace, batch)
    assert run(workspace, batch) == "completed"
    assert get_batch(workspace, batch.batch_id).generated == 2


def wake(workspace: Workspace, batch: Batch) -> None:
    """As a worker's sweep does it."""
    with workspace.write() as session:
        session.execute(
            update(Batch).where(Batch.batch_id == batch.batch_id).values(state="queued")
        )


@pytest.mark.parametrize("fault", ["unauthorized", "quota", "not_found"])
def test_what_only_a_person_can_mend_does_not_wake_by_itself(
    workspace: Workspace, loopback: Loopback, fault: str
) -> None:
    prepare_queue(workspace)
    loopback.script(lambda number, body: fault)
    batch = launch(workspace, loopback, None)
    assert run(workspace, batch) == "paused"
    assert get_batch(workspace, batch.batch_id).wake_after_s is None
