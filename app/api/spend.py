"""Money: what was spent, and on what."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.common import COMMON_ERRORS, Record, Usd, WorkspaceDep
from core.spend import report

router = APIRouter(tags=["spend"], responses=COMMON_ERRORS)


class SpendTotalRecord(Record):
    """Money of the project."""

    cost_usd: Usd
    estimated_usd: Usd = Field(description="The part of the cost that no bill confirms.")
    reserved_usd: Usd = Field(description="Held for calls in flight.")
    calls: int
    unpriced_calls: int = Field(description="Answered at no known price: in no sum.")
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
    unpriced_calls: int = Field(description="Answered at no known price: in no sum.")


class SpendRows(Record):
    """Spend by one key, dearest first; days in order."""

    items: list[SpendRowRecord]


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
