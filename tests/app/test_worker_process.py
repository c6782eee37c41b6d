"""Real worker processes, killed and stopped from outside; the server's log is the witness."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from factories import make_template
from invariants import assert_invariants
from sqlalchemy import func, select

from app.up import environment_of
from core.db.tables import Attempt, Batch
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, get_batch
from core.generation.progress import batch_progress
from core.jobs.launching import launch_batch
from core.jobs.waiting import wait_for_batch
from core.jobs.workers import list_workers
from core.providers.connections import connection_for_url
from core.providers.prices import set_price

ROOT = Path(__file__).resolve().parents[2]
CONCURRENCY = 64


class Server:
    """The loopback server in a process of its own."""

    def __init__(self, latency_ms: int) -> None:
        command = [sys.executable, "tests/loopback.py", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--latency-ms", str(latency_ms)], stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/stats", timeout=10) as reply:
            return dict(json.loads(reply.read()))

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server(latency_ms=50)
    yield started
    started.stop()


class Workers:
    """Worker processes of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.environment = environment_of(workspace.settings)
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, kind: str = "generate") -> subprocess.Popen[bytes]:
        command = (sys.executable, "-m", "app.cli", "worker", "--kind", kind, "--follow-parent")
        process = subprocess.Popen(
            command, env=self.environment, cwd=ROOT, stderr=subprocess.DEVNULL
        )
        self.running.append(process)
        return process

    def stop(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def workers(any_workspace: Workspace) -> Iterator[Workers]:
    started = Workers(any_workspace)
    yield started
    started.stop()


def launch(workspace: Workspace, server: Server, n: int, **changes: Any) -> Batch:
    connection = connection_for_url(workspace, server.url, model="mock")
    set_price(workspace, connection, "mock", Decimal(2), Decimal(8))
    version = make_template(workspace)
    values = {"connection": connection.name, "concurrency": CONCURRENCY} | changes
    return launch_batch(workspace, LaunchRequest(version.template_version_id, n, **values))


def wait_until_generated(workspace: Workspace, batch: Batch, at_least: int) -> None:
    deadline = time.monotonic() + 60
    while get_batch(workspace, batch.batch_id).generated < at_least:
        assert time.monotonic() < deadline, "the batch does not advance"
        time.sleep(0.02)


def test_three_kills_lose_nothing_and_repay_only_what_was_in_flight(
    any_workspace: Workspace, server: Server, workers: Workers
) -> None:
    batch = launch(any_workspace, server, 1000, budget_usd=Decimal(100))
    jitter = int.from_bytes(os.urandom(1))
    for kill in range(3):
        process = workers.start()
        wait_until_generated(any_workspace, batch, 150 + 250 * kill + jitter)
        process.send_signal(signal.SIGKILL)
        process.wait()
    workers.start()
    finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=90)
    assert (finished.state, finished.generated, finished.failed) == ("completed", 1000, 0)
    stats = server.stats()
    assert stats["requests"] <= 1000 + 3 * CONCURRENCY
    assert_invariants(any_workspace, batch.batch_id, stats, most_repeated=3 * CONCURRENCY)


def test_a_burst_never_passes_the_budget(
    any_workspace: Workspace, server: Server, workers: Workers
) -> None:
    cap = Decimal("0.50")
    batch = launch(any_workspace, server, 5000, budget_usd=cap, concurrency=256)
    workers.start()
    paused = wait_for_batch(any_workspace, batch.batch_id, timeout_s=90)
    assert (paused.state, paused.pause_reason) == ("paused", "budget")
    stats = server.stats()
    assert Decimal(stats["bill_nano_usd"]) / 10**9 <= cap
    left = batch_progress(any_workspace, batch.batch_id).budget_left_usd
    with any_workspace.read() as session:
        worst_case = session.scalar(select(func.max(Attempt.reserved_usd)))
    assert left is not None
    assert worst_case is not None
    assert 0 <= left < worst_case, "less than one call's worst case is left"
    assert_invariants(any_workspace, batch.batch_id, stats)


def test_sigterm_drains_and_another_worker_goes_on(
    any_workspace: Workspace, server: Server, workers: Workers
) -> None:
    batch = launch(any_workspace, server, 600)
    first = workers.start()
    wait_until_generated(any_workspace, batch, 100)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=20) == 0
    assert list_workers(any_workspace) == []
    assert 100 <= get_batch(any_workspace, batch.batch_id).generated < 600
    workers.start()
    finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
    assert (finished.state, finished.generated) == ("completed", 600)
    # Nothing was cut off: every request was stored the first time.
    stats = server.stats()
    assert stats["requests"] == 600
    assert_invariants(any_workspace, batch.batch_id, stats)


def test_a_generate_worker_never_loads_torch(
    workspace: Workspace, server: Server, workers_of_sqlite: Workers
) -> None:
    batch = launch(workspace, server, 200)
    process = workers_of_sqlite.start()
    wait_for_batch(workspace, batch.batch_id, timeout_s=60)
    maps = Path(f"/proc/{process.pid}/maps")
    if maps.exists():
        loaded = maps.read_text()
        assert "libtorch" not in loaded
        assert "sklearn" not in loaded


@pytest.fixture
def workers_of_sqlite(workspace: Workspace) -> Iterator[Workers]:
    started = Workers(workspace)
    yield started
    started.stop()
