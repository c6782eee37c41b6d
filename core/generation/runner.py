"""Runs one batch: asks, retries, repairs and stores until nothing is missing or it must stop.

One event loop. The *planner* walks the plan and looks up answers that were paid for before. The
*opener* has attempt rows committed in blocks, ahead of the calls. A *sender* for each model starts
a call where its gate has room; the room comes free only when the result is committed. The *watcher*
reports, measures the machine and learns what the user wants.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from core.attempts.calls import Call, Charging, NewSample, Settlement
from core.attempts.journal import Journal
from core.attempts.limits import Admission
from core.attempts.retry import backoff_s
from core.db.workspace import Workspace
from core.faults import crash_here
from core.generation.asking import Asker, Task
from core.generation.batches import Claim, Ending
from core.generation.concluding import conclude
from core.generation.judging import Assessor, Judge
from core.generation.missing import EMPTY, MissingSamples
from core.generation.pace import Pace
from core.generation.reading import read_patiently
from core.generation.recalling import Recall
from core.generation.reuse import has_answers
from core.generation.routes import Endpoint, Route, Routes, Started
from core.generation.settling import settlement_of
from core.generation.watching import BEAT_S, Watcher
from core.providers.base import FATAL_FOR_BATCH, Failure, FailureKind, Reply
from core.spend.reservations import Fit
from core.templates.versions import load_definition

BLOCK = 64  # attempts opened by one transaction
SLICE = 8  # tasks prepared before the loop turns to its calls again
PLANNER_NAP_S = 0.005
BUDGET_NAP_S = 0.05  # between two tries to reserve while calls in flight hold the room
OUT_OF_BUDGET = "The next call's worst case does not fit the budget. Raise it and resume."


@dataclass(frozen=True)
class Resources:
    """What a run needs from outside."""

    workspace: Workspace
    endpoint: Endpoint
    failover: Endpoint | None
    assessor: Assessor
    worker_id: str
    is_stopping: Callable[[], bool]  # the process was asked to end


class Run:
    """One worker's turn at a batch. Call `run` once."""

    def __init__(self, claim: Claim, resources: Resources) -> None:
        self._claim, self._resources = claim, resources
        self._batch = claim.batch
        definition = load_definition(claim.version)
        self._asker = Asker(self._batch, definition)
        self._judge = Judge(self._batch, definition, resources.assessor)
        self._missing = MissingSamples(resources.workspace, self._batch, definition, self._asker)
        self._may_reuse = has_answers(resources.workspace, self._batch)
        endpoints = [resources.endpoint, *([resources.failover] if resources.failover else [])]
        self._recall = Recall(resources.workspace, self._batch, self._judge, self._asker, endpoints)
        self._routes = Routes(endpoints, self._batch.concurrency, claim.last_outage_s)
        self._waiting: deque[Task] = deque()  # planned, due for a retry, or due for a repair
        self._calls: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._ending: Ending | None = None
        self._error: BaseException | None = None
        self._is_planned = False
        self._unsettled = 0  # tasks between leaving `_waiting` and their stored result
        self._pace = Pace()

    async def run(self) -> Ending | None:
        """The ending to store, or None when the process stops and the batch goes on elsewhere.

        Raises Fenced when another worker has taken the batch over.
        """
        async with self._journal() as journal:
            watcher = Watcher(
                self._resources.workspace, journal, self._routes, self._pace, self._stop
            )
            senders = [self._send(journal, route) for route in self._routes]
            steps = (self._plan(journal), self._open(journal), watcher.watch(), *senders)
            loops = [asyncio.create_task(step) for step in steps]
            for loop in loops:
                loop.add_done_callback(self._note_error)
            try:
                await self._until_done()
            finally:
                for job in (*loops, *self._calls):
                    job.cancel()
                await asyncio.gather(*loops, *self._calls, return_exceptions=True)
        if self._ending is None and self._is_planned and not self._waiting:
            return Ending("completed")
        return self._ending

    @asynccontextmanager
    async def _journal(self) -> AsyncIterator[Journal]:
        charging = Charging(
            batch_id=self._batch.batch_id,
            fence=self._batch.fence,
            worker_id=self._resources.worker_id,
            scope=self._claim.scope,
        )
        journal = Journal(self._resources.workspace, charging)
        try:
            yield journal
        finally:
            await journal.close()

    def _note_error(self, job: asyncio.Task[None]) -> None:
        if not job.cancelled() and (error := job.exception()) is not None:
            self._error = self._error or error
            self._changed.set()

    async def _until_done(self) -> None:
        """Wait until every task is stored, or until we stop and what is in flight is stored."""
        while True:
            self._changed.clear()
            if self._error is not None:
                raise self._error
            is_through = self._is_planned and not self._waiting
            if self._unsettled == 0 and (is_through or self._is_stopping()):
                return
            await _wait(self._changed, BEAT_S)

    def _is_stopping(self) -> bool:
        return self._ending is not None or self._resources.is_stopping()

    def _stop(self, ending: Ending) -> None:
        self._ending = self._ending or ending
        self._changed.set()

    # The planner

    async def _plan(self, journal: Journal) -> None:
        while not self._is_stopping():
            if len(self._waiting) >= 2 * BLOCK:
                await asyncio.sleep(PLANNER_NAP_S)
                continue
            indexes = self._missing.next_indexes(BLOCK)
            if not indexes:
                self._is_planned = True
                break
            planned = await self._prepare(indexes)
            self._unsettled += len(planned)
            asked = await self._reuse(journal, planned)
            self._unsettled -= len(asked)
            self._waiting.extend(asked)
            self._changed.set()
        self._changed.set()

    async def _prepare(self, indexes: list[int]) -> list[Task]:
        missing, tasks = self._missing, []
        material = await read_patiently(missing.load, indexes) if missing.has_material else EMPTY
        for number, index in enumerate(indexes, 1):
            task = missing.task(index, material)
            self._routes.first.prepare(task)
            tasks.append(task)
            if number % SLICE == 0:
                await asyncio.sleep(0)
        return tasks

    async def _reuse(self, journal: Journal, tasks: list[Task]) -> list[Task]:
        """Take tasks as far as answers reach that were paid for before; what is left to ask."""
        asked: list[Task] = []
        while tasks and self._may_reuse:
            found = await read_patiently(self._recall.find, tasks)
            asked += [task for task in tasks if task.plan_index not in found]
            known = [task for task in tasks if task.plan_index in found]
            tasks = []
            for task in known:
                concluded = self._recall.conclude(task, found[task.plan_index])
                if concluded.follow_up is not None:
                    self._routes.first.prepare(concluded.follow_up)
                    tasks.append(concluded.follow_up)
                elif concluded.sample is not None:
                    await self._store(journal, None, concluded.sample)
        return asked + tasks

    # The opener

    async def _open(self, journal: Journal) -> None:
        size = BLOCK
        while True:
            is_held = self._is_stopping() or bool(journal.waits_for)
            block = [] if is_held else self._due(size)
            if not block:
                await self._nap()
                continue
            self._unsettled += len(block)
            self._routes.heed_factors(journal.factors)
            opened = await journal.open([route.call(task) for route, task in block])
            for (route, task), call in zip(block, opened.calls, strict=False):
                route.open(task, call)
            for route, _ in block[len(opened.calls) :]:
                route.turn_away()
            self._put_back([task for _, task in block[len(opened.calls) :]])
            # Near the cap the blocks shrink to one, and wait while others are in flight.
            size = BLOCK if opened.fit is Fit.FITS else 1
            if opened.fit is Fit.NEVER and not opened.calls and len(block) == 1:
                self._stop(Ending("paused", OUT_OF_BUDGET, "budget"))
            elif opened.fit is Fit.LATER and not opened.calls:
                await asyncio.sleep(BUDGET_NAP_S)

    def _due(self, most: int) -> list[tuple[Route, Task]]:
        """Tasks that may be asked now, each with the model to ask."""
        now = time.monotonic()
        block: list[tuple[Route, Task]] = []
        for _ in range(len(self._waiting)):
            if len(block) >= most:
                break
            task = self._waiting.popleft()
            is_due = task.due_at <= now
            route = self._routes.route_of(task) if is_due else None
            if route is not None:
                route.admit()
                block.append((route, task))
            elif is_due and not task.uses_failover:
                # Nobody to ask for this one, so for none of the others that are due either.
                self._waiting.appendleft(task)
                break
            else:
                self._waiting.append(task)
        return block

    async def _nap(self) -> None:
        """Sleep until something changes, or the next retry is due."""
        now = time.monotonic()
        soonest = min((task.due_at - now for task in self._waiting), default=BEAT_S)
        self._changed.clear()
        await _wait(self._changed, min(BEAT_S, max(PLANNER_NAP_S, soonest)))

    def _put_back(self, tasks: list[Task]) -> None:
        self._unsettled -= len(tasks)
        self._waiting.extendleft(reversed(tasks))
        self._changed.set()

    # The senders

    async def _send(self, journal: Journal, route: Route) -> None:
        while True:
            started = await route.next()
            if self._error is not None:
                return
            job = asyncio.create_task(self._ask_on(journal, route, started))
            self._calls.add(job)
            job.add_done_callback(self._end_call)

    def _end_call(self, job: asyncio.Task[None]) -> None:
        self._calls.discard(job)
        self._note_error(job)

    async def _ask_on(self, journal: Journal, route: Route, started: Started) -> None:
        """One call after another, for as long as the gate lets the next one in at once: a call that
        had to wait for the sender would leave its place empty for some turns of the loop."""
        following: Started | None = started
        while following is not None:
            await self._ask(journal, route, *following)
            following = None if self._error else route.next_now()

    async def _ask(
        self, journal: Journal, route: Route, task: Task, call: Call, admission: Admission
    ) -> None:
        try:
            if self._is_stopping():
                await journal.discard(call)
                self._put_back([task])
                return
            outcome = await route.provider.send(call.request, call.prepared)
            crash_here("after_reply")
            settlement = settlement_of(call, outcome, route.price)
            route.heed(outcome, admission, call.number)
            if outcome.reply is not None:
                await self._conclude(journal, task, outcome.reply, settlement)
            elif outcome.failure is not None:
                await self._recover(journal, route, task, outcome.failure, settlement)
        except Exception as error:
            # Known before the gate lets the next call in: nothing more is asked after an error.
            self._error = self._error or error
            raise
        finally:
            route.gate.leave(admission)
            self._changed.set()

    async def _recover(
        self, journal: Journal, route: Route, task: Task, failure: Failure, settlement: Settlement
    ) -> None:
        """A request brought no answer: try again, ask the other model, give up, or pause."""
        wait_s = backoff_s(failure, task.number, f"{self._batch.batch_id}:{task.plan_index}")
        self._stop_or_move_on(journal, route, failure)
        if wait_s is None and route.is_down(failure.kind):
            task.number = 0
        elif wait_s is None and failure.kind not in FATAL_FOR_BATCH:
            if not self._may_fail_over(task, failure):
                await self._store(journal, settlement, self._judge.refused(task, failure))
                return
            task.uses_failover, task.number = True, 0
        task.number += 1
        task.retry_cause = str(failure.kind)
        task.due_at = time.monotonic() + (wait_s or 0.0)
        await journal.settle(settlement, None)
        self._put_back([task])

    def _stop_or_move_on(self, journal: Journal, route: Route, failure: Failure) -> None:
        if self._routes.is_any_usable():
            if route.was_shut_just_now():
                journal.note(f"{route.target.model} is left alone for now: {failure.message}")
        elif failure.kind in FATAL_FOR_BATCH:
            self._stop(Ending("paused", failure.message, "provider"))
        else:
            message = f"The provider keeps failing: {failure.message}"
            wake_after_s = self._routes.first.breaker.cool_down_s
            self._stop(Ending("paused", message, "provider", wake_after_s))

    def _may_fail_over(self, task: Task, failure: Failure) -> bool:
        is_of_content = failure.kind is FailureKind.CONTENT_FILTER
        return self._routes.have_failover and not (is_of_content or task.uses_failover)

    async def _conclude(
        self, journal: Journal, task: Task, reply: Reply, settlement: Settlement
    ) -> None:
        """A reply came: store a sample, ask once more with what is wrong, or ask the next step."""
        concluded = conclude(self._judge, self._asker, task, reply, settlement)
        if concluded.sample is not None:
            await self._store(journal, settlement, concluded.sample)
            return
        assert concluded.follow_up is not None
        await journal.settle(settlement, None)
        self._routes.first.prepare(concluded.follow_up)
        # At once, and so in front of what is not begun yet.
        self._put_back(await self._reuse(journal, [concluded.follow_up]))

    async def _store(
        self, journal: Journal, settlement: Settlement | None, sample: NewSample
    ) -> None:
        await journal.settle(settlement, sample)
        self._unsettled -= 1
        self._pace.finished()
        self._changed.set()


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    """Return when the event is set, or after the time-out.

    Not `wait_for`: in Python 3.11 it can swallow a cancellation that comes with the event.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
