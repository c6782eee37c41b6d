"""Batches that wait for better times, and are taken up again by themselves.

A batch says how long to wait (`wake_after_s`); each observer counts that by its own monotonic clock
from when it first saw the batch so. One that a person paused is never woken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.db.reserve import DiskReserve
from core.db.tables import Batch
from core.db.workspace import Workspace
from core.generation.batches import log
from core.jobs.running.queue import GENERATE, enqueue, live_jobs

JOB = "generate_batch"
TRYING_AGAIN = "Trying again by itself."


@dataclass(frozen=True)
class Waiting:
    """A batch that nobody works on."""

    batch_id: str
    fence: int
    state: str
    pause_reason: str | None
    wanted: str
    wake_after_s: float | None

    @classmethod
    def of(cls, batch: Batch) -> "Waiting":
        """The same facts, from its row."""
        return cls(
            batch.batch_id, batch.fence, batch.state, batch.pause_reason, batch.wanted,
            batch.wake_after_s,
        )  # fmt: skip

    @property
    def is_lost(self) -> bool:
        """Whether it ought to run now."""
        return self.state == "queued" or (self.state == "running" and self.wake_after_s is None)

    def is_due(self, waited_s: float) -> bool:
        """Whether its time has come; a person's wish to pause or cancel is obeyed at once."""
        if self.state == "running" and self.wanted != "run":
            return True
        return self.wake_after_s is not None and waited_s >= self.wake_after_s


class Alarms:
    """When one observer first saw each waiting batch. Not to be shared between threads."""

    def __init__(self) -> None:
        self._first_seen_s: dict[tuple[str, int], float] = {}

    def due(self, waiting: Iterable[Waiting], now_s: float) -> list[Waiting]:
        """Those whose time has come; the others are forgotten when they no longer wait."""
        seen = [((batch.batch_id, batch.fence), batch) for batch in waiting]
        self._first_seen_s = {key: self._first_seen_s.get(key, now_s) for key, _ in seen}
        return [batch for key, batch in seen if batch.is_due(now_s - self._first_seen_s[key])]


def wake(workspace: Workspace, alarms: Alarms, waiting: Sequence[Waiting], now_s: float) -> int:
    """Queue those whose time has come. Returns how many."""
    due = alarms.due(waiting, now_s)
    if any(batch.pause_reason == "disk" for batch in due) and not has_room(workspace):
        due = [batch for batch in due if batch.pause_reason != "disk"]
    return sum(_take_up(workspace, batch) for batch in due)


def has_room(workspace: Workspace) -> bool:
    """Whether the disk has enough free space again; the reserve is then held again."""
    return DiskReserve(workspace.home).hold_if_room(workspace.settings.min_free_disk_bytes)


def _take_up(workspace: Workspace, seen: Waiting) -> bool:
    with workspace.write() as session:
        batch = session.get(Batch, seen.batch_id, with_for_update=True)
        # Looked at again under the lock: a person or another worker may have been quicker.
        if batch is None or Waiting.of(batch) != seen or live_jobs(workspace, JOB, seen.batch_id):
            return False
        if batch.state == "paused":
            # `wake_after_s` stays until the batch is claimed: the run then begins with one careful
            # call, and waits longer when that fails too.
            batch.state, batch.pause_reason, batch.message = "queued", None, ""
            log(session, seen.batch_id, TRYING_AGAIN)
        else:
            batch.wake_after_s = None
        enqueue(workspace, session, GENERATE, JOB, seen.batch_id, batch.priority)
    return True
