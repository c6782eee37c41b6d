"""The rows of a batch's submissions to a provider's batch API, and the attempts they carry.

Every write proves in the same transaction that the batch is still ours, as the journal does.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from core.attempts.calls import Purpose
from core.db.ids import utc_now
from core.db.tables import Attempt, Batch, ProviderBatch
from core.db.workspace import Workspace
from core.errors import Fenced
from core.generation.batches import Claim, log

UNFINISHED = ("submitting", "in_progress", "ended")  # may still bring results


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt whose answer the provider still owes."""

    attempt_id: str
    plan_index: int
    purpose: Purpose
    step: int
    number: int
    request_key: str
    reserved_usd: Decimal
    created_at: datetime


def list_provider_batches(workspace: Workspace, batch_id: str) -> list[ProviderBatch]:
    """A batch's submissions, oldest first."""
    query = select(ProviderBatch).where(ProviderBatch.batch_id == batch_id)
    with workspace.read() as session:
        return list(session.scalars(query.order_by(ProviderBatch.provider_batch_id)))


def has_unfinished(session: Session, batch_id: str) -> bool:
    """Whether a provider may still work, and bill, for this batch."""
    query = select(ProviderBatch.provider_batch_id).where(
        ProviderBatch.batch_id == batch_id, ProviderBatch.state.in_(UNFINISHED)
    )
    return session.scalars(query.limit(1)).first() is not None


def known_remote_ids(workspace: Workspace, connection: str) -> set[str]:
    """Provider's names of every submission over this connection."""
    query = select(ProviderBatch.remote_id).where(
        ProviderBatch.connection == connection, ProviderBatch.remote_id.is_not(None)
    )
    with workspace.read() as session:
        return {remote_id for remote_id in session.scalars(query) if remote_id}


def open_attempts(workspace: Workspace, batch_id: str) -> dict[str, dict[int, OpenAttempt]]:
    """What is owed: by our id of the submission, then by plan index."""
    query = select(
        Attempt.provider_batch_id, Attempt.attempt_id, Attempt.plan_index, Attempt.purpose,
        Attempt.step, Attempt.number, Attempt.request_key, Attempt.reserved_usd,
        Attempt.created_at,
    ).where(
        Attempt.batch_id == batch_id,
        Attempt.state == "open",
        Attempt.provider_batch_id.is_not(None),
    )  # fmt: skip
    found: dict[str, dict[int, OpenAttempt]] = {}
    with workspace.read() as session:
        rows: list[Any] = list(session.execute(query).all())
    for provider_batch_id, *columns in rows:
        attempt = OpenAttempt(*columns)
        found.setdefault(provider_batch_id, {})[attempt.plan_index] = attempt
    return found


@dataclass(frozen=True, slots=True)
class Tries:
    """How often a question was asked in vain, and why last."""

    number: int
    cause: str


def tries_of(
    workspace: Workspace, batch_id: str, request_keys: Collection[str], kinds: Collection[str]
) -> dict[str, Tries]:
    """Tries by request key, counting the attempts of this batch that ended as one of `kinds`."""
    query = (
        select(Attempt.request_key, Attempt.number, Attempt.failure_kind)
        .where(
            Attempt.batch_id == batch_id,
            Attempt.request_key.in_(list(request_keys)),
            Attempt.failure_kind.in_(list(kinds)),
        )
        .order_by(Attempt.number)
    )
    with workspace.read() as session:
        return {key: Tries(number, str(kind)) for key, number, kind in session.execute(query)}


@contextmanager
def owned(workspace: Workspace, claim: Claim) -> Iterator[Session]:
    """A transaction for a batch that is still ours. Raises Fenced."""
    with workspace.write() as session:
        held = session.execute(
            update(Batch)
            .where(
                Batch.batch_id == claim.batch.batch_id,
                Batch.fence == claim.batch.fence,
                Batch.state == "running",
            )
            .values(fence=Batch.fence)  # takes the row's lock until the commit
            .execution_options(synchronize_session=False)
        )
        if held.rowcount == 0:  # type: ignore[attr-defined]
            raise Fenced(claim.batch.batch_id)
        yield session


def add_provider_batch(
    workspace: Workspace, claim: Claim, provider_batch_id: str, requests: int
) -> ProviderBatch:
    """The row of a submission whose attempts are open; the provider knows nothing of it yet."""
    batch = claim.batch
    row = ProviderBatch(
        provider_batch_id=provider_batch_id,
        batch_id=batch.batch_id,
        connection=batch.connection,
        model=batch.model,
        state="submitting",
        requests=requests,
        created_by=batch.created_by,
        project_id=batch.project_id,
    )
    with owned(workspace, claim) as session:
        session.add(row)
    return row


def change_provider_batch(
    workspace: Workspace, claim: Claim, provider_batch_id: str, note: str = "", **columns: Any
) -> None:
    """Set columns of a submission's row; `note` goes to the batch's log."""
    with owned(workspace, claim) as session:
        row = session.get_one(ProviderBatch, provider_batch_id)
        for name, value in columns.items():
            setattr(row, name, value)
        if note:
            log(session, claim.batch.batch_id, note)


def drop_provider_batch(workspace: Workspace, claim: Claim, provider_batch_id: str) -> None:
    """Forget a submission that never was; its attempts are discarded before."""
    with owned(workspace, claim) as session:
        row = session.get(ProviderBatch, provider_batch_id)
        if row is not None:
            session.delete(row)


def finish_provider_batch(
    workspace: Workspace, claim: Claim, provider_batch_id: str, state: str
) -> ProviderBatch:
    """Close a submission whose every attempt is settled, with its counts. Logged."""
    answered = case((Attempt.state == "succeeded", 1), else_=0)
    with owned(workspace, claim) as session:
        row = session.get_one(ProviderBatch, provider_batch_id)
        total, succeeded = session.execute(
            select(func.count(), func.coalesce(func.sum(answered), 0)).where(
                Attempt.provider_batch_id == provider_batch_id
            )
        ).one()
        row.state, row.succeeded, row.failed = state, int(succeeded), int(total - succeeded)
        row.ended_at = row.ended_at or utc_now()
        level = "info" if row.failed == 0 else "warning"
        words = f"{row.succeeded} answered, {row.failed} not."
        log(session, row.batch_id, f"Provider batch {row.remote_id}: {words}", level)
    return row


def smallest_refused(rows: Sequence[ProviderBatch], code: str) -> int | None:
    """The size of the smallest submission that was refused whole for this reason."""
    sizes = [r.requests for r in rows if r.state == "failed" and r.message.startswith(code)]
    return min(sizes, default=None)
