"""Who is alive, as one observer sees it. Wall clocks take no part: they jump.

A worker raises a counter with each heartbeat. An observer that has seen the counter stand still for
too long, by its own monotonic clock, takes the worker for dead; one that was itself held up starts
its watch anew, because whatever held it may have held the others. A worker of this machine whose
process is gone is dead at once.
"""

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

from core.db.tables import Worker

LONGEST_GAP_S = 10.0  # between two looks; after a longer one the silences are counted from zero
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")


@lru_cache(maxsize=1)
def this_host() -> str:
    """A name for the machine, its boot and its process numbers, such as `lab7/3f2a91c0`.

    Two cloned machines may share a host name, and two containers a machine: a process number means
    something only where both boot and process namespace are the same.
    """
    try:
        boot = BOOT_ID.read_text().strip()[:8]
        namespace = os.readlink(PID_NAMESPACE).strip("pid:[]")
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}-{namespace}"


@dataclass(slots=True)
class _Sign:
    beats: int
    since_s: float  # when this count was first seen, by the observer's clock


class LifeSigns:
    """What one observer has seen of the workers. Not to be shared between threads."""

    def __init__(self, timeout_s: float, is_gone: Callable[[Worker], bool] | None = None) -> None:
        self._timeout_s = timeout_s
        self._is_gone = is_gone or Processes().is_gone
        self._signs: dict[str, _Sign] = {}
        self._looked_s: float | None = None

    def observe(self, workers: Iterable[Worker], now_s: float) -> set[str]:
        """The ids of those that live; `now_s` is of a clock that never jumps.

        Call it only after a heartbeat of one's own was stored: who cannot write sees others fall
        silent that cannot write either.
        """
        was_held_up = self._looked_s is not None and now_s - self._looked_s > LONGEST_GAP_S
        self._looked_s = now_s
        running = [worker for worker in workers if worker.state == "running"]
        signs: dict[str, _Sign] = {}
        for worker in running:
            sign = self._signs.get(worker.worker_id)
            if sign is None or sign.beats != worker.beats or was_held_up:
                sign = _Sign(worker.beats, now_s)
            signs[worker.worker_id] = sign
        self._signs = signs
        return {worker.worker_id for worker in running if self._lives(worker, now_s)}

    def _lives(self, worker: Worker, now_s: float) -> bool:
        silence_s = now_s - self._signs[worker.worker_id].since_s
        return silence_s < self._timeout_s and not self._is_gone(worker)


class Processes:
    """Whether workers of this machine still run; one of another machine is never gone."""

    def __init__(self) -> None:
        # Kept: a process object knows when its number has been given to another process.
        self._known: dict[str, psutil.Process] = {}

    def is_gone(self, worker: Worker) -> bool:
        """Whether the worker belongs to this machine and its process has ended."""
        if worker.host != this_host():
            return False
        try:
            process = self._known.get(worker.worker_id) or psutil.Process(worker.pid)
            self._known[worker.worker_id] = process
            return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True
