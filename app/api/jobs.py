"""The queue and its workers, to be watched."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from app.api.common import COMMON_ERRORS, Page, PagingQuery, Record, WorkspaceDep
from core.jobs.running import queue, workers

router = APIRouter(tags=["jobs"], responses=COMMON_ERRORS)


class JobRecord(Record):
    """One job as the queue sees it."""

    job_id: str
    name: str
    subject: str = Field(description="Id of the row it works on.")
    queue: str
    state: str
    priority: int
    worker_id: str | None
    created_at: datetime
    updated_at: datetime


class WorkerRecord(Record):
    """A process that runs jobs."""

    worker_id: str
    kind: str
    host: str
    pid: int
    state: str
    heartbeat_at: datetime
    cpu_percent: float
    rss_bytes: int


@router.get("/jobs", summary="List jobs, newest first", response_model=Page[JobRecord])
def list_jobs(workspace: WorkspaceDep, paging: PagingQuery) -> dict[str, Any]:
    return paging.page(queue.list_jobs(workspace, limit=paging.limit, offset=paging.offset))


@router.get("/workers", summary="List workers, newest first", response_model=Page[WorkerRecord])
def list_workers(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    only_live: Annotated[bool, Query(description="Leave out those that stopped or died.")] = True,
) -> dict[str, Any]:
    return paging.slice(workers.list_workers(workspace, only_live=only_live))
