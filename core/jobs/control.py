"""What a person may ask of a batch that exists: pause, resume, cancel, retry, another budget.

A running batch is told through its row; its worker reads the wish within half a second, lets what
is in flight finish, and stores the new state itself.
"""

from decimal import Decimal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.db.ids import utc_now
from core.db.tables import Batch, Budget, Finding, Sample
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.generation.batch_api.provider_batches import has_unfinished
from core.generation.batches import log
from core.jobs.running.queue import GENERATE, enqueue
from core.spend.budgets import put_budget


def pause_batch(workspace: Workspace, batch_id: str) -> Batch:
    """Ask a batch to pause. Raises NotFound, or Conflict when it has ended."""
    with workspace.write() as session:
        batch = _locked(session, batch_id)
        if batch.state == "queued":
            batch.state, batch.pause_reason = "paused", "user"
            log(session, batch_id, "Paused (user) before it started.")
        elif batch.state == "running":
            batch.wanted = "pause"
        elif batch.state == "paused" and batch.wake_after_s is not None:
            # It would have gone on by itself; from now on a person decides.
            batch.pause_reason, batch.wake_after_s = "user", None
            log(session, batch_id, "Paused (user); it no longer goes on by itself.")
        elif batch.state != "paused":
            raise _ended(batch, "paused")
    return batch


def resume_batch(workspace: Workspace, batch_id: str, budget_usd: Decimal | None = None) -> Batch:
    """Queue a paused batch again, under a new budget if one is given.

    Raises NotFound, or Conflict when it is not paused.
    """
    with workspace.write() as session:
        batch = _locked(session, batch_id)
        if batch.state == "running" and batch.wanted == "pause":
            batch.wanted = "run"
            return batch
        if batch.state != "paused":
            raise Conflict(f"The batch is {batch.state}, not paused.", remedy="Reload the page.")
        if budget_usd is not None:
            put_budget(session, "batch", batch_id, budget_usd, created_by=batch.created_by)
        _requeue(workspace, session, batch, "Resumed.")
    return batch


def cancel_batch(workspace: Workspace, batch_id: str) -> Batch:
    """End a batch for good; what was generated stays. Raises NotFound, or Conflict when ended."""
    with workspace.write() as session:
        batch = _locked(session, batch_id)
        if batch.state == "running":
            batch.wanted = "cancel"
        elif batch.state in ("queued", "paused") and has_unfinished(session, batch_id):
            # Only a worker can call off what a provider works on, and fetch what it billed.
            _requeue(workspace, session, batch, "Cancelling at the provider.")
            batch.wanted = "cancel"
        elif batch.state in ("queued", "paused"):
            batch.state, batch.pause_reason, batch.finished_at = "cancelled", None, utc_now()
            log(session, batch_id, "Cancelled.")
        elif batch.state != "cancelled":
            raise _ended(batch, "cancelled")
    return batch


def retry_failed(workspace: Workspace, batch_id: str) -> Batch:
    """Ask anew for every failed sample that no person has reviewed.

    What was received for them stays in their attempts. Raises NotFound, Conflict while the batch
    runs, or InvalidInput when nothing failed.
    """
    with workspace.write() as session:
        batch = _locked(session, batch_id)
        if batch.state in ("queued", "running"):
            raise Conflict(f"The batch is {batch.state}.", remedy="Pause it, or wait for its end.")
        failed = (
            Sample.batch_id == batch_id,
            Sample.state == "failed",
            Sample.is_reviewed.is_(False),
            Sample.revision == 0,
        )
        count = session.scalar(select(func.count()).select_from(Sample).where(*failed)) or 0
        if not count:
            raise InvalidInput("No sample of this batch failed.", remedy="There is nothing to do.")
        ids = select(Sample.sample_id).where(*failed)
        session.execute(delete(Finding).where(Finding.sample_id.in_(ids)))
        session.execute(delete(Sample).where(*failed).execution_options(synchronize_session=False))
        batch.retry_round += 1
        batch.failed -= count
        batch.finished_at = None
        _requeue(workspace, session, batch, f"Retrying {count} failed samples.")
    return batch


def change_budget(workspace: Workspace, batch_id: str, cap_usd: Decimal) -> Budget:
    """Set the batch's own cap; a lower one stops new calls at once. Raises NotFound."""
    with workspace.write() as session:
        batch = _locked(session, batch_id)
        budget = put_budget(session, "batch", batch_id, cap_usd, created_by=batch.created_by)
        log(session, batch_id, f"Budget set to ${cap_usd:,.2f}.")
    return budget


def _requeue(workspace: Workspace, session: Session, batch: Batch, message: str) -> None:
    batch.state, batch.pause_reason, batch.message = "queued", None, ""
    batch.wanted = "run"
    log(session, batch.batch_id, message)
    enqueue(workspace, session, GENERATE, "generate_batch", batch.batch_id, batch.priority)


def _locked(session: Session, batch_id: str) -> Batch:
    batch = session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise NotFound("batch", batch_id)
    return batch


def _ended(batch: Batch, wish: str) -> Conflict:
    return Conflict(
        f"The batch is {batch.state} and cannot be {wish}.", remedy="Launch another one."
    )
