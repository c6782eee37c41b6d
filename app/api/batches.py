"""Batches: launch, watch, steer. The server only writes rows; workers generate."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query

from app.api.batch_records import (
    AttemptRecord,
    AttemptState,
    BatchRecord,
    BatchState,
    BatchView,
    BudgetChange,
    EstimateRecord,
    Launch,
    LogEntryRecord,
    ProgressRecord,
)
from app.api.common import COMMON_ERRORS, Page, PagingQuery, WorkspaceDep
from app.api.errors import documented
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation import batches, browsing
from core.generation.estimate import estimate
from core.generation.progress import batch_progress
from core.jobs import control, launching
from core.spend.report import list_attempts
from core.templates.versions import latest_version

router = APIRouter(prefix="/batches", tags=["batches"], responses=COMMON_ERRORS)

IdempotencyKey = Annotated[
    str | None,
    Header(max_length=100, description="The same key returns the batch that it started before."),
]
BatchKind = Annotated[
    Literal["batch", "augmentation", "import", "preview", "expansion"] | None,
    Query(description="Only this kind; none: all but previews and expansions."),
]


def launch_request(
    workspace: Workspace, body: Launch, *, kind: str = "batch", key: str | None = None
) -> batches.LaunchRequest:
    """The core's request for a body: the newest version where none is named."""
    return batches.LaunchRequest(
        template_version_id=_version_id(workspace, body),
        model=body.model or "",
        source_ids=tuple(body.source_ids),
        kind=kind,
        idempotency_key=key,
        focus=body.focus,
        **body.model_dump(
            exclude={"template_id", "template_version_id", "model", "source_ids", "focus"}
        ),
    )


def _version_id(workspace: Workspace, body: Launch) -> str:
    if body.template_id is not None and body.template_version_id is None:
        return latest_version(workspace, body.template_id).template_version_id
    if body.template_version_id is not None and body.template_id is None:
        return body.template_version_id
    raise InvalidInput(
        "A launch names one template.", remedy="Give template_id or template_version_id."
    )


def launch(workspace: Workspace, body: Launch, key: str | None) -> BatchView:
    """Start a batch, or find the one that this key started."""
    batch = launching.launch_batch(workspace, launch_request(workspace, body, key=key))
    return _view(workspace, batch)


def _view(workspace: Workspace, batch: object) -> BatchView:
    record = BatchRecord.of(batch)
    progress = ProgressRecord.of(batch_progress(workspace, record.batch_id))
    return BatchView(batch=record, progress=progress)


@router.get("", summary="List batches, newest first", response_model=Page[BatchRecord])
def list_batches(
    workspace: WorkspaceDep,
    paging: PagingQuery,
    state: Annotated[BatchState | None, Query(description="Only batches in this state.")] = None,
    kind: BatchKind = None,
    search: Annotated[str, Query(max_length=200, description="Part of a name or model.")] = "",
) -> dict[str, Any]:
    kinds = batches.KEPT_KINDS if kind is None else (kind,)
    wanted = {"state": state, "kinds": kinds, "search": search}
    found = browsing.list_batches(workspace, **wanted, limit=paging.limit, offset=paging.offset)
    return paging.page(found, browsing.count_batches(workspace, **wanted))


@router.post(
    "",
    summary="Launch a batch",
    description="Answers at once; a worker generates. Watch it under /batches/{batch_id}.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415, 502, 507),
)
def launch_batch(
    workspace: WorkspaceDep, body: Launch, idempotency_key: IdempotencyKey = None
) -> BatchView:
    return launch(workspace, body, idempotency_key)


@router.post(
    "/estimate",
    summary="Estimate cost and time of a launch",
    description="Measured on earlier calls of the same template version and model, if there are "
    "any; otherwise assumed from the prompts' length. With a seed, answers that were paid for "
    "before are counted and left out.",
    responses=documented(404, 413, 415, 502),
)
def estimate_batch(workspace: WorkspaceDep, body: Launch) -> EstimateRecord:
    return EstimateRecord.of(estimate(workspace, launch_request(workspace, body)))


@router.post(
    "/previews",
    summary="Generate 1 to 10 samples first",
    description="A small batch with the highest priority: in the ledger and under the budget.",
    status_code=202,
    responses=documented(402, 404, 409, 413, 415, 502, 507),
)
def preview_batch(workspace: WorkspaceDep, body: Launch) -> BatchView:
    request = launch_request(workspace, body, kind="preview")
    return _view(workspace, launching.launch_batch(workspace, request))


@router.get("/{batch_id}", summary="Get a batch and its progress", responses=documented(404))
def get_batch(workspace: WorkspaceDep, batch_id: str) -> BatchView:
    return _view(workspace, batches.get_batch(workspace, batch_id))


@router.post(
    "/{batch_id}/pause",
    summary="Pause a batch",
    description="Calls in flight are finished and kept.",
    responses=documented(404, 409),
)
def pause_batch(workspace: WorkspaceDep, batch_id: str) -> BatchView:
    return _view(workspace, control.pause_batch(workspace, batch_id))


@router.post(
    "/{batch_id}/resume",
    summary="Go on with a paused batch",
    responses=documented(402, 404, 409, 413, 415),
)
def resume_batch(
    workspace: WorkspaceDep, batch_id: str, body: BudgetChange | None = None
) -> BatchView:
    budget_usd = body.budget_usd if body else None
    return _view(workspace, control.resume_batch(workspace, batch_id, budget_usd=budget_usd))


@router.post("/{batch_id}/cancel", summary="Cancel a batch", responses=documented(404, 409))
def cancel_batch(workspace: WorkspaceDep, batch_id: str) -> BatchView:
    """End it for good. What it generated stays."""
    return _view(workspace, control.cancel_batch(workspace, batch_id))


@router.post(
    "/{batch_id}/retry",
    summary="Generate the failed samples again",
    responses=documented(402, 404, 409),
)
def retry_failed(workspace: WorkspaceDep, batch_id: str) -> BatchView:
    return _view(workspace, control.retry_failed(workspace, batch_id))


@router.get(
    "/{batch_id}/log",
    summary="Read a batch's log, newest line first",
    response_model=Page[LogEntryRecord],
    responses=documented(404),
)
def batch_log(workspace: WorkspaceDep, batch_id: str, paging: PagingQuery) -> dict[str, Any]:
    batches.get_batch(workspace, batch_id)
    lines = batches.batch_log(workspace, batch_id, limit=paging.offset + paging.limit)
    return paging.page(lines[paging.offset :])


@router.get(
    "/{batch_id}/attempts",
    summary="List a batch's requests to the provider",
    response_model=Page[AttemptRecord],
    responses=documented(404),
)
def batch_attempts(
    workspace: WorkspaceDep,
    batch_id: str,
    paging: PagingQuery,
    state: Annotated[AttemptState | None, Query(description="Only attempts in this state.")] = None,
) -> dict[str, Any]:
    batches.get_batch(workspace, batch_id)
    found = list_attempts(
        workspace, batch_id=batch_id, state=state, limit=paging.limit, offset=paging.offset
    )
    return paging.page(found)
