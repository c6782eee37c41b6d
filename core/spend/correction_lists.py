"""What waits for a correction and what was corrected, for people: by batch, not by call."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import case, func, select

from core.db.tables import Attempt, Batch, CostCorrection
from core.db.workspace import Workspace

NOTHING = Decimal(0)


@dataclass(frozen=True)
class EstimatedBatch:
    """The calls of a batch whose cost is a guess, or was one until it was corrected."""

    batch_id: str
    name: str
    estimated_calls: int
    estimated_usd: Decimal
    corrected_calls: int


@dataclass(frozen=True)
class CorrectionEntry:
    """One correction of one or more calls of a batch."""

    batch_id: str
    name: str
    calls: int
    previous_usd: Decimal
    cost_usd: Decimal
    reason: str
    created_at: datetime
    created_by: str


def estimated_batches(workspace: Workspace, limit: int = 50) -> list[EstimatedBatch]:
    """Batches with calls that can be corrected: the largest estimate first, then the newest."""
    estimated = (
        select(
            Attempt.batch_id,
            func.count().label("calls"),
            func.sum(Attempt.cost_usd).label("usd"),
        )
        .where(Attempt.is_estimated, Attempt.state != "open")
        .group_by(Attempt.batch_id)
        .subquery()
    )
    corrected = (
        select(Attempt.batch_id, func.count().label("calls"))
        .where(Attempt.attempt_id.in_(select(CostCorrection.attempt_id)))
        .group_by(Attempt.batch_id)
        .subquery()
    )
    query = (
        select(Batch.batch_id, Batch.name, estimated.c.calls, estimated.c.usd, corrected.c.calls)
        .outerjoin(estimated, estimated.c.batch_id == Batch.batch_id)
        .outerjoin(corrected, corrected.c.batch_id == Batch.batch_id)
        .where((estimated.c.calls > 0) | (corrected.c.calls > 0))
        .order_by(
            case((estimated.c.calls > 0, 0), else_=1),
            func.coalesce(estimated.c.usd, 0).desc(),
            Batch.batch_id.desc(),
        )
        .limit(limit)
    )
    with workspace.read() as session:
        rows = session.execute(query).all()
    return [
        EstimatedBatch(batch_id, name, calls or 0, usd or NOTHING, again or 0)
        for batch_id, name, calls, usd, again in rows
    ]


def correction_history(
    workspace: Workspace, batch_id: str | None = None, limit: int = 50, offset: int = 0
) -> list[CorrectionEntry]:
    """Corrections, newest first; the calls that were corrected together are one entry."""
    same = (
        Attempt.batch_id, Batch.name, CostCorrection.created_at, CostCorrection.created_by,
        CostCorrection.reason,
    )  # fmt: skip
    query = (
        select(
            *same,
            func.count(),
            func.sum(CostCorrection.previous_usd),
            func.sum(CostCorrection.cost_usd),
        )
        .join(Attempt, Attempt.attempt_id == CostCorrection.attempt_id)
        .join(Batch, Batch.batch_id == Attempt.batch_id)
        .group_by(*same)
        .order_by(CostCorrection.created_at.desc(), Attempt.batch_id)
    )
    if batch_id is not None:
        query = query.where(Attempt.batch_id == batch_id)
    with workspace.read() as session:
        rows = session.execute(query.limit(limit).offset(offset)).all()
    return [
        CorrectionEntry(batch, name, calls, previous, cost, reason, at, by)
        for batch, name, at, by, reason, calls, previous, cost in rows
    ]
