"""Workers killed at every named point between steps: no stored answer is paid twice."""

from decimal import Decimal

import pytest
from invariants import assert_invariants
from processes import launch, running, serving, until
from step_templates import assert_nothing_answered_twice, make_steps, samples_of

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.faults import POINTS
from core.jobs.running.waiting import wait_for_batch

# The others are passed before the first call and after the last one.
BETWEEN_STEPS = (
    "before_open_commit", "after_open_commit", "after_reply", "before_settle_commit",
    "after_settle_commit",
)  # fmt: skip
FEW = 6  # calls in flight
N = 12


@pytest.mark.parametrize("at_pass", [2, 5, 9])
def test_a_worker_killed_between_steps_costs_what_was_in_flight(
    any_workspace: Workspace, at_pass: int
) -> None:
    assert set(BETWEEN_STEPS) <= POINTS.keys()
    version = make_steps(any_workspace)
    batches: list[Batch] = []
    with serving(latency_ms=10) as server, running(any_workspace) as workers:
        for point in BETWEEN_STEPS:
            batches.append(
                launch(
                    any_workspace, server, N, version=version, concurrency=FEW,
                    budget_usd=Decimal(1), seed=len(batches),
                )
            )  # fmt: skip
            doomed = workers.start(crash_at=f"{point}:{at_pass}")
            until(lambda worker=doomed: not worker.is_running(), f"it dies at {point}", 60)
        workers.start()
        for batch in batches:
            finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
            assert (finished.state, finished.generated) == ("completed", N)
            assert all(len(s.output or {}) == 4 for s in samples_of(any_workspace, batch))
            assert_nothing_answered_twice(any_workspace, batch)
        ids = [batch.batch_id for batch in batches]
        # A worker may run the batches before it too: what each had in flight.
        most = len(BETWEEN_STEPS) * len(BETWEEN_STEPS) * FEW
        assert_invariants(any_workspace, ids, server.stats(), most_repeated=most)
