"""Several workers on one workspace: they share the queue, and take over from each other."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from invariants import assert_invariants
from processes import (
    Server,
    launch,
    move_to_another_machine,
    running,
    serving,
    until,
    until_generated,
    until_registered,
)

from core.db.tables import Worker
from core.db.workspace import Workspace, open_workspace
from core.jobs.running.waiting import wait_for_batch
from core.settings import load_settings

FEW = 8  # calls in flight
QUICK = 3.0  # seconds of silence that are taken for a death


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(latency_ms=20) as started:
        yield started


def test_a_worker_killed_on_another_machine_is_replaced_without_help(
    postgres_url: str, tmp_path: Path, server: Server
) -> None:
    workspace = open_workspace(load_settings(home=tmp_path / "home", database_url=postgres_url))
    batch = launch(workspace, server, 400, concurrency=FEW)
    with running(workspace, heartbeat_timeout_s=QUICK) as workers:
        far = workers.start()
        move_to_another_machine(workspace, far)
        until_generated(workspace, batch, 50)
        workers.start()
        far.kill()
        finished = wait_for_batch(workspace, batch.batch_id, timeout_s=60)
    assert (finished.state, finished.generated) == ("completed", 400)
    assert_invariants(workspace, batch.batch_id, server.stats(), most_repeated=FEW)
    workspace.close()


def test_a_worker_that_slept_past_its_time_writes_nothing_and_goes_on_healthy(
    any_workspace: Workspace, server: Server
) -> None:
    batch = launch(any_workspace, server, 400, concurrency=FEW)
    with running(any_workspace, heartbeat_timeout_s=QUICK) as workers:
        asleep = workers.start()
        worker_id = until_registered(any_workspace, asleep)
        until_generated(any_workspace, batch, 50)
        asleep.put_to_sleep(any_workspace)
        other = workers.start()
        finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
        assert (finished.state, finished.generated) == ("completed", 400)
        assert finished.worker_id != worker_id
        asleep.send(signal.SIGCONT)
        until(lambda: state_of(any_workspace, worker_id) == "running", "it beats again", 10)
        assert_invariants(any_workspace, batch.batch_id, server.stats(), most_repeated=FEW)
        other.kill()
        server.reset()
        later = launch(any_workspace, server, 50, concurrency=FEW)
        finished = wait_for_batch(any_workspace, later.batch_id, timeout_s=30)
    assert (finished.state, finished.worker_id) == ("completed", worker_id)
    assert_invariants(any_workspace, later.batch_id, server.stats())


def state_of(workspace: Workspace, worker_id: str) -> str:
    with workspace.read() as session:
        return session.get_one(Worker, worker_id).state


@pytest.mark.parametrize("count", [2, 4])
def test_workers_share_the_queue_and_take_each_batch_once(
    any_workspace: Workspace, server: Server, count: int
) -> None:
    with running(any_workspace) as workers:
        for _ in range(count):
            until_registered(any_workspace, workers.start())
        batches = [launch(any_workspace, server, 60, concurrency=FEW) for _ in range(6)]
        for batch in batches:
            finished = wait_for_batch(any_workspace, batch.batch_id, timeout_s=60)
            assert (finished.state, finished.fence) == ("completed", 1)
    stats = server.stats()
    assert stats["requests"] == 6 * 60
    assert_invariants(any_workspace, [batch.batch_id for batch in batches], stats)
