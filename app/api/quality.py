"""Quality of groups of samples side by side, and of a template's batches over time."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, WorkspaceDep
from core.insight.contents import MetricValue
from core.quality.breakdown import BYS, VARIABLE, quality_by
from core.quality.intervals import Average, Rate
from core.review.watching.trends import quality_trend

router = APIRouter(tags=["insight"], responses=COMMON_ERRORS)


class GroupRecord(Record):
    """The samples of one group."""

    key: str
    label: str
    samples: int
    generated: int
    needs_review: int
    rejected: int
    acceptance: Rate
    score: Average
    defects: dict[str, Rate] = Field(description="Samples with a finding, by check.")


class TrendRecord(Record):
    """One batch on the way."""

    batch_id: str
    name: str
    created_at: datetime
    version: int
    model: str
    samples: int
    acceptance: Rate
    score: Average
    defects: dict[str, Rate]
    diversity: dict[str, MetricValue]


@router.get("/quality-groups", summary="Compare the quality of groups of samples")
def quality_groups(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    by: Annotated[
        str, Query(description=f"{', '.join(BYS)}, or {VARIABLE} and a variable's name.")
    ] = "template_version",
    batch_id: Annotated[list[str] | None, Query(description="Only these batches.")] = None,
    template_id: Annotated[str | None, Query(description="Only this template's.")] = None,
) -> Page[GroupRecord]:
    found = quality_by(workspace, by, batch_ids=batch_id or (), template_id=template_id)
    return Page[GroupRecord].model_validate(paging.slice([GroupRecord.of(row) for row in found]))


@router.get("/quality-trends", summary="Follow the quality of batches over time")
def quality_trends(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    template_id: Annotated[str | None, Query(description="Only this template's.")] = None,
) -> Page[TrendRecord]:
    points = quality_trend(workspace, template_id, limit=paging.limit)
    return Page[TrendRecord].model_validate(paging.page([TrendRecord.of(row) for row in points]))
