"""The sweep: what dead workers left and what waits is taken up, once."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from factories import make_batch
from sqlalchemy import event, text, update

from core.db.ids import utc_now
from core.db.reserve import DiskReserve
from core.db.tables import Batch, Worker
from core.db.workspace import Workspace
from core.generation.batches import batch_log, get_batch
from core.jobs.running.liveness import LifeSigns
from core.jobs.running.queue import GENERATE, enqueue, list_jobs, unfinished_jobs
from core.jobs.running.recovery import STRAY_AFTER_S, Watch, sweep
from core.jobs.running.waking import TRYING_AGAIN
from core.jobs.running.workers import list_workers

TIMEOUT_S = 20.0


class Clock:
    """A monotonic clock that the test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Watch:
    return Watch(LifeSigns(TIMEOUT_S), clock=clock)


def let_pass(workspace: Workspace, watch: Watch, clock: Clock, seconds: float) -> int:
    """Sweep every 2 s for so long; the number of jobs queued again."""
    moved, end_s = 0, clock.now_s + seconds
    while clock.now_s < end_s:
        clock.now_s = min(end_s, clock.now_s + 2.0)
        moved += sweep(workspace, watch)
    return moved


def add_worker(workspace: Workspace, worker_id: str, host: str = "elsewhere") -> None:
    with workspace.write() as session:
        session.add(
            Worker(worker_id=worker_id, kind="generate", host=host, pid=1, state="running",
                   heartbeat_at=utc_now())
        )  # fmt: skip


def held_job(workspace: Workspace, batch: Batch, worker_id: str) -> str:
    """A job of the batch that this worker has taken."""
    with workspace.write() as session:
        job_id = enqueue(workspace, session, GENERATE, "generate_batch", batch.batch_id)
    schema = "" if workspace.engine.dialect.name == "sqlite" else "dbos."
    with workspace.write() as session:
        session.execute(
            text(
                f"UPDATE {schema}workflow_status SET status = 'PENDING', executor_id = :worker "
                "WHERE workflow_uuid = :job"
            ),
            {"worker": worker_id, "job": job_id},
        )
    return job_id


def test_a_silent_worker_of_another_machine_loses_its_jobs_after_the_timeout(
    any_workspace: Workspace, watch: Watch, clock: Clock
) -> None:
    add_worker(any_workspace, "wrk_far")
    held_job(any_workspace, make_batch(any_workspace, state="running"), "wrk_far")
    sweep(any_workspace, watch)
    assert let_pass(any_workspace, watch, clock, TIMEOUT_S - 1) == 0
    assert let_pass(any_workspace, watch, clock, 2) == 1
    assert [worker.state for worker in list_workers(any_workspace, only_live=False)] == ["dead"]
    (job,) = unfinished_jobs(any_workspace)
    assert job.state == "waiting"


def test_a_worker_that_beats_while_it_is_buried_lives_on(
    any_workspace: Workspace, watch: Watch, clock: Clock
) -> None:
    add_worker(any_workspace, "wrk_far")
    held_job(any_workspace, make_batch(any_workspace, state="running"), "wrk_far")
    sweep(any_workspace, watch)
    let_pass(any_workspace, watch, clock, TIMEOUT_S - 1)
    looked = watch.life.observe

    def beats_now(workers: Any, now_s: float) -> set[str]:
        with any_workspace.write() as session:
            session.execute(update(Worker).values(beats=Worker.beats + 1))
        return looked(workers, now_s)

    watch.life.observe = beats_now  # type: ignore[method-assign]
    assert let_pass(any_workspace, watch, clock, 2) == 0
    assert [worker.state for worker in list_workers(any_workspace, only_live=False)] == ["running"]


def test_a_job_of_a_worker_that_nobody_knows_is_handed_on_at_once(
    any_workspace: Workspace, watch: Watch
) -> None:
    held_job(any_workspace, make_batch(any_workspace, state="running"), "wrk_never")
    assert (sweep(any_workspace, watch), sweep(any_workspace, watch)) == (1, 0)


def test_a_job_of_ours_that_we_do_not_work_on_is_put_back(
    any_workspace: Workspace, clock: Clock
) -> None:
    add_worker(any_workspace, "wrk_me")
    busy, forgotten = (make_batch(any_workspace, state="running") for _ in range(2))
    at_work = {busy.batch_id}
    watch = Watch(LifeSigns(1e9), "wrk_me", lambda _name, subject: subject in at_work, clock)
    held_job(any_workspace, busy, "wrk_me")
    job_id = held_job(any_workspace, forgotten, "wrk_me")
    sweep(any_workspace, watch)
    assert let_pass(any_workspace, watch, clock, STRAY_AFTER_S - 1) == 0
    assert let_pass(any_workspace, watch, clock, 2) == 1
    assert [job.job_id for job in unfinished_jobs(any_workspace) if job.state == "waiting"] == [
        job_id
    ]


