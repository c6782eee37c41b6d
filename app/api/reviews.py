"""Reviews: what waits for a person, what was decided, and taking a decision back."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.db.tables import LOCAL_ADMIN_ID
from core.errors import NotFound
from core.generation.samples import SampleFilter
from core.review import bulk, decisions
from core.review.picking import queue

router = APIRouter(prefix="/reviews", tags=["reviews"], responses=COMMON_ERRORS)


class ReviewRecord(Record):
    """One human decision. An undo is a row that names the one it reverses."""

    review_id: str
    sample_id: str
    decision: str
    correction_type: str
    reason: str
    original: dict[str, Any]
    corrected: dict[str, Any] | None
    previous_verdict: str
    seconds: float
    revision: int
    undoes: str | None
    created_at: datetime
    created_by: str


class QueueRecord(Record):
    """What waits for review and what was decided."""

    waiting: int
    accepted: int
    rejected: int
    edited: int
    sample_ids: list[str] = Field(description="The next samples to look at, in this order.")


@router.get("", summary="List decisions, newest first", response_model=Page[ReviewRecord])
def list_reviews(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(decisions.list_reviews(workspace, limit=paging.limit, offset=paging.offset))


@router.get("/queue", summary="See what waits for review")
def review_queue(
    workspace: WorkspaceDep,
    batch_id: Annotated[list[str] | None, Query(description="Only these batches.")] = None,
    order: Annotated[queue.QueueOrder, Query(description="What comes first.")] = "uncertainty",
    limit: Annotated[int, Query(ge=1, le=100, description="Most samples to name.")] = 10,
) -> QueueRecord:
    chosen = SampleFilter(batch_ids=tuple(batch_id or ()))
    counts = queue.queue_counts(workspace, chosen)
    waiting = queue.next_samples(workspace, chosen, order=order, limit=limit)
    return QueueRecord(
        waiting=counts.waiting,
        accepted=counts.accepted,
        rejected=counts.rejected,
        edited=counts.edited,
        sample_ids=[sample.sample_id for sample in waiting],
    )


class RejectionOfMany(RequestBody):
    """Samples to reject for one reason."""

    sample_ids: list[str] = Field(min_length=1, max_length=bulk.MOST_AT_ONCE)
    reason: str = Field(max_length=decisions.MAX_REASON_CHARS, description="A reason is needed.")


class BulkRecord(Record):
    """What one call decided."""

    bulk_id: str = Field(description="Names all of its decisions.")
    decided: int
    left_alone: int = Field(description="Samples that were as decided, or decided again since.")


@router.post(
    "/rejections", summary="Reject many samples at once", responses=documented(404, 413, 415)
)
def reject_samples(workspace: WorkspaceDep, body: RejectionOfMany) -> BulkRecord:
    return BulkRecord.of(bulk.reject_samples(workspace, body.sample_ids, body.reason))


@router.post(
    "/rejections/{bulk_id}/undo", summary="Take such a rejection back", responses=documented(404)
)
def undo_rejections(workspace: WorkspaceDep, bulk_id: str) -> BulkRecord:
    return BulkRecord.of(bulk.undo_bulk(workspace, bulk_id))


@router.post("/undo", summary="Take the newest decision back", responses=documented(404, 409))
def undo_review(workspace: WorkspaceDep) -> ReviewRecord:
    undone = decisions.undo_review(workspace, LOCAL_ADMIN_ID)
    if undone is None:
        raise NotFound("review to undo", LOCAL_ADMIN_ID)
    return ReviewRecord.of(undone)
