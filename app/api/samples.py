"""Samples: find them, read one with its lineage, decide on it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.batch_records import AttemptRecord, BatchRecord
from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from app.api.reviews import ReviewRecord
from app.api.sources import ChunkRecord, SourceRecord
from app.api.templates import TemplateRecord, VersionRecord
from core.db.workspace import Workspace
from core.generation import samples
from core.generation.samples import SampleFilter
from core.review import decisions

router = APIRouter(prefix="/samples", tags=["samples"], responses=COMMON_ERRORS)

Verdict = Literal["accepted", "needs_review", "rejected"]


class SampleRecord(Record):
    """One generated record, as the model wrote it."""

    sample_id: str
    batch_id: str
    plan_index: int
    state: Literal["generated", "failed"]
    verdict: Verdict
    is_reviewed: bool = Field(description="Whether a person decided the verdict.")
    revision: int = Field(description="Rises with each review; a review names the one it saw.")
    quality_score: float | None
    domain: str
    variables: dict[str, Any]
    output: dict[str, Any] | None
    input: str
    response: str
    raw_text: str = Field(description="The answer as received.")
    chunk_id: str | None
    parent_id: str | None = Field(description="The sample that it was derived from.")
    failure: str
    created_at: datetime


class FindingRecord(Record):
    """What one check saw."""

    check: str
    value: float
    score: float = Field(description="1 is faultless, 0 is unusable.")
    evidence: dict[str, Any]


class CurrentTextRecord(Record):
    """The text that counts: the newest correction, else the original."""

    input: str
    response: str
    output: dict[str, Any] | None
    review_id: str | None


class LineageRecord(Record):
    """A sample with all it came from and all that happened to it."""

    sample: SampleRecord
    current: CurrentTextRecord
    batch: BatchRecord
    template: TemplateRecord
    version: VersionRecord
    chunk: ChunkRecord | None
    source: SourceRecord | None
    attempts: list[AttemptRecord]
    findings: list[FindingRecord]
    reviews: list[ReviewRecord]


class Corrected(RequestBody):
    """The corrected texts; a field left out keeps its value."""

    input: str | None = Field(None, max_length=2**20)
    response: str | None = Field(None, max_length=2**20)
    output: dict[str, Any] | None = None


class ReviewSubmit(RequestBody):
    """One decision on a sample."""

    decision: Literal["accept", "edit", "reject", "skip"]
    expected_revision: int = Field(ge=0, description="The revision that was looked at.")
    corrected: Corrected | None = Field(None, description="Required for edit.")
    reason: str = Field("", max_length=2000, description="Why it was rejected or changed.")
    correction_type: str = Field("", max_length=50, description="What kind of mistake it was.")
    seconds: float = Field(0.0, ge=0, le=86_400, description="Time spent on it.")


class SampleQuery(BaseModel):
    """Which samples are wanted."""

    batch_id: list[str] = Field(default_factory=list, description="Only these batches.")
    template_id: str | None = Field(None, description="Only this template.")
    verdict: Verdict | None = Field(None, description="Only this verdict.")
    state: Literal["generated", "failed"] | None = Field(None, description="Only this state.")
    search: str = Field("", max_length=200, description="Text that input or response contains.")
    is_reviewed: bool | None = Field(None, description="Whether a person decided.")
    min_score: float | None = Field(None, ge=0, le=1, description="Least quality score.")

    def to_filter(self) -> SampleFilter:
        """The core's filter."""
        fields = self.model_dump(exclude={"batch_id"})
        return SampleFilter(batch_ids=tuple(self.batch_id), **fields)


@router.get("", summary="List or search samples", response_model=Page[SampleRecord])
def list_samples(
    workspace: WorkspaceDep,
    wanted: Annotated[SampleQuery, Query()],
    paging: PagingQuery,
    order: Annotated[
        Literal["created_at", "quality_score", "-quality_score"], Query(description="Sorting.")
    ] = "created_at",
) -> dict[str, Any]:
    chosen = wanted.to_filter()
    found = samples.list_samples(
        workspace, chosen, limit=paging.limit, offset=paging.offset, order=order
    )
    return paging.page(found, samples.count_samples(workspace, chosen))


@router.get("/{sample_id}", summary="Get a sample with its lineage", responses=documented(404))
def get_sample(workspace: WorkspaceDep, sample_id: str) -> LineageRecord:
    return _lineage(workspace, sample_id)


def _lineage(workspace: Workspace, sample_id: str) -> LineageRecord:
    found = samples.sample_lineage(workspace, sample_id)
    current = decisions.current_text(workspace, found.sample)
    fields = {
        name: getattr(found, name) for name in LineageRecord.model_fields if name != "current"
    }
    return LineageRecord.model_validate(fields | {"current": current})


@router.get(
    "/{sample_id}/reviews",
    summary="List the decisions on a sample",
    response_model=Page[ReviewRecord],
    responses=documented(404),
)
def list_sample_reviews(
    workspace: WorkspaceDep, sample_id: str, paging: PagingQuery
) -> dict[str, Any]:
    samples.get_sample(workspace, sample_id)
    found = decisions.list_reviews(workspace, sample_id, limit=paging.limit, offset=paging.offset)
    return paging.page(found)


@router.post(
    "/{sample_id}/reviews",
    summary="Accept, edit, reject or skip a sample",
    description="A correction is a row of its own; the original is never overwritten. "
    "409 when the sample was reviewed since `expected_revision`.",
    status_code=201,
    responses=documented(404, 409, 413, 415),
)
def submit_review(workspace: WorkspaceDep, sample_id: str, body: ReviewSubmit) -> ReviewRecord:
    corrected = body.corrected.model_dump(exclude_unset=True) if body.corrected else None
    review = decisions.submit_review(
        workspace,
        sample_id,
        body.decision,
        corrected=corrected,
        **body.model_dump(exclude={"decision", "corrected"}),
    )
    return ReviewRecord.of(review)
