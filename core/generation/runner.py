"""Runs one batch: asks, retries, repairs and stores until nothing is missing or it must stop.

One event loop. The *planner* walks the plan and looks up answers that were paid for before. The
*opener* has attempt rows committed in blocks, ahead of the calls. The *sender* starts a call where
the gate has room; the room comes free only when the result is committed. The *watcher* reports and
learns what the user wants.
"""

import asyncio
import shutil
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from core.attempts.calls import Call, Charging, NewSample, Purpose, Settlement, Target, request_key
from core.attempts.journal import Journal
from core.attempts.limits import Gate
from core.attempts.retry import backoff_s
from core.db.ids import new_id
from core.db.workspace import Workspace
from core.generation.asking import Asker, Task
from core.generation.batches import Claim, Ending
from core.generation.judging import Assessor, Judge
from core.generation.missing import MissingSamples
from core.generation.reuse import find_answers
from core.generation.settling import NOTHING, settlement_of
from core.providers.base import FATAL_FOR_BATCH, RETRYABLE, Failure, Provider, Reply
from core.providers.prices import ModelPrice
from core.spend.reservations import Fit
from core.templates.versions import load_definition

BLOCK = 64  # attempts opened by one transaction
BEAT_S = 0.5  # how often the user's wishes are read while nothing is stored
RATE_WINDOW_S = 10.0
PLANNER_NAP_S = 0.005
BUDGET_NAP_S = 0.05  # between two tries to reserve while calls in flight hold the room
OUT_OF_BUDGET = "The next call's worst case does not fit the budget. Raise it and resume."
BREAKER_FAILURES = 20  # requests that failed in a row, none succeeding, before the batch pauses


