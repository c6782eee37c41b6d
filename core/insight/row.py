"""The row that a scope's insight report lives in: queued, running, ready or failed."""

from typing import Any, Final, cast

from sqlalchemy.orm import Session

from core.db.tables import Batch, DatasetVersion, InsightReport, Source, TemplateVersion
from core.db.workspace import Workspace
from core.errors import NotFound
from core.insight.records import Scope, ScopeKind, scope_of

Owner = Batch | TemplateVersion | DatasetVersion | Source
TABLES: Final[dict[ScopeKind, type[Any]]] = {
    "batch": Batch, "template_version": TemplateVersion, "dataset_version": DatasetVersion,
    "source": Source,
}  # fmt: skip


def owner_of(session: Session, scope: Scope, *, is_locked: bool = False) -> Owner:
    """The row that a scope is about. Raises NotFound."""
    owner = session.get(TABLES[scope.kind], scope.id, with_for_update=is_locked)
    if owner is None:
        raise NotFound(scope.kind.replace("_", " "), scope.id)
    return cast(Owner, owner)


def report_row(session: Session, scope_id: str) -> InsightReport:
    """The scope's report row, made when missing; what it is about is locked, so only once.

    Raises NotFound for an unknown scope.
    """
    row = session.get(InsightReport, scope_id)
    if row is not None:
        return row
    scope = scope_of(scope_id)
    owner = owner_of(session, scope, is_locked=True)
    row = session.get(InsightReport, scope_id)
    if row is None:
        row = InsightReport(
            scope_id=scope_id,
            scope=scope.kind,
            state="queued",
            created_by=owner.created_by,
            project_id=owner.project_id,
        )
        session.add(row)
    return row


def queue_insight(session: Session, scope_id: str) -> None:
    """Mark the scope's report as queued. Raises NotFound for an unknown scope."""
    row = report_row(session, scope_id)
    row.state, row.rate_per_s = "queued", 0.0


def fail_insight(workspace: Workspace, scope_id: str, message: str) -> None:
    """Mark the scope's report as failed, with the reason for people; an older one is kept."""
    with workspace.write() as session:
        row = report_row(session, scope_id)
        row.state, row.message, row.rate_per_s = "failed", message, 0.0
