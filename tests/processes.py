"""Real worker and provider processes for tests: started, killed, stopped, and watched from outside.

The provider's own log is the witness of what was asked and of what it would have billed.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import psycopg
import psycopg.errors
import pysqlite3
from factories import make_template
from sqlalchemy import update

from app.up import environment_of
from core.db.tables import Batch, Worker
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, get_batch
from core.jobs.launching import launch_batch
from core.providers.connections import connection_for_url
from core.providers.prices import set_price

ROOT = Path(__file__).resolve().parents[1]
CONCURRENCY = 64


class Server:
    """The loopback server in a process of its own."""

    def __init__(self, latency_ms: float = 0) -> None:
        command = [sys.executable, "tests/loopback.py", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--latency-ms", str(latency_ms)], stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(self._at("/stats"), timeout=30) as reply:
            return dict(json.loads(reply.read()))

    def reset(self) -> None:
        self._post("/reset", {})

    def configure(self, **settings: Any) -> None:
        self._post("/config", settings)

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        request = urllib.request.Request(self._at(path), json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=30).close()

    def _at(self, path: str) -> str:
        return self.url.removesuffix("/v1") + path


class WorkerProcess:
    """One worker, known by its process id."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process = psutil.Process(pid)

    def send(self, number: signal.Signals) -> None:
        if self.is_running():
            os.kill(self.pid, number)

    def is_running(self) -> bool:
        return self._process.is_running()

    def wait(self, timeout_s: float = 30) -> None:
        until(lambda: not self.is_running(), f"worker {self.pid} ends", timeout_s)

    def put_to_sleep(self, workspace: Workspace) -> None:
        """Stop it, but not in the middle of a write, whose locks it would keep.

        On SQLite nobody could write until it woke; PostgreSQL ends such a transaction in time.
        """

        def is_asleep() -> bool:
            self.send(signal.SIGSTOP)
            while self._process.status() != psutil.STATUS_STOPPED:
                time.sleep(0.005)
            if can_write(workspace):
                return True
            self.send(signal.SIGCONT)
            time.sleep(0.01)
            return False

        until(is_asleep, "it sleeps without the lock", 20)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send(signal.SIGKILL)
        self.wait()


class Workers:
    """Worker processes of one workspace, forked from one that has imported everything."""

    def __init__(self, workspace: Workspace, log: Path | None = None, **settings: Any) -> None:
        self.workspace = workspace
        self._environment = environment_of(workspace.settings) | _variables(settings)
        self._log = log
        self.all: list[WorkerProcess] = []
        self._nursery = subprocess.Popen(
            [sys.executable, "tests/nursery.py"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert self._read() == "ready"

    def start(self, kind: str = "generate", **settings: Any) -> WorkerProcess:
        """A worker with these settings on top of the workspace's. It may not be ready yet."""
        environment = self._environment | _variables(settings)
        order = {"kind": kind, "environment": environment, "log": str(self._log or "")}
        assert self._nursery.stdin is not None
        print(json.dumps(order), file=self._nursery.stdin, flush=True)
        worker = WorkerProcess(int(self._read()))
        self.all.append(worker)
        return worker

    def stop(self) -> None:
        for worker in self.all:
            worker.send(signal.SIGKILL)
        self._nursery.kill()
        self._nursery.communicate()

    def _read(self) -> str:
        assert self._nursery.stdout is not None
        return self._nursery.stdout.readline().strip()


def _variables(settings: Mapping[str, Any]) -> dict[str, str]:
    return {f"SEEDBED_{name.upper()}": str(value) for name, value in settings.items()}


@contextmanager
def running(workspace: Workspace, log: Path | None = None, **settings: Any) -> Iterator[Workers]:
    """Workers for this workspace, all of them ended at the end of the block."""
    workers = Workers(workspace, log, **settings)
    try:
        yield workers
    finally:
        workers.stop()


@contextmanager
def serving(latency_ms: float = 0) -> Iterator[Server]:
    """A provider, ended at the end of the block."""
    server = Server(latency_ms)
    try:
        yield server
    finally:
        server.stop()


def launch(workspace: Workspace, server: Server, n: int, **changes: Any) -> Batch:
    """A batch on the server with true prices."""
    connection = connection_for_url(workspace, server.url, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    version = changes.pop("version", None) or make_template(workspace)
    values = {"connection": connection.name, "concurrency": CONCURRENCY} | changes
    return launch_batch(workspace, LaunchRequest(version.template_version_id, n, **values))


def can_write(workspace: Workspace) -> bool:
    """Whether no other process is in the middle of a write that would keep a batch from us."""
    if workspace.engine.dialect.name == "sqlite":
        probe = pysqlite3.connect(workspace.engine.url.database, isolation_level=None, timeout=0.3)
        lock = "BEGIN IMMEDIATE"
    else:
        url = workspace.engine.url.set(drivername="postgresql")
        probe = psycopg.connect(url.render_as_string(hide_password=False))
        lock = "LOCK TABLE batches, attempts, workers IN SHARE ROW EXCLUSIVE MODE NOWAIT"
    try:
        probe.execute(lock)
    except (pysqlite3.OperationalError, psycopg.errors.LockNotAvailable):
        return False
    finally:
        probe.close()
    return True


def until(is_so: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Wait for a state of affairs; AssertionError naming it after the time-out."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.02)


def until_generated(workspace: Workspace, batch: Batch, at_least: int) -> None:
    """Wait until the batch has so many samples."""

    def is_so() -> bool:
        return get_batch(workspace, batch.batch_id).generated >= at_least

    until(is_so, f"{at_least} samples generated")


def until_registered(workspace: Workspace, worker: WorkerProcess) -> str:
    """Wait for the worker's row; its id."""
    found: list[str] = []

    def is_so() -> bool:
        with workspace.read() as session:
            rows = session.query(Worker).filter_by(pid=worker.pid, state="running").all()
        found.extend(row.worker_id for row in rows)
        return bool(found)

    until(is_so, f"worker {worker.pid} registers", 30)
    return found[-1]


def move_to_another_machine(workspace: Workspace, worker: WorkerProcess) -> str:
    """Have everybody think that the worker's process is not of this machine; its id."""
    worker_id = until_registered(workspace, worker)
    with workspace.write() as session:
        session.execute(
            update(Worker).where(Worker.worker_id == worker_id).values(host="another-machine")
        )
    return worker_id