@dataclass(frozen=True)
class Resources:
    """What a run needs from outside."""

    workspace: Workspace
    provider: Provider
    price: ModelPrice | None
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
        self._gate = Gate(self._batch.concurrency)
        source = resources.price.source if resources.price else ""
        self._target = Target(self._batch.connection, self._batch.model, source)
        self._waiting: deque[Task] = deque()  # planned, due for a retry, or due for a repair
        self._ready: asyncio.Queue[tuple[Task, Call]] = asyncio.Queue()
        self._calls: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._ending: Ending | None = None
        self._error: BaseException | None = None
        self._is_planned = False
        self._unsettled = 0  # tasks between leaving `_waiting` and their stored result
        self._failures_in_a_row = 0
        self._finish_times: deque[float] = deque(maxlen=65_536)

    async def run(self) -> Ending | None:
        """The ending to store, or None when the process stops and the batch goes on elsewhere.

        Raises Fenced when another worker has taken the batch over.
        """
        async with self._journal() as journal:
            steps = (self._plan, self._open, self._send, self._watch)
            loops = [asyncio.create_task(step(journal)) for step in steps]
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
            block = await asyncio.to_thread(self._prepare_block)
            if not block:
                self._is_planned = True
                break
            self._waiting.extend(await self._reuse(journal, block))
            self._changed.set()
        self._changed.set()

    def _prepare_block(self) -> list[Task]:
        block = self._missing.next_block(BLOCK)
        for task in block:
            self._prepare(task)
        return block

    def _prepare(self, task: Task) -> Task:
        task.prepared = self._resources.provider.prepare(task.request)
        nonce = task.request.nonce
        task.request_key = request_key(self._batch.connection, task.prepared, nonce)
        return task

    async def _reuse(self, journal: Journal, block: list[Task]) -> list[Task]:
        """Finish the tasks whose answer was paid for before; the others are returned."""
        keys = {task.request_key: task for task in block}
        found = await asyncio.to_thread(find_answers, self._resources.workspace, keys)
        self._unsettled += len(found)
        for key, answer in found.items():
            keys[key].attempt_id = answer.attempt_id
            reply = Reply(answer.text, None, "stop", self._batch.model)
            await self._conclude(journal, keys[key], reply, None)
        return [task for task in block if task.request_key not in found]

    # The opener

    async def _open(self, journal: Journal) -> None:
        size = BLOCK
        while True:
            room = max(self._gate.limit, 2) - self._ready.qsize()
            block = [] if self._is_stopping() else self._due(min(size, room))
            if not block:
                await self._nap()
                continue
            self._unsettled += len(block)
            opened = await journal.open([self._call(task) for task in block])
            for task, call in zip(block, opened.calls, strict=False):
                self._ready.put_nowait((task, call))
            self._put_back(block[len(opened.calls) :])
            # Near the cap the blocks shrink to one, and wait while others are in flight.
            size = BLOCK if opened.fit is Fit.FITS else 1
            if opened.fit is Fit.NEVER and not opened.calls and len(block) == 1:
                self._stop(Ending("paused", OUT_OF_BUDGET, "budget"))
            elif opened.fit is Fit.LATER and not opened.calls:
                await asyncio.sleep(BUDGET_NAP_S)

    def _due(self, most: int) -> list[Task]:
        now = time.monotonic()
        block: list[Task] = []
        for _ in range(len(self._waiting)):
            if len(block) >= most:
                break
            task = self._waiting.popleft()
            if task.due_at <= now:
                block.append(task)
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

    def _call(self, task: Task) -> Call:
        if task.prepared is None:
            self._prepare(task)
        assert task.prepared is not None
        price = self._resources.price
        bound, most = task.prepared.input_tokens_bound, task.request.max_output_tokens
        task.attempt_id = new_id("att")
        purpose: Purpose = "repair" if task.is_repair else "generate"
        return Call(
            plan_index=task.plan_index,
            purpose=purpose,
            number=task.number,
            request=task.request,
            prepared=task.prepared,
            request_key=task.request_key,
            worst_case_usd=price.worst_case(bound, most) if price else NOTHING,
            attempt_id=task.attempt_id,
            target=self._target,
        )

    # The sender

    async def _send(self, journal: Journal) -> None:
        while True:
            task, call = await self._ready.get()
            await self._gate.enter()
            job = asyncio.create_task(self._make_call(journal, task, call))
            self._calls.add(job)
            job.add_done_callback(self._calls.discard)
            job.add_done_callback(self._note_error)

    async def _make_call(self, journal: Journal, task: Task, call: Call) -> None:
        try:
            if self._is_stopping():
                await journal.discard(call)
                self._put_back([task])
                return
            outcome = await self._resources.provider.send(call.request, call.prepared)
            settlement = settlement_of(call, outcome, self._resources.price)
            if outcome.reply is not None:
                self._failures_in_a_row = 0
                self._gate.succeeded()
                await self._conclude(journal, task, outcome.reply, settlement)
            elif outcome.failure is not None:
                self._failures_in_a_row += 1
                self._gate.failed(outcome.failure.kind, outcome.failure.retry_after_s)
                await self._recover(journal, task, outcome.failure, settlement)
        finally:
            self._gate.leave()
            self._changed.set()

    async def _recover(
        self, journal: Journal, task: Task, failure: Failure, settlement: Settlement
    ) -> None:
        """A request brought no answer: try again, give the sample up, or pause the batch."""
        wait_s = backoff_s(failure, task.number, f"{self._batch.batch_id}:{task.plan_index}")
        is_down = self._failures_in_a_row >= max(BREAKER_FAILURES, 2 * self._gate.limit)
        if failure.kind in FATAL_FOR_BATCH:
            self._stop(Ending("paused", failure.message, "provider"))
        elif failure.kind in RETRYABLE and is_down:
            message = f"The provider keeps failing: {failure.message}"
            self._stop(Ending("paused", message, "provider"))
        elif wait_s is None:
            await self._store(journal, settlement, self._judge.refused(task, failure))
            return
        else:
            task.number += 1
            task.due_at = time.monotonic() + wait_s
        await journal.settle(settlement, None)
        self._put_back([task])

    async def _conclude(
        self, journal: Journal, task: Task, reply: Reply, settlement: Settlement | None
    ) -> None:
        """A reply came: store a sample, or ask once more with what is wrong."""
        if reply.finish_reason in ("refusal", "content_filter"):
            text = reply.refusal or reply.text
            sample = self._judge.failed(task, text, str(reply.finish_reason), [])
            await self._store(journal, settlement, sample)
            return
        answer = self._judge.read(reply)
        if not answer.errors:
            await self._store(journal, settlement, self._judge.generated(task, answer, reply))
            return
        is_cut = reply.finish_reason == "length"
        kind = "truncated" if is_cut else "schema"
        if settlement is not None:
            settlement.failure_kind = kind
            settlement.failure_message = "; ".join(str(error) for error in answer.errors[:3])
        if is_cut or task.is_repair:
            # A longer answer would be cut at the same place, and one repair round is the rule.
            failure, raw_text = f"{kind}: {answer.errors[0]}", reply.raw_text or reply.text
            sample = self._judge.failed(task, raw_text, failure, answer.errors)
            await self._store(journal, settlement, sample)
            return
        await journal.settle(settlement, None)
        self._put_back([self._asker.repair(task, reply.text, answer.errors)])

    async def _store(
        self, journal: Journal, settlement: Settlement | None, sample: NewSample
    ) -> None:
        await journal.settle(settlement, sample)
        self._unsettled -= 1
        self._finish_times.append(time.monotonic())
        self._changed.set()

    # The watcher

    async def _watch(self, journal: Journal) -> None:
        settings = self._resources.workspace.settings
        while True:
            journal.report(self._gate.in_flight, self._rate_per_s())
            await journal.beat()
            if journal.wanted == "cancel":
                self._stop(Ending("cancelled"))
            elif journal.wanted == "pause":
                self._stop(Ending("paused", "", "user"))
            free = shutil.disk_usage(settings.home).free
            if free < settings.min_free_disk_bytes:
                message = f"Only {free // 2**20} MiB are free. Free some space and resume."
                self._stop(Ending("paused", message, "disk"))
            await asyncio.sleep(BEAT_S)

    def _rate_per_s(self) -> float:
        now = time.monotonic()
        recent = sum(1 for moment in self._finish_times if now - moment <= RATE_WINDOW_S)
        return recent / RATE_WINDOW_S


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    """Return when the event is set, or after the time-out.

    Not `wait_for`: in Python 3.11 it can swallow a cancellation that comes with the event.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
