"""Workers as rows: who runs, and what each uses of its machine."""

import os
import shutil
from datetime import timedelta

import psutil
from sqlalchemy import select, update

from core.db.ids import new_id, utc_now
from core.db.tables import Worker
from core.db.workspace import Workspace
from core.jobs.running.liveness import Processes, this_host

HEARTBEAT_S = 2.0
# Who looks once can only compare clocks, and those of two machines differ. A wrong answer here
# shows a worker too long or too short in a table; jobs are handed on by LifeSigns alone.
DISPLAY_MARGIN = 10  # heartbeat timeouts


def register_worker(workspace: Workspace, kind: str) -> str:
    """A row for this process. Returns the worker's id."""
    worker_id = new_id("wrk")
    with workspace.write() as session:
        session.add(
            Worker(
                worker_id=worker_id,
                kind=kind,
                host=this_host(),
                pid=os.getpid(),
                state="running",
                heartbeat_at=utc_now(),
            )
        )
    return worker_id


def beat(workspace: Workspace, worker_id: str) -> None:
    """Say that this worker lives, and what it and its machine use."""
    process = _this_process()
    figures = {
        "cpu_percent": process.cpu_percent(),
        "rss_bytes": process.memory_info().rss,
        "host_cpu_percent": psutil.cpu_percent(),
        "host_memory_percent": psutil.virtual_memory().percent,
        "disk_free_bytes": shutil.disk_usage(workspace.home).free,
    }
    with workspace.write() as session:
        session.execute(
            update(Worker)
            .where(Worker.worker_id == worker_id)
            .values(state="running", beats=Worker.beats + 1, heartbeat_at=utc_now(), **figures)
        )


def retire_worker(workspace: Workspace, worker_id: str) -> None:
    """Say that this worker has stopped in good order."""
    with workspace.write() as session:
        session.execute(update(Worker).where(Worker.worker_id == worker_id).values(state="stopped"))


def running_workers(workspace: Workspace) -> list[Worker]:
    """The workers whose row says that they run; some of them may be dead."""
    with workspace.read() as session:
        return list(session.scalars(select(Worker).where(Worker.state == "running")))


def mark_dead(workspace: Workspace, workers: list[Worker]) -> set[str]:
    """Store that these are dead, but for those that have beaten meanwhile. Returns whose ids."""
    dead: set[str] = set()
    if not workers:
        return dead
    with workspace.write() as session:
        for worker in workers:
            marked = session.scalar(
                update(Worker)
                .where(
                    Worker.worker_id == worker.worker_id,
                    Worker.beats == worker.beats,
                    Worker.state == "running",
                )
                .values(state="dead")
                .returning(Worker.worker_id)
            )
            dead |= {marked} if marked else set()
    return dead


def list_workers(workspace: Workspace, *, only_live: bool = True) -> list[Worker]:
    """Workers, newest first; by default those that seem to live."""
    query = select(Worker).order_by(Worker.created_at.desc())
    if only_live:
        query = query.where(Worker.state == "running")
    with workspace.read() as session:
        workers = list(session.scalars(query))
    return [w for w in workers if seems_live(workspace, w)] if only_live else workers


def seems_live(workspace: Workspace, worker: Worker) -> bool:
    """Whether the worker runs, as far as a single look can tell; for display."""
    if worker.state != "running" or Processes().is_gone(worker):
        return False
    silence = abs(utc_now() - worker.heartbeat_at)
    return silence < DISPLAY_MARGIN * timedelta(seconds=workspace.settings.heartbeat_timeout_s)


_processes: dict[int, psutil.Process] = {}


def _this_process() -> psutil.Process:
    # Kept: cpu_percent measures since its own last call.
    return _processes.setdefault(os.getpid(), psutil.Process())
