"""The faults, one function each: make trouble, let it pass, and have the invariants checked.

Each returns its counts in words, and raises AssertionError on a breach.
"""

import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from disks import full_at, locked
from processes import (
    CONCURRENCY,
    WorkerProcess,
    launch,
    move_to_another_machine,
    until,
    until_generated,
    until_registered,
)
from rig import LONGEST_S, Rig
from sqlalchemy import create_engine, func, select, text, update

from core import faults
from core.db.ids import utc_now
from core.db.tables import Attempt, Batch, Worker
from core.db.workspace import Workspace
from core.generation.batches import ENDED, batch_log, get_batch
from core.jobs.running.waiting import wait_for_batch
from core.jobs.running.waking import TRYING_AGAIN
from core.jobs.workflows import WorkerContext, run_batch

BATCH = 1000
FEW = 8
AT_ONCE = 4  # batches that one worker runs
QUICK_S = 3.0  # seconds of silence that are taken for a death, where time is short
LIVE_POINTS = [p for p in faults.POINTS if not p.endswith(("submit", "ingest"))]


def kills(rig: Rig) -> str:
    """F1: kill -9 at a random time, 0 to 3 s after the start, while one batch runs."""
    for _ in range(rig.counts.kills):
        worker = rig.workers.start()
        end_s = time.monotonic() + float(rig.dice.uniform(0, 3))
        while time.monotonic() < end_s:
            _keep_one_running(rig)
            time.sleep(0.02)
        worker.kill()
    rig.workers.start()
    rig.finish()
    return f"{rig.counts.kills} kills, " + rig.check(rig.counts.kills * CONCURRENCY)


def _keep_one_running(rig: Rig) -> None:
    if not rig.batches or get_batch(rig.workspace, rig.batches[-1].batch_id).state in ENDED:
        rig.batches.append(launch(rig.workspace, rig.server, BATCH, budget_usd=Decimal(100)))


def points(rig: Rig) -> str:
    """F2: kill -9 at every named point, at its first, second and last pass."""
    passes = _passes_of_a_clean_run(rig)
    made = 0
    for point in LIVE_POINTS:
        for number in sorted({1, 2, passes[point]}):
            _crash_at(rig, f"{point}:{number}", number)
            made += 1
    rig.workers.start()
    rig.finish()
    return f"{made} kills at {len(LIVE_POINTS)} points, " + rig.check(made * AT_ONCE * FEW)


def _passes_of_a_clean_run(rig: Rig) -> dict[str, int]:
    far = 10**9
    for point in LIVE_POINTS:
        faults.arm(f"{point}:{far}")
    batch = launch(rig.workspace, rig.server, 60, concurrency=FEW)
    rig.batches.append(batch)
    run_batch(WorkerContext(rig.workspace, "wrk_chaos", threading.Event()), batch.batch_id)
    passes = {point: far - faults._armed.pop(point) for point in LIVE_POINTS}
    assert all(passes.values()), f"a point is never passed: {passes}"
    return passes


def _crash_at(rig: Rig, spec: str, most: int) -> None:
    worker = rig.workers.start(crash_at=spec)
    launched = 0

    def is_dead() -> bool:
        nonlocal launched
        # Some points are passed once a batch, and no two runs are quite alike.
        if launched <= most and _idle(rig):
            launched += 1
            rig.batches.append(launch(rig.workspace, rig.server, 60, concurrency=FEW))
        return not worker.is_running()

    until(is_dead, f"{spec} is reached", 90)


def _idle(rig: Rig) -> bool:
    with rig.workspace.read() as session:
        busy = select(func.count()).select_from(Batch).where(Batch.state.not_in(ENDED))
        return not session.scalar(busy)


def zombies(rig: Rig) -> str:
    """F5: a worker sleeps past its time; its batch goes on elsewhere; it wakes and is fenced."""
    settings = {"heartbeat_timeout_s": QUICK_S}
    pair = [rig.workers.start(**settings) for _ in range(2)]
    names = {until_registered(rig.workspace, worker): worker for worker in pair}
    for _ in range(rig.counts.zombies):
        batch = launch(rig.workspace, rig.server, 400, concurrency=FEW)
        rig.batches.append(batch)
        until_generated(rig.workspace, batch, int(rig.dice.integers(1, 200)))
        holder = get_batch(rig.workspace, batch.batch_id).worker_id or ""
        _sleep_and_wake(rig, names[holder], batch)
        for name in names:
            until(lambda name=name: _state(rig.workspace, name) == "running", "it beats again", 20)
    rig.finish()
    return f"{rig.counts.zombies} sleepers, " + rig.check(rig.counts.zombies * FEW)


