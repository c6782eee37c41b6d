"""Money: what was spent, on what, and the caps."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.common import (
    COMMON_ERRORS,
    Page,
    PagingQuery,
    Record,
    RequestBody,
    Usd,
    UsdInput,
    WorkspaceDep,
)
from app.api.errors import documented
from core.spend import budgets, report

router = APIRouter(tags=["spend"], responses=COMMON_ERRORS)


class SpendTotalRecord(Record):
    """Money of the project."""

    cost_usd: Usd
    estimated_usd: Usd = Field(description="The part of the cost that no bill confirms.")
    reserved_usd: Usd = Field(description="Held for calls in flight.")
    calls: int
    accepted_samples: int
    cost_per_accepted_usd: Usd | None
    today_usd: Usd
    month_usd: Usd
    forecast_month_usd: Usd


class SpendRowRecord(Record):
    """Calls and money of one group."""

    key: str
    label: str
    calls: int
    failed_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Usd
    estimated_usd: Usd


class SpendRows(Record):
    """Spend by one key, dearest first; days in order."""

    items: list[SpendRowRecord]


class BudgetRecord(Record):
    """A cap on spending."""

    budget_id: str
    scope: str
    scope_id: str
    month: str = Field(description="Such as 2026-11; empty for all time.")
    cap_usd: Usd
    settled_usd: Usd
    reserved_usd: Usd
    created_at: datetime


class BudgetPut(RequestBody):
    """A cap to set."""

    scope: Literal["workspace", "project", "template", "batch", "user"]
    scope_id: str = Field("*", max_length=64, description="Id of what is capped.")
    month: str = Field("", max_length=7, description="Such as 2026-11; empty for all time.")
    cap_usd: UsdInput


@router.get("/spend", summary="Get what was spent in all")
def spend_total(workspace: WorkspaceDep) -> SpendTotalRecord:
    return SpendTotalRecord.of(report.spend_total(workspace))


@router.get("/spend/{key}", summary="Get what was spent, by one key")
def spend_by(
    workspace: WorkspaceDep,
    key: Literal["model", "template", "batch", "user", "day", "connection"],
    since: Annotated[datetime | None, Query(description="Only calls from this time on.")] = None,
) -> SpendRows:
    rows = report.spend_by(workspace, key, since=since)
    return SpendRows(items=[SpendRowRecord.of(row) for row in rows])


@router.get("/budgets", summary="List budgets", response_model=Page[BudgetRecord])
def list_budgets(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(budgets.list_budgets(workspace, limit=paging.limit, offset=paging.offset))


@router.put("/budgets", summary="Set a budget", responses=documented(413, 415))
def put_budget(workspace: WorkspaceDep, body: BudgetPut) -> BudgetRecord:
    """What was spent and reserved before counts against it."""
    saved = budgets.set_budget(workspace, body.scope, body.scope_id, body.cap_usd, body.month)
    return BudgetRecord.of(saved)
