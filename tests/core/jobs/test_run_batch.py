"""A batch run in this process against the loopback server, on both databases."""

import importlib
import threading
import time
from decimal import Decimal
from typing import Any

import pysqlite3
import pytest
from factories import make_template
from invariants import assert_invariants
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from core.db.tables import Attempt, Batch, Budget, ReservationFactor, Sample
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, batch_log, claim_batch, get_batch
from core.generation.progress import batch_progress
from core.jobs.control import cancel_batch, change_budget, pause_batch, resume_batch, retry_failed
from core.jobs.launching import launch_batch
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url, get_connection
from core.providers.prices import set_price


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


def launch(workspace: Workspace, loopback: Any, n: int = 20, **changes: Any) -> Batch:
    connection = connection_for_url(workspace, loopback.url, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    values = {"connection": connection.name, "concurrency": 8, "seed": 1} | changes
    version = make_template(workspace)
    return launch_batch(workspace, LaunchRequest(version.template_version_id, n, **values))


def run(workspace: Workspace, batch: Batch) -> str:
    return run_batch(WorkerContext(workspace, "wrk_test", threading.Event()), batch.batch_id)


def kinds(workspace: Workspace, batch: Batch) -> dict[str, int]:
    return batch_progress(workspace, batch.batch_id).errors


def test_a_batch_completes_and_its_ledger_is_the_bill(ready: Workspace, loopback: Any) -> None:
    batch = launch(ready, loopback, n=50)
    assert run(ready, batch) == "completed"
    progress = batch_progress(ready, batch.batch_id)
    assert (progress.generated, progress.failed, progress.attempts) == (50, 0, 50)
    assert progress.schema_compliance == 1.0
    assert progress.estimated_usd == 0
    assert progress.cost_usd > 0
    assert_invariants(ready, batch.batch_id, loopback.stats())
    assert [entry.message.split(":")[0] for entry in batch_log(ready, batch.batch_id)][-1] == (
        "Launched"
    )


@pytest.mark.parametrize(
    ("fault", "kind", "is_estimated"),
    [
        ("rate_limit", "rate_limit", False),
        ("server_error", "server_error", False),
        ("overloaded", "overloaded", False),
        ("garbage", "garbage", True),
        ("reset", "connection", True),
        ("no_usage", None, True),
    ],
)
def test_a_passing_fault_is_recorded_and_survived(
    workspace: Workspace, loopback: Any, fault: str, kind: str | None, is_estimated: bool
) -> None:
    prepare_queue(workspace)
    loopback.script([fault])
    batch = launch(workspace, loopback, n=10)
    assert run(workspace, batch) == "completed"
    progress = batch_progress(workspace, batch.batch_id)
    assert progress.generated == 10
    assert progress.errors == ({kind: 1} if kind else {})
    assert (progress.estimated_usd > 0) == is_estimated
    assert_invariants(workspace, batch.batch_id, loopback.stats())


def test_a_wrong_schema_is_repaired_once_and_then_kept_as_failed(
    workspace: Workspace, loopback: Any
) -> None:
    prepare_queue(workspace)
    loopback.script(lambda number, body: "wrong_schema" if number == 1 else None)
    batch = launch(workspace, loopback, n=1)
    assert run(workspace, batch) == "completed"
    assert batch_progress(workspace, batch.batch_id).attempts == 2
    loopback.reset()
    loopback.script(lambda number, body: "wrong_schema")
    hopeless = launch(workspace, loopback, n=3, seed=2)
    assert run(workspace, hopeless) == "completed"
    with workspace.read() as session:
        samples = session.scalars(select(Sample).where(Sample.batch_id == hopeless.batch_id)).all()
    assert [sample.state for sample in samples] == ["failed"] * 3
    assert all(sample.raw_text and sample.failure.startswith("schema") for sample in samples)
    assert_invariants(workspace, hopeless.batch_id, loopback.stats())


def test_a_refused_key_pauses_the_batch_at_once(workspace: Workspace, loopback: Any) -> None:
    prepare_queue(workspace)
    loopback.script(lambda number, body: "unauthorized")
    batch = launch(workspace, loopback, n=100)
    assert run(workspace, batch) == "paused"
    found = get_batch(workspace, batch.batch_id)
    assert (found.pause_reason, found.generated, found.failed) == ("provider", 0, 0)
    assert loopback.stats()["requests"] <= 8
    assert_invariants(workspace, batch.batch_id, loopback.stats())


def test_a_provider_that_is_down_pauses_the_batch_and_fails_no_sample(
    workspace: Workspace, loopback: Any
) -> None:
    prepare_queue(workspace)
    loopback.script(lambda number, body: "unavailable")
    batch = launch(workspace, loopback, n=200)
    assert run(workspace, batch) == "paused"
    found = get_batch(workspace, batch.batch_id)
    assert (found.pause_reason, found.failed) == ("provider", 0)
    assert_invariants(workspace, batch.batch_id, loopback.stats())


def test_the_budget_is_used_up_to_one_call_and_never_passed(
    ready: Workspace, loopback: Any
) -> None:
    cap = Decimal("0.05")
    batch = launch(ready, loopback, n=500, budget_usd=cap, concurrency=64)
    assert run(ready, batch) == "paused"
    assert get_batch(ready, batch.batch_id).pause_reason == "budget"
    progress = batch_progress(ready, batch.batch_id)
    assert progress.cost_usd <= cap
    with ready.read() as session:
        largest = max(
            session.scalars(select(Attempt.reserved_usd).where(Attempt.batch_id == batch.batch_id))
        )
    assert cap - progress.cost_usd < largest
    assert_invariants(ready, batch.batch_id, loopback.stats())
    assert resume_batch(ready, batch.batch_id, Decimal(10)).state == "queued"
    assert run(ready, batch) == "completed"
    assert loopback.stats()["requests"] == 500


def test_an_unchanged_relaunch_with_the_same_seed_pays_nothing(
    ready: Workspace, loopback: Any
) -> None:
    first = launch(ready, loopback, n=30)
    run(ready, first)
    again = launch(ready, loopback, n=30)
    assert run(ready, again) == "completed"
    assert loopback.stats()["requests"] == 30
    assert batch_progress(ready, again.batch_id).cost_usd == 0
    assert get_batch(ready, again.batch_id).generated == 30


@pytest.mark.parametrize(
    "reading",
    ["core.generation.watching.sharing_of", "core.generation.recalling.find_answers"],
)
def test_a_database_that_is_away_for_a_moment_costs_no_answer(
    workspace: Workspace, loopback: Any, monkeypatch: pytest.MonkeyPatch, reading: str
) -> None:
    prepare_queue(workspace)
    module, _, name = reading.rpartition(".")
    real, failures = getattr(importlib.import_module(module), name), iter(range(2))

    def away(*arguments: Any) -> Any:
        if next(failures, None) is not None:
            time.sleep(0.1)  # calls are in flight by now
            locked = pysqlite3.OperationalError("database is locked")
            locked.sqlite_errorcode = 5
            raise OperationalError("SELECT", {}, locked)
        return real(*arguments)

    run(workspace, launch(workspace, loopback, n=1, seed=1))
    loopback.reset()
    loopback.latency_ms = 100
    monkeypatch.setattr(reading, away)
    batch = launch(workspace, loopback, n=40, seed=1)
    assert run(workspace, batch) == "completed"
    assert get_batch(workspace, batch.batch_id).generated == 40
    with workspace.read() as session:
        of_batch = select(Attempt.state).where(Attempt.batch_id == batch.batch_id)
        states = list(session.scalars(of_batch))
    assert set(states) == {"succeeded"}
    assert len(states) == loopback.stats()["requests"] <= 40


def test_a_relaunch_reuses_repaired_answers_too(workspace: Workspace, loopback: Any) -> None:
    prepare_queue(workspace)
    # All ten are sent at once, so the first two to arrive are no repairs.
    loopback.script(lambda number, body: "wrong_schema" if number in (1, 2) else None)
    first = launch(workspace, loopback, n=10, concurrency=10)
    assert run(workspace, first) == "completed"
    assert loopback.stats()["requests"] == 12
    again = launch(workspace, loopback, n=10)
    assert run(workspace, again) == "completed"
    assert loopback.stats()["requests"] == 12
    with workspace.read() as session:
        repeated = list(session.scalars(select(Sample).where(Sample.batch_id == again.batch_id)))
        original = list(session.scalars(select(Sample).where(Sample.batch_id == first.batch_id)))
    outputs = {sample.plan_index: sample.output for sample in original}
    assert {sample.plan_index: sample.output for sample in repeated} == outputs
    assert all(sample.state == "generated" for sample in repeated)


def test_a_provider_that_bills_more_than_reserved_raises_later_reservations(
    ready: Workspace, loopback: Any
) -> None:
    batch = launch(ready, loopback, n=60, concurrency=4, budget_usd=Decimal(100))
    # Hidden thought: the provider counts far more output than max_output_tokens allows.
    loopback.script(lambda number, body: "thoughtful")
    assert run(ready, batch) == "completed"
    with ready.read() as session:
        attempts = list(session.scalars(select(Attempt).order_by(Attempt.created_at)))
        factor = session.scalars(select(ReservationFactor)).one()
        budget = session.scalars(select(Budget).where(Budget.scope == "batch")).one()
    excess = [a for a in attempts if a.cost_usd is not None and a.cost_usd > a.reserved_usd]
    assert excess, "the first calls were billed beyond their reservation"
    assert all(a.cost_usd is not None and a.cost_usd <= a.reserved_usd for a in attempts[-20:])
    assert factor.factor > 1
    assert factor.excess_calls == len(excess)
    assert factor.excess_usd == sum((a.cost_usd or 0) - a.reserved_usd for a in excess)
    assert budget.settled_usd == Decimal(loopback.bill_nano_usd) / 10**9
    assert budget.reserved_usd == 0
    assert any(
        "more than was reserved" in line.message for line in batch_log(ready, batch.batch_id)
    )


def test_a_taken_over_batch_settles_what_was_in_flight(ready: Workspace, loopback: Any) -> None:
    batch = launch(ready, loopback, n=5, budget_usd=Decimal(1))
    claim = claim_batch(ready, batch.batch_id, "wrk_gone")
    assert claim is not None
    with ready.write() as session:
        session.add(
            Attempt(
                attempt_id="att_open", batch_id=batch.batch_id, plan_index=0, purpose="generate",
                number=1, state="open", connection="c", model="mock", request_key="k",
                worker_id="wrk_gone", reserved_usd=Decimal("0.02"),
            )
        )  # fmt: skip
        from core.spend.reservations import reserve

        reserve(session, claim.scope, "2026-11", Decimal("0.02"))
    assert run(ready, batch) == "completed"
    with ready.read() as session:
        left = session.get_one(Attempt, "att_open")
    assert (left.state, left.cost_usd, left.is_estimated) == ("unknown", Decimal("0.02"), True)


def test_retry_failed_asks_anew_and_keeps_what_was_received(
    ready: Workspace, loopback: Any
) -> None:
    loopback.script(lambda number, body: "refusal")
    batch = launch(ready, loopback, n=4)
    assert run(ready, batch) == "completed"
    assert get_batch(ready, batch.batch_id).failed == 4
    loopback.script([])
    retry_failed(ready, batch.batch_id)
    assert run(ready, batch) == "completed"
    found = get_batch(ready, batch.batch_id)
    assert (found.generated, found.failed) == (4, 0)
    assert kinds(ready, batch) == {"refusal": 4}
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_pause_and_cancel_are_obeyed_while_running(ready: Workspace, loopback: Any) -> None:
    loopback.configure({"latency_ms": 20})
    for wish, state in ((pause_batch, "paused"), (cancel_batch, "cancelled")):
        batch = launch(ready, loopback, n=2000, seed=None)
        asking = threading.Timer(0.7, wish, (ready, batch.batch_id))
        asking.start()
        assert run(ready, batch) == state
        asking.join()
        found = get_batch(ready, batch.batch_id)
        assert 0 < found.generated < 2000
        assert_invariants_of_one(ready, batch)


def assert_invariants_of_one(workspace: Workspace, batch: Batch) -> None:
    with workspace.read() as session:
        states = set(
            session.scalars(select(Attempt.state).where(Attempt.batch_id == batch.batch_id))
        )
    assert states == {"succeeded"}


def test_a_lowered_budget_stops_new_calls(ready: Workspace, loopback: Any) -> None:
    loopback.configure({"latency_ms": 20})
    batch = launch(ready, loopback, n=2000, budget_usd=Decimal(100))
    asking = threading.Timer(0.7, change_budget, (ready, batch.batch_id, Decimal("0.0001")))
    asking.start()
    assert run(ready, batch) == "paused"
    asking.join()
    assert get_batch(ready, batch.batch_id).pause_reason == "budget"


def test_the_anthropic_protocol_goes_the_same_way(workspace: Workspace, loopback: Any) -> None:
    prepare_queue(workspace)
    name = connection_for_url(
        workspace, loopback.anthropic_url, protocol="anthropic", model="mock"
    ).name
    set_price(workspace, get_connection(workspace, name), "mock", Decimal(2), Decimal(8))
    version = make_template(workspace)
    request = LaunchRequest(version.template_version_id, 10, connection=name, concurrency=4)
    batch = launch_batch(workspace, request)
    assert run(workspace, batch) == "completed"
    assert_invariants(workspace, batch.batch_id, loopback.stats())


def test_a_run_that_breaks_off_leaves_nothing_reserved(
    ready: Workspace, loopback: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("core.providers.transport.HttpProvider.send", broken)
    batch = launch(ready, loopback, n=50, budget_usd=Decimal(1))
    assert run(ready, batch) == "failed"
    found = get_batch(ready, batch.batch_id)
    assert "ZeroDivisionError: planted" in found.message
    with ready.read() as session:
        attempts = session.scalars(select(Attempt)).all()
        budget = session.scalars(select(Budget)).one()
    assert {attempt.state for attempt in attempts} == {"unknown"}
    assert budget.reserved_usd == 0
    assert budget.settled_usd == sum(attempt.reserved_usd for attempt in attempts)
