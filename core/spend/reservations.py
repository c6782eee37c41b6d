"""Reserving before a call and settling after it: always inside the caller's transaction.

The check and the reservation happen under the same lock (the row's on PostgreSQL, the database's
on SQLite), so two workers cannot both take the last dollar. Both run with every commit of every
batch: few statements, compiled once, on plain integers of nano-dollars.

The transaction writes or locks its batch's row before it calls these, as `core.spend.budgets` says.
One that settles several months settles them in order.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Any

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
    values: dict[str, Any] = scope.parameters(month)
    budgets = session.execute(_LOOK, values).all()
    if not budgets:
        return Fit.FITS
    fit = Fit.FITS
    for cap, settled, reserved in budgets:
        if settled + nano > cap:
            # What is settled never shrinks by waiting, so no call in flight can make room.
            return Fit.NEVER
        if settled + reserved + nano > cap:
            fit = Fit.LATER
    if fit is Fit.FITS:
        session.execute(_RESERVE, values | {"amount": nano})
    return fit


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
    values: dict[str, Any] = scope.parameters(month)
    rows = session.execute(
        _shift_statement(session), values | {"released": released, "spent": spent}
    ).all()
    for budget_id, cap, settled, alerted in rows:
        if settled * 100 >= cap * _NEXT_LEVEL[alerted] and spent > 0:
            raise_alerts(session, scope, Spent(budget_id, settled, cap, alerted))


# The next alert level above each; no spend reaches the last one.
_NEXT_LEVEL = {0: 50, 50: 80, 80: 100, 100: 10**9}
_LOOK = (
    select(_CAP, _SETTLED, _RESERVED)
    .where(APPLIES)
    .order_by(_COLUMNS.month, _COLUMNS.budget_id)
    .with_for_update()
)
_RESERVE = (
    update(_TABLE)
    .where(APPLIES)
    .values(reserved_nano_usd=_RESERVED + bindparam("amount", type_=BigInteger))
)
_SHIFT = (
    update(_TABLE)
    .values(
        reserved_nano_usd=_RESERVED - bindparam("released", type_=BigInteger),
        settled_nano_usd=_SETTLED + bindparam("spent", type_=BigInteger),
    )
    .returning(_COLUMNS.budget_id, _CAP, _SETTLED, _COLUMNS.alerted_percent)
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
