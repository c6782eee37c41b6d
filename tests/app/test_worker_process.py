"""Real worker processes, killed and stopped from outside; the server's log is the witness."""

import os
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from invariants import assert_invariants
from processes import (
    CONCURRENCY,
    Server,
    Workers,
    launch,
    running,
    serving,
    until_generated,
)
from sqlalchemy import func, select

from core.db.tables import Attempt
from core.db.workspace import Workspace
from core.generation.batches import get_batch
from core.generation.progress import batch_progress
from core.jobs.running.waiting import wait_for_batch
from core.jobs.running.workers import list_workers


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(latency_ms=50) as started:
        yield started


@pytest.fixture
def workers(any_workspace: Workspace) -> Iterator[Workers]:
    with running(any_workspace) as started:
        yield started


def test_three_kills_lose_nothing_and_repay_only_what_was_in_flight(
    any_workspace: Workspace, server: Server, workers: Workers
) -> None:
    batch = launch(any_workspace, server, 1000, budget_usd=Decimal(100))
    jitter = int.from_bytes(os.urandom(1))
    for kill in range(3):
        process = workers.start()
        until_generated(any_workspace, batch, 150 + 250 * kill + jitter)
        process.kill()
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
    until_generated(any_workspace, batch, 100)
    first.send(signal.SIGTERM)
    first.wait(20)
    assert list_workers(any_workspace) == []
    assert 100 <= get_batch(any_workspace, batch.batch_id).generated < 600
    workers.start()
    finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
    assert (finished.state, finished.generated) == ("completed", 600)
    # Nothing was cut off: every request was stored the first time.
    stats = server.stats()
    assert stats["requests"] == 600
    assert_invariants(any_workspace, batch.batch_id, stats)


def test_a_generate_worker_never_loads_torch(workspace: Workspace, server: Server) -> None:
    batch = launch(workspace, server, 200)
    with running(workspace) as workers:
        process = workers.start()
        wait_for_batch(workspace, batch.batch_id, timeout_s=60)
        assert_light(process.pid)


def assert_light(pid: int) -> None:
    maps = Path(f"/proc/{pid}/maps")
    if maps.exists():
        loaded = maps.read_text()
        assert "libtorch" not in loaded
        assert "sklearn" not in loaded
