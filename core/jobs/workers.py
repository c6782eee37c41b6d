"""Workers as rows: who is alive, and what each uses of the machine."""

import os
import socket
from datetime import timedelta

import psutil
from sqlalchemy import select, update

from core.db.ids import new_id, utc_now
from core.db.tables import Worker
from core.db.workspace import Workspace

HEARTBEAT_S = 2.0
START_TOLERANCE_S = 5.0


def register_worker(workspace: Workspace, kind: str) -> str:
    """A row for this process. Returns the worker's id."""
    worker_id = new_id("wrk")
    with workspace.write() as session:
        session.add(
            Worker(
                worker_id=worker_id,
                kind=kind,
                host=socket.gethostname(),
                pid=os.getpid(),
                state="running",
                heartbeat_at=utc_now(),
            )
        )
    return worker_id


def beat(workspace: Workspace, worker_id: str) -> None:
    """Say that this worker lives, and what it uses of the machine."""
    process = _this_process()
    with workspace.write() as session:
        session.execute(
            update(Worker)
            .where(Worker.worker_id == worker_id)
            .values(
                state="running",
                heartbeat_at=utc_now(),
                cpu_percent=process.cpu_percent(),
                rss_bytes=process.memory_info().rss,
            )
        )


def retire_worker(workspace: Workspace, worker_id: str) -> None:
    """Say that this worker has stopped in good order."""
    with workspace.write() as session:
        session.execute(update(Worker).where(Worker.worker_id == worker_id).values(state="stopped"))


def list_workers(workspace: Workspace, *, only_live: bool = True) -> list[Worker]:
    """Workers, newest first; by default those that live."""
    with workspace.read() as session:
        workers = list(session.scalars(select(Worker).order_by(Worker.created_at.desc())))
    return [w for w in workers if is_live(workspace, w)] if only_live else workers


def is_live(workspace: Workspace, worker: Worker) -> bool:
    """Whether the worker runs: a process of this host is looked at, any other must have beaten."""
    if worker.state != "running":
        return False
    if worker.host == socket.gethostname() and not _runs(worker):
        return False
    silence = utc_now() - worker.heartbeat_at
    return silence < timedelta(seconds=workspace.settings.heartbeat_timeout_s)


def _runs(worker: Worker) -> bool:
    try:
        process = psutil.Process(worker.pid)
        is_same = process.create_time() <= worker.created_at.timestamp() + START_TOLERANCE_S
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


_processes: dict[int, psutil.Process] = {}


def _this_process() -> psutil.Process:
    # Kept: cpu_percent measures since its own last call.
    return _processes.setdefault(os.getpid(), psutil.Process())
