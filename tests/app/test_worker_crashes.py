"""Workers killed at every named point of a run: nothing is lost, little is paid twice.

Small counts, for every day; `make chaos` runs the same by the hundred.
"""

from decimal import Decimal

import pytest
from invariants import assert_invariants
from processes import Server, launch, running, serving, until
from sqlalchemy import select

from core.db.tables import Batch, InsightReport
from core.db.workspace import Workspace
from core.faults import POINTS
from core.jobs.running.waiting import wait_for_batch

LIVE_POINTS = [point for point in POINTS if not point.endswith(("submit", "ingest"))]
FEW = 8  # calls in flight
AT_ONCE = 4  # batches that one worker runs


@pytest.mark.parametrize("at_pass", [1, 3])
def test_a_worker_killed_at_any_named_point_costs_what_was_in_flight(
    any_workspace: Workspace, at_pass: int
) -> None:
    batches: list[Batch] = []
    with serving(latency_ms=20) as server, running(any_workspace) as workers:
        doomed = [workers.start(crash_at=f"{point}:{at_pass}") for point in LIVE_POINTS]

        def are_dead() -> bool:
            # Each needs batches until it comes to its point: some are passed once a batch.
            if sum(worker.is_running() for worker in doomed) * at_pass > waiting(any_workspace):
                batches.append(launch_few(any_workspace, server))
            return not any(worker.is_running() for worker in doomed)

        until(are_dead, "every worker comes to its point", 60)
        workers.start()
        for batch in batches:
            finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
            assert (finished.state, finished.generated) == ("completed", 20)
        ids = [batch.batch_id for batch in batches]
        until(lambda: measured(any_workspace) >= set(ids), "each insight is asked for", 20)
        most = len(LIVE_POINTS) * AT_ONCE * FEW
        assert_invariants(any_workspace, ids, server.stats(), most_repeated=most)


def launch_few(workspace: Workspace, server: Server) -> Batch:
    return launch(workspace, server, 20, concurrency=FEW, budget_usd=Decimal(1))


def waiting(workspace: Workspace) -> int:
    with workspace.read() as session:
        return len(session.scalars(select(Batch).where(Batch.state == "queued")).all())


def measured(workspace: Workspace) -> set[str]:
    with workspace.read() as session:
        return set(session.scalars(select(InsightReport.scope_id)))
