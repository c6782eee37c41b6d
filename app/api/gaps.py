"""Gaps of a scope's coverage: listed, measured against a reference, and filled by a batch."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.batch_records import BatchRecord, EstimateRecord
from app.api.batches import IdempotencyKey
from app.api.common import COMMON_ERRORS, Record, RequestBody, UsdInput, WorkspaceDep
from app.api.errors import documented
from app.api.insight import ScopeId
from core.db.workspace import Workspace
from core.insight.coverage.fills import Fill
from core.insight.coverage.gaps import GapKind
from core.insight.coverage.grid_view import GridView, grid_view
from core.insight.coverage.reference_report import Part, ReferenceReport
from core.jobs.aimed import filling_gaps
from core.jobs.pairs import reference_coverage

router = APIRouter(prefix="/insights/{scope_id}", tags=["insight"], responses=COMMON_ERRORS)

AtLeast = Annotated[
    int, Query(ge=0, le=10_000, description="Samples that every cell wants, whatever its share.")
]


class GapRecord(Record):
    """A part that holds clearly fewer texts than it should."""

    gap_id: str
    kind: GapKind
    label: str
    wanted: int
    before: int = Field(description="Texts of the scope itself.")
    present: int = Field(description="With those of batches that were aimed at its gaps.")
    missing: int
    chance: float | None = Field(description="Of so few, were there no gap; corrected for many.")
    cell: dict[str, Any] = Field(description="Values of a cell's samples.")
    terms: list[str] = Field(description="Terms of a part of a reference.")
    examples: list[str] = Field(description="Texts from the middle of a part of a reference.")


class GridRecord(Record):
    """A template's grid as it is filled now."""

    scope_id: str
    names: list[str] = Field(description="Variables that span the grid; none: there is no grid.")
    planned: int
    cells: int
    filled: int = Field(description="Cells with a sample that was generated and not rejected.")
    filled_before: int = Field(description="The same without batches aimed at gaps.")
    coverage: float | None
    coverage_before: float | None
    gaps: list[GapRecord]
    fills: list[Fill]

    @classmethod
    def of(cls, source: object) -> Self:
        """The record of a grid's view."""
        assert isinstance(source, GridView)
        return cls(
            scope_id=source.scope.id, names=list(source.grid.names), planned=source.n,
            cells=source.total, filled=source.filled, filled_before=source.filled_before,
            coverage=source.share, coverage_before=source.share_before,
            gaps=[GapRecord.of(gap) for gap in source.gaps], fills=source.fills,
        )  # fmt: skip


class ReferenceRecord(Record):
    """What a scope covers of a reference, as it was measured last."""

    scope_id: str
    reference_id: str
    state: str = Field(description="none, queued, running, ready or failed.")
    message: str
    done: int = Field(description="Texts of both sides embedded so far.")
    total: int
    report: ReferenceReport
    computed_at: datetime | None


class ReferenceRequest(RequestBody):
    """What to compare with."""

    reference_id: str = Field(description="A source, batch, template or dataset version.")
    part: Part = Field("texts", description="Which texts are compared.")


class FillBody(RequestBody):
    """Which gaps to fill, and with how many samples."""

    gap_ids: list[str] = Field(min_length=1, max_length=500)
    n: int = Field(ge=1, le=1_000_000, description="Samples to generate.")
    reference_id: str = Field("", description="Whose parts the gaps are; empty: of the grid.")
    template_version_id: str = Field("", description="The scope's own when left out.")
    at_least: int = Field(1, ge=0, le=10_000, description="As the gaps were listed with.")
    connection: str = Field("", max_length=100, description="That of the scope's batch.")
    model: str = Field("", max_length=200)
    seed: int | None = Field(None, ge=0, lt=2**63, description="Drawn when left out.")
    budget_usd: UsdInput | None = None


def _request(scope_id: str, body: FillBody, key: str | None = None) -> filling_gaps.FillRequest:
    return filling_gaps.FillRequest(
        scope_id, tuple(body.gap_ids), idempotency_key=key, **body.model_dump(exclude={"gap_ids"})
    )


@router.get("/gaps", summary="List the gaps of a template's grid", responses=documented(404))
def list_gaps(workspace: WorkspaceDep, scope_id: ScopeId, at_least: AtLeast = 1) -> GridRecord:
    return GridRecord.of(grid_view(workspace, scope_id, at_least=at_least))


@router.post(
    "/gaps/estimate",
    summary="Estimate cost and time of filling gaps",
    responses=documented(404, 413, 415, 502),
)
def estimate_fill(workspace: WorkspaceDep, scope_id: ScopeId, body: FillBody) -> EstimateRecord:
    return EstimateRecord.of(filling_gaps.estimate_fill(workspace, _request(scope_id, body)))


@router.post(
    "/gaps/fill",
    summary="Launch a batch that fills gaps",
    description="Several cells of a grid, or one part of a reference. Answers at once.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415, 502, 507),
)
def fill_gaps(
    workspace: WorkspaceDep,
    scope_id: ScopeId,
    body: FillBody,
    idempotency_key: IdempotencyKey = None,
) -> BatchRecord:
    request = _request(scope_id, body, idempotency_key)
    return BatchRecord.of(filling_gaps.fill_gaps(workspace, request))


@router.get(
    "/references",
    summary="List the references that a scope was compared with",
    responses=documented(404),
)
def list_references(workspace: WorkspaceDep, scope_id: ScopeId) -> list[ReferenceRecord]:
    found = reference_coverage.list_coverage(workspace, scope_id)
    return [ReferenceRecord.of(view) for view in found]


@router.post(
    "/references",
    summary="Measure what a scope covers of a reference",
    description="Answers at once; a compute worker embeds and compares.",
    status_code=202,
    responses=documented(404, 409, 413, 415),
)
def measure_coverage(
    workspace: WorkspaceDep, scope_id: ScopeId, body: ReferenceRequest
) -> ReferenceRecord:
    reference_coverage.request_coverage(workspace, scope_id, body.reference_id, body.part)
    return _reference(workspace, scope_id, body.reference_id)


@router.get(
    "/references/{reference_id}",
    summary="Get what a scope covers of a reference",
    responses=documented(404),
)
def get_coverage(workspace: WorkspaceDep, scope_id: ScopeId, reference_id: str) -> ReferenceRecord:
    return _reference(workspace, scope_id, reference_id)


def _reference(workspace: Workspace, scope_id: str, reference_id: str) -> ReferenceRecord:
    return ReferenceRecord.of(reference_coverage.load_coverage(workspace, scope_id, reference_id))
