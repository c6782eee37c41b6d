"""Reserving before a call and settling after it: always inside the caller's transaction.

The check and the reservation happen under the same lock (the row's on PostgreSQL, the database's
on SQLite), so two workers cannot both take the last dollar. Both run with every commit of every
batch: few statements, compiled once, on plain integers of nano-dollars.

The transaction writes or locks its batch's row before it calls these, as `core.spend.budgets` says.
One that settles several months settles them in order.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Table, bindparam, select, type_coerce, update
from sqlalchemy.orm import Session

from core.db.tables import Budget
from core.db.types import to_nano
from core.spend.alerts import Spent, raise_alerts
from core.spend.budgets import APPLIES, SpendScope

_TABLE: Table = Budget.__table__  # type: ignore[assignment]
_COLUMNS = _TABLE.c
_CAP, _SETTLED, _RESERVED = (
    type_coerce(_COLUMNS[name], BigInteger)  # integers in, integers out: no Decimal on this path
    for name in ("cap_nano_usd", "settled_nano_usd", "reserved_nano_usd")
)


class Fit(StrEnum):
    """Whether an amount fits every budget that applies."""

    FITS = "fits"
    LATER = "later"  # calls in flight hold the room: it may come free when they settle
    NEVER = "never"  # it would not fit even if every call in flight turned out to be free


def reserve(session: Session | Connection, scope: SpendScope, month: str, amount: Decimal) -> Fit:
    """Reserve `amount` on every budget that applies, or on none of them. Nothing always fits.

    Locks the budgets in one order, so that two workers never wait for each other in a circle.
    """
    nano = to_nano(amount)
    if not nano:
        return Fit.FITS
    # Taken first and given back where it is too much: it nearly always fits.
    budgets = _moved(session, scope, month, released=-nano)
    if all(budget.settled + budget.reserved <= budget.cap for budget in budgets):
        return Fit.FITS
    _moved(session, scope, month, released=nano)
    # What is settled never shrinks by waiting, so no call in flight can make room.
    is_hopeless = any(budget.settled + nano > budget.cap for budget in budgets)
    return Fit.NEVER if is_hopeless else Fit.LATER


def settle(
    session: Session | Connection, scope: SpendScope, month: str, reserved: Decimal, cost: Decimal
) -> None:
    """Turn a reservation into its cost on every budget that applies; the rest is free again.

    A budget whose settled spend passes 50, 80 or 100 % of its cap by this raises its alerts here,
    in the same transaction. What is only reserved raises none, even where a batch pauses for it.
    """
    shift(session, scope, month, release=reserved, spend=cost)


def shift(
    session: Session | Connection, scope: SpendScope, month: str, release: Decimal, spend: Decimal
) -> None:
    """Take `release` from what is reserved and add `spend`, which may be negative, to what is
    settled, on every budget that applies."""
    released, spent = to_nano(release), to_nano(spend)
    if not released and not spent:
        return
    for budget in _moved(session, scope, month, released, spent):
        if budget.settled * 100 >= budget.cap * _NEXT_LEVEL[budget.alerted] and spent > 0:
            spending = Spent(budget.budget_id, budget.settled, budget.cap, budget.alerted)
            raise_alerts(session, scope, spending)


class _Budget(NamedTuple):
    budget_id: str
    cap: int
    settled: int
    reserved: int
    alerted: int


def _moved(
    session: Session | Connection, scope: SpendScope, month: str, released: int, spent: int = 0
) -> list[_Budget]:
    """The budgets that apply, in nano-dollars, after so much moved."""
    values: dict[str, Any] = scope.parameters(month)
    statement = _shift_statement(session)
    rows = session.execute(statement, values | {"released": released, "spent": spent})
    return [_Budget(*row) for row in rows]


# The next alert level above each; no spend reaches the last one.
_NEXT_LEVEL = {0: 50, 50: 80, 80: 100, 100: 10**9}
_SHIFT = (
    update(_TABLE)
    .values(
        reserved_nano_usd=_RESERVED - bindparam("released", type_=BigInteger),
        settled_nano_usd=_SETTLED + bindparam("spent", type_=BigInteger),
    )
    .returning(_COLUMNS.budget_id, _CAP, _SETTLED, _RESERVED, _COLUMNS.alerted_percent)
)
_SHIFT_SQLITE = _SHIFT.where(APPLIES)
# An UPDATE alone locks rows as it finds them; two of those can wait for each other in a circle.
_ORDERED = (
    select(_COLUMNS.budget_id)
    .where(APPLIES)
    .order_by(_COLUMNS.month, _COLUMNS.budget_id)
    .with_for_update()
    .cte("ordered")
)
_SHIFT_POSTGRESQL = _SHIFT.where(_COLUMNS.budget_id == _ORDERED.c.budget_id)


def _shift_statement(session: Session | Connection) -> Any:
    bind = session if isinstance(session, Connection) else session.get_bind()
    return _SHIFT_POSTGRESQL if bind.dialect.name == "postgresql" else _SHIFT_SQLITE
