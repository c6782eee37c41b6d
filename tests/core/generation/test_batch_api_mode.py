"""Batches through a provider's batch API: pieces, repeats, repairs, budgets, wishes."""

from decimal import Decimal
from typing import Any

import pytest
from batch_api_rig import POLL_S, PROTOCOLS, drive, launch, one_pass, reserved
from invariants import assert_invariants
from loopback_batches import BatchDesk
from sqlalchemy import select

from core.db.tables import Attempt, Budget, Sample
from core.db.types import to_usd
from core.db.workspace import Workspace
from core.generation.batch_api.provider_batches import list_provider_batches
from core.generation.batches import get_batch
from core.generation.progress import batch_progress
from core.jobs.control import cancel_batch, pause_batch, resume_batch


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_batch_completes_in_pieces_at_half_the_price(
    ready: Workspace, loopback: Any, desk: BatchDesk, protocol: str
) -> None:
    desk.ends_after_s = 0.1
    batch = launch(ready, loopback, n=50, protocol=protocol, budget_usd=Decimal(10))
    assert one_pass(ready, batch) == "running"
    found = get_batch(ready, batch.batch_id)
    assert found.message == "3 provider batches with 50 requests under way."
    assert found.wake_after_s == pytest.approx(POLL_S / 6)
    assert reserved(ready, batch)[0] == 50
    assert drive(ready, batch) == "completed"
    assert desk.sizes() == [20, 20, 10]
    progress = batch_progress(ready, batch.batch_id)
    assert (progress.generated, progress.failed, progress.attempts) == (50, 0, 50)
    assert progress.cost_usd == to_usd(loopback.bill_nano_usd) > 0
    assert_invariants(ready, batch.batch_id, loopback.stats())
    rows = list_provider_batches(ready, batch.batch_id)
    assert [(r.state, r.succeeded, r.failed) for r in rows] == [
        ("ingested", 20, 0), ("ingested", 20, 0), ("ingested", 10, 0),
    ]  # fmt: skip
    with ready.read() as session:
        sources = set(session.scalars(select(Attempt.price_source)))
    assert all(source.startswith("half, batch API: entered on") for source in sources)


