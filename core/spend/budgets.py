"""Budgets: caps on spending, by workspace, project, template, batch, user, and month.

A budget row carries two running sums, kept in the same transaction as the attempts they add up:
`reserved_usd` over open attempts, `settled_usd` over finished ones. Every transaction that moves
them first writes or locks its batch's row, so a new budget that holds the batches has all the rest
to itself while it adds up.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select, text
from sqlalchemy.orm import Session

from core.db.ids import new_id, utc_now
from core.db.tables import (
    LOCAL_ADMIN_ID,
    Attempt,
    Batch,
    Budget,
    BudgetAlert,
    TemplateVersion,
)
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.spend.naming import SCOPES, WHOLE_WORKSPACE, check_exists

LEVELS = (50, 80, 100)  # percent of a cap at which settled spend raises an alert
MOST_USD = Decimal(10**9)  # what 64 bits of nano-dollars hold with room for sums

# Which budgets apply to a call: built once, so that its SQL is compiled once.
APPLIES: ColumnElement[bool] = and_(
    or_(
        and_(Budget.scope == "workspace", Budget.scope_id == WHOLE_WORKSPACE),
        and_(Budget.scope == "project", Budget.scope_id == bindparam("of_project")),
        and_(Budget.scope == "template", Budget.scope_id == bindparam("of_template")),
        and_(Budget.scope == "batch", Budget.scope_id == bindparam("of_batch")),
        and_(Budget.scope == "user", Budget.scope_id == bindparam("of_user")),
    ),
    or_(Budget.month == "", Budget.month == bindparam("of_month")),
)


@dataclass(frozen=True)
class SpendScope:
    """Whom a call is charged to. Every budget that matches one of these applies to it."""

    project_id: str
    template_id: str
    batch_id: str
    user_id: str

    def parameters(self, month: str) -> dict[str, str]:
        """The values of `APPLIES` for a call opened in this month (2026-11)."""
        return {
            "of_project": self.project_id,
            "of_template": self.template_id,
            "of_batch": self.batch_id,
            "of_user": self.user_id,
            "of_month": month,
        }

    def matches(self, month: str) -> ColumnElement[bool]:
        """The condition that selects the budgets of a call opened in this month (2026-11)."""
        return APPLIES.params(self.parameters(month))


def month_of(moment: datetime) -> str:
    """The UTC calendar month that a call is charged to, as 2026-11."""
    return f"{moment:%Y-%m}"


def highest_level(settled_usd: Decimal, cap_usd: Decimal) -> int:
    """The highest alert level that this spend has reached, 0 below the first. Nothing spent
    reaches none, even of a cap of zero."""
    if settled_usd <= 0:
        return 0
    return max((p for p in LEVELS if settled_usd * 100 >= cap_usd * p), default=0)


def set_budget(
    workspace: Workspace,
    scope: str,
    scope_id: str,
    cap_usd: Decimal,
    month: str = "",
    created_by: str = LOCAL_ADMIN_ID,
) -> Budget:
    """Set a cap; what was spent and reserved before counts. A lower cap stops new calls at once.

    Alerts start again above what is spent already. Raises InvalidInput for an unknown scope, a
    malformed month or an impossible cap, NotFound where the scope names no record.
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
    """`set_budget` inside a transaction of the caller's, who holds no lock but that batch's row."""
    _validate(scope, cap_usd, month)
    scope_id = WHOLE_WORKSPACE if scope == "workspace" else scope_id
    found = _locked(session, scope, scope_id, month)
    if found is None:
        check_exists(session, scope, scope_id)
        _hold_charges(session, scope, scope_id)
        found = _locked(session, scope, scope_id, month)  # someone may have been faster
    if found is None:
        found = _new_budget(session, scope, scope_id, month)
        found.created_by = created_by
        session.add(found)
    found.cap_usd = cap_usd
    found.alerted_percent = highest_level(found.settled_usd, cap_usd)
    session.flush()
    return found


def delete_budget(workspace: Workspace, budget_id: str) -> Budget:
    """Remove a cap and its alerts; what was spent stays in the ledger. Raises NotFound."""
    with workspace.write() as session:
        budget = session.get(Budget, budget_id, with_for_update=True)
        if budget is None:
            raise NotFound("budget", budget_id)
        session.execute(delete(BudgetAlert).where(BudgetAlert.budget_id == budget_id))
        session.delete(budget)
    return budget


def list_budgets(workspace: Workspace, limit: int = 200, offset: int = 0) -> list[Budget]:
    """Budgets, newest first."""
    order = (Budget.created_at.desc(), Budget.budget_id.desc())
    with workspace.read() as session:
        return list(session.scalars(select(Budget).order_by(*order).limit(limit).offset(offset)))


def has_budget(workspace: Workspace, scope: SpendScope) -> bool:
    """Whether any budget applies to calls of this scope now."""
    query = select(Budget.budget_id).where(APPLIES).limit(1)
    with workspace.read() as session:
        return session.execute(query, scope.parameters(month_of(utc_now()))).first() is not None


def budget_of_batch(session: Session, batch_id: str) -> Budget | None:
    """The batch's own budget, if it has one; the one for all time before that of a month."""
    owned = (Budget.scope == "batch", Budget.scope_id == batch_id)
    return session.scalars(select(Budget).where(*owned).order_by(Budget.month)).first()


def _locked(session: Session, scope: str, scope_id: str, month: str) -> Budget | None:
    return session.scalar(
        select(Budget)
        .where(Budget.scope == scope, Budget.scope_id == scope_id, Budget.month == month)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _hold_charges(session: Session, scope: str, scope_id: str) -> None:
    """Let no attempt of this scope open or settle until the commit; SQLite lets none anyway."""
    if scope == "batch":
        session.execute(select(Batch.batch_id).where(Batch.batch_id == scope_id).with_for_update())
    elif session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE batches IN EXCLUSIVE MODE"))


def _new_budget(session: Session, scope: str, scope_id: str, month: str) -> Budget:
    settled, reserved = session.execute(_sums(scope, scope_id, month)).one()
    return Budget(
        budget_id=new_id("bud"),
        scope=scope,
        scope_id=scope_id,
        month=month,
        settled_usd=settled or Decimal(0),
        reserved_usd=reserved or Decimal(0),
    )


def _validate(scope: str, cap_usd: Decimal, month: str) -> None:
    if scope not in SCOPES:
        raise InvalidInput(
            f"{scope!r} is not a budget scope.", remedy=f"Use one of {', '.join(SCOPES)}."
        )
    if not cap_usd.is_finite() or not 0 <= cap_usd <= MOST_USD:
        raise InvalidInput(
            f"A budget of {cap_usd} USD makes no sense.", remedy=f"Use 0 to {MOST_USD:,}."
        )
    if month:
        _first_of(month)


def _first_of(month: str) -> datetime:
    try:
        first = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
    except ValueError:
        first = None
    if first is None or not 2000 <= first.year < 9999 or month_of(first) != month:
        raise InvalidInput(
            f"{month!r} is not a month.", remedy="Write it as 2026-11, or leave it empty."
        )
    return first


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
        first = _first_of(month)
        following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        query = query.where(Attempt.created_at >= first, Attempt.created_at < following)
    return query
