"""Reserving before a call and settling after it: always inside the caller's transaction.

The check and the reservation happen under the same lock (the row's on PostgreSQL, the database's
on SQLite), so two workers cannot both take the last dollar.
"""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db.tables import Budget
from core.spend.budgets import SpendScope

NOTHING = Decimal(0)


class Fit(StrEnum):
    """Whether an amount fits every budget that applies."""

    FITS = "fits"
    LATER = "later"  # calls in flight hold the room: it may come free when they settle
    NEVER = "never"  # it would not fit even if every call in flight turned out to be free


def reserve(session: Session, scope: SpendScope, month: str, amount: Decimal) -> Fit:
    """Reserve `amount` on every budget that applies, or on none of them.

    Locks the budgets in one order, so that two workers never wait for each other in a circle.
    """
    budgets = session.scalars(
        select(Budget)
        .where(scope.matches(month))
        .order_by(Budget.budget_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if any(budget.settled_usd + amount > budget.cap_usd for budget in budgets):
        # What is settled never shrinks by waiting, so no call in flight can make room.
        return Fit.NEVER
    if any(b.settled_usd + b.reserved_usd + amount > b.cap_usd for b in budgets):
        return Fit.LATER
    if budgets and amount:
        session.execute(
            update(Budget)
            .where(Budget.budget_id.in_([budget.budget_id for budget in budgets]))
            .values(reserved_usd=Budget.reserved_usd + amount)
            .execution_options(synchronize_session=False)
        )
    return Fit.FITS


def settle(
    session: Session, scope: SpendScope, month: str, reserved: Decimal, cost: Decimal
) -> None:
    """Turn a reservation into its cost on every budget that applies; the rest is free again."""
    if not reserved and not cost:
        return
    session.execute(
        update(Budget)
        .where(scope.matches(month))
        .values(reserved_usd=Budget.reserved_usd - reserved, settled_usd=Budget.settled_usd + cost)
        .execution_options(synchronize_session=False)
    )
