"""Extraction with a model: a small batch over a source's chunks, whose answers become its terms.

The batch is metered and under the budget like any other. When it has ended, a compute worker looks
which of the named terms really stand in the text.
"""

from dataclasses import dataclass
from decimal import Decimal

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Batch, TermExtraction
from core.db.workspace import Workspace
from core.errors import InvalidInput, SeedbedError
from core.generation.batches import LaunchRequest, get_batch
from core.generation.expansion.recipes import FOLDER, recipe_version
from core.jobs.extracting import (
    JOB,
    PRIORITY,
    queued_row,
    refuse_while_running,
    set_extraction,
)
from core.jobs.launching import launch_batch
from core.jobs.running.queue import COMPUTE, enqueue, live_jobs
from core.providers.connections import get_connection
from core.sources.browsing import get_source
from core.templates.definition import parse_template

OPERATION = "extract_terms"
MAX_CHUNKS = 1_000


@dataclass(frozen=True)
class ModelExtraction:
    """Which source, how much of it, and with which model."""

    source_id: str
    connection: str
    chunks: int = 200  # at most that many, spread over the source
    model: str = ""  # "" takes the connection's default model
    budget_usd: Decimal | None = None
    seed: int | None = None
    project_id: str = DEFAULT_PROJECT_ID
    created_by: str = LOCAL_ADMIN_ID


def extraction_launch(workspace: Workspace, request: ModelExtraction) -> LaunchRequest:
    """The batch that asks the model, to be estimated or launched. Raises NotFound, InvalidInput."""
    if not 1 <= request.chunks <= MAX_CHUNKS:
        raise InvalidInput(
            f"{request.chunks:,} chunks cannot be read.", remedy=f"Use 1 to {MAX_CHUNKS:,}."
        )
    if get_connection(workspace, request.connection).protocol == "offline":
        raise InvalidInput(
            "The offline provider cannot name terms.",
            remedy="Extract them by statistics, or choose a connection to a model.",
        )
    source = get_source(workspace, request.source_id)
    definition = parse_template((FOLDER / "extract-terms.yaml").read_text("utf-8"))
    version = recipe_version(
        workspace, definition, created_by=request.created_by, project_id=request.project_id
    )
    return LaunchRequest(
        version.template_version_id,
        min(request.chunks, source.chunk_count),
        connection=request.connection,
        model=request.model,
        seed=request.seed,
        source_ids=(source.source_id,),
        budget_usd=request.budget_usd,
        kind="expansion",
        name=f"Terms of {source.name}"[:200],
        origin={"operation": OPERATION, "source_id": source.source_id},
        project_id=request.project_id,
        created_by=request.created_by,
    )


def launch_extraction(workspace: Workspace, request: ModelExtraction) -> Batch:
    """A queued batch of kind `expansion`; its answers replace the source's terms when it has ended.

    Raises Conflict while the source's terms are being extracted, and what `extraction_launch` and
    `launch_batch` raise.
    """
    refuse_while_running(workspace, request.source_id)
    launch = extraction_launch(workspace, request)
    # Before the launch: whatever happens after it, the answers find a row that waits for them.
    with workspace.write() as session:
        row = queued_row(session, request.source_id, request.created_by)
        row.method, row.total = "model", launch.n
    try:
        batch = launch_batch(workspace, launch)
    except SeedbedError as error:
        set_extraction(workspace, request.source_id, state="failed", message=str(error))
        raise
    set_extraction(workspace, request.source_id, batch_id=batch.batch_id)
    return batch


def continue_extraction(workspace: Workspace, batch_id: str) -> None:
    """Have a compute worker take the answers of an ended batch. May be called at any time.

    A source whose terms were extracted in another way meanwhile is left alone.
    """
    batch = get_batch(workspace, batch_id)
    source_id = str(batch.origin["source_id"])
    with workspace.write() as session:
        row = session.get(TermExtraction, source_id, with_for_update=True)
        is_waiting = row is not None and row.method == "model" and row.state == "queued"
        if row is None or not is_waiting or row.batch_id not in (None, batch_id):
            return
        row.batch_id = batch_id
        if not batch.generated:
            row.state = "failed"
            row.message = f"The batch {batch.state} without an answer. {batch.message}".strip()
        elif not live_jobs(workspace, JOB, source_id):
            enqueue(workspace, session, COMPUTE, JOB, source_id, PRIORITY)
