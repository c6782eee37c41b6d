"""Crashes and providers that misbehave, on the way through a provider's batch API."""

import time
from decimal import Decimal
from typing import Any

import pytest
from batch_api_rig import (
    POLL_S,
    PROTOCOLS,
    drive,
    launch,
    one_pass,
    quick,
    reserved,
)
from factories import make_template
from invariants import assert_invariants
from loopback_batches import BatchDesk
from sqlalchemy import func, select

from core.db.tables import Attempt, Batch, Budget, ProviderBatch
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batch_api import passes
from core.generation.batch_api.provider_batches import list_provider_batches
from core.generation.batches import LaunchRequest, batch_log, get_batch
from core.generation.progress import batch_progress
from core.jobs.control import cancel_batch, resume_batch
from core.jobs.launching import launch_batch
from core.providers.base import Usage
from core.providers.connections import connection_for_url
from core.providers.prices import find_price, halved, set_price

# Crashes


class Killed(BaseException):
    """The process ends here."""


def kill_at(monkeypatch: pytest.MonkeyPatch, point: str, number: int = 1) -> None:
    left = [number]

    def crash_here(name: str) -> None:
        left[0] -= name == point
        if name == point and left[0] == 0:
            raise Killed

    monkeypatch.setattr("core.generation.batch_api.submitting.crash_here", crash_here)
    monkeypatch.setattr("core.generation.batch_api.ingesting.crash_here", crash_here)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("point", "number"),
    [("before_submit", 1), ("after_submit", 1), ("after_submit", 3), ("during_ingest", 2)],
)
def test_a_crash_at_any_point_loses_nothing_and_pays_nothing_twice(
    ready: Workspace,
    loopback: Any,
    desk: BatchDesk,
    monkeypatch: pytest.MonkeyPatch,
    protocol: str,
    point: str,
    number: int,
) -> None:
    monkeypatch.setattr("core.generation.batch_api.ingesting.ROWS_AT_ONCE", 8)
    batch = launch(ready, loopback, n=45, protocol=protocol, budget_usd=Decimal(10))
    with monkeypatch.context() as patches:
        kill_at(patches, point, number)
        with pytest.raises(Killed):
            drive(ready, batch)
    assert drive(ready, batch, "wrk_next") == "completed"
    assert batch_progress(ready, batch.batch_id).attempts == 45
    assert loopback.stats()["requests"] == 45
    assert sorted(desk.sizes()) == [5, 20, 20]
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_attempts_opened_just_before_a_crash_are_taken_back(
    ready: Workspace, loopback: Any, desk: BatchDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = launch(ready, loopback, n=10, budget_usd=Decimal(10))

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patches:
        patches.setattr("core.generation.batch_api.submitting.add_provider_batch", killed)
        with pytest.raises(Killed):
            one_pass(ready, batch)
    assert reserved(ready, batch)[0] == 10
    assert list_provider_batches(ready, batch.batch_id) == []
    assert drive(ready, batch, "wrk_next") == "completed"
    assert batch_progress(ready, batch.batch_id).attempts == 10
    assert_invariants(ready, batch.batch_id, loopback.stats())


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("fault", ["reset_after", "error_after"])
def test_a_batch_that_was_taken_without_an_answer_is_found_and_taken_up(
    ready: Workspace, loopback: Any, desk: BatchDesk, protocol: str, fault: str
) -> None:
    desk.submissions = [fault]
    batch = launch(ready, loopback, n=10, protocol=protocol, budget_usd=Decimal(10))
    assert one_pass(ready, batch) == "running"
    row = list_provider_batches(ready, batch.batch_id)[0]
    assert (row.state, row.remote_id) == ("submitting", None)
    assert drive(ready, batch) == "completed"
    assert desk.created == 1
    lines = [entry.message for entry in batch_log(ready, batch.batch_id)]
    assert any("was found at the provider" in line for line in lines)
    assert_invariants(ready, batch.batch_id, loopback.stats())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_batch_that_was_not_taken_is_submitted_again_once_that_is_sure(
    ready: Workspace, loopback: Any, desk: BatchDesk, protocol: str
) -> None:
    desk.submissions = ["reset_before"]
    patient = quick(ready, poll_s=30.0)
    batch = launch(patient, loopback, n=10, protocol=protocol, budget_usd=Decimal(10))
    assert one_pass(patient, batch) == "running"
    assert one_pass(patient, batch) == "running"
    assert desk.created == 0  # too early to be sure
    assert reserved(ready, batch)[0] == 10
    assert drive(ready, batch) == "completed"
    assert desk.created == 1
    assert batch_progress(ready, batch.batch_id).attempts == 10
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_a_strangers_batch_of_the_same_size_is_not_taken_up(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    other = launch(local, loopback, n=10, protocol="anthropic", seed=2, name="other")
    assert drive(local, other) == "completed"
    with local.write() as session:
        session.query(ProviderBatch).delete()
    loopback.reset()
    desk.submissions = ["reset_before"]
    batch = launch(local, loopback, n=10, protocol="anthropic")
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [10, 10]
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_an_unfinished_strangers_batch_keeps_us_waiting(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = 60.0
    launched = launch(local, loopback, n=10, protocol="anthropic", seed=2, name="other")
    one_pass(local, launched)
    with local.write() as session:
        session.query(ProviderBatch).delete()
    desk.submissions = ["reset_before"]
    batch = launch(local, loopback, n=10, protocol="anthropic")
    one_pass(local, batch)
    time.sleep(4 * POLL_S)
    assert one_pass(local, batch) == "running"
    assert desk.created == 1  # it may be ours, so nothing is submitted again
    desk.ends_after_s = 0.0
    assert drive(local, batch) == "completed"
    assert desk.created == 2


def test_a_worker_that_was_asleep_submits_nothing_for_the_one_that_took_its_place(
    ready: Workspace, loopback: Any, desk: BatchDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = launch(ready, loopback, n=10, budget_usd=Decimal(10))
    overtaken = []

    def crash_here(point: str) -> None:
        if point == "before_submit" and not overtaken:
            overtaken.append(True)
            with ready.write() as session:
                session.get_one(Batch, batch.batch_id).fence += 1

    monkeypatch.setattr("core.generation.batch_api.submitting.crash_here", crash_here)
    assert one_pass(ready, batch, "wrk_asleep") == "taken over"
    assert desk.created == 0
    assert drive(ready, batch, "wrk_next") == "completed"
    assert desk.created == 1
    assert_invariants(ready, batch.batch_id, loopback.stats())


# Providers


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_server_without_a_batch_api_pauses_the_batch_with_nothing_reserved(
    local: Workspace, loopback: Any, protocol: str
) -> None:
    batch = launch(local, loopback, n=5, protocol=protocol, budget_usd=Decimal(1))
    assert drive(local, batch) == "paused"
    found = get_batch(local, batch.batch_id)
    assert (found.pause_reason, found.message) == ("provider", passes.NO_BATCH_API)
    assert reserved(local, batch) == (0, Decimal(0))
    assert list_provider_batches(local, batch.batch_id) == []
    with local.read() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0


@pytest.mark.parametrize(
    ("status", "state"), [(429, "running"), (401, "paused"), (400, "paused"), (402, "paused")]
)
def test_a_refused_submission_reserves_nothing(
    local: Workspace, loopback: Any, desk: BatchDesk, status: int, state: str
) -> None:
    desk.submissions = [f"refuse:{status}"]
    batch = launch(local, loopback, n=5, budget_usd=Decimal(1))
    assert one_pass(local, batch) == state
    assert reserved(local, batch) == (0, Decimal(0))
    assert get_batch(local, batch.batch_id).message
    if state == "paused":
        resume_batch(local, batch.batch_id)
    assert drive(local, batch) == "completed"
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_a_provider_that_is_down_for_a_while_is_asked_again_later(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = 0.1
    batch = launch(local, loopback, n=5)
    one_pass(local, batch)
    desk.polls = [503, 500]
    assert one_pass(local, batch) == "running"
    message = get_batch(local, batch.batch_id).message
    assert message.startswith("The provider is overloaded.")
    assert "Looking again later. 1 provider batch with 5 requests under way." in message
    assert drive(local, batch) == "completed"
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_a_key_that_is_refused_while_polling_pauses_the_batch(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = 0.1
    batch = launch(local, loopback, n=5, budget_usd=Decimal(1))
    one_pass(local, batch)
    desk.polls = [401]
    assert one_pass(local, batch) == "paused"
    assert get_batch(local, batch.batch_id).pause_reason == "provider"
    assert reserved(local, batch)[0] == 5
    resume_batch(local, batch.batch_id)
    assert drive(local, batch) == "completed"
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_a_key_that_is_gone_pauses_the_batch_that_the_provider_works_on(
    local: Workspace, loopback: Any, desk: BatchDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", "sk-1")
    connection = connection_for_url(local, loopback.url, model="mock", key_variable="LOOPBACK_KEY")
    batch = launch(local, loopback, n=5, connection=connection.name)
    desk.ends_after_s = 0.1
    one_pass(local, batch)
    monkeypatch.delenv("LOOPBACK_KEY")
    assert one_pass(local, batch) == "paused"
    found = get_batch(local, batch.batch_id)
    assert found.pause_reason == "provider"
    assert "LOOPBACK_KEY" in found.message
    monkeypatch.setenv("LOOPBACK_KEY", "sk-1")
    resume_batch(local, batch.batch_id)
    assert drive(local, batch) == "completed"
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_requests_that_all_others_would_fail_like_pause_the_batch(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.script_rows(["quota", "quota"])
    batch = launch(local, loopback, n=5, budget_usd=Decimal(1))
    assert drive(local, batch) == "paused"
    found = get_batch(local, batch.batch_id)
    assert (found.pause_reason, found.generated, found.failed) == ("provider", 3, 0)
    resume_batch(local, batch.batch_id)
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [5, 2]
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_a_batch_that_the_provider_refuses_whole_costs_nothing_and_pauses(
    ready: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.submissions = ["failed:invalid_json_line"]
    batch = launch(ready, loopback, n=5, budget_usd=Decimal(1))
    assert drive(ready, batch) == "paused"
    found = get_batch(ready, batch.batch_id)
    assert found.pause_reason == "provider"
    assert "invalid_json_line: as scripted" in found.message
    assert reserved(ready, batch) == (0, Decimal(0))
    resume_batch(ready, batch.batch_id)
    assert drive(ready, batch) == "completed"
    assert [row.state for row in list_provider_batches(ready, batch.batch_id)] == [
        "failed", "ingested",
    ]  # fmt: skip
    assert_invariants(ready, batch.batch_id, loopback.stats())


def test_too_many_waiting_tokens_make_smaller_pieces_one_after_the_other(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.submissions = ["failed:token_limit_exceeded"]
    batch = launch(local, loopback, n=20)
    assert drive(local, batch) == "completed"
    assert desk.sizes() == [20, 10, 10]
    assert_invariants(local, batch.batch_id, loopback.stats())


def test_a_batch_that_the_provider_forgot_can_still_be_cancelled(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = float("inf")
    batch = launch(local, loopback, n=5, budget_usd=Decimal(1))
    one_pass(local, batch)
    desk.works.clear()
    assert one_pass(local, batch) == "paused"
    assert get_batch(local, batch.batch_id).pause_reason == "provider"
    cancel_batch(local, batch.batch_id)
    assert drive(local, batch) == "cancelled"
    with local.read() as session:
        attempts = session.scalars(select(Attempt)).all()
        budget = session.scalars(select(Budget)).one()
    assert {attempt.state for attempt in attempts} == {"unknown"}
    assert budget.reserved_usd == 0
    assert budget.settled_usd == sum(a.reserved_usd for a in attempts)


def test_hours_of_looking_write_no_lines_into_the_log(
    local: Workspace, loopback: Any, desk: BatchDesk
) -> None:
    desk.ends_after_s = float("inf")
    batch = launch(local, loopback, n=5)
    for _ in range(5):
        one_pass(local, batch)
    lines = [entry.message for entry in batch_log(local, batch.batch_id)]
    assert sum(line.startswith("Running on") for line in lines) == 1


def test_a_provider_batch_costs_half_of_the_live_price(local: Workspace, loopback: Any) -> None:
    connection = connection_for_url(local, loopback.url, model="mock")
    set_price(local, connection, "mock", Decimal(2), Decimal(8))
    price = find_price(local, connection, "mock")
    assert price is not None
    half = halved(price)
    assert half.worst_case(1000, 500) == price.worst_case(1000, 500) / 2
    assert half.cost(Usage(1000, 0, 500)) == price.cost(Usage(1000, 0, 500)) / 2


def test_the_offline_provider_offers_no_batch_api(local: Workspace) -> None:
    version = make_template(local)
    request = LaunchRequest(version.template_version_id, 5, mode="batch_api")
    with pytest.raises(InvalidInput, match="no batch API"):
        launch_batch(local, request)
