"""Workers killed around a provider's batch: nothing is asked twice, nothing is lost.

The sweep of each next worker finds the batch by itself, and wakes it between its passes.
"""

from decimal import Decimal
from typing import Any

from invariants import assert_invariants
from loopback_batches import BatchDesk
from processes import launch, running, until

from core.db.workspace import Workspace
from core.generation.batch_api.ingesting import ROWS_AT_ONCE
from core.jobs.control import cancel_batch
from core.jobs.running.waiting import wait_for_batch

POINTS = ("before_submit", "after_submit", "during_ingest")


def test_one_batch_survives_a_kill_at_every_point_of_the_batch_api(
    any_workspace: Workspace, loopback: Any
) -> None:
    desk = BatchDesk(loopback)
    n = ROWS_AT_ONCE + 50  # killed between two chunks of results
    batch = launch(any_workspace, loopback, n, mode="batch_api", budget_usd=Decimal(10))
    with running(any_workspace, batch_api_poll_s=0.2) as workers:
        for point in POINTS:
            workers.start(crash_at=point).wait(60)
        workers.start()
        finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
    assert (finished.state, finished.generated) == ("completed", n)
    assert desk.sizes() == [n]
    assert_invariants(any_workspace, batch.batch_id, loopback.stats())


def test_a_cancellation_between_two_looks_is_obeyed_at_once(
    workspace: Workspace, loopback: Any
) -> None:
    desk = BatchDesk(loopback)
    desk.ends_after_s = float("inf")
    batch = launch(workspace, loopback, 10, mode="batch_api", budget_usd=Decimal(10))
    with running(workspace, batch_api_poll_s=3600) as workers:
        workers.start()
        until(lambda: desk.created == 1, "the batch is submitted", 30)
        cancel_batch(workspace, batch.batch_id)
        until(lambda: asked_to_cancel(desk), "the provider is told", 30)


def asked_to_cancel(desk: BatchDesk) -> bool:
    return any(path.endswith("/cancel") for _, path in desk.requests)
