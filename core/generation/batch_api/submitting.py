"""From missing samples to pieces at a provider's batch API, inside every budget that applies.

The order is what makes a crash harmless. The attempts of a piece are opened and reserved, then its
row says that it is on its way, then the provider hears of it, then its name there is stored. Before
`submitted_at` is set the provider certainly knows nothing; afterwards it is asked.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

from core.attempts.calls import Call
from core.db.ids import new_id, utc_now
from core.db.tables import ProviderBatch
from core.faults import crash_here
from core.generation.asking import Task
from core.generation.batch_api.ingesting import REPEATED
from core.generation.batch_api.provider_batches import (
    add_provider_batch,
    change_provider_batch,
    drop_provider_batch,
    tries_of,
)
from core.generation.batch_api.turns import NO_BODY, NO_REQUEST, ROWS_AT_ONCE, Turn
from core.generation.missing import MissingSamples
from core.generation.reuse import KnownAnswer
from core.providers.batch_api.base import BatchApiFailed, Remote, custom_id_of
from core.spend.factors import scale_reservation
from core.spend.reservations import Fit

# Far below what providers take: a piece is held in memory while it is sent.
PIECE_REQUESTS = 10_000
PIECE_BYTES = 32 * 2**20
LINE_OVERHEAD_BYTES = 200
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Submitted:
    """How far a pass came with what is missing."""

    fit: Fit = Fit.FITS  # why it is not all of it
    is_interrupted: bool = False  # the user or the process wants something else


class Submission:
    """Submits what is missing, piece by piece. Call `run` once."""

    def __init__(self, turn: Turn, missing: MissingSamples, most_requests: int) -> None:
        self._turn, self._missing = turn, missing
        self._recall = turn.recall()
        self._most_requests = min(most_requests, turn.api.most_requests)

    async def run(self) -> Submitted:
        """Submit until nothing is missing or nothing more fits. Raises BatchApiFailed, Fenced."""
        async for tasks in self._pieces():
            if self._turn.must_stop() or self._turn.wanted != "run":
                return Submitted(is_interrupted=True)
            if (fit := await self._submit(tasks)) is not Fit.FITS:
                return Submitted(fit)
        return Submitted()

    # What is asked

    async def _pieces(self) -> AsyncIterator[list[Task]]:
        piece: list[Task] = []
        size, most_bytes = 0, min(PIECE_BYTES, self._turn.api.most_bytes)
        async for task in self._asked():
            assert task.prepared is not None
            length = len(task.prepared.body) + LINE_OVERHEAD_BYTES
            if piece and (len(piece) >= self._most_requests or size + length > most_bytes):
                yield piece
                piece, size = [], 0
            piece.append(task)
            size += length
        if piece:
            yield piece

    async def _asked(self) -> AsyncIterator[Task]:
        missing = self._missing
        while indexes := missing.next_indexes(ROWS_AT_ONCE):
            material = await asyncio.to_thread(missing.load, indexes)
            tasks = [self._turn.prepare(missing.task(index, material)) for index in indexes]
            for task in await self._reuse(tasks):
                yield task

    async def _reuse(self, tasks: list[Task]) -> list[Task]:
        """Finish what was answered before, here or elsewhere; what must be asked is returned."""
        asked: list[Task] = []
        while tasks:
            found = await asyncio.to_thread(self._recall.find, tasks)
            await self._count_tries(tasks, found)
            asked += [task for task in tasks if task.plan_index not in found]
            known = [task for task in tasks if task.plan_index in found]
            tasks = [t for task in known if (t := await self._finish(task, found)) is not None]
        return asked

    async def _count_tries(self, tasks: list[Task], found: dict[int, KnownAnswer]) -> None:
        unknown = [task for task in tasks if task.plan_index not in found]
        keys = [task.request_key for task in unknown]
        batch_id, kinds = self._turn.batch.batch_id, {*REPEATED, "schema"}
        tries = await asyncio.to_thread(tries_of, self._turn.workspace, batch_id, keys, kinds)
        for task in unknown:
            known = tries.get(task.request_key)
            if known is None:
                continue
            if known.cause == "schema":
                # Answered, but with nothing that could be stored: its repair starts from that.
                found[task.plan_index] = KnownAnswer("", "")
            else:
                task.number, task.retry_cause = known.number + 1, known.cause

    async def _finish(self, task: Task, found: dict[int, KnownAnswer]) -> Task | None:
        concluded = self._recall.conclude(task, found[task.plan_index])
        if concluded.follow_up is not None:
            return self._turn.prepare(concluded.follow_up)
        await self._turn.journal.settle(None, concluded.sample)
        return None

    # How it is submitted

    async def _submit(self, tasks: list[Task]) -> Fit:
        provider_batch_id = new_id("pbt")
        calls = [self._call(task, provider_batch_id) for task in tasks]
        tasks.clear()  # a full piece is tens of megabytes: it is not held twice
        opened, fit = await self._open(calls)
        if not opened:
            return fit
        requests = len(opened)
        await self._turn.stored(add_provider_batch, provider_batch_id, requests)
        crash_here("before_submit")
        try:
            remote = await self._hand_over(provider_batch_id, opened)
        except BatchApiFailed as error:
            if error.is_refused:
                await self._turn.discard(opened)
                await self._turn.stored(drop_provider_batch, provider_batch_id)
            else:
                # It may have been taken: the next pass looks for it, some time after this moment.
                await self._turn.stored(
                    change_provider_batch, provider_batch_id,
                    message=error.failure.message, submitted_at=utc_now(),
                )  # fmt: skip
            raise
        crash_here("after_submit")
        note = f"Provider batch {remote.remote_id}: {requests} requests submitted."
        await self._turn.stored(
            change_provider_batch, provider_batch_id, note,
            state="in_progress", remote_id=remote.remote_id, expires_at=remote.expires_at,
        )  # fmt: skip
        return fit

    def _call(self, task: Task, provider_batch_id: str) -> Call:
        assert task.prepared is not None
        price, worst_case, factor = self._turn.price, NOTHING, 1.0
        if price is not None:
            endpoint = self._turn.resources.endpoint
            factor = self._turn.journal.factors.get(self._turn.target, endpoint.reservation_factor)
            bound, most = task.prepared.input_tokens_bound, task.request.max_output_tokens
            worst_case = scale_reservation(price.worst_case(bound, most), factor)
        return Call(
            plan_index=task.plan_index,
            purpose="repair" if task.is_repair else "generate",
            number=task.number,
            request=NO_REQUEST,
            prepared=task.prepared,
            request_key=task.request_key,
            worst_case_usd=worst_case,
            reserved_with=factor,
            attempt_id=new_id("att"),
            target=self._turn.target,
            step=task.step,
            retry_cause=task.retry_cause,
            provider_batch_id=provider_batch_id,
        )

    async def _open(self, calls: list[Call]) -> tuple[list[Call], Fit]:
        """Open as many as fit, to the last one: a piece takes hours, so it should be full."""
        opened: list[Call] = []
        while len(opened) < len(calls):
            more = await self._turn.journal.open(calls[len(opened) :][:ROWS_AT_ONCE])
            opened += more.calls
            if not more.calls:
                return opened, more.fit
        return opened, Fit.FITS

    async def _hand_over(self, provider_batch_id: str, calls: list[Call]) -> Remote:
        api = self._turn.api
        lines = []
        for call in calls:
            custom_id = custom_id_of(provider_batch_id, call.plan_index)
            lines.append(api.line(custom_id, call.prepared.body))
            call.prepared = NO_BODY  # the line holds it now
        upload = await api.upload(provider_batch_id, lines)
        lines.clear()
        await self._turn.stored(change_provider_batch, provider_batch_id, submitted_at=utc_now())
        return await api.create(upload)


async def adopt(turn: Turn, row: ProviderBatch, remote: Remote) -> None:
    """Take up a submission whose name at the provider was never stored."""
    note = f"Provider batch {remote.remote_id} was found at the provider and is taken up."
    await turn.stored(
        change_provider_batch, row.provider_batch_id, note, state="in_progress",
        remote_id=remote.remote_id, expires_at=remote.expires_at, message="",
    )  # fmt: skip
    row.remote_id, row.state = remote.remote_id, "in_progress"
