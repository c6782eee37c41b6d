"""Budgets: caps on spending, by workspace, project, template, batch, user, and month.

A budget row carries two running sums, kept in the same transaction as the attempts they add up:
`reserved_usd` over open attempts, `settled_usd` over finished ones.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session

from core.db.ids import new_id
from core.db.tables import LOCAL_ADMIN_ID, Attempt, Batch, Budget, TemplateVersion
from core.db.workspace import Workspace
from core.errors import InvalidInput

SCOPES = ("workspace", "project", "template", "batch", "user")
WHOLE_WORKSPACE = "*"


@dataclass(frozen=True)
class SpendScope:
    """Whom a call is charged to. Every budget that matches one of these applies to it."""

    project_id: str
    template_id: str
    batch_id: str
    user_id: str

    def matches(self, month: str) -> ColumnElement[bool]:
        """The condition that selects the budgets of a call opened in this month (2026-11)."""
        pairs = (
            ("workspace", WHOLE_WORKSPACE),
            ("project", self.project_id),
            ("template", self.template_id),
            ("batch", self.batch_id),
            ("user", self.user_id),
        )
        scopes = or_(*(and_(Budget.scope == s, Budget.scope_id == i) for s, i in pairs))
        return and_(scopes, Budget.month.in_(("", month)))


def month_of(moment: datetime) -> str:
    """The UTC calendar month that a call is charged to, as 2026-11."""
    return f"{moment:%Y-%m}"


def set_budget(
    workspace: Workspace,
    scope: str,
    scope_id: str,
    cap_usd: Decimal,
    month: str = "",
    created_by: str = LOCAL_ADMIN_ID,
) -> Budget:
    """Set a cap; what was spent and reserved before counts. A lower cap stops new calls at once.

    Raises InvalidInput for an unknown scope, a malformed month or a negative cap.
    """
    with workspace.write() as session:
        return put_budget(session, scope, scope_id, cap_usd, month, created_by)


def put_budget(
    session: Session,
    scope: str,
    scope_id: str,
    cap_usd: Decimal,
    month: str = "",
    created_by: str = LOCAL_ADMIN_ID,
) -> Budget:
    """`set_budget` inside a transaction of the caller's."""
    _validate(scope, cap_usd, month)
    scope_id = WHOLE_WORKSPACE if scope == "workspace" else scope_id
    found = session.scalar(
        select(Budget)
        .where(Budget.scope == scope, Budget.scope_id == scope_id, Budget.month == month)
        .with_for_update()
    )
    if found is not None:
        found.cap_usd = cap_usd
        return found
    if session.get_bind().dialect.name == "postgresql":
        # No attempt may open or settle between the sums below and the row that carries them.
        session.execute(text("LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE"))
    settled, reserved = session.execute(_sums(scope, scope_id, month)).one()
    budget = Budget(
        budget_id=new_id("bud"),
        scope=scope,
        scope_id=scope_id,
        month=month,
        cap_usd=cap_usd,
        settled_usd=settled or Decimal(0),
        reserved_usd=reserved or Decimal(0),
        created_by=created_by,
    )
    session.add(budget)
    return budget


def list_budgets(workspace: Workspace, limit: int = 200, offset: int = 0) -> list[Budget]:
    """Budgets, newest first."""
    with workspace.read() as session:
        return list(
            session.scalars(
                select(Budget).order_by(Budget.created_at.desc()).limit(limit).offset(offset)
            )
        )


def budget_of_batch(session: Session, batch_id: str) -> Budget | None:
    """The batch's own budget, if it has one."""
    owned = (Budget.scope == "batch", Budget.scope_id == batch_id)
    return session.scalar(select(Budget).where(*owned))


def _validate(scope: str, cap_usd: Decimal, month: str) -> None:
    if scope not in SCOPES:
        raise InvalidInput(
            f"{scope!r} is not a budget scope.", remedy=f"Use one of {', '.join(SCOPES)}."
        )
    if not cap_usd.is_finite() or cap_usd < 0:
        raise InvalidInput(f"A budget of {cap_usd} USD makes no sense.", remedy="Use 0 or more.")
    if month:
        try:
            datetime.strptime(month, "%Y-%m")
        except ValueError as error:
            raise InvalidInput(
                f"{month!r} is not a month.", remedy="Write it as 2026-11, or leave it empty."
            ) from error


def _sums(scope: str, scope_id: str, month: str) -> Select[Decimal | None, Decimal | None]:
    query = select(
        func.sum(Attempt.cost_usd).filter(Attempt.state != "open"),
        func.sum(Attempt.reserved_usd).filter(Attempt.state == "open"),
    )
    if scope == "template":
        query = (
            query.join(Batch, Batch.batch_id == Attempt.batch_id)
            .join(
                TemplateVersion,
                TemplateVersion.template_version_id == Batch.template_version_id,
            )
            .where(TemplateVersion.template_id == scope_id)
        )
    elif scope != "workspace":
        column = {
            "project": Attempt.project_id,
            "batch": Attempt.batch_id,
            "user": Attempt.created_by,
        }[scope]
        query = query.where(column == scope_id)
    if month:
        first = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
        following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        query = query.where(Attempt.created_at >= first, Attempt.created_at < following)
    return query