# Requests that fail


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_errored_and_expired_requests_are_submitted_again_alone(
    ready: Workspace, loopback: Any, desk: BatchDesk, protocol: str
) -> None:
    desk.script_rows(["server_error", None, "expired", "rate_limit"])
    batch = launch(ready, loopback, n=20, protocol=protocol, budget_usd=Decimal(10))
    assert drive(ready, batch) == "completed"
    assert desk.sizes() == [20, 3]
    progress = batch_progress(ready, batch.batch_id)
    assert (progress.generated, progress.failed, progress.attempts) == (20, 0, 23)
    assert progress.errors == {"server_error": 1, "expired": 1, "rate_limit": 1}
    with ready.read() as session:
        again = session.scalars(select(Attempt).where(Attempt.number == 2)).all()
        failed = session.scalars(select(Attempt).where(Attempt.state == "failed")).all()
    assert sorted(str(a.retry_cause) for a in again) == ["expired", "rate_limit", "server_error"]
    assert {attempt.cost_usd for attempt in failed} == {Decimal(0)}
    assert {attempt.latency_ms for attempt in (*again, *failed)} == {None}
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_whole_batch_that_expires_is_submitted_again(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.submissions = ["expired"]
    batch = launch(local, loopback, n=5)
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [5, 5]
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_a_request_that_never_succeeds_becomes_a_failed_sample_in_the_end(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.row_rule = lambda _number, _body: "server_error"
    batch = launch(local, loopback, n=3)
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [3] * 5
    found = get_batch(local, batch.batch_id)
    assert (found.generated, found.failed) == (0, 3)
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_a_refused_request_is_a_failed_sample_at_once(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.script_rows(["bad_request", "refusal"])
    batch = launch(local, loopback, n=4)
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [4]
    with local.read() as session:
        failures = set(session.scalars(select(Sample.failure).where(Sample.state == "failed")))
    assert sorted(text.partition(":")[0] for text in failures) == ["bad_request", "refusal"]
    assert_invariants(local, batch.batch_id, loopback.stats())


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["wrong_schema", "blank"])
def test_an_answer_that_breaks_the_schema_is_repaired_once_by_a_following_batch(
    local: Workspace, loopback: Any, desk: BatchDesk, protocol: str, kind: str
) -> None:
    # Two are put right by the repair, the third never.
    desk.script_rows([kind, kind, kind, None, kind, None, None])
    batch = launch(local, loopback, n=4, protocol=protocol)
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [4, 3]
    with local.read() as session:
        repairs = session.scalars(select(Attempt).where(Attempt.purpose == "repair")).all()
        failed = session.scalars(select(Sample).where(Sample.state == "failed")).all()
    assert [repair.number for repair in repairs] == [1, 1, 1]
    assert len(failed) == 1
    assert failed[0].failure.startswith("schema")
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_an_answer_without_a_count_of_tokens_costs_its_reservation(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.script_rows(["no_usage"])
    batch = launch(local, loopback, n=3, budget_usd=Decimal(1))
    assert drive(local, batch) == "completed"
    progress = batch_progress(local, batch.batch_id)
    assert progress.estimated_usd > 0
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_a_request_without_any_result_costs_its_reservation_and_is_asked_again(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    batch = launch(local, loopback, n=4, budget_usd=Decimal(1))
    desk.ends_after_s = 0.15
    one_pass(local, batch)
    lost = next(iter(desk.works.values())).rows.pop()
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [3, 1]
    with local.read() as session:
        attempt = session.scalars(select(Attempt).where(Attempt.state == "unknown")).one()
        budget = session.scalars(select(Budget)).one()
    assert lost.custom_id.endswith(f"_{attempt.plan_index}")
    assert (attempt.cost_usd, attempt.is_estimated) == (attempt.reserved_usd, True)
    assert budget.reserved_usd == 0


# Budgets


def test_a_budget_is_never_passed_and_used_up_to_one_request(
    ready: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    cap = Decimal("0.02")
    batch = launch(ready, loopback, n=200, budget_usd=cap)
    assert drive(ready, batch) == "paused"
    assert get_batch(ready, batch.batch_id).pause_reason == "budget"
    progress = batch_progress(ready, batch.batch_id)
    assert 0 < progress.cost_usd <= cap
    with ready.read() as session:
        largest = max(
            session.scalars(select(Attempt.reserved_usd).where(Attempt.batch_id == batch.batch_id))
        )
    assert cap - progress.cost_usd < largest
    assert_invariants(ready, batch.batch_id, loopback.stats())
    resume_batch(ready, batch.batch_id, Decimal(10))
    assert drive(ready, batch) == "completed"
    assert loopback.stats()["requests"] == 200
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_near_the_cap_a_smaller_piece_goes_out_and_the_rest_waits_for_it(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = float("inf")
    batch = launch(local, loopback, n=50, budget_usd=Decimal("0.02"))
    assert one_pass(local, batch) == "running"
    waiting, held = reserved(local, batch)
    assert 1 < waiting < 20
    assert held <= Decimal("0.02")
    assert desk.sizes() == [waiting]
    assert one_pass(local, batch) == "running"
    assert desk.sizes() == [waiting]


def test_a_budget_too_small_for_one_request_asks_nothing(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    batch = launch(local, loopback, n=5, budget_usd=Decimal("0.000001"))
    assert one_pass(local, batch) == "paused"
    assert get_batch(local, batch.batch_id).pause_reason == "budget"
    assert desk.requests == []
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_answers_that_were_paid_for_before_are_not_bought_again(
    ready: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    loopback.script(lambda number, _body: "wrong_schema" if number == 1 else None)
    live = launch(ready, loopback, n=10, mode="live", name="live")
    assert drive(ready, live) == "completed"
    assert loopback.stats()["requests"] == 11
    batch = launch(ready, loopback, n=10)
    assert drive(ready, batch) == "completed"
    assert desk.requests == []
    assert get_batch(ready, batch.batch_id).generated == 10
    assert batch_progress(ready, batch.batch_id).cost_usd == 0


# Wishes


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cancelling_keeps_what_was_answered_and_pays_only_for_that(
    ready: Workspace, loopback: Any, desk: BatchDesk, protocol: str
) -> None:
    desk.ends_after_s = float("inf")
    batch = launch(ready, loopback, n=30, protocol=protocol, budget_usd=Decimal(10))
    assert one_pass(ready, batch) == "running"
    assert cancel_batch(ready, batch.batch_id).wanted == "cancel"
    assert drive(ready, batch) == "cancelled"
    found = get_batch(ready, batch.batch_id)
    assert (found.generated, found.failed) == (15, 0)
    assert desk.sizes() == [20, 10]
    rows = list_provider_batches(ready, batch.batch_id)
    assert [(r.state, r.succeeded, r.failed) for r in rows] == [
        ("cancelled", 10, 10), ("cancelled", 5, 5),
    ]  # fmt: skip
    assert batch_progress(ready, batch.batch_id).errors == {"cancelled": 15}
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_paused_batch_can_be_cancelled_at_the_provider(
    ready: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = float("inf")
    batch = launch(ready, loopback, n=10, budget_usd=Decimal(10))
    one_pass(ready, batch)
    pause_batch(ready, batch.batch_id)
    assert one_pass(ready, batch) == "paused"
    assert cancel_batch(ready, batch.batch_id).state == "queued"
    assert drive(ready, batch) == "cancelled"
    assert get_batch(ready, batch.batch_id).generated == 5
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_paused_batch_submits_nothing_and_fetches_its_answers_when_resumed(
    ready: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = float("inf")
    batch = launch(ready, loopback, n=25, budget_usd=Decimal(10))
    one_pass(ready, batch)
    pause_batch(ready, batch.batch_id)
    assert one_pass(ready, batch) == "paused"
    found = get_batch(ready, batch.batch_id)
    assert found.pause_reason == "user"
    assert found.message.startswith("2 provider batches with 25 requests under way")
    assert reserved(ready, batch)[0] == 25
    desk.ends_after_s = 0.0
    asked = len(desk.requests)
    assert one_pass(ready, batch) == "paused"
    assert len(desk.requests) == asked
    resume_batch(ready, batch.batch_id)
    assert drive(ready, batch) == "completed"
    assert desk.sizes() == [20, 5]
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_wish_that_comes_during_a_pass_is_kept_for_the_next(
    local: Workspace, loopback: Any, desk: BatchDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ends_after_s = float("inf")
    batch = launch(local, loopback, n=10)
    ask = lambda *_: pause_batch(local, batch.batch_id)  # noqa: E731
    monkeypatch.setattr("core.generation.batch_api.submitting.crash_here", ask)
    assert one_pass(local, batch) == "running"
    assert get_batch(local, batch.batch_id).wanted == "pause"
    assert one_pass(local, batch) == "paused"


def test_a_batch_that_somebody_cancels_at_the_provider_pauses_with_the_rest_unasked(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.script_rows(["cancelled", None, None])
    batch = launch(local, loopback, n=3)
    assert drive(local, batch) == "paused"
    found = get_batch(local, batch.batch_id)
    assert (found.pause_reason, found.generated) == ("provider", 2)
    assert "Somebody cancelled it" in found.message
    resume_batch(local, batch.batch_id)
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [3, 1]
    assert_invariants(local, batch.batch_id, loopback.stats())
