"""The process that runs jobs. `generate` workers stay light; `compute` workers load models.

Killed at any line it loses nothing: the rows are the truth, and the next worker's sweep hands its
jobs on. Asked to end, it lets calls in flight finish.
"""

import logging
import os
import signal
import threading
import time
from typing import Literal

from sqlalchemy.exc import OperationalError

from core.db.workspace import Workspace, open_workspace
from core.jobs.queue import COMPUTE, GENERATE, consume, prepare_queue, stop_consuming
from core.jobs.recovery import sweep
from core.jobs.workers import HEARTBEAT_S, beat, register_worker, retire_worker
from core.jobs.workflows import WorkerContext, jobs_of
from core.settings import Settings

WorkerKind = Literal["generate", "compute"]
QUEUES = {"generate": (GENERATE,), "compute": (COMPUTE,)}
DRAIN_S = 30.0
COMPUTE_NICENESS = 10  # generation comes first where both want the processor

logger = logging.getLogger(__name__)


def run_worker(settings: Settings, kind: WorkerKind, *, follow_parent: bool = False) -> None:
    """Run jobs until SIGTERM or ctrl-C, or until the parent is gone. Never returns."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    if kind == "compute":
        os.nice(COMPUTE_NICENESS)
    workspace = open_workspace(settings)
    prepare_queue(workspace)
    worker_id = register_worker(workspace, kind)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    context = WorkerContext(workspace, worker_id, stopping)
    consume(workspace, worker_id, QUEUES[kind], jobs_of(context))
    logger.info("%s worker %s is ready", kind, worker_id)
    parent = os.getppid()
    while not stopping.wait(HEARTBEAT_S):
        _look_after(workspace, worker_id)
        if follow_parent and os.getppid() != parent:
            stopping.set()
    _drain(context)
    retire_worker(workspace, worker_id)
    # Parked jobs hold threads on purpose: only leaving the process keeps them unfinished.
    os._exit(0)


def _look_after(workspace: Workspace, worker_id: str) -> None:
    try:
        beat(workspace, worker_id)
        if moved := sweep(workspace):
            logger.warning("handed on %d jobs that were left unfinished", moved)
    except OperationalError as error:
        # The database may be busy or restarting: the next beat tries again.
        logger.warning("heartbeat missed: %s", error.orig)


def _drain(context: WorkerContext) -> None:
    deadline = time.monotonic() + DRAIN_S
    while context.running and time.monotonic() < deadline:
        time.sleep(0.05)
    if context.running:
        logger.warning("leaving %d jobs unfinished", len(context.running))
    stop_consuming()