def _sleep_and_wake(rig: Rig, worker: WorkerProcess, batch: Batch) -> None:
    worker.put_to_sleep(rig.workspace)
    until(lambda: get_batch(rig.workspace, batch.batch_id).state in ENDED, "it is taken over", 60)
    worker.send(signal.SIGCONT)


def _state(workspace: Workspace, worker_id: str) -> str:
    with workspace.read() as session:
        return session.get_one(Worker, worker_id).state


def far_kills(rig: Rig) -> str:
    """F20: a worker of another machine dies; nobody here can see its process."""
    batch = launch(rig.workspace, rig.server, 2000, concurrency=FEW)
    rig.batches.append(batch)
    far = rig.workers.start()
    move_to_another_machine(rig.workspace, far)
    until_generated(rig.workspace, batch, 50)
    until_registered(rig.workspace, rig.workers.start())
    far.kill()
    died_s, fence = time.monotonic(), get_batch(rig.workspace, batch.batch_id).fence
    until(lambda: get_batch(rig.workspace, batch.batch_id).fence > fence, "it is taken over", 60)
    took_s = time.monotonic() - died_s
    rig.finish()
    return f"taken over after {took_s:.0f} s, " + rig.check(FEW)


def full_disk(rig: Rig) -> str:
    """F7: the disk is full at the N-th write, for every N."""
    for first in range(1, rig.counts.full_commits + 1):
        batch = launch(rig.workspace, rig.server, 60, concurrency=FEW, budget_usd=Decimal(1))
        rig.batches.append(batch)
        context = WorkerContext(rig.workspace, "wrk_chaos", threading.Event())
        with full_at(rig.workspace, first):
            state = run_batch(context, batch.batch_id)
        assert state == "completed", state
    return f"{rig.counts.full_commits} full disks, " + rig.check()


def locks(rig: Rig) -> str:
    """F9: a third party holds the whole database; two workers wait, and nobody takes over."""
    names = [until_registered(rig.workspace, rig.workers.start()) for _ in range(2)]
    for seconds in rig.counts.lock_s:
        batch = launch(rig.workspace, rig.server, 600, concurrency=FEW)
        rig.batches.append(batch)
        until_generated(rig.workspace, batch, 50)
        with locked(rig.workspace, seconds) as holder:
            holder.wait()
        rig.finish([batch])
        assert get_batch(rig.workspace, batch.batch_id).fence == 1, "it was taken over"
        assert [_state(rig.workspace, name) for name in names] == ["running"] * 2
    held = ", ".join(f"{seconds:g} s" for seconds in rig.counts.lock_s)
    return f"locked for {held}, " + rig.check()


def restarts(rig: Rig) -> str:
    """F10: PostgreSQL ends our connections at random, restarts, and crashes."""
    assert rig.postgres is not None
    batch = launch(rig.workspace, rig.server, 4000, concurrency=FEW)
    rig.batches.append(batch)
    rig.workers.start()
    for number in range(12):
        time.sleep(float(rig.dice.uniform(0.3, 1.5)))
        if number % 4 == 3:
            rig.postgres.restart("immediate" if number % 8 == 7 else "fast")
            rig.workspace.engine.dispose()
        else:
            _end_connections(rig.workspace)
    rig.finish()
    return "9 ended connections, 2 restarts, 1 crash, " + rig.check(12 * FEW)


def _end_connections(workspace: Workspace) -> None:
    killer = create_engine(workspace.engine.url, isolation_level="AUTOCOMMIT")
    with killer.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    killer.dispose()
    workspace.engine.dispose()


