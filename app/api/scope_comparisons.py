"""Comparing any two scopes: measures side by side with significance, and examples."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, RequestBody, WorkspaceDep
from app.api.errors import documented
from core.insight.comparing.scopes import ScopeComparison
from core.jobs.pairs import comparing_scopes

router = APIRouter(prefix="/scope-comparisons", tags=["insight"], responses=COMMON_ERRORS)


class ScopeComparisonWish(RequestBody):
    """Which two: batches, template versions, dataset versions or sources."""

    a_id: str = Field(max_length=64, description="Id of one scope.")
    b_id: str = Field(max_length=64, description="Id of the other; a difference is B less A.")


class ScopeRecord(Record):
    """One side."""

    kind: str
    id: str


class ScopeComparisonRecord(Record):
    """A comparison as it stands."""

    pair_report_id: str
    a: ScopeRecord
    b: ScopeRecord
    state: str = Field(description="queued, running, ready or failed.")
    message: str
    done: int = Field(description="Texts embedded so far.")
    total: int
    report: ScopeComparison = Field(description="What was compared last; empty before.")
    computed_at: datetime | None


@router.get("", summary="List comparisons of scopes, newest first",
            response_model=Page[ScopeComparisonRecord])  # fmt: skip
def list_scope_comparisons(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(
        comparing_scopes.list_scope_comparisons(
            workspace, limit=paging.limit, offset=paging.offset
        )
    )  # fmt: skip


@router.post(
    "",
    summary="Compare two scopes",
    description="Answers at once; a compute worker reads, embeds and tests.",
    status_code=202,
    responses=documented(404, 413, 415),
)
def request_scope_comparison(
    workspace: WorkspaceDep, body: ScopeComparisonWish
) -> ScopeComparisonRecord:
    return ScopeComparisonRecord.of(
        comparing_scopes.request_scope_comparison(workspace, body.a_id, body.b_id)
    )


@router.get("/{pair_report_id}", summary="Get a comparison of scopes", responses=documented(404))
def get_scope_comparison(workspace: WorkspaceDep, pair_report_id: str) -> ScopeComparisonRecord:
    return ScopeComparisonRecord.of(
        comparing_scopes.get_scope_comparison(workspace, pair_report_id)
    )  # fmt: skip
