"""Reservation factors: how much larger the reservations for a model have to be.

A provider may bill more than the worst case that its price and our token limit allow: hidden
reasoning tokens, a limit it ignores, a price that rose. Such calls are counted here, and later
reservations grow by what was seen. A factor never shrinks by itself; an admin resets it.
"""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection as DbConnection
from sqlalchemy import Table, case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.access.roles import require_admin
from core.db.tables import LOCAL_ADMIN_ID, ReservationFactor
from core.db.types import to_nano, to_usd
from core.db.workspace import Workspace
from core.errors import NotFound

MARGIN = 1.1  # above the worst excess seen
MAX_FACTOR = 100.0
NO_FACTOR = 1.0


def load_factor(workspace: Workspace, connection: str, model: str) -> float:
    """By how much to multiply a reservation for this model; 1.0 where it never billed more."""
    with workspace.read() as session:
        found = session.get(ReservationFactor, (connection, model))
    return NO_FACTOR if found is None else found.factor


def scale_reservation(worst_case_usd: Decimal, factor: float) -> Decimal:
    """A reservation grown by a factor, rounded up to a nano-dollar."""
    return to_usd(to_nano(worst_case_usd * Decimal(str(factor)))) if factor > 1 else worst_case_usd


def note_excess(
    session: Session | DbConnection,
    connection: str,
    model: str,
    billed: Sequence[tuple[Decimal, Decimal]],
    reserved_with: float = NO_FACTOR,
) -> float:
    """Record calls that were billed more than reserved, as (reserved, cost); returns the factor.

    `reserved_with` is the factor that these reservations already carried: what grew by 2 and was
    passed by half needs 3. Runs in the caller's transaction; two workers may note at once.
    """
    excess = [(reserved, cost) for reserved, cost in billed if cost > reserved]
    if not excess:
        return _present(session, connection, model)
    # A reservation of nothing says nothing about how much more was needed.
    ratios = [float(cost / reserved) for reserved, cost in excess if reserved]
    needed = min(MAX_FACTOR, max(NO_FACTOR, MARGIN * reserved_with * max(ratios, default=0.0)))
    is_postgresql = _dialect(session) == "postgresql"
    add = (postgresql.insert if is_postgresql else sqlite.insert)(_FACTORS).values(
        connection=connection,
        model=model,
        factor=needed,
        excess_calls=len(excess),
        excess_nano_usd=sum((cost - reserved for reserved, cost in excess), Decimal(0)),
    )
    now, new = _FACTORS.c, add.excluded
    statement = add.on_conflict_do_update(
        index_elements=[now.connection, now.model],
        set_={
            "factor": case((new.factor > now.factor, new.factor), else_=now.factor),
            "excess_calls": now.excess_calls + new.excess_calls,
            "excess_nano_usd": now.excess_nano_usd + new.excess_nano_usd,
        },
    ).returning(now.factor)
    return float(session.execute(statement).scalar_one())


def list_factors(
    workspace: Workspace, limit: int = 200, offset: int = 0
) -> list[ReservationFactor]:
    """Models that billed more than was reserved, by the money it came to."""
    order = (
        ReservationFactor.excess_usd.desc(), ReservationFactor.connection, ReservationFactor.model,
    )  # fmt: skip
    with workspace.read() as session:
        query = select(ReservationFactor).order_by(*order)
        return list(session.scalars(query.limit(limit).offset(offset)))


def reset_factor(
    workspace: Workspace, connection: str, model: str, reset_by: str = LOCAL_ADMIN_ID
) -> ReservationFactor:
    """Reserve the plain worst case for this model again, from the next start of a batch on.

    Raises AccessDenied for who is no admin, and NotFound where the model has no factor.
    """
    with workspace.write() as session:
        require_admin(session, reset_by)
        found = session.get(ReservationFactor, (connection, model), with_for_update=True)
        if found is None:
            raise NotFound("reservation factor", f"{model} on {connection}")
        session.delete(found)
    return found


def _present(session: Session | DbConnection, connection: str, model: str) -> float:
    columns = _FACTORS.c
    query = select(columns.factor).where(columns.connection == connection, columns.model == model)
    return float(session.execute(query).scalar_one_or_none() or NO_FACTOR)


def _dialect(session: Session | DbConnection) -> str:
    bind = session if isinstance(session, DbConnection) else session.get_bind()
    return bind.dialect.name


_FACTORS: Table = ReservationFactor.__table__  # type: ignore[assignment]
