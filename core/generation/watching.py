"""What a run looks at while it works: the user's wishes, the machine, the connection's limits."""

import asyncio
import shutil
import time
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import case, func, select

from core.attempts.calls import Target
from core.attempts.journal import Journal
from core.attempts.limits import ConnectionLimits
from core.attempts.storing import Report
from core.db.sqlite import checkpoint
from core.db.tables import Batch, Connection
from core.db.workspace import Workspace
from core.generation.batches import Ending
from core.generation.pace import Pace
from core.generation.reading import read_patiently
from core.generation.routes import Routes
from core.settings import Settings
from core.spend.budgets import SpendScope, has_budget
from core.spend.factors import load_factor

BEAT_S = 0.5  # how often wishes are read and figures are written
LOOK_AROUND_S = 2.0  # how often limits and other batches on the connection are read
DISK_WAKE_S = 5.0


class Sharing(NamedTuple):
    """What a route must know of its connection."""

    batches: int  # that run on it now
    mean_limit: float | None  # of the calls at once of those that adapt; None: none has said
    limits: ConnectionLimits
    factor: float  # of reservations
    has_budget: bool  # one applies to the run's calls


class Watcher:
    """Reports on a run and tells it when to stop."""

    def __init__(
        self,
        workspace: Workspace,
        journal: Journal,
        routes: Routes,
        pace: Pace,
        stop: Callable[[Ending], None],
    ) -> None:
        self._workspace, self._journal, self._routes = workspace, journal, routes
        self._pace, self._stop = pace, stop

    async def watch(self) -> None:
        """Look, report and sleep, until cancelled."""
        next_look = 0.0
        while True:
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + LOOK_AROUND_S
                await self._look_around()
            self._report()
            await self._journal.beat()
            self._heed()
            await asyncio.to_thread(checkpoint, self._workspace.engine)
            lag_s = await _sleep(BEAT_S)
            for route in self._routes:
                route.gate.note_lag(lag_s)

    async def _look_around(self) -> None:
        for route in self._routes:
            seen = await read_patiently(
                sharing_of, self._workspace, route.target, self._journal.scope
            )
            route.gate.set_share(seen.batches, seen.mean_limit)
            route.gate.set_limits(seen.limits)
            route.factor = seen.factor
            if route.price is None and seen.has_budget:
                self._stop(no_price(route.target))

    def _report(self) -> None:
        rate, gates = self._pace.rate(), [route.gate for route in self._routes]
        busiest = max(gates, key=lambda gate: gate.in_flight)
        self._journal.report(
            Report(
                in_flight=sum(gate.in_flight for gate in gates),
                rate_per_s=rate.mean,
                rate_low_per_s=rate.low,
                rate_high_per_s=rate.high,
                concurrency_limit=busiest.limit,
                concurrency_reason=busiest.reason,
            )
        )

    def _heed(self) -> None:
        if self._journal.wanted == "cancel":
            self._stop(Ending("cancelled"))
        elif self._journal.wanted == "pause":
            self._stop(Ending("paused", "", "user"))
        full = low_disk(self._workspace.settings, self._journal.waits_for == "disk")
        if full is not None:
            self._stop(full)


def low_disk(settings: Settings, is_full: bool = False) -> Ending | None:
    """How a run ends that the disk has no room for; None while there is room."""
    free = shutil.disk_usage(settings.home).free
    if free >= settings.min_free_disk_bytes and not is_full:
        return None
    message = f"Only {free // 2**20} MiB are free. It goes on by itself when there is room."
    return Ending("paused", message, "disk", DISK_WAKE_S)


def no_price(target: Target) -> Ending:
    """How a run ends that would spend unknown sums under a budget."""
    message = f"A budget applies, but no price is known for {target.model!r}. Enter one."
    return Ending("paused", message, "budget")


def sharing_of(workspace: Workspace, target: Target, scope: SpendScope) -> Sharing:
    """How a target's connection is shared and limited at this moment."""
    adapts = Batch.concurrency.is_(None) & (Batch.concurrency_limit > 0)
    mean_limit = func.avg(case((adapts, Batch.concurrency_limit)))
    running = select(func.count(), mean_limit).where(
        Batch.connection == target.connection, Batch.state == "running", Batch.mode == "live"
    )
    with workspace.read() as session:
        batches, mean = session.execute(running).one()
        found = session.get(Connection, target.connection)
    return Sharing(
        max(1, batches),
        None if mean is None else float(mean),
        limits_of(found),
        load_factor(workspace, target.connection, target.model),
        has_budget(workspace, scope),
    )


def limits_of(connection: Connection | None) -> ConnectionLimits:
    """The limits that a person set for a connection."""
    if connection is None:
        return ConnectionLimits()
    return ConnectionLimits(
        connection.requests_per_minute, connection.tokens_per_minute, connection.max_concurrency
    )


async def _sleep(seconds: float) -> float:
    """Sleep; returns by how much the loop was late."""
    start = time.monotonic()
    await asyncio.sleep(seconds)
    return time.monotonic() - start - seconds
