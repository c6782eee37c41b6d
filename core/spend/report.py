"""What was spent, on what, and where it is heading. The attempts are the ledger."""

import calendar
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, select

from core.db.ids import utc_now
from core.db.tables import (
    DEFAULT_PROJECT_ID,
    Attempt,
    Batch,
    Sample,
    Template,
    TemplateVersion,
)
from core.db.workspace import Workspace

SpendKey = Literal["model", "template", "batch", "user", "day", "connection"]
NOTHING = Decimal(0)
_IS_UNPRICED = and_(Attempt.state.in_(("succeeded", "unknown")), Attempt.cost_usd.is_(None))


@dataclass(frozen=True)
class SpendRow:
    """Calls and money of one group. `estimated_usd` is the part settled without a bill, and
    `unpriced_calls` are in no sum: they were answered, or may have been, at no known price."""

    key: str
    label: str
    calls: int
    failed_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    estimated_usd: Decimal
    unpriced_calls: int


@dataclass(frozen=True)
class SpendTotal:
    """Money of a project. `forecast_month_usd` extends this month's daily mean to its end;
    `unpriced_calls` are in no sum."""

    cost_usd: Decimal
    estimated_usd: Decimal
    reserved_usd: Decimal
    calls: int
    unpriced_calls: int
    accepted_samples: int
    cost_per_accepted_usd: Decimal | None
    today_usd: Decimal
    month_usd: Decimal
    forecast_month_usd: Decimal


def spend_by(
    workspace: Workspace,
    key: SpendKey,
    *,
    project_id: str = DEFAULT_PROJECT_ID,
    since: datetime | None = None,
    limit: int = 200,
) -> list[SpendRow]:
    """Spend grouped by `key`, dearest first (days in order)."""
    group, label = _grouping(key)
    query = (
        select(
            group,
            func.min(label),
            func.count(),
            func.sum(case((Attempt.state.in_(("failed", "unknown")), 1), else_=0)),
            func.coalesce(func.sum(Attempt.input_tokens), 0),
            func.coalesce(func.sum(Attempt.output_tokens), 0),
            func.sum(Attempt.cost_usd),
            func.sum(Attempt.cost_usd).filter(Attempt.is_estimated),
            func.count().filter(_IS_UNPRICED),
        )
        .where(Attempt.project_id == project_id)
        .group_by(group)
        .limit(limit)
    )
    if since is not None:
        query = query.where(Attempt.created_at >= since)
    if key in ("template", "batch"):
        query = _with_template(query)
    order = group if key == "day" else func.sum(Attempt.cost_usd).desc().nulls_last()
    with workspace.read() as session:
        rows = session.execute(query.order_by(order)).all()
    return [_spend_row(row) for row in rows]


def _spend_row(row: Any) -> SpendRow:
    key, label, calls, failed, tokens_in, tokens_out, cost, estimated, unpriced = row
    return SpendRow(
        key=str(key),
        label=str(label),
        calls=int(calls),
        failed_calls=int(failed or 0),
        input_tokens=int(tokens_in),
        output_tokens=int(tokens_out),
        cost_usd=cost or NOTHING,
        estimated_usd=estimated or NOTHING,
        unpriced_calls=int(unpriced),
    )


def _grouping(key: SpendKey) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    match key:
        case "model":
            return Attempt.model.expression, Attempt.model.expression
        case "connection":
            return Attempt.connection.expression, Attempt.connection.expression
        case "user":
            return Attempt.created_by.expression, Attempt.created_by.expression
        case "batch":
            return Attempt.batch_id.expression, Batch.name.expression
        case "template":
            return Template.template_id.expression, Template.title.expression
        case "day":
            day = func.substr(cast(Attempt.created_at, String), 1, 10)
            return day, day


def _with_template(query: Select[Any]) -> Select[Any]:
    return (
        query.join(Batch, Batch.batch_id == Attempt.batch_id)
        .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
        .join(Template, Template.template_id == TemplateVersion.template_id)
    )


def spend_total(workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID) -> SpendTotal:
    """All spend of a project, this month's, today's, and per accepted sample."""
    now = utc_now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    cost = func.sum(Attempt.cost_usd)
    with workspace.read() as session:
        row = session.execute(
            select(
                cost,
                cost.filter(Attempt.is_estimated),
                func.sum(Attempt.reserved_usd).filter(Attempt.state == "open"),
                func.count(),
                func.count().filter(_IS_UNPRICED),
                cost.filter(Attempt.created_at >= today),
                cost.filter(Attempt.created_at >= month),
            ).where(Attempt.project_id == project_id)
        ).one()
        accepted = session.scalar(
            select(func.count())
            .select_from(Sample)
            .where(Sample.project_id == project_id, Sample.verdict == "accepted")
        )
    total, estimated, reserved, calls, unpriced, today_usd, month_usd = row
    return SpendTotal(
        cost_usd=total or NOTHING,
        estimated_usd=estimated or NOTHING,
        reserved_usd=reserved or NOTHING,
        calls=int(calls),
        unpriced_calls=int(unpriced),
        accepted_samples=int(accepted or 0),
        cost_per_accepted_usd=(total or NOTHING) / accepted if accepted else None,
        today_usd=today_usd or NOTHING,
        month_usd=month_usd or NOTHING,
        forecast_month_usd=_forecast(month_usd or NOTHING, now),
    )


def _forecast(month_usd: Decimal, now: datetime) -> Decimal:
    days = calendar.monthrange(now.year, now.month)[1]
    elapsed = Decimal(now.day - 1) + Decimal(now.hour * 60 + now.minute) / 1440
    # The first hours of a month extrapolate wildly: never less than one day is taken as elapsed.
    return month_usd * days / max(elapsed, Decimal(1))


def list_attempts(
    workspace: Workspace,
    *,
    batch_id: str | None = None,
    state: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Attempt]:
    """Ledger entries, newest first."""
    query = select(Attempt).order_by(Attempt.created_at.desc(), Attempt.attempt_id.desc())
    if batch_id is not None:
        query = query.where(Attempt.batch_id == batch_id)
    if state is not None:
        query = query.where(Attempt.state == state)
    with workspace.read() as session:
        return list(session.scalars(query.limit(limit).offset(offset)))
