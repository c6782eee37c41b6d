"""Alerts: a budget's settled spend has reached 50, 80 or 100 % of its cap.

Raised by whoever settles, under the budget's lock, so each level is told once for each cap. A
reservation raises none: 100 % means spent, not held.
"""

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.orm import Session

from core.db.ids import new_id, utc_now
from core.db.tables import BatchLogEntry, Budget, BudgetAlert
from core.db.types import to_usd
from core.db.workspace import Workspace
from core.spend.budgets import LEVELS, SpendScope, highest_level
from core.spend.naming import label_of


class Spent(NamedTuple):
    """A budget just after it was settled, its row still locked. Money is in nano-dollars."""

    budget_id: str
    settled: int
    cap: int
    alerted_percent: int


def raise_alerts(session: Session | Connection, scope: SpendScope, spent: Spent) -> None:
    """One alert for each level that was passed, and a line in the log of the batch that did it."""
    settled_usd, cap_usd = to_usd(spent.settled), to_usd(spent.cap)
    reached = highest_level(settled_usd, cap_usd)
    passed = [level for level in LEVELS if spent.alerted_percent < level <= reached]
    if not passed:
        return
    session.execute(
        update(_BUDGETS)
        .where(_BUDGETS.c.budget_id == spent.budget_id)
        .values(alerted_percent=reached)
    )
    owner = {
        "project_id": scope.project_id, "created_by": scope.user_id, "created_at": utc_now(),
    }  # fmt: skip
    session.execute(
        insert(_ALERTS),
        [
            {
                "alert_id": new_id("alr"), "budget_id": spent.budget_id, "percent": level,
                "settled_nano_usd": settled_usd, "cap_nano_usd": cap_usd, **owner,
            }
            for level in passed
        ],
    )  # fmt: skip
    entry = {
        "entry_id": new_id("log"), "batch_id": scope.batch_id, "level": "warning",
        "message": _message(session, spent.budget_id, reached, settled_usd, cap_usd), **owner,
    }  # fmt: skip
    session.execute(insert(_LOG), [entry])


def list_alerts(workspace: Workspace, limit: int = 50, offset: int = 0) -> list[BudgetAlert]:
    """Alerts, newest first; of those raised together the highest first."""
    order = (BudgetAlert.created_at.desc(), BudgetAlert.percent.desc(), BudgetAlert.alert_id)
    with workspace.read() as session:
        return list(
            session.scalars(select(BudgetAlert).order_by(*order).limit(limit).offset(offset))
        )


def _message(
    session: Session | Connection, budget_id: str, level: int, settled: Decimal, cap: Decimal
) -> str:
    columns = _BUDGETS.c.scope, _BUDGETS.c.scope_id, _BUDGETS.c.month
    query = select(*columns).where(_BUDGETS.c.budget_id == budget_id)
    scope, scope_id, month = session.execute(query).one()
    label = label_of(session, scope, scope_id) + (f", {month}" if month else "")
    return f"Budget of {label}: {level} % used ({_dollars(settled)} of {_dollars(cap)})."


def _dollars(amount: Decimal) -> str:
    """`$8.00`; an amount below a dollar with all the digits it has, but at least two."""
    short = f"{amount:,.2f}"
    return f"${short}" if amount >= 1 or Decimal(short) == amount else f"${amount.normalize():f}"


_BUDGETS: Table = Budget.__table__  # type: ignore[assignment]
_ALERTS: Table = BudgetAlert.__table__  # type: ignore[assignment]
_LOG: Table = BatchLogEntry.__table__  # type: ignore[assignment]
