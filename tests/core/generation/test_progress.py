"""What a batch's progress says, from rows written straight into the tables."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch, make_samples

from core.db.ids import new_id, utc_now
from core.db.tables import Attempt, Batch, BatchLogEntry, ProviderBatch, Worker
from core.db.workspace import Workspace
from core.generation.progress import Progress, batch_progress
from core.spend.budgets import set_budget


def running(workspace: Workspace, **columns: Any) -> Batch:
    values = {
        "state": "running", "n": 100, "generated": 20, "rate_per_s": 4.0, "rate_low_per_s": 2.0,
        "rate_high_per_s": 8.0, "connection": "openai", "model": "gpt-5-mini",
    }  # fmt: skip
    return make_batch(workspace, **{**values, **columns})


def add_attempt(workspace: Workspace, batch: Batch, plan_index: int, **columns: Any) -> None:
    values = {
        "attempt_id": new_id("att"), "batch_id": batch.batch_id, "plan_index": plan_index,
        "purpose": "generate", "number": 1, "state": "succeeded", "connection": batch.connection,
        "model": batch.model, "request_key": f"{plan_index:064d}", "worker_id": "wrk_1",
        "input_tokens": 300, "output_tokens": 100, "reserved_usd": Decimal("0.02"),
        "cost_usd": Decimal("0.01"),
    }  # fmt: skip
    with workspace.write() as session:
        session.add(Attempt(**{**values, **columns}))


def add_failure(workspace: Workspace, batch: Batch, index: int, kind: str, **columns: Any) -> None:
    values = {
        "state": "failed", "failure_kind": kind, "cost_usd": Decimal(0), "input_tokens": None,
        "output_tokens": None,
    }  # fmt: skip
    add_attempt(workspace, batch, index, **{**values, **columns})


def progress_of(workspace: Workspace, batch: Batch) -> Progress:
    return batch_progress(workspace, batch.batch_id)


def test_a_batch_without_rows_has_nothing_to_show(any_workspace: Workspace) -> None:
    found = progress_of(any_workspace, make_batch(any_workspace, state="queued"))
    assert (found.attempts, found.cost_usd, found.errors, found.retry_causes) == (0, 0, {}, {})
    assert (found.forecast_usd, found.eta_s, found.schema_compliance) == (None, None, None)
    assert (found.accepted, found.needs_review, found.rejected) == (0, 0, 0)


def test_errors_and_retries_are_counted_by_kind(any_workspace: Workspace) -> None:
    batch = running(any_workspace)
    for index in range(3):
        add_failure(any_workspace, batch, index, "rate_limit")
        add_attempt(any_workspace, batch, index, number=2, retry_cause="rate_limit")
    add_failure(any_workspace, batch, 3, "timeout", state="unknown", is_estimated=True,
                cost_usd=Decimal("0.02"))  # fmt: skip
    add_failure(any_workspace, batch, 3, "server_error", number=2, retry_cause="timeout")
    add_attempt(any_workspace, batch, 3, number=3, state="open", cost_usd=None,
                retry_cause="server_error")  # fmt: skip
    add_attempt(any_workspace, batch, 4, failure_kind="schema")
    add_attempt(any_workspace, batch, 4, purpose="repair")
    found = progress_of(any_workspace, batch)
    assert found.errors == {"rate_limit": 3, "timeout": 1, "server_error": 1, "schema": 1}
    assert found.retry_causes == {"rate_limit": 3, "timeout": 1, "server_error": 1}
    assert (found.attempts, found.retries) == (11, 5)
    assert (found.cost_usd, found.estimated_usd) == (Decimal("0.07"), Decimal("0.02"))
    assert found.reserved_usd == Decimal("0.02")
    assert (found.input_tokens, found.output_tokens) == (5 * 300 + 300, 5 * 100 + 100)


def test_attempts_of_other_batches_do_not_count(workspace: Workspace) -> None:
    batch, other = running(workspace), running(workspace)
    add_attempt(workspace, other, 0)
    make_samples(workspace, other, 3)
    found = progress_of(workspace, batch)
    assert (found.attempts, found.cost_usd, found.accepted) == (0, 0, 0)


def test_the_range_of_the_eta_comes_from_the_range_of_the_rate(workspace: Workspace) -> None:
    found = progress_of(workspace, running(workspace))
    assert (found.eta_low_s, found.eta_s, found.eta_high_s) == (10.0, 20.0, 40.0)
    assert not found.is_estimating


@pytest.mark.parametrize(("age_s", "is_estimating"), [(4, True), (14, False)])
def test_a_run_that_was_just_taken_up_is_estimating(
    workspace: Workspace, age_s: int, is_estimating: bool
) -> None:
    batch = running(workspace, started_at=utc_now() - timedelta(hours=2))
    with workspace.write() as session:
        for age in (7200, age_s):
            session.add(
                BatchLogEntry(
                    entry_id=new_id("log"), batch_id=batch.batch_id, level="info",
                    message="Running on wrk_2.", created_at=utc_now() - timedelta(seconds=age),
                )
            )  # fmt: skip
    found = progress_of(workspace, batch)
    assert found.is_estimating == is_estimating
    assert (found.eta_s is None) == is_estimating


def test_the_forecast_is_the_settled_cost_of_a_sample_times_the_plan(workspace: Workspace) -> None:
    batch = running(workspace, generated=20)
    for index in range(20):
        add_attempt(workspace, batch, index)
    found = progress_of(workspace, batch)
    assert found.forecast_usd == Decimal(1)
    assert found.stops_at is None
    set_budget(workspace, "batch", batch.batch_id, Decimal("0.50"))
    stopped = progress_of(workspace, batch)
    assert (stopped.stops_at, stopped.stopping_budget) == (50, "batch")


def test_a_finished_batch_has_a_bill_and_no_forecast(workspace: Workspace) -> None:
    batch = running(workspace, state="completed", generated=100)
    add_attempt(workspace, batch, 0)
    assert progress_of(workspace, batch).forecast_usd is None


def test_a_model_without_a_price_has_no_forecast(workspace: Workspace) -> None:
    batch = running(workspace)
    add_attempt(workspace, batch, 0, cost_usd=None)
    found = progress_of(workspace, batch)
    assert (found.cost_usd, found.forecast_usd) == (0, None)


def test_a_failover_in_use_shows_who_was_asked_how_often(workspace: Workspace) -> None:
    batch = running(workspace, failover_connection="anthropic", failover_model="claude-haiku")
    add_attempt(workspace, batch, 0)
    assert progress_of(workspace, batch).targets == {}
    add_attempt(workspace, batch, 1, connection="anthropic", model="claude-haiku")
    add_failure(workspace, batch, 2, "timeout", connection="anthropic", model="claude-haiku")
    assert progress_of(workspace, batch).targets == {
        "gpt-5-mini on openai": 1,
        "claude-haiku on anthropic": 2,
    }


def test_the_machine_is_that_of_the_worker_that_runs_the_batch(workspace: Workspace) -> None:
    with workspace.write() as session:
        session.add(
            Worker(
                worker_id="wrk_1", kind="generate", host="box", pid=1, state="running",
                heartbeat_at=utc_now(), cpu_percent=80.0, rss_bytes=2**20, host_cpu_percent=40.0,
                host_memory_percent=60.0, disk_free_bytes=2**30,
            )
        )  # fmt: skip
    machine = progress_of(workspace, running(workspace, worker_id="wrk_1")).machine
    assert machine is not None
    assert (machine.host, machine.host_cpu_percent, machine.disk_free_bytes) == ("box", 40.0, 2**30)
    ended = running(workspace, worker_id="wrk_1", state="completed")
    assert progress_of(workspace, ended).machine is None


def test_the_pieces_at_the_provider_are_listed_newest_first(workspace: Workspace) -> None:
    batch = running(workspace, mode="batch_api")
    with workspace.write() as session:
        for number in range(2):
            session.add(
                ProviderBatch(
                    provider_batch_id=f"pbt_{number}", batch_id=batch.batch_id, connection="openai",
                    model="m", state="in_progress", requests=50 + number,
                    created_at=utc_now() + timedelta(seconds=number),
                )
            )  # fmt: skip
    assert [piece.requests for piece in progress_of(workspace, batch).pieces] == [51, 50]


def test_verdicts_are_counted_by_batch(any_workspace: Workspace) -> None:
    batch = running(any_workspace)
    make_samples(any_workspace, batch, 3)
    make_samples(any_workspace, batch, 2, start=3, verdict="needs_review")
    found = progress_of(any_workspace, batch)
    assert (found.accepted, found.needs_review, found.rejected) == (3, 2, 0)


def test_repairs_widen_the_forecast(workspace: Workspace) -> None:
    batch = running(workspace, generated=20)
    for index in range(20):
        add_attempt(workspace, batch, index)
    even = progress_of(workspace, batch)
    assert even.forecast_low_usd == even.forecast_high_usd
    for index in range(4):
        add_attempt(workspace, batch, index, purpose="repair")
    found = progress_of(workspace, batch)
    assert found.forecast_usd == Decimal("1.20")
    assert found.forecast_low_usd is not None
    assert found.forecast_low_usd < found.forecast_usd


def test_a_cut_answer_that_was_asked_again_counts_as_a_retry(workspace: Workspace) -> None:
    batch = running(workspace)
    add_failure(workspace, batch, 0, "truncated", state="unknown")
    add_attempt(workspace, batch, 0, number=2, retry_cause="truncated")
    assert progress_of(workspace, batch).retry_causes == {"truncated": 1}