def test_a_batch_that_lost_its_job_is_queued_again_once(any_workspace: Workspace) -> None:
    lost = make_batch(any_workspace, state="running")
    make_batch(any_workspace, state="paused")
    make_batch(any_workspace, state="completed")
    assert (sweep(any_workspace), sweep(any_workspace)) == (1, 0)
    (job,) = list_jobs(any_workspace)
    assert (job.subject, job.state) == (lost.batch_id, "waiting")


@pytest.mark.parametrize("state", ["paused", "running"])
def test_a_batch_that_waits_is_taken_up_after_its_time_and_once(
    any_workspace: Workspace, watch: Watch, clock: Clock, state: str
) -> None:
    reason = "provider" if state == "paused" else None
    batch = make_batch(any_workspace, state=state, pause_reason=reason, wake_after_s=30.0)
    sweep(any_workspace, watch)
    assert let_pass(any_workspace, watch, clock, 29) == 0
    assert let_pass(any_workspace, watch, clock, 30) == 1
    found = get_batch(any_workspace, batch.batch_id)
    assert found.state == ("queued" if state == "paused" else "running")
    # What it waited before is for the run that takes it up, which begins with one careful call.
    waited_s = 30.0 if state == "paused" else None
    assert (found.pause_reason, found.wake_after_s) == (None, waited_s)
    lines = [entry.message for entry in batch_log(any_workspace, batch.batch_id)]
    assert lines == ([TRYING_AGAIN] if state == "paused" else [])


def test_a_pause_of_a_person_is_never_ended(
    workspace: Workspace, watch: Watch, clock: Clock
) -> None:
    make_batch(workspace, state="paused", pause_reason="user")
    sweep(workspace, watch)
    assert let_pass(workspace, watch, clock, 1000) == 0


def test_a_new_pause_of_the_same_batch_waits_its_own_time(
    workspace: Workspace, watch: Watch, clock: Clock
) -> None:
    batch = make_batch(workspace, state="paused", pause_reason="provider", wake_after_s=30.0)
    sweep(workspace, watch)
    let_pass(workspace, watch, clock, 20)
    with workspace.write() as session:
        session.execute(update(Batch).values(fence=Batch.fence + 1))
    assert let_pass(workspace, watch, clock, 28) == 0
    assert let_pass(workspace, watch, clock, 6) == 1
    assert get_batch(workspace, batch.batch_id).state == "queued"


def test_a_wish_to_cancel_wakes_a_batch_that_only_waits(workspace: Workspace, watch: Watch) -> None:
    make_batch(workspace, state="running", wake_after_s=3600.0, wanted="cancel")
    assert sweep(workspace, watch) == 1


def test_a_full_disk_is_waited_for_and_the_reserve_taken_back(
    workspace: Workspace, watch: Watch, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = workspace.settings.min_free_disk_bytes
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": free}))
    make_batch(workspace, state="paused", pause_reason="disk", wake_after_s=5.0)
    down = make_batch(workspace, state="paused", pause_reason="provider", wake_after_s=5.0)
    sweep(workspace, watch)
    assert let_pass(workspace, watch, clock, 60) == 1
    assert get_batch(workspace, down.batch_id).state == "queued", "it needs no room"
    assert not DiskReserve(workspace.home).is_held
    free += 2**25
    assert let_pass(workspace, watch, clock, 2) == 1
    assert DiskReserve(workspace.home).is_held


@pytest.fixture
def together(any_workspace: Workspace) -> Iterator[threading.Barrier]:
    """Holds each sweep right before its first lock, until four of them are there."""
    barrier = threading.Barrier(4)
    waited = threading.local()

    def wait(*_: Any) -> None:
        if not getattr(waited, "done", False) and threading.current_thread().name == "sweeper":
            waited.done = True
            barrier.wait(10)

    event.listen(any_workspace.engine, "begin", wait)
    yield barrier
    event.remove(any_workspace.engine, "begin", wait)


def test_four_sweeps_at_once_take_a_batch_up_once(
    any_workspace: Workspace, together: threading.Barrier
) -> None:
    make_batch(any_workspace, state="queued")
    make_batch(any_workspace, state="running")
    make_batch(any_workspace, state="paused", pause_reason="provider", wake_after_s=0.0)
    held_job(any_workspace, make_batch(any_workspace, state="running"), "wrk_gone")
    moved: list[int] = []
    threads = [
        threading.Thread(target=lambda: moved.append(sweep(any_workspace)), name="sweeper")
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(moved) == 4
    assert sum(moved) == 4
    assert sorted(job.state for job in unfinished_jobs(any_workspace)) == ["waiting"] * 4
