"""The jobs: each composes the packages below, looks at the rows, and does what is still missing."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import uvloop

from core.attempts.calls import Target
from core.db.passing import passing_cause
from core.db.tables import Batch
from core.db.workspace import Workspace
from core.errors import Fenced, SeedbedError, StorageFull
from core.faults import crash_here
from core.generation.batch_api.passes import advance
from core.generation.batches import (
    ENDED,
    KEPT_KINDS,
    Claim,
    Ending,
    claim_batch,
    end_batch,
    get_batch,
)
from core.generation.expansion.augmentation_rules import NoisyCopies, SwappedCopies
from core.generation.filling import Make, fill
from core.generation.routes import Endpoint
from core.generation.runner import Resources, Run
from core.generation.watching import limits_of, no_price
from core.insight.coverage.fills import FILL_GAP
from core.jobs.assessing import InlineAssessor
from core.jobs.expanding import collect_candidates, compare
from core.jobs.extracting_with_model import OPERATION, continue_extraction
from core.jobs.importing import import_rows
from core.jobs.judging import JUDGEMENT, collect_judgements
from core.jobs.launching import request_insight, request_missing_insight
from core.jobs.pairs.reference_coverage import request_coverage_again
from core.jobs.pairs.twins import KIND as TWINS
from core.jobs.pairs.twins import request_twins
from core.jobs.running.patience import park, patiently
from core.jobs.running.queue import live_jobs
from core.jobs.running.workers import running_workers
from core.jobs.wording import brief
from core.providers.connections import get_connection
from core.providers.prices import find_price
from core.providers.registry import open_provider
from core.quality.thresholds.settings import decided_definition
from core.spend.budgets import has_budget
from core.spend.factors import load_factor

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
AUTO_CONNECTIONS = 256
OWN_RUN_NAP_S = 0.5
LOOK_AT_DISK_S = 10.0  # between two looks whether a full disk has room again


@dataclass(frozen=True)
class WorkerContext:
    """What the jobs of one worker process share."""

    workspace: Workspace
    worker_id: str
    stopping: threading.Event
    running: set[str] = field(default_factory=set)  # batches with calls that may be in flight
    at_work: list[tuple[str, str]] = field(default_factory=list)  # jobs begun and not ended

    def is_at_work(self, name: str, subject: str) -> bool:
        """Whether this process works on such a job."""
        return (name, subject) in self.at_work

    def patiently(self, step: Callable[[], Result]) -> Result:
        """What the step returns, however long the database or the disk makes us wait."""
        return patiently(self.workspace, self.stopping, step)


def jobs_of(context: WorkerContext) -> dict[str, Callable[[str], str]]:
    """Every job by the name it is enqueued under, bound to this worker."""

    def generate_batch(batch_id: str) -> str:
        with _noted(context, "generate_batch", batch_id):
            return run_batch(context, batch_id)

    def analyse(scope_id: str) -> str:
        # Imported here, as everything dear is: generate workers stay light.
        from core.jobs.analysis.slices import run_slice

        with _noted(context, "analyse", scope_id):
            return run_slice(context.workspace, scope_id)

    def analyse_batch(batch_id: str) -> str:  # what an older Seedbed queued
        from core.jobs.analysis.slices import run_slice

        with _noted(context, "analyse_batch", batch_id):
            return run_slice(context.workspace, batch_id)

    def draw_map(scope_id: str) -> str:
        from core.jobs.analysis import map_drawing

        with _noted(context, "draw_map", scope_id):
            return map_drawing.draw_map(context.workspace, scope_id)

    def build_dataset(dataset_version_id: str) -> str:
        from core.datasets.building import build_version

        with _noted(context, "build_dataset", dataset_version_id):
            return build_version(context.workspace, dataset_version_id).state

    def extract_terms(source_id: str) -> str:
        from core.jobs.extracting import run_extraction

        with _noted(context, "extract_terms", source_id):
            return run_extraction(context.workspace, source_id)

    def compare_candidates(batch_id: str) -> str:
        with _noted(context, "compare_candidates", batch_id):
            return compare(context.workspace, batch_id)

    def measure_twins(pair_report_id: str) -> str:
        from core.jobs.pairs import twins_measuring

        with _noted(context, "measure_twins", pair_report_id):
            return twins_measuring.measure_twins(context.workspace, pair_report_id)

    def compare_scopes(pair_report_id: str) -> str:
        from core.jobs.pairs import comparing_scopes

        with _noted(context, "compare_scopes", pair_report_id):
            return comparing_scopes.compare_scopes(context.workspace, pair_report_id)

    def measure_coverage(pair_report_id: str) -> str:
        from core.jobs.pairs import measuring_coverage

        with _noted(context, "measure_coverage", pair_report_id):
            return measuring_coverage.measure_coverage(
                context.workspace, pair_report_id, in_slices=True
            )

    jobs = (
        generate_batch, analyse, analyse_batch, draw_map, build_dataset, extract_terms,
        compare_candidates,
        measure_coverage, compare_scopes,
        measure_twins,
    )  # fmt: skip
    return {job.__name__: job for job in jobs}


@contextmanager
def _noted(context: WorkerContext, name: str, subject: str) -> Iterator[None]:
    context.at_work.append((name, subject))
    try:
        yield
    finally:
        context.at_work.remove((name, subject))


def run_batch(context: WorkerContext, batch_id: str) -> str:
    """Generate what a batch lacks. Returns the state it is left in."""
    workspace = context.workspace
    if _is_held(context, batch_id):
        return "running elsewhere"
    claim = context.patiently(lambda: claim_batch(workspace, batch_id, context.worker_id))
    if claim is None:
        return _leave(context, batch_id)
    crash_here("after_claim")
    context.running.add(batch_id)
    try:
        ending = uvloop.run(_run(context, claim))
    except Fenced:
        logger.warning("batch %s was taken over by another worker", batch_id)
        return "taken over"
    except StorageFull as error:
        ending = Ending("paused", str(error), "disk", LOOK_AT_DISK_S)
    except SeedbedError as error:
        ending = Ending("failed", str(error))
    except Exception as error:  # noqa: BLE001 - logged and stored as the batch's end
        ending = _ending_of(error, batch_id)
    finally:
        context.running.discard(batch_id)
    if ending is None:
        park(context.stopping)
        return "released"
    return _end(context, claim, _left_open(claim, ending))


def _left_open(claim: Claim, ending: Ending) -> Ending:
    """A batch that a provider may still work on, and bill, pauses where another would fail."""
    if ending.state == "failed" and claim.batch.mode == "batch_api":
        return Ending("paused", ending.message, "provider")
    return ending


def _end(context: WorkerContext, claim: Claim, ending: Ending) -> str:
    workspace, batch = context.workspace, claim.batch
    crash_here("before_end")
    is_ours = context.patiently(lambda: end_batch(workspace, claim, ending))
    crash_here("after_end")
    if is_ours and ending.state == "completed" and batch.kind in KEPT_KINDS:
        context.patiently(lambda: request_insight(workspace, batch.batch_id))
        if batch.origin.get("operation") == FILL_GAP:
            context.patiently(lambda: request_coverage_again(workspace, batch.batch_id))
        return ending.state
    return _leave(context, batch.batch_id)


def _leave(context: WorkerContext, batch_id: str) -> str:
    """The state of a batch that is not ours to run.

    Whoever completed it may have died before it asked for the insight.
    """
    workspace = context.workspace
    batch = context.patiently(lambda: get_batch(workspace, batch_id))
    if batch.state == "completed" and batch.kind in KEPT_KINDS:
        context.patiently(lambda: request_missing_insight(workspace, batch_id))
    if batch.state in ENDED and batch.kind == "expansion":
        names_terms = batch.origin.get("operation") == OPERATION
        take = continue_extraction if names_terms else collect_candidates
        context.patiently(lambda: take(workspace, batch_id))
    if batch.state in (*ENDED, "paused") and batch.kind == JUDGEMENT:
        context.patiently(lambda: collect_judgements(workspace, batch_id))
    if batch.state in ENDED and batch.kind == TWINS:
        context.patiently(lambda: request_twins(workspace, batch_id))
    return batch.state


def _is_held(context: WorkerContext, batch_id: str) -> bool:
    """Whether a worker that lives is on it with another job: this one is left over.

    A job may be handed out again after its end could not be stored. To take the batch over would
    cost the calls in flight.
    """
    workspace = context.workspace
    while batch_id in context.running:
        # This process was taken for dead and got its own job again: the first run goes on.
        context.stopping.wait(OWN_RUN_NAP_S)
        park(context.stopping)
    batch = context.patiently(lambda: get_batch(workspace, batch_id))
    if batch.state != "running" or batch.worker_id in (None, context.worker_id):
        return False
    holders = context.patiently(lambda: live_jobs(workspace, "generate_batch", batch_id))
    alive = {worker.worker_id for worker in running_workers(workspace)}
    return batch.worker_id in alive & {job.worker_id for job in holders if job.state == "running"}


def _ending_of(error: Exception, batch_id: str) -> Ending:
    cause = passing_cause(error)
    if cause is None:
        logger.exception("batch %s failed", batch_id)
        return Ending("failed", brief(error))
    logger.warning("batch %s waits for the %s: %s", batch_id, cause, error)
    if cause == "disk":
        return Ending("paused", "The disk is full.", "disk", LOOK_AT_DISK_S)
    return Ending("running", wake_after_s=0.0)


def maker_of(workspace: Workspace, batch: Batch) -> Make | None:
    """What makes a batch's samples without a call; None where a model is asked."""
    maker = MAKERS.get(str(batch.origin.get("operation", "")))
    return None if maker is None else maker(workspace, batch)


