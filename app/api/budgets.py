"""Budgets: caps on spending, and the alerts that they raised."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
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
from core.spend import alerts, budgets

router = APIRouter(tags=["spend"], responses=COMMON_ERRORS)


class BudgetRecord(Record):
    """A cap on spending."""

    budget_id: str
    scope: str
    scope_id: str
    month: str = Field(description="Such as 2026-11; empty for all time.")
    cap_usd: Usd
    settled_usd: Usd
    reserved_usd: Usd
    alerted_percent: int = Field(description="Highest alert level passed under this cap, or 0.")
    created_at: datetime


class BudgetPut(RequestBody):
    """A cap to set."""

    scope: Literal["workspace", "project", "template", "batch", "user"]
    scope_id: str = Field("*", max_length=64, description="Id of what is capped.")
    month: str = Field("", max_length=7, description="Such as 2026-11; empty for all time.")
    cap_usd: UsdInput


class AlertRecord(Record):
    """Settled spend reached a share of a cap."""

    alert_id: str
    budget_id: str
    percent: int = Field(description="50, 80 or 100.")
    settled_usd: Usd
    cap_usd: Usd
    created_at: datetime


@router.get("/budgets", summary="List budgets", response_model=Page[BudgetRecord])
def list_budgets(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(budgets.list_budgets(workspace, limit=paging.limit, offset=paging.offset))


@router.put("/budgets", summary="Set a budget", responses=documented(404, 413, 415))
def put_budget(workspace: WorkspaceDep, body: BudgetPut) -> BudgetRecord:
    """What was spent and reserved before counts against it."""
    saved = budgets.set_budget(workspace, body.scope, body.scope_id, body.cap_usd, body.month)
    return BudgetRecord.of(saved)


@router.get(
    "/budgets/alerts", summary="List budget alerts, newest first", response_model=Page[AlertRecord]
)
def list_alerts(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(alerts.list_alerts(workspace, limit=paging.limit, offset=paging.offset))


@router.delete("/budgets/{budget_id}", summary="Delete a budget", responses=documented(404))
def delete_budget(workspace: WorkspaceDep, budget_id: str) -> BudgetRecord:
    """Its alerts go with it; what was spent stays in the ledger."""
    return BudgetRecord.of(budgets.delete_budget(workspace, budget_id))