def clocks(rig: Rig) -> str:
    """F19: every clock that a worker shows jumps by an hour or a day; nobody is taken for dead."""
    names = [until_registered(rig.workspace, rig.workers.start()) for _ in range(2)]
    batch = launch(rig.workspace, rig.server, 3000, concurrency=FEW)
    rig.batches.append(batch)
    jumps = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)]
    for number in range(40):
        with rig.workspace.write() as session:
            session.execute(update(Worker).values(heartbeat_at=utc_now() + jumps[number % 4]))
        time.sleep(0.3)
    rig.finish()
    assert get_batch(rig.workspace, batch.batch_id).fence == 1, "it was taken over"
    assert [_state(rig.workspace, name) for name in names] == ["running"] * 2
    return "40 jumps, " + rig.check()


def crowds(rig: Rig) -> str:
    """F20: many workers on one workspace; each batch is taken once."""
    for count in rig.counts.workers:
        crowd = [rig.workers.start() for _ in range(count)]
        for worker in crowd:
            until_registered(rig.workspace, worker)
        fresh = [launch(rig.workspace, rig.server, 100, concurrency=FEW) for _ in range(2 * count)]
        rig.batches += fresh
        rig.finish(fresh)
        assert {get_batch(rig.workspace, batch.batch_id).fence for batch in fresh} == {1}
        for worker in crowd:
            worker.kill()
    return f"{' and '.join(map(str, rig.counts.workers))} workers, " + rig.check()


def bursts(rig: Rig) -> str:
    """F21: hundreds of calls at once race for the last dollar of a budget."""
    rig.server.configure(latency_ms=300)
    told = []
    for calls in rig.counts.bursts:
        cap = Decimal(calls) / 500
        told.append(_burst(rig, calls, cap))
        rig.workers.all[-1].kill()
    return "; ".join(told) + "; " + rig.check()


def _burst(rig: Rig, calls: int, cap: Decimal) -> str:
    before = int(rig.server.stats()["bill_nano_usd"])
    batch = launch(
        rig.workspace, rig.server, 20_000, concurrency=calls, budget_usd=cap,
    )  # fmt: skip
    rig.batches.append(batch)
    rig.workers.start()
    paused = wait_for_batch(rig.workspace, batch.batch_id, timeout_s=LONGEST_S)
    assert (paused.state, paused.pause_reason) == ("paused", "budget"), paused.message
    spent = Decimal(int(rig.server.stats()["bill_nano_usd"]) - before) / 10**9
    with rig.workspace.read() as session:
        one = session.scalar(
            select(func.max(Attempt.reserved_usd)).where(Attempt.batch_id == batch.batch_id)
        )
    assert one is not None
    assert spent <= cap, f"overshoot ${spent - cap}"
    assert spent >= cap - one, f"${cap - spent} of ${cap} unused, one call reserves ${one}"
    return f"{calls} calls: ${spent:.4f} of ${cap:.4f}"


def outage(rig: Rig) -> str:
    """F12: the provider is down and comes back; the batch goes on by itself."""
    batch = launch(rig.workspace, rig.server, 2000, concurrency=32)
    rig.batches.append(batch)
    rig.workers.start()
    until_generated(rig.workspace, batch, 200)
    rig.server.configure(ratio={"unavailable": 1.0})
    paused = wait_for_batch(rig.workspace, batch.batch_id, timeout_s=60)
    assert (paused.state, paused.pause_reason) == ("paused", "provider"), paused.message
    rig.server.configure(ratio={})
    back_s = time.monotonic()

    def goes_on() -> bool:
        return get_batch(rig.workspace, batch.batch_id).generated > paused.generated

    until(goes_on, "it goes on by itself", 60)
    took_s = time.monotonic() - back_s
    until(lambda: get_batch(rig.workspace, batch.batch_id).state in ENDED, "it ends", LONGEST_S)
    rig.finish()
    lines = [entry.message for entry in batch_log(rig.workspace, batch.batch_id)]
    assert TRYING_AGAIN in lines
    return f"on again after {took_s:.0f} s, " + rig.check()


SCENARIOS: dict[str, Callable[[Rig], str]] = {
    "kills": kills,
    "points": points,
    "zombies": zombies,
    "far-kills": far_kills,
    "full-disk": full_disk,
    "locks": locks,
    "restarts": restarts,
    "clocks": clocks,
    "crowds": crowds,
    "bursts": bursts,
    "outage": outage,
}
ONLY_POSTGRESQL = ("restarts",)
