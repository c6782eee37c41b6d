"""The checker: reads only the database and the loopback server's own log, and asserts I1 to I6."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import Attempt, Batch, Budget, Sample
from core.db.types import to_usd
from core.db.workspace import Workspace


def assert_invariants(
    workspace: Workspace,
    batch_ids: str | Sequence[str],
    stats: Mapping[str, Any],
    *,
    most_repeated: int = 0,
) -> None:
    """`stats` are the server's counts for these batches alone; `most_repeated` bounds the requests
    that may have been paid twice (calls in flight at each kill)."""
    chosen = [batch_ids] if isinstance(batch_ids, str) else list(batch_ids)
    with workspace.read() as session:
        for batch_id in chosen:
            _assert_samples(session, batch_id)
        attempts = list(session.scalars(select(Attempt).where(Attempt.batch_id.in_(chosen))))
        budgets = list(session.scalars(select(Budget)))
        open_count = session.scalar(
            select(func.count()).select_from(Attempt).where(Attempt.state == "open")
        )
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


def _assert_samples(session: Session, batch_id: str) -> None:
    """I1, I2: every planned sample is in one place, and only once."""
    batch = session.get_one(Batch, batch_id)
    rows = session.execute(
        select(Sample.plan_index, Sample.state).where(Sample.batch_id == batch_id)
    ).all()
    indexes = [row.plan_index for row in rows]
    assert len(indexes) == len(set(indexes)) <= batch.n
    assert batch.generated == sum(row.state == "generated" for row in rows)
    assert batch.generated + batch.failed == len(rows)
    if batch.state == "completed":
        assert sorted(indexes) == list(range(batch.plan_offset, batch.plan_offset + batch.n))
