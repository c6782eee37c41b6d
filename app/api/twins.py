"""Counterfactual twins of a batch: the same samples with one value changed."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.api.batch_records import EstimateRecord
from app.api.batches import IdempotencyKey
from app.api.common import (
    COMMON_ERRORS,
    Page,
    PagingQuery,
    Record,
    RequestBody,
    UsdInput,
    WorkspaceDep,
)
from app.api.errors import documented
from core.generation.batches import get_batch
from core.insight.bias.twins import TwinsReport
from core.jobs.pairs import twins

router = APIRouter(tags=["insight"], responses=COMMON_ERRORS)


class TwinsLaunch(RequestBody):
    """Which value becomes which."""

    variable: str = Field(max_length=200, description="A variable, or `variable.field`.")
    value_from: str = Field(max_length=500, description="Samples that were drawn with this value.")
    value_to: str = Field(max_length=500, description="What they get instead.")
    pairs: int | None = Field(None, ge=1, description="At most so many; null takes all.")
    budget_usd: UsdInput | None = Field(None, description="The batch's own cap.")

    def request(self, batch_id: str) -> twins.TwinRequest:
        """The same as the core takes it."""
        return twins.TwinRequest(batch_id, **self.model_dump())


class TwinsRecord(Record):
    """Twins and what they show."""

    pair_report_id: str
    batch_id: str
    twins_batch_id: str
    state: str = Field(description="queued until the twins are made; then ready or failed.")
    message: str
    planned: int = Field(description="Samples of the twins' batch, unchanged ones included.")
    made: int
    batch_state: str
    report: TwinsReport
    created_at: datetime
    computed_at: datetime | None


@router.get("/batches/{batch_id}/twins", summary="List a batch's twins",
            response_model=Page[TwinsRecord], responses=documented(404))  # fmt: skip
def list_twins(workspace: WorkspaceDep, batch_id: str, paging: PagingQuery) -> dict[str, Any]:
    get_batch(workspace, batch_id)
    return paging.slice(twins.list_twins(workspace, batch_id))


@router.post(
    "/batches/{batch_id}/twins",
    summary="Make twins of a batch",
    description="Answers at once; samples that the change does not touch cost nothing.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415),
)
def launch_twins(
    workspace: WorkspaceDep,
    batch_id: str,
    body: TwinsLaunch,
    idempotency_key: IdempotencyKey = None,
) -> TwinsRecord:
    request = replace(body.request(batch_id), idempotency_key=idempotency_key)
    return TwinsRecord.of(twins.launch_twins(workspace, request))


@router.post("/batches/{batch_id}/twins/estimate", summary="Estimate twins of a batch",
             responses=documented(404, 413, 415))  # fmt: skip
def estimate_twins(workspace: WorkspaceDep, batch_id: str, body: TwinsLaunch) -> EstimateRecord:
    return EstimateRecord.of(twins.estimate_twins(workspace, body.request(batch_id)))


@router.get("/twins/{pair_report_id}", summary="Get twins", responses=documented(404))
def get_twins(workspace: WorkspaceDep, pair_report_id: str) -> TwinsRecord:
    return TwinsRecord.of(twins.get_twins(workspace, pair_report_id))
