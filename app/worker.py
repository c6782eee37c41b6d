"""The process that runs jobs. `generate` workers stay light; `compute` workers load models.

Killed at any line it loses nothing: the rows are the truth, and the next worker's sweep hands its
jobs on. Asked to end, it lets calls in flight finish.
"""

import gc
import logging
import os
import signal
import threading
import time
from dataclasses import dataclass
from typing import Literal

from core.db.passing import passing_cause
from core.db.sqlite import WAL_WARNING_BYTES, wal_bytes
from core.db.workspace import Workspace, open_workspace
from core.faults import arm
from core.jobs.running.liveness import LifeSigns
from core.jobs.running.queue import COMPUTE, GENERATE, MAPS, consume, prepare_queue, stop_consuming
from core.jobs.running.recovery import Watch, sweep
from core.jobs.running.waking import has_room
from core.jobs.running.workers import HEARTBEAT_S, beat, register_worker, retire_worker
from core.jobs.workflows import WorkerContext, jobs_of
from core.settings import Settings

WorkerKind = Literal["generate", "compute"]
QUEUES = {"generate": (GENERATE,), "compute": (COMPUTE, MAPS)}
DRAIN_S = 30.0
RETIRE_S = 3.0  # a database that is locked or away does not hold up the end
COMPUTE_NICENESS = 10  # generation comes first where both want the processor

logger = logging.getLogger(__name__)


def run_worker(settings: Settings, kind: WorkerKind, *, follow_parent: bool = False) -> None:
    """Run jobs until SIGTERM or ctrl-C, or until the parent is gone. Never returns."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    if kind == "compute":
        os.nice(COMPUTE_NICENESS)
    if settings.crash_at:
        arm(settings.crash_at)
    workspace = open_workspace(settings)
    if not has_room(workspace):
        logger.warning("the disk of %s is nearly full", workspace.home)
    prepare_queue(workspace)
    worker_id = register_worker(workspace, kind)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    context = WorkerContext(workspace, worker_id, stopping)
    _calm_garbage_collection()
    consume(workspace, worker_id, QUEUES[kind], jobs_of(context))
    logger.info("%s worker %s is ready", kind, worker_id)
    # Aside, so that a locked database cannot keep this thread from hearing a signal.
    threading.Thread(target=Caretaker(context).run, name="caretaker", daemon=True).start()
    parent = os.getppid()
    while not stopping.wait(HEARTBEAT_S):
        if follow_parent and os.getppid() != parent:
            stopping.set()
    _drain(context)
    retiring = threading.Thread(target=retire_worker, args=(workspace, worker_id), daemon=True)
    retiring.start()
    retiring.join(RETIRE_S)
    # Parked jobs hold threads on purpose: only leaving the process keeps them unfinished.
    os._exit(0)


def _calm_garbage_collection() -> None:
    """Thousands of short-lived calls a second would set the collector off every few milliseconds,
    to walk over modules that never go: a tenth of the processor time of a sample."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@dataclass
class Caretaker:
    """Beats, sweeps, and keeps an eye on the disk, for as long as the worker takes jobs."""

    context: WorkerContext
    is_wal_long: bool = False

    def __post_init__(self) -> None:
        settings = self.context.workspace.settings
        self.watch = Watch(
            LifeSigns(settings.heartbeat_timeout_s),
            self.context.worker_id,
            self.context.is_at_work,
        )

    def run(self) -> None:
        """Look after everything at once, and then every HEARTBEAT_S until the worker stops."""
        while not self.context.stopping.is_set():
            try:
                self.look()
            except Exception as error:
                if (cause := passing_cause(error)) is None:
                    logger.exception("a heartbeat failed")
                else:
                    # A worker never ends because the database is busy: the next beat tries again.
                    logger.warning("a heartbeat waits for the %s: %s", cause, error)
            self.context.stopping.wait(HEARTBEAT_S)

    def look(self) -> None:
        """One round. The sweep comes after a beat that was stored; see LifeSigns."""
        workspace = self.context.workspace
        beat(workspace, self.context.worker_id)
        if moved := sweep(workspace, self.watch):
            logger.warning("queued %d jobs again", moved)
        has_room(workspace)
        self._look_at_wal(workspace)

    def _look_at_wal(self, workspace: Workspace) -> None:
        size = wal_bytes(workspace.engine)
        was_long, self.is_wal_long = self.is_wal_long, size > WAL_WARNING_BYTES
        if self.is_wal_long and not was_long:
            logger.warning(
                "the write-ahead log has grown to %d MiB: a program that reads without end blocks "
                "its checkpoint; close it",
                size // 2**20,
            )


def _drain(context: WorkerContext) -> None:
    deadline = time.monotonic() + DRAIN_S
    while context.running and time.monotonic() < deadline:
        time.sleep(0.05)
    if context.running:
        logger.warning("leaving %d jobs unfinished", len(context.running))
    stop_consuming()
