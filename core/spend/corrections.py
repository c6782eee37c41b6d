"""Corrections: an admin's word on what calls really cost whose bill never came.

Every change is a row that names the former amount. The budgets that were charged move with it, in
the month in which the call was opened. Refuses to touch calls that a provider's usage accounts for.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, bindparam, exists, insert, select, update
from sqlalchemy.orm import Session

from core.access.roles import require_admin
from core.db.ids import new_id, utc_now
from core.db.tables import (
    LOCAL_ADMIN_ID,
    Attempt,
    Batch,
    CostCorrection,
    TemplateVersion,
)
from core.db.types import to_nano, to_usd
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.spend.budgets import SpendScope, month_of
from core.spend.reservations import shift

NOTHING = Decimal(0)
MOST_USD = Decimal(10**6)


@dataclass(frozen=True)
class BatchCorrection:
    """What one correction of a batch did."""

    batch_id: str
    calls: int
    previous_usd: Decimal
    cost_usd: Decimal


def correct_cost(
    workspace: Workspace,
    attempt_id: str,
    cost_usd: Decimal,
    reason: str = "",
    corrected_by: str = LOCAL_ADMIN_ID,
) -> Attempt:
    """Enter what an estimated call really cost; a call that was corrected can be again.

    Raises AccessDenied for who is no admin, InvalidInput for an impossible amount, NotFound, and
    Conflict for a call that is open or whose cost comes from the provider's own usage.
    """
    _check_amount(cost_usd)
    with workspace.write() as session:
        require_admin(session, corrected_by)
        batch_id = session.scalar(select(Attempt.batch_id).where(Attempt.attempt_id == attempt_id))
        if batch_id is None:
            raise NotFound("attempt", attempt_id)
        scope = _hold_batch(session, batch_id)
        attempt = session.get_one(Attempt, attempt_id, with_for_update=True, populate_existing=True)
        if attempt.state == "open":
            raise Conflict("The call is still open.", remedy="Wait until it has ended.")
        if not attempt.is_estimated and not _was_corrected(session, attempt_id):
            raise Conflict(
                "The provider's own usage says what this call cost.",
                remedy="Only estimated calls can be corrected.",
            )
        _apply(session, scope, [(attempt, to_nano(cost_usd))], reason, corrected_by)
        session.refresh(attempt)
    return attempt


def correct_batch_total(
    workspace: Workspace,
    batch_id: str,
    total_usd: Decimal,
    reason: str = "",
    corrected_by: str = LOCAL_ADMIN_ID,
) -> BatchCorrection:
    """Spread what the provider billed for a batch's estimated calls over them, in proportion to
    their reservations; the sum is exact.

    Where none is estimated any more, those corrected before are corrected again. Raises
    AccessDenied for who is no admin, InvalidInput for an impossible amount, NotFound, and Conflict
    where the batch has no such call.
    """
    _check_amount(total_usd)
    with workspace.write() as session:
        require_admin(session, corrected_by)
        scope = _hold_batch(session, batch_id)
        attempts = _spread_over(session, batch_id)
        if not attempts:
            raise Conflict("No call of this batch is estimated.", remedy="There is nothing to do.")
        previous = sum((attempt.cost_usd or NOTHING for attempt in attempts), NOTHING)
        shares = apportion(to_nano(total_usd), [to_nano(a.reserved_usd) for a in attempts])
        _apply(session, scope, list(zip(attempts, shares, strict=True)), reason, corrected_by)
    return BatchCorrection(batch_id, len(attempts), previous, to_usd(sum(shares)))


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Integers in proportion to `weights` that add up to `total` exactly; alike where all weights
    are zero. The largest remainders get what rounding down leaves (Hamilton's method)."""
    weights = weights if any(weights) else [1] * len(weights)
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def estimated_attempts(
    workspace: Workspace, batch_id: str | None = None, limit: int = 100, offset: int = 0
) -> list[Attempt]:
    """Finished calls whose cost is a guess, newest first."""
    query = select(Attempt).where(*_IS_ESTIMATED)
    if batch_id is not None:
        query = query.where(Attempt.batch_id == batch_id)
    query = query.order_by(Attempt.created_at.desc(), Attempt.attempt_id.desc())
    with workspace.read() as session:
        return list(session.scalars(query.limit(limit).offset(offset)))


def _spread_over(session: Session, batch_id: str) -> list[Attempt]:
    query = (
        select(Attempt)
        .where(Attempt.batch_id == batch_id)
        .order_by(Attempt.attempt_id)
        .with_for_update()
    )
    found = list(session.scalars(query.where(*_IS_ESTIMATED)))
    return found or list(session.scalars(query.where(_IS_CORRECTED, Attempt.state != "open")))


def _apply(
    session: Session,
    scope: SpendScope,
    costs: Sequence[tuple[Attempt, int]],
    reason: str,
    corrected_by: str,
) -> None:
    """Set these costs in nano-dollars, note each, and move the budgets by the differences."""
    now, rows, moved = utc_now(), [], defaultdict[str, int](int)
    for attempt, nano in costs:
        previous = attempt.cost_usd or NOTHING
        moved[month_of(attempt.created_at)] += nano - to_nano(previous)
        rows.append(
            {
                "correction_id": new_id("cor"), "attempt_id": attempt.attempt_id,
                "previous_usd": previous, "cost_usd": to_usd(nano), "reason": reason.strip(),
                "created_at": now, "created_by": corrected_by, "project_id": attempt.project_id,
            }
        )  # fmt: skip
    session.execute(insert(CostCorrection), rows)
    session.connection().execute(
        _SET_COST, [{"of_attempt": r["attempt_id"], "cost": r["cost_usd"]} for r in rows]
    )
    for month in sorted(moved):
        shift(session, scope, month, release=NOTHING, spend=to_usd(moved[month]))


def _hold_batch(session: Session, batch_id: str) -> SpendScope:
    """Whom the batch's calls are charged to, with its row locked: see `core.spend.budgets`."""
    batch = session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise NotFound("batch", batch_id)
    version = session.get_one(TemplateVersion, batch.template_version_id)
    return SpendScope(batch.project_id, version.template_id, batch_id, batch.created_by)


def _check_amount(cost_usd: Decimal) -> None:
    if not cost_usd.is_finite() or not 0 <= cost_usd <= MOST_USD:
        raise InvalidInput(f"A cost of {cost_usd} USD makes no sense.", remedy="Enter 0 or more.")


def _was_corrected(session: Session, attempt_id: str) -> bool:
    query: Select[str] = select(CostCorrection.correction_id).limit(1)
    return session.scalar(query.where(CostCorrection.attempt_id == attempt_id)) is not None


_IS_ESTIMATED: tuple[ColumnElement[bool], ...] = (
    Attempt.is_estimated.expression,
    Attempt.state != "open",
)
_IS_CORRECTED = exists().where(CostCorrection.attempt_id == Attempt.attempt_id)
_SET_COST = (
    update(Attempt.__table__)  # type: ignore[arg-type]
    .where(Attempt.attempt_id == bindparam("of_attempt"))
    .values(cost_nano_usd=bindparam("cost"), is_estimated=False)
)
