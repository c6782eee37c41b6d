"""Who is taken for dead, by an observer whose clock the test moves."""

import os
import subprocess
from datetime import timedelta
from itertools import pairwise

import pytest

from core.db.ids import utc_now
from core.db.tables import Worker
from core.jobs.running.liveness import LONGEST_GAP_S, LifeSigns, Processes, this_host

TIMEOUT_S = 20.0


def worker(worker_id: str = "wrk_a", beats: int = 0, **columns: object) -> Worker:
    values = {"host": "elsewhere", "pid": 1, "state": "running", "heartbeat_at": utc_now()}
    return Worker(worker_id=worker_id, kind="generate", beats=beats, **(values | columns))


def watch(signs: LifeSigns, beats_at: dict[float, int]) -> list[bool]:
    """Whether the worker counted as live at each moment, with the counter it showed then."""
    return [bool(signs.observe([worker(beats=b)], now)) for now, b in beats_at.items()]


def test_a_counter_that_stands_still_for_the_timeout_is_a_death() -> None:
    steps = {float(t): 0 for t in range(0, 26, 2)}
    assert watch(LifeSigns(TIMEOUT_S), steps) == [t < TIMEOUT_S for t in steps]


def test_a_counter_that_rises_is_a_life_and_one_that_rises_again_is_one_again() -> None:
    signs = LifeSigns(TIMEOUT_S)
    assert all(watch(signs, {float(t): t for t in range(0, 200, 2)}))
    assert not watch(signs, {float(t): 198 for t in range(200, 222, 2)})[-1]
    assert watch(signs, {222.0: 199}) == [True]


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1)])
@pytest.mark.parametrize("sign", [-1, 1], ids=["back", "forward"])
def test_a_jump_of_a_wall_clock_kills_nobody_and_keeps_nobody(jump: timedelta, sign: int) -> None:
    signs = LifeSigns(TIMEOUT_S)
    for step in range(30):
        shown = utc_now() + (jump * sign if step >= 5 else timedelta(0))
        living = worker("wrk_lives", beats=step, heartbeat_at=shown)
        dying = worker("wrk_dies", beats=min(step, 5), heartbeat_at=shown)
        live = signs.observe([living, dying], step * 2.0)
        assert "wrk_lives" in live
        assert ("wrk_dies" in live) == (step * 2.0 - 10.0 < TIMEOUT_S)


def test_an_observer_that_was_held_up_counts_from_zero() -> None:
    signs = LifeSigns(TIMEOUT_S)
    assert signs.observe([worker()], 0.0)
    # A lock of 60 s held up the observer and the observed alike.
    assert signs.observe([worker()], 60.0)
    moments = [60.0 + t for t in range(2, 24, 2)]
    assert all(later - earlier < LONGEST_GAP_S for earlier, later in pairwise(moments))
    assert [bool(signs.observe([worker()], now)) for now in moments] == [
        now - 60.0 < TIMEOUT_S for now in moments
    ]


def test_a_worker_that_stopped_or_is_marked_dead_does_not_live() -> None:
    signs = LifeSigns(TIMEOUT_S)
    rows = [worker("wrk_s", state="stopped"), worker("wrk_d", state="dead")]
    assert signs.observe(rows, 0.0) == set()


def test_a_process_of_this_machine_that_ended_is_dead_at_once() -> None:
    process = subprocess.Popen(["sleep", "60"])
    row = worker(host=this_host(), pid=process.pid)
    signs = LifeSigns(TIMEOUT_S)
    assert signs.observe([row], 0.0)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert signs.observe([row], 2.0) == set(), "a zombie has ended as well"
    process.wait()
    assert signs.observe([row], 4.0) == set()


def test_a_process_of_another_machine_is_never_looked_up_here() -> None:
    assert not Processes().is_gone(worker(host="elsewhere", pid=2**22 + 1))
    assert not Processes().is_gone(worker(host=this_host(), pid=os.getpid()))


def test_a_machine_is_told_from_its_clone_by_its_boot() -> None:
    assert this_host() == this_host()
    assert "/" in this_host() or not os.path.exists("/proc/sys/kernel/random/boot_id")