MAKERS: dict[str, Callable[[Workspace, Batch], Make]] = {
    "import": import_rows, "noise": NoisyCopies, "swap": SwappedCopies,
}  # fmt: skip


async def _run(context: WorkerContext, claim: Claim) -> Ending | None:
    workspace, batch = context.workspace, claim.batch
    assessor = InlineAssessor(decided_definition(batch, claim.version))
    make = maker_of(workspace, batch)
    if make is not None:
        return await asyncio.to_thread(
            fill, workspace, claim, assessor, make,
            worker_id=context.worker_id, is_stopping=context.stopping.is_set,
        )  # fmt: skip
    endpoints = [_endpoint(workspace, batch, batch.connection, batch.model)]
    if batch.failover_connection:
        second = _endpoint(workspace, batch, batch.failover_connection, batch.failover_model)
        endpoints.append(second)
    try:
        for endpoint in endpoints:
            if endpoint.price is None and has_budget(workspace, claim.scope):
                return no_price(endpoint.target)
        resources = Resources(
            workspace=workspace,
            endpoint=endpoints[0],
            failover=endpoints[1] if len(endpoints) > 1 else None,
            assessor=assessor,
            worker_id=context.worker_id,
            is_stopping=context.stopping.is_set,
        )
        if batch.mode == "batch_api":
            return await advance(claim, resources)
        return await Run(claim, resources).run()
    finally:
        for endpoint in endpoints:
            await endpoint.provider.close()
        await asyncio.sleep(0)


def _endpoint(workspace: Workspace, batch: Batch, name: str, model: str) -> Endpoint:
    connection = get_connection(workspace, name)
    model = model or connection.default_model
    price = find_price(workspace, connection, model)
    return Endpoint(
        provider=open_provider(
            connection, workspace.settings, concurrency=batch.concurrency or AUTO_CONNECTIONS
        ),
        target=Target(name, model, price.source if price else ""),
        price=price,
        limits=limits_of(connection),
        reservation_factor=load_factor(workspace, name, model),
    )
