"""The rows in which two scopes are compared: queued, running, ready or failed."""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.ids import new_id
from core.db.tables import PairReport
from core.errors import NotFound
from core.insight.records import Scope, scope_of
from core.insight.row import owner_of

PairKind = Literal["comparison", "coverage", "twins"]


def find_pair(session: Session, kind: PairKind, left_id: str, right_id: str) -> PairReport | None:
    """The stored pair of that kind, or None."""
    return session.scalar(
        select(PairReport).where(
            PairReport.kind == kind,
            PairReport.left_id == left_id,
            PairReport.right_id == right_id,
        )
    )


def pair_row(session: Session, kind: PairKind, left_id: str, right_id: str) -> PairReport:
    """The row of that pair, made when missing; the left scope is locked, so only once.

    Raises NotFound for an unknown scope.
    """
    left, right = scope_of(left_id), scope_of(right_id)
    owner_of(session, right)
    owner = owner_of(session, left, is_locked=True)
    row = find_pair(session, kind, left_id, right_id)
    if row is None:
        row = PairReport(
            pair_report_id=new_id("prp"), kind=kind, left_scope=left.kind, left_id=left.id,
            right_scope=right.kind, right_id=right.id, state="queued",
            project_id=owner.project_id, created_by=owner.created_by,
        )  # fmt: skip
        session.add(row)
        session.flush()
    return row


def get_pair(session: Session, pair_report_id: str) -> tuple[PairReport, Scope, Scope]:
    """The row of that id with its two scopes. Raises NotFound."""
    row = session.get(PairReport, pair_report_id)
    if row is None:
        raise NotFound("pair report", pair_report_id)
    return row, scope_of(row.left_id), scope_of(row.right_id)
