"""The jobs: each composes the packages below, looks at the rows, and does what is still missing."""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import uvloop
from sqlalchemy import select

from core.db.ids import utc_now
from core.db.tables import Budget
from core.db.workspace import Workspace
from core.errors import Fenced, SeedbedError, StorageFull
from core.generation.batches import Claim, Ending, claim_batch, end_batch, get_batch
from core.generation.runner import Resources, Run
from core.jobs.assessing import InlineAssessor
from core.jobs.launching import request_insight
from core.providers.connections import get_connection
from core.providers.prices import find_price
from core.providers.registry import open_provider
from core.spend.budgets import month_of
from core.templates.versions import load_definition

logger = logging.getLogger(__name__)
AUTO_CONNECTIONS = 256


@dataclass(frozen=True)
class WorkerContext:
    """What the jobs of one worker process share."""

    workspace: Workspace
    worker_id: str
    stopping: threading.Event
    running: set[str] = field(default_factory=set)  # batches with calls that may be in flight


def jobs_of(context: WorkerContext) -> dict[str, Callable[[str], str]]:
    """Every job by the name it is enqueued under, bound to this worker."""

    def generate_batch(batch_id: str) -> str:
        return run_batch(context, batch_id)

    def analyse_batch(batch_id: str) -> str:
        return analyse(context.workspace, batch_id)

    def build_dataset(dataset_version_id: str) -> str:
        # Imported here, as in `analyse`: generate workers stay light.
        from core.datasets.building import build_version

        return build_version(context.workspace, dataset_version_id).state

    return {job.__name__: job for job in (generate_batch, analyse_batch, build_dataset)}


def run_batch(context: WorkerContext, batch_id: str) -> str:
    """Generate what a batch lacks. Returns the state it is left in."""
    workspace = context.workspace
    claim = claim_batch(workspace, batch_id, context.worker_id)
    if claim is None:
        return get_batch(workspace, batch_id).state
    context.running.add(batch_id)
    try:
        ending = uvloop.run(_run(context, claim))
    except Fenced:
        logger.warning("batch %s was taken over by another worker", batch_id)
        return "taken over"
    except StorageFull as error:
        ending = Ending("paused", str(error), "disk")
    except SeedbedError as error:
        ending = Ending("failed", str(error))
    except Exception as error:
        logger.exception("batch %s failed", batch_id)
        ending = Ending("failed", _brief(error))
    finally:
        context.running.discard(batch_id)
    if ending is None:
        _park(context)
        return "released"
    is_ours = end_batch(workspace, claim, ending)
    if is_ours and ending.state == "completed" and claim.batch.kind == "batch":
        request_insight(workspace, batch_id)
    return ending.state


def _brief(error: Exception) -> str:
    """For a person; the whole of it is in the worker's log."""
    reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    return f"Unexpected {type(error).__name__}: {reason[:300]}"


def _park(context: WorkerContext) -> None:
    """Never return while the process ends: the job must stay unfinished, for another worker."""
    while context.stopping.is_set():
        threading.Event().wait(1.0)


async def _run(context: WorkerContext, claim: Claim) -> Ending | None:
    workspace, batch = context.workspace, claim.batch
    connection = get_connection(workspace, batch.connection)
    price = find_price(workspace, connection, batch.model)
    if price is None and _has_budget(workspace, claim):
        message = f"A budget applies, but no price is known for {batch.model!r}. Enter one."
        return Ending("paused", message, "budget")
    provider = open_provider(
        connection, workspace.settings, concurrency=batch.concurrency or AUTO_CONNECTIONS
    )
    resources = Resources(
        workspace=workspace,
        provider=provider,
        price=price,
        assessor=InlineAssessor(load_definition(claim.version)),
        worker_id=context.worker_id,
        is_stopping=context.stopping.is_set,
    )
    try:
        return await Run(claim, resources).run()
    finally:
        await provider.close()
        await asyncio.sleep(0)


def _has_budget(workspace: Workspace, claim: Claim) -> bool:
    query = select(Budget.budget_id).where(claim.scope.matches(month_of(utc_now())))
    with workspace.read() as session:
        return session.scalars(query.limit(1)).first() is not None


def analyse(workspace: Workspace, batch_id: str) -> str:
    """Duplicates, embeddings, map and metrics of a batch."""
    from core.insight.report import compute_insight
    from core.insight.row import fail_insight
    from core.quality.duplicates import compute_duplicates

    try:
        compute_duplicates(workspace, batch_id)
        compute_insight(workspace, batch_id)
    except SeedbedError as error:
        fail_insight(workspace, batch_id, str(error))
        return "failed"
    except Exception as error:
        fail_insight(workspace, batch_id, _brief(error))
        raise
    return "ready"
