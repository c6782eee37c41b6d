"""What calls really cost: estimates, their corrections, and models that bill more than reserved."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.batch_records import AttemptRecord
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
from core.spend import correction_lists, corrections, factors

router = APIRouter(tags=["spend"], responses=COMMON_ERRORS)
BatchFilter = Annotated[str | None, Query(description="Only calls of this batch.")]


class CorrectionAdd(RequestBody):
    """What it really cost."""

    cost_usd: UsdInput
    reason: str = Field("", max_length=1000, description="Such as the invoice's number.")


class CorrectionRecord(Record):
    """One correction of one or more calls of a batch."""

    batch_id: str
    name: str = Field(description="Of the batch.")
    calls: int
    previous_usd: Usd
    cost_usd: Usd
    reason: str
    created_at: datetime
    created_by: str


class BatchCorrectionRecord(Record):
    """What the correction of a batch did."""

    batch_id: str
    calls: int
    previous_usd: Usd
    cost_usd: Usd


class FactorRecord(Record):
    """A model that billed more than was reserved."""

    connection: str
    model: str
    factor: float = Field(description="What its reservations are multiplied by.")
    excess_calls: int
    excess_usd: Usd


@router.get(
    "/attempts/estimated",
    summary="List calls whose cost is an estimate",
    response_model=Page[AttemptRecord],
)
def list_estimated(
    workspace: WorkspaceDep, paging: PagingQuery, batch_id: BatchFilter = None
) -> dict[str, Any]:
    found = corrections.estimated_attempts(workspace, batch_id, paging.limit, paging.offset)
    return paging.page(found)


@router.post(
    "/attempts/{attempt_id}/cost-corrections",
    summary="Correct what a call cost",
    description="Only estimated calls, and those corrected before.",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def correct_cost(workspace: WorkspaceDep, attempt_id: str, body: CorrectionAdd) -> AttemptRecord:
    corrected = corrections.correct_cost(workspace, attempt_id, body.cost_usd, body.reason)
    return AttemptRecord.of(corrected)


@router.post(
    "/batches/{batch_id}/cost-corrections",
    summary="Correct what a batch's estimated calls cost",
    description="The total is spread over them in proportion to their reservations.",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def correct_batch(
    workspace: WorkspaceDep, batch_id: str, body: CorrectionAdd
) -> BatchCorrectionRecord:
    done = corrections.correct_batch_total(workspace, batch_id, body.cost_usd, body.reason)
    return BatchCorrectionRecord.of(done)


@router.get(
    "/cost-corrections",
    summary="List cost corrections, newest first",
    response_model=Page[CorrectionRecord],
)
def list_corrections(
    workspace: WorkspaceDep, paging: PagingQuery, batch_id: BatchFilter = None
) -> dict[str, Any]:
    found = correction_lists.correction_history(workspace, batch_id, paging.limit, paging.offset)
    return paging.page(found)


@router.get(
    "/reservation-factors",
    summary="List models that billed more than reserved",
    response_model=Page[FactorRecord],
)
def list_factors(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(factors.list_factors(workspace, paging.limit, paging.offset))


@router.delete("/reservation-factors", summary="Reset a model's factor", responses=documented(404))
def reset_factor(
    workspace: WorkspaceDep,
    connection: Annotated[str, Query(description="Name of the connection.")],
    model: Annotated[str, Query(description="Name of the model.")],
) -> FactorRecord:
    """Its reservations are the plain worst case again."""
    return FactorRecord.of(factors.reset_factor(workspace, connection, model))
