"""How a batch is doing, read from its rows alone."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.db.ids import utc_now
from core.db.tables import Attempt, Batch, Sample
from core.db.workspace import Workspace
from core.errors import NotFound
from core.spend.budgets import budget_of_batch

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Progress:
    """One batch at one moment."""

    batch_id: str
    name: str
    state: str
    pause_reason: str | None
    message: str
    planned: int
    generated: int
    failed: int
    accepted: int
    needs_review: int
    rejected: int
    rate_per_s: float  # samples finished per second, last 10 s
    eta_s: float | None  # None where no rate is known
    in_flight: int  # calls open now
    cost_usd: Decimal
    estimated_usd: Decimal  # the part of the cost that no bill confirms
    reserved_usd: Decimal  # held for calls in flight
    input_tokens: int
    output_tokens: int
    attempts: int
    retries: int  # requests beyond the first for a question, repairs not counted
    budget_usd: Decimal | None
    budget_left_usd: Decimal | None
    schema_compliance: float | None  # share of finished samples that satisfy the schema
    elapsed_s: float
    errors: dict[str, int] = field(default_factory=dict)  # failed attempts by kind


def batch_progress(workspace: Workspace, batch_id: str) -> Progress:
    """The batch's progress. Raises NotFound."""
    with workspace.read() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound("batch", batch_id)
        spent = session.execute(_SPENT.where(Attempt.batch_id == batch_id)).one()
        errors = session.execute(
            select(Attempt.failure_kind, func.count())
            .where(Attempt.batch_id == batch_id, Attempt.failure_kind.is_not(None))
            .group_by(Attempt.failure_kind)
        ).all()
        verdicts = _verdicts(session, batch_id)
        budget = budget_of_batch(session, batch_id)
        kinds = {str(kind): count for kind, count in errors}
    left = None if budget is None else budget.cap_usd - budget.settled_usd - budget.reserved_usd
    finished = batch.generated + batch.failed
    return Progress(
        batch_id=batch_id,
        name=batch.name,
        state=batch.state,
        pause_reason=batch.pause_reason,
        message=batch.message,
        planned=batch.n,
        generated=batch.generated,
        failed=batch.failed,
        accepted=verdicts.get("accepted", 0),
        needs_review=verdicts.get("needs_review", 0),
        rejected=verdicts.get("rejected", 0),
        rate_per_s=batch.rate_per_s,
        eta_s=(batch.n - finished) / batch.rate_per_s if batch.rate_per_s > 0 else None,
        in_flight=batch.in_flight,
        cost_usd=spent.cost or NOTHING,
        estimated_usd=spent.estimated or NOTHING,
        reserved_usd=spent.reserved or NOTHING,
        input_tokens=int(spent.input_tokens or 0),
        output_tokens=int(spent.output_tokens or 0),
        attempts=spent.attempts,
        retries=int(spent.retries or 0),
        budget_usd=None if budget is None else budget.cap_usd,
        budget_left_usd=left,
        schema_compliance=batch.generated / finished if finished else None,
        elapsed_s=_elapsed_s(batch),
        errors=kinds,
    )


_SPENT: Any = select(
    func.count().label("attempts"),
    func.sum(Attempt.cost_usd).label("cost"),
    func.sum(Attempt.cost_usd).filter(Attempt.is_estimated).label("estimated"),
    func.sum(Attempt.reserved_usd).filter(Attempt.state == "open").label("reserved"),
    func.sum(Attempt.input_tokens).label("input_tokens"),
    func.sum(Attempt.output_tokens).label("output_tokens"),
    func.sum(case((Attempt.number > 1, 1), else_=0)).label("retries"),
)


def _verdicts(session: Session, batch_id: str) -> dict[str, int]:
    query = (
        select(Sample.verdict, func.count())
        .where(Sample.batch_id == batch_id)
        .group_by(Sample.verdict)
    )
    return dict(session.execute(query).all())


def _elapsed_s(batch: Batch) -> float:
    if batch.started_at is None:
        return 0.0
    return ((batch.finished_at or utc_now()) - batch.started_at).total_seconds()
