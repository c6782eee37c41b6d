"""The durable queue: DBOS Transact behind four verbs. Nothing else in Seedbed names DBOS.

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
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.db.ids import new_id
from core.db.sqlite import queue_engine
from core.db.workspace import Workspace

GENERATE = "generate"  # batches; its workers never import torch
COMPUTE = "compute"  # embeddings, metrics, dataset versions
QUEUES = (GENERATE, COMPUTE)
# Jobs only carry an id and look at the rows, so a new Seedbed may finish an old one's jobs.
APPLICATION_VERSION = "1"
POLL_S = 0.2
JOBS_AT_ONCE = {GENERATE: 4, COMPUTE: 1}
DONE_STATES = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


@dataclass(frozen=True)
class JobRow:
    """One job as the queue sees it."""

    job_id: str
    name: str  # generate_batch, analyse_batch, build_dataset
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


def has_live_job(workspace: Workspace, name: str, subject: str) -> bool:
    """Whether a job of that name for that row waits or runs."""
    found = _client(workspace.engine).list_workflows(
        status=["ENQUEUED", "DELAYED", "PENDING"],
        workflow_id_prefix=f"{name}.{subject}.",
        limit=1,
        load_input=False,
        load_output=False,
    )
    return bool(found)


def put_back(workspace: Workspace, is_alive: Callable[[str], bool]) -> int:
    """Hand the jobs of workers that are gone to others. Returns how many."""
    client = _client(workspace.engine)
    running = client.list_workflows(status="PENDING", load_input=False, load_output=False)
    orphans = [status for status in running if not is_alive(status.executor_id or "")]
    for status in orphans:
        client.resume_workflow(status.workflow_id, queue_name=status.queue_name)
    return len(orphans)


def consume(
    workspace: Workspace, worker_id: str, queues: Sequence[str], jobs: dict[str, Callable[..., Any]]
) -> None:
    """Start running jobs in background threads of this process. One call a process."""
    DBOS(
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
        system_database_engine=_engine_for_queue(engine), serializer=DBOSPortableJSONSerializer()
    )
