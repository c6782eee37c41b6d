"""The queue behind its four verbs, and workers as rows."""

import socket
from datetime import timedelta

import pytest
from factories import make_batch
from sqlalchemy import update

from core.db.ids import new_id, utc_now
from core.db.tables import Worker
from core.db.workspace import Workspace
from core.jobs.queue import COMPUTE, GENERATE, enqueue, list_jobs, put_back
from core.jobs.recovery import sweep
from core.jobs.workers import beat, is_live, list_workers, register_worker, retire_worker


def test_a_job_comes_with_its_row_or_not_at_all(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    with any_workspace.write() as session:
        enqueue(any_workspace, session, GENERATE, "generate_batch", batch.batch_id, 3)
    with pytest.raises(RuntimeError), any_workspace.write() as session:
        enqueue(any_workspace, session, COMPUTE, "analyse_batch", batch.batch_id)
        raise RuntimeError
    (job,) = list_jobs(any_workspace)
    assert (job.name, job.subject, job.queue, job.state, job.priority) == (
        "generate_batch", batch.batch_id, GENERATE, "waiting", 3,
    )  # fmt: skip


def test_nothing_is_put_back_while_nothing_runs(any_workspace: Workspace) -> None:
    with any_workspace.write() as session:
        enqueue(any_workspace, session, GENERATE, "generate_batch", "bat_x")
    assert put_back(any_workspace, lambda _worker_id: False) == 0


def test_a_worker_lives_until_it_retires(any_workspace: Workspace) -> None:
    worker_id = register_worker(any_workspace, "generate")
    beat(any_workspace, worker_id)
    (worker,) = list_workers(any_workspace)
    assert (worker.worker_id, worker.state) == (worker_id, "running")
    assert worker.rss_bytes > 0
    retire_worker(any_workspace, worker_id)
    assert list_workers(any_workspace) == []
    assert [w.state for w in list_workers(any_workspace, only_live=False)] == ["stopped"]


@pytest.mark.parametrize(
    ("host", "pid", "silence_s", "lives"),
    [
        ("elsewhere", 1, 1, True),
        ("elsewhere", 1, 60, False),
        ("here", 2**22 + 1, 1, False),
    ],
    ids=["beating on another host", "silent on another host", "no such process here"],
)
def test_a_worker_is_taken_for_dead_by_its_silence_or_its_missing_process(
    workspace: Workspace, host: str, pid: int, silence_s: float, lives: bool
) -> None:
    worker = Worker(
        worker_id=new_id("wrk"),
        kind="generate",
        host=socket.gethostname() if host == "here" else host,
        pid=pid,
        state="running",
        heartbeat_at=utc_now() - timedelta(seconds=silence_s),
    )
    with workspace.write() as session:
        session.add(worker)
    assert is_live(workspace, worker) == lives
    sweep(workspace)
    (found,) = list_workers(workspace, only_live=False)
    assert found.state == ("running" if lives else "dead")


def test_a_worker_that_was_only_asleep_is_alive_again_with_its_next_beat(
    workspace: Workspace,
) -> None:
    worker_id = register_worker(workspace, "generate")
    with workspace.write() as session:
        session.execute(update(Worker).values(state="dead"))
    assert list_workers(workspace) == []
    beat(workspace, worker_id)
    assert len(list_workers(workspace)) == 1


def test_a_batch_that_lost_its_job_is_queued_again_once(any_workspace: Workspace) -> None:
    lost = make_batch(any_workspace, state="running")
    make_batch(any_workspace, state="paused")
    assert (sweep(any_workspace), sweep(any_workspace)) == (1, 0)
    (job,) = list_jobs(any_workspace)
    assert (job.subject, job.state) == (lost.batch_id, "waiting")
