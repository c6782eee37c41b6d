"""The one writer of a running batch: results and openings go in, each returns once it is committed.

Whatever is waiting goes into one transaction. A quick one runs in the event loop itself: handed to
a thread, its statements would each wait for the interpreter's lock, which a busy loop gives back
milliseconds later. Where the disk is slow, or the database would have to be waited for, it does run
in a thread.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from core.attempts.calls import Call, Charging, NewSample, Settlement, Target
from core.attempts.storing import (
    DiscardOrder,
    LogOrder,
    Opened,
    OpenOrder,
    Order,
    Report,
    SettleOrder,
    Store,
)
from core.db.workspace import Workspace

QUIET_S = 0.001  # without a new result, before what is there is committed
MAX_GATHERING_S = 0.003  # however many results keep coming


class Journal:
    """Opens and settles attempts for one batch. Use from one event loop; close when done."""

    def __init__(self, workspace: Workspace, charging: Charging) -> None:
        self._store = Store(workspace, charging)
        self.scope = charging.scope  # whom its calls are charged to
        self._waiting: list[tuple[Order, asyncio.Future[Any] | None]] = []
        self._has_work = asyncio.Event()
        self._is_closing = False
        self._loop = asyncio.get_running_loop()
        self._writer = asyncio.create_task(self._write_all())

    @property
    def wanted(self) -> str:
        """What the user wants of the batch, as of the last commit: run, pause or cancel."""
        return self._store.wanted

    @property
    def waits_for(self) -> str:
        """ "disk" or "database" while commits do not go through."""
        return self._store.waits_for

    @property
    def factors(self) -> dict[Target, float]:
        """Reservation factors that rose in this run."""
        return self._store.factors

    def report(self, report: Report) -> None:
        """Figures that the next commit writes beside the counts."""
        self._store.report = report

    async def open(self, calls: Sequence[Call]) -> Opened:
        """Reserve and open as many of these calls as fit, in order. Committed on return.

        Raises Fenced when the batch belongs to another worker.
        """
        opened: Opened = await self._order(OpenOrder(calls))
        return opened

    async def settle(self, settlement: Settlement | None, sample: NewSample | None) -> None:
        """Store a result. Committed on return, so the caller's slot counts as in flight till then.

        `settlement` is None for an answer that was reused. Raises Fenced.
        """
        await self._order(SettleOrder(settlement, sample))

    async def discard(self, call: Call) -> None:
        """Undo the opening of a call that was never sent: no row, nothing reserved."""
        await self._order(DiscardOrder(call))

    def note(self, message: str) -> None:
        """Have the next commit add a line to the batch's log."""
        self._waiting.append((LogOrder(message), None))
        self._has_work.set()

    async def beat(self) -> None:
        """Write the report and learn what the user wants, without anything to store."""
        await self.settle(None, None)

    async def close(self) -> None:
        """Commit what is waiting and end."""
        self._is_closing = True
        self._has_work.set()
        await self._writer
        self._store.close()

    def _order(self, order: Order) -> "asyncio.Future[Any]":
        done: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append((order, done))
        self._has_work.set()
        return done

    async def _write_all(self) -> None:
        while self._waiting or not self._is_closing:
            await self._has_work.wait()
            self._has_work.clear()
            await self._gather()
            waiting, self._waiting = self._waiting, []
            if waiting:
                await self._write(waiting)

    async def _gather(self) -> None:
        """Wait until no more results arrive: those sent together come back together."""
        latest, seen = time.monotonic() + MAX_GATHERING_S, 0
        while len(self._waiting) > seen and time.monotonic() < latest and not self._is_closing:
            seen = len(self._waiting)
            await asyncio.sleep(QUIET_S)

    async def _write(self, waiting: list[tuple[Order, "asyncio.Future[Any] | None"]]) -> None:
        try:
            answers = await self._commit([order for order, _ in waiting])
        except Exception as error:  # noqa: BLE001 - handed to every waiting caller
            for _, done in waiting:
                if done is not None and not done.cancelled():
                    done.set_exception(error)
            return
        for (_, done), answer in zip(waiting, answers, strict=True):
            if done is not None and not done.cancelled():
                done.set_result(answer)

    async def _commit(self, orders: list[Order]) -> list[Opened | None]:
        answers = self._store.commit_now(orders)
        if answers is None:
            return await asyncio.to_thread(self._store.commit, orders)
        return answers
