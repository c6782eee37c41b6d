"""The checker: reads only the database and the loopback server's own log, and asserts I1 to I6."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from core.db.tables import Attempt, Batch, Budget, Sample
from core.db.types import to_usd
from core.db.workspace import Workspace


def assert_invariants(
    workspace: Workspace, batch_id: str, stats: Mapping[str, Any], *, most_repeated: int = 0
) -> None:
    """`stats` are the server's counts for this batch alone; `most_repeated` bounds the requests
    that may have been paid twice (calls in flight at each kill)."""
    with workspace.read() as session:
        batch = session.get_one(Batch, batch_id)
        samples = list(session.scalars(select(Sample).where(Sample.batch_id == batch_id)))
        attempts = list(session.scalars(select(Attempt).where(Attempt.batch_id == batch_id)))
        budgets = list(session.scalars(select(Budget)))
        open_count = session.scalar(
            select(func.count()).select_from(Attempt).where(Attempt.state == "open")
        )
    indexes = [sample.plan_index for sample in samples]
    # I1, I2: every planned sample is in one place, and only once.
    assert len(indexes) == len(set(indexes)) <= batch.n
    assert batch.generated + batch.failed == len(samples)
    if batch.state == "completed":
        assert sorted(indexes) == list(range(batch.plan_offset, batch.plan_offset + batch.n))
    # I3: what was asked again was in flight when a worker died.
    requests = int(stats["requests"])
    stored = sum(attempt.failure_kind != "crash" for attempt in attempts)
    assert requests - stored <= most_repeated
    # I4: every request has its row; rows without a request were open at a kill.
    crashed = len(attempts) - stored
    assert stored <= requests <= len(attempts)
    assert crashed == 0 or most_repeated > 0
    spent = sum((attempt.cost_usd or Decimal(0) for attempt in attempts), Decimal(0))
    bill = to_usd(int(stats["bill_nano_usd"]))
    if any(attempt.is_estimated for attempt in attempts):
        assert spent >= bill
    else:
        assert spent == bill
    # I5, I6: no budget is passed, and nothing stays reserved.
    for budget in budgets:
        assert budget.settled_usd <= budget.cap_usd
        assert budget.reserved_usd == 0
    assert open_count == 0
