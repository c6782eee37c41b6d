"""The row that a batch's insight report lives in: queued, running, ready or failed."""

from sqlalchemy.orm import Session

from core.db.tables import Batch, InsightReport
from core.db.workspace import Workspace
from core.errors import NotFound


def report_row(session: Session, batch_id: str) -> InsightReport:
    """The batch's report row, made when missing; the batch is locked, so only once.

    Raises NotFound for an unknown batch.
    """
    row = session.get(InsightReport, batch_id)
    if row is not None:
        return row
    batch = session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise NotFound("batch", batch_id)
    row = session.get(InsightReport, batch_id)
    if row is None:
        row = InsightReport(
            scope_id=batch_id,
            state="queued",
            created_by=batch.created_by,
            project_id=batch.project_id,
        )
        session.add(row)
    return row


def queue_insight(session: Session, batch_id: str) -> None:
    """Mark the batch's report as queued. Raises NotFound for an unknown batch."""
    report_row(session, batch_id).state = "queued"


def fail_insight(workspace: Workspace, batch_id: str, message: str) -> None:
    """Mark the batch's report as failed, with the reason for people; an older one is kept."""
    with workspace.write() as session:
        row = report_row(session, batch_id)
        row.state, row.message = "failed", message
