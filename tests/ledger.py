"""Ledger rows for tests: attempts, whom they are charged to, and the sums they should come to."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.db.ids import new_id, utc_now
from core.db.tables import Attempt, Batch, Budget, TemplateVersion
from core.db.workspace import Workspace
from core.spend.budgets import SpendScope, month_of
from core.spend.reservations import Fit, reserve, settle


def scope_of(workspace: Workspace, batch: Batch) -> SpendScope:
    """Whom a batch's calls are charged to."""
    with workspace.read() as session:
        version = session.get_one(TemplateVersion, batch.template_version_id)
    return SpendScope(batch.project_id, version.template_id, batch.batch_id, batch.created_by)


def attempt_row(batch_id: str, **columns: Any) -> dict[str, Any]:
    """A succeeded call that reserved 0.10 USD and cost 0.04; `columns` override any column."""
    values: dict[str, Any] = {
        "attempt_id": new_id("att"), "batch_id": batch_id, "plan_index": 0, "purpose": "generate",
        "number": 1, "state": "succeeded", "connection": "offline", "model": "m",
        "request_key": "k", "worker_id": "w", "reserved_usd": Decimal("0.10"),
        "cost_usd": Decimal("0.04"),
    }  # fmt: skip
    return {**values, **columns}


def make_attempts(workspace: Workspace, batch: Batch, *rows: dict[str, Any]) -> list[str]:
    """One stored attempt for each of `rows`; returns their ids in that order."""
    attempts = [Attempt(**attempt_row(batch.batch_id, **row)) for row in rows]
    with workspace.write() as session:
        session.add_all(attempts)
    return [attempt.attempt_id for attempt in attempts]


def open_call(
    connection: Connection, scope: SpendScope, amount: Decimal, attempt_id: str | None = None
) -> Fit:
    """What a worker does before a call: touch the batch, reserve, insert the open attempt."""
    _touch(connection, scope.batch_id)
    now = utc_now()
    fit = reserve(connection, scope, month_of(now), amount)
    if fit is Fit.FITS:
        row = attempt_row(
            scope.batch_id, state="open", cost_usd=None, created_by=scope.user_id,
            project_id=scope.project_id, created_at=now,
        )  # fmt: skip
        row["reserved_nano_usd"], row["cost_nano_usd"] = amount, row.pop("cost_usd")
        row["attempt_id"] = attempt_id or row["attempt_id"]
        del row["reserved_usd"]
        connection.execute(insert(Attempt.__table__), [row])
    return fit


def settle_call(
    connection: Connection, scope: SpendScope, attempt_id: str, amount: Decimal, cost: Decimal
) -> None:
    """What a worker does after a call: touch the batch, finish the attempt, settle its budgets."""
    _touch(connection, scope.batch_id)
    columns = Attempt.__table__.c
    opened = connection.execute(
        update(Attempt.__table__)
        .where(columns.attempt_id == attempt_id)
        .values(state="succeeded", cost_nano_usd=cost)
        .returning(columns.created_at)
    ).scalar_one()
    settle(connection, scope, month_of(opened), amount, cost)


def _touch(connection: Connection, batch_id: str) -> None:
    batch = Batch.__table__
    connection.execute(update(batch).where(batch.c.batch_id == batch_id).values(in_flight=1))


def budget_sums(workspace: Workspace) -> dict[str, tuple[Decimal, Decimal]]:
    """What every budget says it has settled and reserved, by its scope."""
    with workspace.read() as session:
        return {b.scope: (b.settled_usd, b.reserved_usd) for b in session.scalars(select(Budget))}


def ledger_sums(attempts: Iterable[Attempt]) -> tuple[Decimal, Decimal]:
    """The same two sums, from the attempts themselves."""
    settled, reserved = Decimal(0), Decimal(0)
    for attempt in attempts:
        if attempt.state == "open":
            reserved += attempt.reserved_usd
        else:
            settled += attempt.cost_usd or Decimal(0)
    return settled, reserved
