"""The sweep that every live worker makes: nothing that was asked for stays undone.

Several workers sweep at once. Each change is made under a lock, or only while the row still is as
it was seen, so that two of them do it once.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.generation.batches import log
from core.jobs.running.liveness import LifeSigns
from core.jobs.running.queue import GENERATE, JobRow, enqueue, live_jobs, put_back, unfinished_jobs
from core.jobs.running.waking import JOB, Alarms, Waiting, wake
from core.jobs.running.workers import mark_dead, running_workers

STRAY_AFTER_S = 20.0  # a job of ours that we do not work on: its start or its end was not stored


@dataclass
class Watch:
    """What one worker process remembers between its sweeps."""

    life: LifeSigns
    worker_id: str = ""
    is_at_work: Callable[[str, str], bool] = lambda _name, _subject: True  # this process, on a job
    clock: Callable[[], float] = time.monotonic
    alarms: Alarms = field(default_factory=Alarms)
    strays: dict[str, float] = field(default_factory=dict)  # job id → since when


def sweep(workspace: Workspace, watch: Watch | None = None) -> int:
    """Hand on what dead workers left, and take up what waits. Returns how many jobs that made.

    Without a watch nothing is remembered: only what a single look shows is done.
    """
    watch = watch or Watch(LifeSigns(workspace.settings.heartbeat_timeout_s))
    now_s = watch.clock()
    # Jobs first: whoever holds one of them had registered before.
    jobs = unfinished_jobs(workspace)
    live = _bury(workspace, watch.life, now_s)
    running = [job for job in jobs if job.state == "running"]
    orphans = [job for job in running if job.worker_id not in live]
    moved = put_back(workspace, [*orphans, *_strays(running, watch, now_s)])
    at_work = {job.subject for job in jobs if job.name == JOB}
    idle = [batch for batch in _waiting_batches(workspace) if batch.batch_id not in at_work]
    lost = [batch for batch in idle if batch.is_lost]
    waiting = [batch for batch in idle if not batch.is_lost]
    return moved + _revive(workspace, lost) + wake(workspace, watch.alarms, waiting, now_s)


def _bury(workspace: Workspace, life: LifeSigns, now_s: float) -> set[str]:
    """Mark the workers that died; the ids of those that live."""
    workers = running_workers(workspace)
    live = life.observe(workers, now_s)
    silent = [worker for worker in workers if worker.worker_id not in live]
    dead = mark_dead(workspace, silent)
    return {worker.worker_id for worker in workers} - dead


def _strays(running: Sequence[JobRow], watch: Watch, now_s: float) -> list[JobRow]:
    """Jobs that the queue thinks we work on, for a while already, though we do not."""
    idle = [
        job
        for job in running
        if job.worker_id == watch.worker_id and not watch.is_at_work(job.name, job.subject)
    ]
    watch.strays = {job.job_id: watch.strays.get(job.job_id, now_s) for job in idle}
    return [job for job in idle if now_s - watch.strays[job.job_id] >= STRAY_AFTER_S]


def _waiting_batches(workspace: Workspace) -> list[Waiting]:
    """Unfinished batches, but for those that a person paused."""
    query = select(
        Batch.batch_id, Batch.fence, Batch.state, Batch.pause_reason, Batch.wanted,
        Batch.wake_after_s,
    ).where(
        Batch.state.in_(("queued", "running"))
        | ((Batch.state == "paused") & Batch.wake_after_s.is_not(None))
    )  # fmt: skip
    with workspace.read() as session:
        return [Waiting(*row) for row in session.execute(query)]


def _revive(workspace: Workspace, lost: Sequence[Waiting]) -> int:
    """Queue again the batches whose job ended with an error, such as a database that was away."""
    revived = 0
    for seen in lost:
        with workspace.write() as session:
            batch = session.get(Batch, seen.batch_id, with_for_update=True)
            # Looked at again under the lock: another worker's sweep may have been quicker.
            if batch is None or not Waiting.of(batch).is_lost:
                continue
            if not live_jobs(workspace, JOB, seen.batch_id):
                enqueue(workspace, session, GENERATE, JOB, seen.batch_id, batch.priority)
                log(session, seen.batch_id, "Its job was lost; queued again.", "warning")
                revived += 1
    return revived
