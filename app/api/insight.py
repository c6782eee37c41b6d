"""Insight into a scope: a batch, a template version, a dataset version or a source.

Reading never embeds.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from app.api.common import COMMON_ERRORS, Record, WorkspaceDep
from app.api.errors import documented
from core.generation.batches import get_batch
from core.insight import report
from core.insight.contents import Bias, ClusterRow, Coverage, MetricValue, ProjectionNote, Stage
from core.insight.records import ScopeKind
from core.insight.scopes import list_scopes
from core.jobs.launching import request_insight
from core.quality.report import QualityReport, quality_report

router = APIRouter(tags=["insight"], responses=COMMON_ERRORS)

ScopeId = Annotated[
    str,
    Path(description="Id of a batch, a template version, a dataset version or a source."),
]


class ScopeRecord(Record):
    """What a report can be about."""

    kind: ScopeKind
    scope_id: str
    name: str
    note: str
    texts: int = Field(description="Generated samples, released rows or chunks.")


class InsightRecord(Record):
    """A scope's insight report."""

    kind: ScopeKind
    scope_id: str
    batch_id: str = Field(description="The batch; empty for another kind of scope.")
    state: str = Field(description="none, queued, running, ready or failed.")
    stage: Stage = Field(
        description="What the figures rest on: nothing, words alone (lexical), a sample of "
        "embeddings (sampled), or all of them (complete)."
    )
    message: str
    done: int = Field(description="Texts embedded so far.")
    total: int
    rate_per_s: float = Field(description="Texts embedded per second, lately.")
    eta_s: float | None = Field(description="Seconds until all are embedded; null where unknown.")
    is_stale: bool = Field(description="Whether texts were added since.")
    samples: int
    embedded: int = Field(description="Texts behind the figures of meaning.")
    embedding_model: str
    metrics: dict[str, MetricValue]
    clusters: list[ClusterRow]
    projection: ProjectionNote | None
    coverage: Coverage | None
    bias: Bias
    computed_at: datetime | None


@router.get("/insights", summary="List what a report can be about")
def list_insight_scopes(
    workspace: WorkspaceDep,
    kind: Annotated[ScopeKind, Query(description="Kind of scope.")] = "batch",
) -> list[ScopeRecord]:
    return [ScopeRecord.of(row) for row in list_scopes(workspace, kind)]


@router.get("/insights/{scope_id}", summary="Get a scope's report", responses=documented(404))
def get_scope_insight(workspace: WorkspaceDep, scope_id: ScopeId) -> InsightRecord:
    return InsightRecord.of(report.load_insight(workspace, scope_id))


@router.post(
    "/insights/{scope_id}",
    summary="Compute a scope's report",
    description="Answers at once; a compute worker checks, embeds and measures the texts.",
    status_code=202,
    responses=documented(404),
)
def compute_scope_insight(workspace: WorkspaceDep, scope_id: ScopeId) -> InsightRecord:
    request_insight(workspace, scope_id)
    return InsightRecord.of(report.load_insight(workspace, scope_id))


@router.get(
    "/batches/{batch_id}/insight",
    summary="Get a batch's insight report",
    responses=documented(404),
)
def get_insight(workspace: WorkspaceDep, batch_id: str) -> InsightRecord:
    return InsightRecord.of(report.load_insight(workspace, batch_id))


@router.post(
    "/batches/{batch_id}/insight",
    summary="Compute a batch's insight report",
    description="Answers at once; a compute worker checks, embeds and measures the samples.",
    status_code=202,
    responses=documented(404, 409),
)
def compute_insight(workspace: WorkspaceDep, batch_id: str) -> InsightRecord:
    get_batch(workspace, batch_id)
    request_insight(workspace, batch_id)
    return InsightRecord.of(report.load_insight(workspace, batch_id))


@router.get(
    "/batches/{batch_id}/quality",
    summary="Get a batch's quality report",
    responses=documented(404),
)
def get_quality(workspace: WorkspaceDep, batch_id: str) -> QualityReport:
    get_batch(workspace, batch_id)
    return quality_report(workspace, [batch_id])
