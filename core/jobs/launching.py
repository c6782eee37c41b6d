"""Starting work: the row and its job are one commit."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Connection, InsightReport
from core.db.workspace import Workspace
from core.errors import InvalidInput, MissingKey
from core.generation.batches import LaunchRequest, check_request, create_batch
from core.generation.choosing import chosen
from core.generation.inputs import plan_inputs
from core.insight.row import queue_insight
from core.jobs.running.queue import COMPUTE, GENERATE, enqueue, live_jobs
from core.settings import read_secret
from core.sources.browsing import chunk_ids
from core.templates.planning.plan import Plan
from core.templates.versions import get_version, load_definition


def launch_batch(workspace: Workspace, request: LaunchRequest) -> Batch:
    """A queued batch. The same idempotency key always gives the same batch.

    Raises InvalidInput, NotFound, TemplateError for a plan that cannot be met, MissingKey, or
    UnknownPrice for a budget without a price.
    """
    return launch_together(workspace, [request])[0]


def launch_together(workspace: Workspace, requests: Sequence[LaunchRequest]) -> list[Batch]:
    """The batches of these requests, all of them or none.

    Raises what `launch_batch` raises.
    """
    requests = [chosen(workspace, request) for request in requests]
    connections = [check_launch(workspace, request) for request in requests]
    with workspace.write() as session:
        return [
            add_batch(workspace, session, request, connection)
            for request, connection in zip(requests, connections, strict=True)
        ]


def check_launch(workspace: Workspace, request: LaunchRequest) -> Connection:
    """The connection of a request that can be launched now, with its key and its plan.

    Raises what `launch_batch` raises.
    """
    connection = check_request(workspace, request)
    _check_key(connection)
    _check_plan(workspace, request)
    return connection


def add_batch(
    workspace: Workspace, session: Session, request: LaunchRequest, connection: Connection
) -> Batch:
    """A queued batch and its job in the caller's transaction; the known one for a known key."""
    if request.idempotency_key is not None:
        known = session.scalar(
            select(Batch).where(Batch.idempotency_key == request.idempotency_key)
        )
        if known is not None:
            return known
    batch = create_batch(session, request, connection)
    enqueue(workspace, session, GENERATE, "generate_batch", batch.batch_id, batch.priority)
    return batch


def _check_key(connection: Connection) -> None:
    if connection.key_variable and read_secret(connection.key_variable) is None:
        raise MissingKey(connection.name, connection.key_variable)


def _check_plan(workspace: Workspace, request: LaunchRequest) -> None:
    definition = load_definition(get_version(workspace, request.template_version_id))
    if definition.source is not None and definition.source.required and not request.source_ids:
        raise InvalidInput(
            f"The template {definition.title!r} works on a source.",
            remedy="Choose at least one source.",
        )
    Plan(
        definition,
        n=request.n,
        seed=request.seed or 0,
        offset=request.plan_offset,
        chunk_ids=chunk_ids(workspace, request.source_ids) if request.source_ids else (),
        inputs=plan_inputs(workspace, definition, request.project_id, request.inputs),
        focus=request.focus,
    )


def request_insight(workspace: Workspace, scope_id: str) -> None:
    """Have a compute worker check, embed and measure a batch, a template version, a released
    dataset version or a source. Raises NotFound.
    """
    with workspace.write() as session:
        queue_insight(session, scope_id)
        enqueue(workspace, session, COMPUTE, "analyse", scope_id)


def is_insight_underway(workspace: Workspace, scope_id: str) -> bool:
    """Whether a job that makes the scope's report waits or runs."""
    return bool(live_jobs(workspace, "analyse", scope_id))


def request_missing_insight(workspace: Workspace, batch_id: str) -> bool:
    """The same for a completed batch that was not measured as it is now. True when asked for."""
    with workspace.write() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        report = session.get(InsightReport, batch_id)
        if report is not None and (
            report.state != "ready"
            or None in (report.computed_at, batch.finished_at)
            or report.computed_at >= batch.finished_at  # type: ignore[operator]
        ):
            return False
        queue_insight(session, batch_id)
        enqueue(workspace, session, COMPUTE, "analyse", batch_id)
    return True
