"""What a worker looks after beside its jobs: heartbeat, sweep, reserve, write-ahead log."""

import logging
import threading
import time

import pytest
from factories import make_batch
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import worker
from app.worker import Caretaker
from core.db.reserve import DiskReserve
from core.db.workspace import Workspace
from core.jobs.running.queue import unfinished_jobs
from core.jobs.running.workers import list_workers, register_worker
from core.jobs.workflows import WorkerContext


@pytest.fixture
def caretaker(any_workspace: Workspace) -> Caretaker:
    worker_id = register_worker(any_workspace, "generate")
    return Caretaker(WorkerContext(any_workspace, worker_id, threading.Event()))


def test_one_round_beats_sweeps_and_holds_the_reserve(
    any_workspace: Workspace, caretaker: Caretaker
) -> None:
    make_batch(any_workspace, state="running")
    caretaker.look()
    (found,) = list_workers(any_workspace)
    assert found.beats == 1
    assert len(unfinished_jobs(any_workspace)) == 1
    assert DiskReserve(any_workspace.home).is_held


def test_a_database_that_is_away_ends_no_worker(
    any_workspace: Workspace, caretaker: Caretaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_S", 0.01)
    beat, tries = worker.beat, []

    def away(workspace: Workspace, worker_id: str) -> None:
        tries.append(worker_id)
        if len(tries) < 3:
            with workspace.read() as session:
                session.execute(text("SELECT * FROM no_such_table"))
        beat(workspace, worker_id)

    monkeypatch.setattr(worker, "beat", away)
    thread = threading.Thread(target=caretaker.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not any(found.beats for found in list_workers(any_workspace)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    caretaker.context.stopping.set()
    thread.join(10)
    assert len(tries) >= 3


def test_a_write_ahead_log_that_grows_without_end_is_named_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "WAL_WARNING_BYTES", 2**20)
    worker_id = register_worker(workspace, "generate")
    caretaker = Caretaker(WorkerContext(workspace, worker_id, threading.Event()))
    with caplog.at_level(logging.WARNING, "app.worker"), workspace.read() as reader:
        reader.execute(text("SELECT count(*) FROM batches"))
        for _ in range(2):
            for _ in range(300):
                make_batch_row(workspace)
            caretaker.look()
    assert [r.message.split(" to ")[0] for r in caplog.records] == ["the write-ahead log has grown"]


def make_batch_row(workspace: Workspace) -> None:
    with workspace.write() as session:
        session.execute(text("UPDATE projects SET name = :name"), {"name": "x" * 4000})


def test_an_unknown_error_is_raised_by_a_single_look(
    any_workspace: Workspace, caretaker: Caretaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, ValueError("planted"))

    monkeypatch.setattr(worker, "beat", broken)
    with pytest.raises(OperationalError):
        caretaker.look()
    assert unfinished_jobs(any_workspace) == [], "no sweep without a beat"
