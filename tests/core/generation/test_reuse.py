"""What a launch would reuse, told before it and held against what the provider then sees."""

import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from factories import make_template
from sqlalchemy import func, select

from core.db.tables import Attempt, Batch, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest
from core.generation.estimate import estimate
from core.generation.progress import batch_progress
from core.generation.reuse import MOST_LOOKED_AT, Reusable, count_reusable
from core.jobs.launching import launch_batch
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url, save_connection
from core.providers.prices import set_price

BRANCHES = (
    "{% if topic == 'cards' %}Ask about a card.{% else %}CHANGED about {{ topic }}.{% endif %}"
)
TOPICS = {"name": "topic", "sampler": {"kind": "category", "values": ["cards", "loans", "savings"]}}


def version_of(workspace: Workspace, other_branch: str) -> TemplateVersion:
    user = BRANCHES.replace("CHANGED", other_branch)
    return make_template(workspace, user=user, variables=[TOPICS])


def request_for(workspace: Workspace, loopback: Any, **changes: Any) -> LaunchRequest:
    connection = connection_for_url(workspace, loopback.url, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    version = version_of(workspace, "Ask")
    values = {"connection": connection.name, "concurrency": 8, "seed": 3} | changes
    return LaunchRequest(version.template_version_id, 30, **values)


def run(workspace: Workspace, request: LaunchRequest) -> Batch:
    batch = launch_batch(workspace, request)
    context = WorkerContext(workspace, "wrk_test", threading.Event())
    assert run_batch(context, batch.batch_id) == "completed"
    return batch


def samples_of(workspace: Workspace, batch: Batch, topic: str) -> int:
    with workspace.read() as session:
        rows = session.scalars(select(Sample.variables).where(Sample.batch_id == batch.batch_id))
        return sum(variables["topic"] == topic for variables in rows)


def relaunched(request: LaunchRequest, version: TemplateVersion, **changes: Any) -> LaunchRequest:
    values = {**vars(request), "template_version_id": version.template_version_id, **changes}
    return LaunchRequest(**values)


def test_editing_one_branch_pays_only_for_that_branch(
    any_workspace: Workspace, loopback: Any
) -> None:
    prepare_queue(any_workspace)
    request = request_for(any_workspace, loopback)
    first = run(any_workspace, request)
    unchanged = samples_of(any_workspace, first, "cards")
    assert 0 < unchanged < 30
    again = relaunched(request, version_of(any_workspace, "Tell me"))

    told = count_reusable(any_workspace, again)
    assert (told.planned, told.looked_at, told.reusable) == (30, 30, unchanged)

    before = loopback.stats()["requests"]
    second = run(any_workspace, again)
    assert loopback.stats()["requests"] - before == 30 - unchanged
    bill = batch_progress(any_workspace, second.batch_id).cost_usd
    assert bill * 10**9 == loopback.stats()["bill_nano_usd"] - _bill(any_workspace, first)
    with any_workspace.read() as session:
        saved = session.scalar(
            select(func.sum(Attempt.cost_usd)).where(
                Attempt.attempt_id.in_(
                    select(Sample.attempt_id).where(Sample.batch_id == second.batch_id)
                ),
                Attempt.batch_id == first.batch_id,
            )
        )
    assert told.saves_usd == saved


def _bill(workspace: Workspace, batch: Batch) -> int:
    return int(batch_progress(workspace, batch.batch_id).cost_usd * 10**9)


def test_a_new_seed_asks_anew(workspace: Workspace, loopback: Any) -> None:
    prepare_queue(workspace)
    request = request_for(workspace, loopback)
    run(workspace, request)
    none = relaunched(request, version_of(workspace, "Ask"), seed=None)
    assert count_reusable(workspace, none) == Reusable(30, 0, 0, Decimal(0))
    other = relaunched(request, version_of(workspace, "Ask"), seed=4)
    assert count_reusable(workspace, other).reusable == 0


@pytest.mark.parametrize(
    "changes", [{"model": "other"}, {"parameters": {"temperature": 0.1}}], ids=["model", "settings"]
)
def test_another_question_is_not_reused(
    workspace: Workspace, loopback: Any, changes: dict[str, Any]
) -> None:
    prepare_queue(workspace)
    request = request_for(workspace, loopback)
    run(workspace, request)
    other = relaunched(request, version_of(workspace, "Ask"), **changes)
    assert count_reusable(workspace, other).reusable == 0


def test_the_estimate_leaves_out_what_is_reused(workspace: Workspace, loopback: Any) -> None:
    prepare_queue(workspace)
    request = request_for(workspace, loopback)
    run(workspace, request)
    whole = estimate(workspace, relaunched(request, version_of(workspace, "Ask"), seed=None))
    same = estimate(workspace, request)
    assert whole.cost_usd is not None
    assert whole.cost_usd > 0
    assert (same.cost_usd, same.worst_case_usd, same.output_tokens) == (0, 0, 0)
    assert same.reuse.reusable == 30
    assert same.reuse.saves_usd > 0


def test_the_provider_batch_api_is_estimated_at_half_the_price(
    workspace: Workspace, loopback: Any
) -> None:
    request = request_for(workspace, loopback, seed=None)
    live = estimate(workspace, request)
    half = estimate(workspace, LaunchRequest(**{**vars(request), "mode": "batch_api"}))
    assert live.cost_usd is not None
    assert half.cost_usd == live.cost_usd / 2
    assert half.seconds == 24 * 3600


def test_a_connection_limit_slows_the_estimate(workspace: Workspace, loopback: Any) -> None:
    request = request_for(workspace, loopback)
    save_connection(
        workspace, request.connection, "openai", loopback.url, None, "mock", requests_per_minute=6
    )
    assert estimate(workspace, request).seconds == 300


def test_a_missing_key_does_not_hinder_the_count(workspace: Workspace) -> None:
    version = version_of(workspace, "Ask")
    request = LaunchRequest(version.template_version_id, 5, connection="openai", seed=1)
    with workspace.write() as session:
        session.add(_batch_with(version, seed=1))
    assert count_reusable(workspace, request) == Reusable(5, 5, 0, Decimal(0))


def _batch_with(version: TemplateVersion, **columns: Any) -> Batch:
    return Batch(
        batch_id="bat_seeded", template_version_id=version.template_version_id, name="Seeded",
        state="completed", n=5, connection="openai", model="m", fingerprint="0" * 64, **columns,
    )  # fmt: skip


def test_a_large_launch_is_looked_at_in_part_and_says_so(workspace: Workspace) -> None:
    version = version_of(workspace, "Ask")
    with workspace.write() as session:
        session.add(_batch_with(version, seed=1))
    request = LaunchRequest(version.template_version_id, 100_000, seed=1)
    started = time.process_time()
    found = count_reusable(workspace, request)
    assert (found.planned, found.looked_at) == (100_000, MOST_LOOKED_AT)
    assert time.process_time() - started < 5
