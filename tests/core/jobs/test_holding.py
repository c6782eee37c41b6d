"""Jobs that were handed out twice, and steps that wait for a database or a disk."""

import threading
import time

import pytest
from factories import make_batch
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.db.ids import utc_now
from core.db.reserve import DiskReserve
from core.db.tables import InsightReport, Worker
from core.db.workspace import Workspace
from core.errors import StorageFull
from core.generation.batches import get_batch
from core.jobs.running.patience import patiently
from core.jobs.running.queue import GENERATE, enqueue, unfinished_jobs
from core.jobs.workflows import WorkerContext, run_batch


def context(workspace: Workspace, worker_id: str = "wrk_me") -> WorkerContext:
    return WorkerContext(workspace, worker_id, threading.Event())


def test_a_job_left_over_does_not_take_a_batch_from_a_worker_that_lives(
    any_workspace: Workspace,
) -> None:
    batch = make_batch(any_workspace, state="running", worker_id="wrk_other", fence=3)
    with any_workspace.write() as session:
        session.add(
            Worker(worker_id="wrk_other", kind="generate", host="x", pid=1, state="running",
                   heartbeat_at=utc_now())
        )  # fmt: skip
        enqueue(any_workspace, session, GENERATE, "generate_batch", batch.batch_id)
    schema = "" if any_workspace.engine.dialect.name == "sqlite" else "dbos."
    with any_workspace.write() as session:
        session.execute(
            text(f"UPDATE {schema}workflow_status SET status='PENDING', executor_id='wrk_other'")
        )
    assert run_batch(context(any_workspace), batch.batch_id) == "running elsewhere"
    assert get_batch(any_workspace, batch.batch_id).fence == 3


def test_a_second_job_of_a_batch_that_runs_here_waits_for_the_first(workspace: Workspace) -> None:
    batch = make_batch(workspace, state="completed", kind="preview")
    mine = context(workspace)
    mine.running.add(batch.batch_id)
    ended: list[str] = []
    second = threading.Thread(target=lambda: ended.append(run_batch(mine, batch.batch_id)))
    second.start()
    time.sleep(0.3)
    assert ended == []
    mine.running.discard(batch.batch_id)
    second.join(5)
    assert ended == ["completed"]


def test_whoever_finds_a_completed_batch_unmeasured_asks_for_its_insight_once(
    any_workspace: Workspace,
) -> None:
    batch = make_batch(any_workspace, state="completed", finished_at=utc_now())
    for _ in range(2):
        assert run_batch(context(any_workspace), batch.batch_id) == "completed"
    assert [job.name for job in unfinished_jobs(any_workspace)] == ["analyse"]
    with any_workspace.write() as session:
        report = session.get_one(InsightReport, batch.batch_id)
        report.state, report.computed_at = "ready", batch.created_at.replace(year=2020)
    run_batch(context(any_workspace), batch.batch_id)
    assert len(unfinished_jobs(any_workspace)) == 2, "it was measured before it ended"


def test_a_step_is_tried_again_until_the_disk_takes_it(workspace: Workspace) -> None:
    reserve = DiskReserve(workspace.home)
    reserve.hold()
    tries: list[bool] = []

    def step() -> str:
        tries.append(reserve.is_held)
        if len(tries) < 3:
            raise StorageFull("The disk is full.")
        return "stored"

    assert patiently(workspace, threading.Event(), step) == "stored"
    assert tries == [True, False, False], "the reserve was given up for it"


def test_what_waiting_cannot_mend_is_raised_at_once(workspace: Workspace) -> None:
    def step() -> None:
        with workspace.read() as session:
            session.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(OperationalError):
        patiently(workspace, threading.Event(), step)
