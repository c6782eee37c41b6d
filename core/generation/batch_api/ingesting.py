"""From a provider batch's results to settled attempts and samples.

Idempotent: a result whose attempt is settled already is passed over, so a pass that broke off at
any line is simply made again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.attempts.calls import NewSample, Settlement
from core.attempts.retry import MAX_REQUESTS_PER_CALL
from core.db.tables import ProviderBatch
from core.faults import crash_here
from core.generation.asking import Task
from core.generation.batch_api.provider_batches import OpenAttempt, finish_provider_batch
from core.generation.batch_api.turns import ROWS_AT_ONCE, Turn, chunks_of
from core.generation.concluding import conclude
from core.generation.missing import EMPTY, Material, MissingSamples
from core.generation.settling import settlement_of
from core.providers.base import FATAL_FOR_BATCH, RETRYABLE, Failure, FailureKind, Outcome
from core.providers.batch_api.base import Remote, Result, custom_id_of, plan_index_of

# How attempts ended that are repeated, alone, in the next piece.
REPEATED = frozenset({*map(str, RETRYABLE), "expired"})
NO_RESULT = "The provider's batch ended without a result for this request."
FREE_REST = {
    "expired": "The provider's batch expired before it came to this request.",
    "cancelled": "The provider's batch was cancelled before it came to this request.",
}


@dataclass
class Ingested:
    """What was learned from the results of one provider batch."""

    is_whole: bool = True  # False: the process was asked to end in the middle
    fatal: Failure | None = None  # one that the next requests would meet too
    cancelled: int = 0  # requests that the provider gave up because somebody cancelled


@dataclass
class Ingestion:
    """Stores the results of one provider batch. Call `run` once."""

    turn: Turn
    row: ProviderBatch
    waiting: dict[int, OpenAttempt]  # by plan index; what the provider still owes
    learned: Ingested = field(default_factory=Ingested)

    async def run(self, remote: Remote) -> Ingested:
        """Store every result, chunk by chunk, then close the row. Raises BatchApiFailed."""
        missing = await asyncio.to_thread(self.turn.missing) if self.waiting else None
        some: list[tuple[OpenAttempt, Result]] = []
        if missing is not None:
            async for result in self.turn.api.results(remote):
                index = plan_index_of(result.custom_id, self.row.provider_batch_id)
                attempt = None if index is None else self.waiting.pop(index, None)
                if attempt is None:
                    continue  # stored by an earlier pass, or not ours
                some.append((attempt, result))
                if len(some) >= ROWS_AT_ONCE:
                    await self._store(missing, some)
                    some = []
                    if self.turn.must_stop():
                        self.learned.is_whole = False
                        return self.learned
            some += [(attempt, self._without(attempt, remote)) for attempt in self.waiting.values()]
            for chunk in chunks_of(some, ROWS_AT_ONCE):
                await self._store(missing, list(chunk))
        state = "cancelled" if self.learned.cancelled else "ingested"
        await self.turn.stored(finish_provider_batch, self.row.provider_batch_id, state)
        return self.learned

    def _without(self, attempt: OpenAttempt, remote: Remote) -> Result:
        custom_id = custom_id_of(self.row.provider_batch_id, attempt.plan_index)
        words = FREE_REST.get(remote.rest)
        if words is not None:
            failure = Failure(FailureKind.SERVER_ERROR, words, charge="free")
        else:
            failure = Failure(FailureKind.GARBAGE, NO_RESULT)
        return Result(custom_id, remote.rest, None, failure)

    async def _store(self, missing: MissingSamples, some: list[tuple[OpenAttempt, Result]]) -> None:
        indexes = [attempt.plan_index for attempt, _ in some]
        material = await asyncio.to_thread(missing.load, indexes) if missing.has_material else EMPTY
        tasks = await self._as_asked(missing, material, [attempt for attempt, _ in some])
        pairs = [self._settle(task, *pair) for task, pair in zip(tasks, some, strict=True)]
        # Given to the writer together, they are a transaction or two.
        await asyncio.gather(*(self.turn.journal.settle(*pair) for pair in pairs))
        crash_here("during_ingest")

    async def _as_asked(
        self, missing: MissingSamples, material: Material, attempts: list[OpenAttempt]
    ) -> list[Task | None]:
        """The tasks that were asked, after the answers before them; None where those are gone."""
        tasks: dict[int, Task] = {}
        later: list[Task] = []
        steps = {attempt.plan_index: attempt.step for attempt in attempts}
        for index, step in steps.items():
            task = missing.task(index, material)
            if step:
                later.append(self.turn.prepare(task))
            else:
                tasks[index] = task
        if later:
            tasks |= await asyncio.to_thread(self._followed, later, steps)
        return [
            None
            if (found := tasks.get(attempt.plan_index)) is None
            else replace(
                found,
                is_repair=attempt.purpose == "repair",
                number=attempt.number,
                attempt_id=attempt.attempt_id,
            )
            for attempt in attempts
        ]

    def _followed(self, tasks: list[Task], steps: Mapping[int, int]) -> dict[int, Task]:
        """First requests, taken through known answers to the step that was asked."""
        recall, there = self.turn.recall(), dict[int, Task]()
        while tasks:
            known, following = recall.find(tasks), list[Task]()
            for task in tasks:
                if task.plan_index not in known:
                    continue
                follow_up = recall.conclude(task, known[task.plan_index]).follow_up
                if follow_up is not None and follow_up.step == steps[task.plan_index]:
                    there[task.plan_index] = follow_up
                elif follow_up is not None:
                    following.append(self.turn.prepare(follow_up))
            tasks = following
        return there

    def _settle(
        self, task: Task | None, attempt: OpenAttempt, result: Result
    ) -> tuple[Settlement, NewSample | None]:
        call = self.turn.owed(attempt, self.row.provider_batch_id)
        outcome = Outcome(result.reply, result.failure, 0, result.http_status)
        settlement = settlement_of(call, outcome, self.turn.price)
        settlement.latency_ms = None
        if task is None:
            # The sample is asked again from its first step.
            return settlement, None
        if result.reply is not None:
            # What follows, a repair or the next step, is asked in the next piece, from the stored
            # answer.
            concluded = conclude(self.turn.judge, self.turn.asker, task, result.reply, settlement)
            return settlement, concluded.sample
        assert result.failure is not None
        return settlement, self._recover(task, result, result.failure, settlement)

    def _recover(
        self, task: Task, result: Result, failure: Failure, settlement: Settlement
    ) -> NewSample | None:
        """A request brought no answer: repeated later, or given up as a failed sample."""
        if result.kind in FREE_REST:
            settlement.failure_kind = result.kind
        if result.kind == "cancelled":
            self.learned.cancelled += 1
            return None
        if result.kind == "errored" and failure.kind in FATAL_FOR_BATCH:
            self.learned.fatal = failure
            return None
        kind = str(settlement.failure_kind)
        if kind in REPEATED and task.number < MAX_REQUESTS_PER_CALL:
            return None
        return self.turn.judge.failed_in(task, failure.raw_text, f"{kind}: {failure.message}", [])
