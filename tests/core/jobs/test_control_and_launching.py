"""What can be launched, and what a person may ask of a batch that exists."""

from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch, make_samples, make_template

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, MissingKey, NotFound, SeedbedError, UnknownPrice
from core.generation.batches import KINDS, LaunchRequest, batch_log, get_batch
from core.generation.browsing import list_batches
from core.generation.estimate import estimate
from core.generation.progress import batch_progress
from core.jobs.control import cancel_batch, change_budget, pause_batch, resume_batch, retry_failed
from core.jobs.launching import launch_batch
from core.jobs.running.queue import list_jobs
from core.jobs.running.recovery import sweep
from core.providers.connections import save_connection
from core.providers.prices import set_price
from core.spend.budgets import list_budgets


def request(workspace: Workspace, n: int = 10, **changes: Any) -> LaunchRequest:
    return LaunchRequest(make_template(workspace).template_version_id, n, **changes)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"n": 0}, InvalidInput),
        ({"n": 11, "kind": "preview"}, InvalidInput),
        ({"concurrency": 0}, InvalidInput),
        ({"parameters": {"temprature": 1}}, InvalidInput),
        ({"connection": "nowhere"}, NotFound),
        ({"source_ids": ("src_none",)}, NotFound),
        ({"connection": "openai"}, MissingKey),
    ],
)
def test_a_launch_that_cannot_work_is_refused_before_anything_is_stored(
    workspace: Workspace, changes: dict[str, Any], error: type[SeedbedError]
) -> None:
    with pytest.raises(error) as caught:
        launch_batch(workspace, request(workspace, **changes))
    assert caught.value.remedy
    assert list_batches(workspace, kinds=KINDS) == []
    assert list_jobs(workspace) == []


def test_a_budget_needs_a_price(workspace: Workspace) -> None:
    connection = save_connection(
        workspace, "local", "openai", "http://127.0.0.1:1/v1", None, "mystery"
    )
    budgeted = request(workspace, connection="local", budget_usd=Decimal(1))
    with pytest.raises(UnknownPrice, match="mystery"):
        launch_batch(workspace, budgeted)
    set_price(workspace, connection, "mystery", Decimal(0), Decimal(0))
    assert launch_batch(workspace, budgeted).state == "queued"


def test_one_intent_launches_once(any_workspace: Workspace) -> None:
    wish = request(any_workspace, idempotency_key="click-1")
    first, second = launch_batch(any_workspace, wish), launch_batch(any_workspace, wish)
    assert first.batch_id == second.batch_id
    assert len(list_jobs(any_workspace)) == 1


def test_a_launch_draws_a_seed_and_fingerprints_what_decides_the_result(
    workspace: Workspace,
) -> None:
    def fingerprint(**changes: Any) -> str:
        return launch_batch(workspace, request(workspace, **changes)).fingerprint

    assert fingerprint(seed=1) == fingerprint(seed=1, priority=1, name="other")
    assert fingerprint(seed=1) != fingerprint(seed=2)
    assert fingerprint() != fingerprint()


def test_a_queued_batch_pauses_resumes_and_is_cancelled(any_workspace: Workspace) -> None:
    batch = launch_batch(any_workspace, request(any_workspace))
    assert pause_batch(any_workspace, batch.batch_id).state == "paused"
    assert resume_batch(any_workspace, batch.batch_id, Decimal(3)).state == "queued"
    assert [budget.cap_usd for budget in list_budgets(any_workspace)] == [Decimal(3)]
    assert cancel_batch(any_workspace, batch.batch_id).state == "cancelled"
    for refused in (pause_batch, resume_batch):
        with pytest.raises(Conflict):
            refused(any_workspace, batch.batch_id)
    messages = [entry.message for entry in batch_log(any_workspace, batch.batch_id)]
    assert len(messages) == 4


def test_a_person_may_keep_a_batch_from_going_on_by_itself(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace, state="paused", pause_reason="provider", wake_after_s=0.0)
    paused = pause_batch(any_workspace, batch.batch_id)
    assert (paused.state, paused.pause_reason, paused.wake_after_s) == ("paused", "user", None)
    assert sweep(any_workspace) == 0
    assert resume_batch(any_workspace, batch.batch_id).state == "queued"


def test_a_running_batch_is_told_through_its_row(workspace: Workspace) -> None:
    batch = make_batch(workspace, state="running")
    pause_batch(workspace, batch.batch_id)
    assert get_batch(workspace, batch.batch_id).wanted == "pause"
    resume_batch(workspace, batch.batch_id)
    assert get_batch(workspace, batch.batch_id).wanted == "run"
    cancel_batch(workspace, batch.batch_id)
    assert get_batch(workspace, batch.batch_id).wanted == "cancel"


def test_retrying_needs_something_that_failed(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 3)
    with pytest.raises(InvalidInput):
        retry_failed(workspace, batch.batch_id)
    with pytest.raises(Conflict):
        retry_failed(workspace, make_batch(workspace, state="running").batch_id)


def test_a_budget_can_be_set_later(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    change_budget(workspace, batch.batch_id, Decimal(2))
    progress = batch_progress(workspace, batch.batch_id)
    assert (progress.budget_usd, progress.budget_left_usd) == (Decimal(2), Decimal(2))


@pytest.mark.parametrize(
    "verb", [pause_batch, resume_batch, cancel_batch, retry_failed, batch_progress, get_batch]
)
def test_an_unknown_batch_is_named(workspace: Workspace, verb: Any) -> None:
    with pytest.raises(NotFound, match="bat_none"):
        verb(workspace, "bat_none")


def test_an_estimate_without_a_preview_says_that_it_is_assumed(workspace: Workspace) -> None:
    found = estimate(workspace, request(workspace, 100))
    assert found.cost_usd == 0
    assert "assumed" in found.basis
    assert found.seconds > 0


def test_an_estimate_follows_the_price_and_bounds_the_worst_case(workspace: Workspace) -> None:
    connection = save_connection(workspace, "local", "openai", "http://127.0.0.1:1/v1", None, "m")
    set_price(workspace, connection, "m", Decimal(1), Decimal(10))
    small = estimate(workspace, request(workspace, 100, connection="local"))
    large = estimate(workspace, request(workspace, 1000, connection="local"))
    assert small.cost_usd is not None
    assert large.cost_usd == small.cost_usd * 10
    assert small.low_usd < small.cost_usd < small.high_usd < small.worst_case_usd  # type: ignore[operator]


def test_batches_are_listed_by_template_state_and_kind(workspace: Workspace) -> None:
    batch = launch_batch(workspace, request(workspace))
    preview = launch_batch(workspace, request(workspace, 2, kind="preview"))

    def ids(**which: Any) -> list[str]:
        return [found.batch_id for found in list_batches(workspace, **which)]

    assert ids() == [batch.batch_id]
    assert ids(kinds=KINDS) == [preview.batch_id, batch.batch_id]
    assert ids(state="running") == []
    assert ids(template_id=template_of(workspace, batch)) == [batch.batch_id]


def template_of(workspace: Workspace, batch: Batch) -> str:
    from core.templates.versions import get_version

    return get_version(workspace, batch.template_version_id).template_id
