"""The queue behind its four verbs, and workers as rows."""

from datetime import timedelta

import pytest
from factories import make_batch
from sqlalchemy import text, update

from core.db.ids import new_id, utc_now
from core.db.tables import Worker
from core.db.workspace import Workspace
from core.jobs.running.liveness import this_host
from core.jobs.running.queue import (
    COMPUTE,
    GENERATE,
    enqueue,
    list_jobs,
    live_jobs,
    put_back,
    unfinished_jobs,
)
from core.jobs.running.workers import beat, list_workers, register_worker, retire_worker


def test_a_job_comes_with_its_row_or_not_at_all(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    with any_workspace.write() as session:
        enqueue(any_workspace, session, GENERATE, "generate_batch", batch.batch_id, 3)
    with pytest.raises(RuntimeError), any_workspace.write() as session:
        enqueue(any_workspace, session, COMPUTE, "analyse", batch.batch_id)
        raise RuntimeError
    (job,) = list_jobs(any_workspace)
    assert (job.name, job.subject, job.queue, job.state, job.priority) == (
        "generate_batch", batch.batch_id, GENERATE, "waiting", 3,
    )  # fmt: skip


def hold(workspace: Workspace, job_id: str, worker_id: str) -> None:
    """Have a job look as if that worker had taken it."""
    schema = "" if workspace.engine.dialect.name == "sqlite" else "dbos."
    with workspace.write() as session:
        session.execute(
            text(
                f"UPDATE {schema}workflow_status SET status = 'PENDING', executor_id = :worker "
                "WHERE workflow_uuid = :job"
            ),
            {"worker": worker_id, "job": job_id},
        )


def test_only_a_job_still_held_as_it_was_seen_is_put_back(any_workspace: Workspace) -> None:
    with any_workspace.write() as session:
        job_id = enqueue(any_workspace, session, GENERATE, "generate_batch", "bat_x")
    (waiting,) = unfinished_jobs(any_workspace)
    assert put_back(any_workspace, [waiting]) == 0, "nobody holds it"
    hold(any_workspace, job_id, "wrk_gone")
    seen = live_jobs(any_workspace, "generate_batch", "bat_x")
    assert [job.worker_id for job in seen] == ["wrk_gone"]
    assert put_back(any_workspace, seen) == 1
    assert put_back(any_workspace, seen) == 0
    hold(any_workspace, job_id, "wrk_next")
    assert put_back(any_workspace, seen) == 0, "another worker has it by now"
    assert [job.state for job in unfinished_jobs(any_workspace)] == ["running"]


def test_a_worker_lives_until_it_retires(any_workspace: Workspace) -> None:
    worker_id = register_worker(any_workspace, "generate")
    beat(any_workspace, worker_id)
    (worker,) = list_workers(any_workspace)
    assert (worker.worker_id, worker.state) == (worker_id, "running")
    assert worker.beats == 1
    assert worker.rss_bytes > 0
    assert worker.host_memory_percent > 0
    assert worker.disk_free_bytes > 0
    retire_worker(any_workspace, worker_id)
    assert list_workers(any_workspace) == []
    assert [w.state for w in list_workers(any_workspace, only_live=False)] == ["stopped"]


@pytest.mark.parametrize(
    ("host", "pid", "silence", "is_shown"),
    [
        ("elsewhere", 1, timedelta(seconds=30), True),
        ("elsewhere", 1, timedelta(minutes=10), False),
        ("elsewhere", 1, timedelta(minutes=-10), False),
        ("here", 2**22 + 1, timedelta(0), False),
    ],
    ids=["beating elsewhere", "silent elsewhere", "from the future", "no such process here"],
)
def test_a_single_look_shows_who_seems_to_live(
    workspace: Workspace, host: str, pid: int, silence: timedelta, is_shown: bool
) -> None:
    with workspace.write() as session:
        session.add(
            Worker(
                worker_id=new_id("wrk"),
                kind="generate",
                host=this_host() if host == "here" else host,
                pid=pid,
                state="running",
                heartbeat_at=utc_now() - silence,
            )
        )
    assert bool(list_workers(workspace)) == is_shown


def test_a_worker_that_was_only_asleep_is_alive_again_with_its_next_beat(
    workspace: Workspace,
) -> None:
    worker_id = register_worker(workspace, "generate")
    with workspace.write() as session:
        session.execute(update(Worker).values(state="dead"))
    assert list_workers(workspace) == []
    beat(workspace, worker_id)
    assert len(list_workers(workspace)) == 1
