"""From a provider batch's results to settled attempts and samples.

Idempotent: a result whose attempt is settled already is passed over, so a pass that broke off at
any line is simply made again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.attempts.calls import NewSample, Settlement
from core.attempts.retry import MAX_REQUESTS_PER_CALL
from core.db.tables import Chunk, ProviderBatch
from core.faults import crash_here
from core.generation.asking import Task
from core.generation.batch_api.provider_batches import OpenAttempt, finish_provider_batch
from core.generation.batch_api.turns import ROWS_AT_ONCE, Turn, chunks_of
from core.generation.concluding import conclude
from core.generation.missing import MissingSamples
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
        chunks: Mapping[str, Chunk] = {}
        if missing.has_chunks:
            chunks = await asyncio.to_thread(missing.load_chunks, indexes)
        pairs = []
        for attempt, result in some:
            task = replace(
                missing.task(attempt.plan_index, chunks),
                is_repair=attempt.purpose == "repair",
                number=attempt.number,
                attempt_id=attempt.attempt_id,
            )
            pairs.append(self._settle(task, attempt, result))
        # Given to the writer together, they are a transaction or two.
        await asyncio.gather(*(self.turn.journal.settle(*pair) for pair in pairs))
        crash_here("during_ingest")

    def _settle(
        self, task: Task, attempt: OpenAttempt, result: Result
    ) -> tuple[Settlement, NewSample | None]:
        call = self.turn.owed(attempt, self.row.provider_batch_id)
        outcome = Outcome(result.reply, result.failure, 0, result.http_status)
        settlement = settlement_of(call, outcome, self.turn.price)
        settlement.latency_ms = None
        if result.reply is not None:
            # What needs a repair round is asked in the next piece, from the stored answer.
            return settlement, conclude(self.turn.judge, task, result.reply, settlement).sample
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
        return self.turn.judge.failed(task, failure.raw_text, f"{kind}: {failure.message}", [])
