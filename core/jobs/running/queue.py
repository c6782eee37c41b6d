"""The durable queue: DBOS Transact behind a few verbs. Nothing else in Seedbed names DBOS.

A job is enqueued in the same transaction as the row it works on. Its unit is a batch or a dataset
version, never a sample: jobs look at the rows and do what is still missing, so the queue may hand
one out again at any time.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from core.db.ids import new_id
from core.db.sqlite import queue_engine
from core.db.workspace import Workspace

GENERATE = "generate"  # batches; its workers never import torch
COMPUTE = "compute"  # embeddings, metrics, dataset versions
MAPS = "maps"  # UMAP: minutes of a child process, beside whatever else a compute worker does
QUEUES = (GENERATE, COMPUTE, MAPS)
# Jobs only carry an id and look at the rows, so a new Seedbed may finish an old one's jobs.
APPLICATION_VERSION = "1"
POLL_S = 0.2
JOBS_AT_ONCE = {GENERATE: 4, COMPUTE: 1, MAPS: 1}
UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]


@dataclass(frozen=True)
class JobRow:
    """One job as the queue sees it."""

    job_id: str
    name: str  # generate_batch, analyse, build_dataset …
    subject: str  # the id of the row it works on
    queue: str
    state: str  # waiting, running, done, failed, cancelled
    priority: int
    worker_id: str | None
    created_at: datetime
    updated_at: datetime


STATES = {
    "ENQUEUED": "waiting", "DELAYED": "waiting", "PENDING": "running", "SUCCESS": "done",
    "ERROR": "failed", "CANCELLED": "cancelled", "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
}  # fmt: skip


def prepare_queue(workspace: Workspace) -> None:
    """Make the queue's own tables. Idempotent."""
    logging.getLogger("dbos").setLevel(logging.WARNING)
    _client(workspace.engine)._sys_db.run_migrations()


def enqueue(
    workspace: Workspace, session: Session, queue: str, name: str, subject: str, priority: int = 10
) -> str:
    """Add a job in the caller's transaction, 1 being the most urgent priority. Returns its id."""
    job_id = f"{name}.{subject}.{new_id('job')}"
    _client(workspace.engine).enqueue_in_transaction(
        session,
        {
            "queue_name": queue,
            "workflow_name": name,
            "workflow_id": job_id,
            "priority": priority,
            "app_version": APPLICATION_VERSION,
        },
        subject,
    )
    return job_id


def list_jobs(workspace: Workspace, *, limit: int = 100, offset: int = 0) -> list[JobRow]:
    """Jobs, newest first."""
    found = _client(workspace.engine).list_workflows(
        limit=limit, offset=offset, sort_desc=True, load_input=False, load_output=False
    )
    return [_job_row(status) for status in found]


def unfinished_jobs(workspace: Workspace) -> list[JobRow]:
    """The jobs that wait or run, all of them."""
    found = _client(workspace.engine).list_workflows(
        status=UNFINISHED, load_input=False, load_output=False
    )
    return [_job_row(status) for status in found]


def live_jobs(workspace: Workspace, name: str, subject: str) -> list[JobRow]:
    """The jobs of that name for that row that wait or run."""
    found = _client(workspace.engine).list_workflows(
        status=UNFINISHED,
        workflow_id_prefix=f"{name}.{subject}.",
        load_input=False,
        load_output=False,
    )
    return [_job_row(status) for status in found]


def put_back(workspace: Workspace, jobs: Sequence[JobRow]) -> int:
    """Hand running jobs to others, but for those that changed hands meanwhile. Returns how many.

    Like DBOS' `resume_workflow`, but only while the job is still held by the worker that was seen
    holding it: of two sweeps at once, the second must not take the job from its new worker.
    """
    if not jobs:
        return 0
    queue = _client(workspace.engine)._sys_db
    table, moved = queue.tables.workflow_status, 0
    with queue.engine.begin() as connection:
        for job in jobs:
            freed = connection.execute(
                update(table)
                .where(
                    table.c.workflow_uuid == job.job_id,
                    table.c.status == "PENDING",
                    table.c.executor_id == job.worker_id,
                )
                .values(
                    status="ENQUEUED", owner_xid=None, recovery_attempts=0,
                    workflow_deadline_epoch_ms=None, started_at_epoch_ms=None,
                )
            )  # fmt: skip
            moved += freed.rowcount
    return moved


def consume(
    workspace: Workspace, worker_id: str, queues: Sequence[str], jobs: dict[str, Callable[..., Any]]
) -> None:
    """Start running jobs in background threads of this process. One call a process."""
    dbos = DBOS(
        config={
            "name": "seedbed",
            "system_database_engine": _engine_for_queue(workspace.engine),
            "executor_id": worker_id,
            "application_version": APPLICATION_VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "use_listen_notify": False,
            "run_migrations": False,
        }
    )
    for name, job in jobs.items():
        DBOS.workflow(name=name)(job)
    DBOS.listen_queues(list(queues))
    DBOS.launch()
    # Its own patience grows to 90 s between two tries. Ours ends with the next poll; an outcome
    # that could not be written leaves a job that its worker's sweep puts back.
    dbos._sys_db._retry_connection_errors = False
    for queue in queues:
        DBOS.register_queue(
            queue, worker_concurrency=JOBS_AT_ONCE[queue], polling_interval_sec=POLL_S
        )


def stop_consuming() -> None:
    """Take no more jobs. Those still running are put back by the next sweep of a live worker."""
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    DBOS.destroy()


def _job_row(status: Any) -> JobRow:
    _, subject, _ = f"{status.workflow_id}..".split(".", 2)
    return JobRow(
        job_id=status.workflow_id,
        name=status.name or "",
        subject=subject,
        queue=status.queue_name or "",
        state=STATES.get(status.status, status.status.lower()),
        priority=status.priority or 0,
        worker_id=status.executor_id,
        created_at=datetime.fromtimestamp((status.created_at or 0) / 1000, UTC),
        updated_at=datetime.fromtimestamp((status.updated_at or 0) / 1000, UTC),
    )


@lru_cache(maxsize=8)
def _engine_for_queue(engine: Engine) -> Engine:
    return queue_engine(str(engine.url)) if engine.dialect.name == "sqlite" else engine


@lru_cache(maxsize=8)
def _client(engine: Engine) -> DBOSClient:
    return DBOSClient(
        system_database_engine=_engine_for_queue(engine),
        serializer=DBOSPortableJSONSerializer(),
        retry_connection_errors=False,
    )
