"""Databases that are locked, restarted or out of disk while a batch runs: it waits and goes on."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from disks import answer_lost_at, fill_up, full_at, locked
from invariants import assert_invariants
from own_postgres import OwnPostgres
from processes import (
    Server,
    launch,
    running,
    serving,
    until,
    until_generated,
    until_registered,
)
from sqlalchemy import create_engine, select, text

from core.db.reserve import DiskReserve
from core.db.tables import Worker
from core.db.workspace import Workspace, open_workspace
from core.generation.batches import batch_log, get_batch
from core.jobs.running.waiting import wait_for_batch
from core.jobs.workflows import WorkerContext, run_batch
from core.settings import load_settings

FEW = 8  # calls in flight
QUICK = 3.0  # seconds of silence that are taken for a death


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(latency_ms=20) as started:
        yield started


def test_a_locked_database_delays_and_costs_nothing(
    any_workspace: Workspace, server: Server
) -> None:
    batch = launch(any_workspace, server, 600, concurrency=FEW)
    with running(any_workspace, heartbeat_timeout_s=QUICK) as workers:
        ids = {until_registered(any_workspace, workers.start()) for _ in range(2)}
        until_generated(any_workspace, batch, 50)
        with locked(any_workspace, 5.0) as holder:
            holder.wait()
        finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
        with any_workspace.read() as session:
            states = session.scalars(select(Worker.state).where(Worker.worker_id.in_(ids))).all()
        assert states == ["running"] * 2
    assert (finished.state, finished.fence) == ("completed", 1), "nobody took it over"
    assert server.stats()["requests"] == 600
    assert_invariants(any_workspace, batch.batch_id, server.stats())


@pytest.mark.parametrize("first", [1, 2, 3, 5, 8])
def test_a_disk_that_is_full_at_any_commit_holds_replies_back_and_loses_none(
    any_workspace: Workspace, server: Server, first: int
) -> None:
    batch = launch(any_workspace, server, 60, concurrency=FEW, budget_usd=Decimal(1))
    reserve = DiskReserve(any_workspace.home)
    reserve.hold()
    context = WorkerContext(any_workspace, "wrk_test", threading.Event())
    with full_at(any_workspace, first) as failed:
        assert run_batch(context, batch.batch_id) == "completed"
    assert len(failed) == 2
    assert not reserve.is_held, "its room went to the replies"
    assert server.stats()["requests"] == 60
    assert_invariants(any_workspace, batch.batch_id, server.stats())


@pytest.fixture
def small_disk(tmp_path: Path, sqlite_template: Path) -> Iterator[Workspace]:
    """A workspace on a file system of 64 MiB."""
    home = tmp_path / "small"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(home)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    shutil.copy(sqlite_template, home / "seedbed.sqlite")
    opened = open_workspace(load_settings(home=home, min_free_disk_bytes=24 * 2**20))
    yield opened
    opened.close()
    subprocess.run(["umount", "--lazy", str(home)], check=True)


def test_a_full_disk_pauses_a_batch_which_goes_on_by_itself_when_there_is_room(
    small_disk: Workspace, server: Server, tmp_path: Path
) -> None:
    batch = launch(small_disk, server, 1500, concurrency=FEW)
    with running(small_disk, tmp_path / "worker.log") as workers:
        workers.start()
        until_generated(small_disk, batch, 50)
        filler = fill_up(small_disk.home, 2**16)
        paused = wait_for_batch(small_disk, batch.batch_id, timeout_s=30)
        assert (paused.state, paused.pause_reason) == ("paused", "disk")
        asked = server.stats()["requests"]
        filler.unlink()
        until(lambda: get_batch(small_disk, batch.batch_id).state == "completed", "it goes on", 60)
    assert asked < 1500
    assert server.stats()["requests"] == 1500
    assert_invariants(small_disk, batch.batch_id, server.stats())
    assert "Trying again by itself." in [e.message for e in batch_log(small_disk, batch.batch_id)]


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[OwnPostgres]:
    started = OwnPostgres()
    yield started
    started.stop()


def test_a_batch_outlives_restarts_of_postgresql(
    own_postgres: OwnPostgres, server: Server, tmp_path: Path
) -> None:
    workspace = own_postgres.open(tmp_path / "home")
    batch = launch(workspace, server, 800, concurrency=FEW)
    with running(workspace) as workers:
        workers.start()
        for at_least, how in ((100, "fast"), (400, "immediate")):
            until_generated(workspace, batch, at_least)
            own_postgres.restart(how)
            workspace.engine.dispose()
        finished = wait_for_batch(workspace, batch.batch_id, timeout_s=90)
    assert (finished.state, finished.generated) == ("completed", 800)
    assert_invariants(workspace, batch.batch_id, server.stats(), most_repeated=2 * FEW)


def test_a_statement_that_is_ended_by_the_server_is_made_again(
    any_workspace: Workspace, server: Server
) -> None:
    if any_workspace.engine.dialect.name != "postgresql":
        pytest.skip("only a server ends connections")
    batch = launch(any_workspace, server, 400, concurrency=FEW)
    killer = create_engine(any_workspace.engine.url, isolation_level="AUTOCOMMIT")
    end_all = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with running(any_workspace) as workers, killer.connect() as connection:
        workers.start()
        for at_least in (50, 150, 250):
            until_generated(any_workspace, batch, at_least)
            connection.execute(end_all)
            any_workspace.engine.dispose()
        finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
    killer.dispose()
    assert (finished.state, finished.generated) == ("completed", 400)
    assert_invariants(any_workspace, batch.batch_id, server.stats(), most_repeated=3 * FEW)


@pytest.mark.parametrize("number", [1, 2, 4, 7, 11])
def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    postgres_url: str, tmp_path: Path, server: Server, number: int
) -> None:
    workspace = open_workspace(load_settings(home=tmp_path / "home", database_url=postgres_url))
    batch = launch(workspace, server, 60, concurrency=FEW, budget_usd=Decimal(1))
    context = WorkerContext(workspace, "wrk_test", threading.Event())
    with answer_lost_at(workspace, number):
        assert run_batch(context, batch.batch_id) == "completed"
    assert_invariants(workspace, batch.batch_id, server.stats(), most_repeated=FEW)
    workspace.close()
