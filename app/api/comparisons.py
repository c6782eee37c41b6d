"""A/B comparisons: launch two batches over one plan, and read the tests when both have ended."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.batch_records import BatchRecord, ProgressRecord
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
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest
from core.generation.progress import batch_progress
from core.insight.comparing.report import comparison_report
from core.jobs import comparing
from core.templates.versions import find_version, get_template

router = APIRouter(prefix="/comparisons", tags=["comparisons"], responses=COMMON_ERRORS)


class SideLaunch(RequestBody):
    """One side: a version with a model."""

    template: str | None = Field(None, description="Name or id; that of the other side without.")
    version: str = Field(
        "", max_length=200, description="Number, label or id; the newest when left out."
    )
    connection: str = Field("", description="Name; the template's when left out, else offline.")
    model: str = Field("", max_length=200, description="The template's when left out.")
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Sampling settings, such as temperature."
    )


class PlanLaunch(RequestBody):
    """Two sides over the same plan."""

    a: SideLaunch
    b: SideLaunch
    n: int = Field(ge=1, le=1_000_000, description="Samples a side.")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Of both; drawn when left out.")
    source_ids: list[str] = Field(default_factory=list, description="Chunks come from these.")
    inputs: dict[str, Any] = Field(
        default_factory=dict, description="What variables draw from, by variable."
    )


class ComparisonLaunch(PlanLaunch):
    """A comparison. Both batches are launched or neither is."""

    name: str = Field("", max_length=200, description="Says what differs when left out.")
    budget_usd: UsdInput | None = Field(None, description="Cap of each side.")
    priority: int = Field(10, ge=1, le=100, description="1 runs first.")
    concurrency: int | None = Field(None, ge=1, le=1024, description="Adapts when left out.")


class ComparisonRecord(Record):
    """Two batches over the same plan."""

    comparison_id: str
    name: str
    a_batch_id: str
    b_batch_id: str
    created_at: datetime
    created_by: str


class MeasureRecord(Record):
    """One measure with its test. Shares and scores run from 0 to 1, costs are US dollars."""

    measure: Literal["acceptance", "compliance", "quality", "cost"]
    test: str
    pairs: int
    a: float | None
    b: float | None
    difference: float | None = Field(description="B less A.")
    low: float | None = Field(description="95 % interval of the difference.")
    high: float | None
    p_value: float
    adjusted_p: float = Field(description="After Holm's correction over the measures.")
    effect: float | None
    effect_name: str
    detectable: float | None = Field(
        description="The smallest difference that 80 % of such tests would find."
    )
    better: Literal["a", "b"] | None
    sentence: str


class OutcomeRecord(Record):
    """The tests; none until both batches have ended."""

    is_final: bool
    pairs: int
    unpaired: int
    is_same_plan: bool
    measures: list[MeasureRecord]
    notes: list[str]


class SideView(Record):
    """One side as it runs."""

    batch: BatchRecord
    progress: ProgressRecord


class ComparisonView(Record):
    """A comparison with both sides and its outcome."""

    comparison: ComparisonRecord
    a: SideView
    b: SideView
    outcome: OutcomeRecord


def side_requests(
    workspace: Workspace, body: PlanLaunch, **changes: Any
) -> tuple[LaunchRequest, LaunchRequest]:
    """The core's requests for both sides. Raises NotFound, InvalidInput."""
    fallback = body.a.template or body.b.template or ""
    return tuple(  # type: ignore[return-value]
        LaunchRequest(
            template_version_id=find_version(
                workspace, side.template or fallback, side.version
            ).template_version_id,
            n=body.n,
            seed=body.seed,
            connection=side.connection,
            model=side.model,
            parameters=side.parameters,
            source_ids=tuple(body.source_ids),
            inputs=body.inputs,
            **changes,
        )
        for side in (body.a, body.b)
    )


@router.post(
    "",
    summary="Launch two batches over the same plan",
    description="Both or neither. The sides differ in version, model or parameters.",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def launch_comparison(
    workspace: WorkspaceDep, body: ComparisonLaunch, idempotency_key: IdempotencyKey = None
) -> ComparisonView:
    a, b = side_requests(
        workspace,
        body,
        budget_usd=body.budget_usd,
        priority=body.priority,
        concurrency=body.concurrency,
        idempotency_key=idempotency_key,
    )
    launched = comparing.launch_comparison(workspace, a, b, body.name)
    return _view(workspace, launched.comparison_id)


@router.get("", summary="List comparisons, newest first", response_model=Page[ComparisonRecord])
def list_comparisons(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    template: Annotated[
        str | None, Query(description="Only those of this template, by name or id.")
    ] = None,
) -> dict[str, Any]:
    template_id = None if template is None else get_template(workspace, template).template_id
    pairs = comparing.list_comparisons(
        workspace, template_id=template_id, limit=paging.limit, offset=paging.offset
    )
    return paging.page(pair.comparison for pair in pairs)


@router.get("/{comparison_id}", summary="Get a comparison", responses=documented(404))
def get_comparison(workspace: WorkspaceDep, comparison_id: str) -> ComparisonView:
    """Both sides as they run, and the tests once both have ended."""
    return _view(workspace, comparison_id)


def _view(workspace: Workspace, comparison_id: str) -> ComparisonView:
    pair = comparing.get_comparison(workspace, comparison_id)
    sides = {
        name: SideView(
            batch=BatchRecord.of(side.batch),
            progress=ProgressRecord.of(batch_progress(workspace, side.batch.batch_id)),
        )
        for name, side in (("a", pair.a), ("b", pair.b))
    }
    return ComparisonView(
        comparison=ComparisonRecord.of(pair.comparison),
        outcome=OutcomeRecord.of(comparison_report(workspace, comparison_id)),
        **sides,
    )
