"""Insight into a batch: quality, diversity, coverage and bias. Reading never embeds."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from app.api.common import COMMON_ERRORS, Record, WorkspaceDep
from app.api.errors import documented
from core.generation.batches import get_batch
from core.insight import report
from core.insight.contents import Bias, ClusterRow, Coverage, MetricValue, ProjectionNote
from core.jobs.launching import request_insight
from core.quality.report import QualityReport, quality_report

router = APIRouter(prefix="/batches/{batch_id}", tags=["insight"], responses=COMMON_ERRORS)


class InsightRecord(Record):
    """A batch's insight report."""

    batch_id: str
    state: str = Field(description="none, queued, running, ready or failed.")
    message: str
    done: int = Field(description="Samples embedded so far.")
    total: int
    samples: int
    embedding_model: str
    metrics: dict[str, MetricValue]
    clusters: list[ClusterRow]
    projection: ProjectionNote | None
    coverage: Coverage | None
    bias: Bias
    computed_at: datetime | None


@router.get("/insight", summary="Get a batch's insight report", responses=documented(404))
def get_insight(workspace: WorkspaceDep, batch_id: str) -> InsightRecord:
    return InsightRecord.of(report.load_insight(workspace, batch_id))


@router.post(
    "/insight",
    summary="Compute a batch's insight report",
    description="Answers at once; a compute worker embeds the samples.",
    status_code=202,
    responses=documented(404, 409),
)
def compute_insight(workspace: WorkspaceDep, batch_id: str) -> InsightRecord:
    get_batch(workspace, batch_id)
    request_insight(workspace, batch_id)
    return InsightRecord.of(report.load_insight(workspace, batch_id))


@router.get("/quality", summary="Get a batch's quality report", responses=documented(404))
def get_quality(workspace: WorkspaceDep, batch_id: str) -> QualityReport:
    get_batch(workspace, batch_id)
    return quality_report(workspace, [batch_id])
