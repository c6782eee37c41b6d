"""Batches in mode batch_api: half price, hours of latency.

A worker makes one pass and lets go: poll what the provider has, store what ended, submit what is
missing. Rows carry everything from one pass to the next, so a pass may end at any line. The same
judging, settling and budgets as for live calls; see `submitting` for what makes a crash harmless.
"""

import asyncio
import shutil
from datetime import timedelta

from core.attempts.calls import Charging
from core.attempts.journal import Journal
from core.db.ids import utc_now
from core.db.tables import ProviderBatch
from core.generation.batch_api.ingesting import Ingested, Ingestion
from core.generation.batch_api.provider_batches import (
    UNFINISHED,
    OpenAttempt,
    change_provider_batch,
    drop_provider_batch,
    known_remote_ids,
    list_provider_batches,
    open_attempts,
    smallest_refused,
)
from core.generation.batch_api.submitting import PIECE_REQUESTS, Submission, Submitted, adopt
from core.generation.batch_api.turns import Turn
from core.generation.batches import Claim, Ending
from core.generation.runner import OUT_OF_BUDGET, Resources
from core.providers.base import FATAL_FOR_BATCH, RETRYABLE, Failure, FailureKind
from core.providers.batch_api.base import BatchApiFailed, Found, Piece, Remote
from core.providers.batch_api.opening import open_batch_api
from core.providers.connections import get_connection
from core.providers.prices import halved
from core.spend.reservations import Fit

NO_BATCH_API = "This server has no batch API. Launch the batch again in the mode live."
NO_SUCH_ROUTE = (404, 405, 501)
CANCELLED_THERE = "Somebody cancelled it at the provider. Resume to submit the rest again."
# OpenAI's word for too many tokens waiting in all batches of a model together (read 2026-11).
TOO_MUCH_WAITING = "token_limit_exceeded"
# Small batches often end within minutes: the first looks come sooner.
EARLY = timedelta(minutes=2)
EARLY_SHARE = 1 / 6
# A submission whose fate is unknown counts as not taken when the provider still does not list it
# after so many poll intervals: a worker that was only asleep may be in the middle of sending it.
SETTLING_POLLS = 10
DISK_WAKE_S = 10.0
Owed = dict[str, dict[int, OpenAttempt]]


async def advance(claim: Claim, resources: Resources) -> Ending | None:
    """One pass over a batch. None when the process stops and the batch goes on elsewhere.

    Raises Fenced when another worker has taken the batch over, and MissingKey.
    """
    workspace = resources.workspace
    connection = get_connection(workspace, claim.batch.connection)
    api = open_batch_api(connection, workspace.settings)
    if api is None:
        return Ending("paused", NO_BATCH_API, "provider")
    charging = Charging(claim.batch.batch_id, claim.batch.fence, resources.worker_id, claim.scope)
    journal = Journal(workspace, charging)
    price = resources.endpoint.price
    turn = Turn.of(claim, resources, api, journal, None if price is None else halved(price))
    try:
        return await _Pass(turn).run()
    finally:
        await journal.close()
        await api.close()


class _Pass:
    """Poll, store, submit; what went wrong on the way decides how it ends."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._owed: Owed = {}
        self._trouble: Failure | None = None  # the provider cannot be asked now
        self._fatal: Failure | None = None  # the next requests would meet it too
        self._was_cancelled = False

    async def run(self) -> Ending | None:
        turn, batch = self._turn, self._turn.batch
        if turn.wanted == "pause":
            return await self._paused_by_user()
        if (ending := self._disk_is_full()) is not None:
            return ending
        self._owed = await asyncio.to_thread(open_attempts, turn.workspace, batch.batch_id)
        rows = await self._rows()
        await self._discard_orphans(rows)
        for row in rows:
            if row.state not in UNFINISHED:
                continue
            if turn.must_stop():
                return None
            await self._try_advance(row)
            if self._trouble is not None:
                break
        if turn.must_stop():
            return None
        return await self._go_on()

    async def _go_on(self) -> Ending | None:
        turn = self._turn
        await turn.journal.beat()  # proves that the batch is ours, and learns of wishes
        left = await self._unfinished()
        if turn.wanted == "cancel" and not left:
            return Ending("cancelled")
        if self._fatal is not None:
            return Ending("paused", self._fatal.message, "provider")
        if self._trouble is not None:
            return self._troubled(self._trouble, left)
        if turn.wanted == "cancel":
            return self._look_again(left)
        if self._was_cancelled:
            return Ending("paused", CANCELLED_THERE, "provider")
        if turn.wanted == "pause":
            return await self._paused_by_user()
        return await self._submit()

    def _disk_is_full(self) -> Ending | None:
        settings = self._turn.workspace.settings
        free = shutil.disk_usage(settings.home).free
        if free >= settings.min_free_disk_bytes:
            return None
        message = f"Only {free // 2**20} MiB are free. It goes on by itself when there is room."
        return Ending("paused", message, "disk", DISK_WAKE_S)

    async def _paused_by_user(self) -> Ending:
        left = await self._unfinished()
        if not left:
            return Ending("paused", "", "user")
        message = (
            f"{_describe(left)}: the provider works on and bills. Its answers are fetched when the "
            "batch is resumed or cancelled."
        )
        return Ending("paused", message, "user")

    async def _rows(self) -> list[ProviderBatch]:
        turn = self._turn
        return await asyncio.to_thread(list_provider_batches, turn.workspace, turn.batch.batch_id)

    async def _unfinished(self) -> list[ProviderBatch]:
        return [row for row in await self._rows() if row.state in UNFINISHED]

    async def _discard_orphans(self, rows: list[ProviderBatch]) -> None:
        """Attempts opened for a submission whose row was never written: nothing was sent."""
        for provider_batch_id in self._owed.keys() - {row.provider_batch_id for row in rows}:
            await self._discard(provider_batch_id)

    async def _discard(self, provider_batch_id: str) -> None:
        owed = self._owed.pop(provider_batch_id, {})
        calls = [self._turn.owed(attempt, provider_batch_id) for attempt in owed.values()]
        await self._turn.discard(calls)

    # One provider batch

    async def _try_advance(self, row: ProviderBatch) -> None:
        try:
            await self._advance(row)
        except BatchApiFailed as error:
            failure = error.failure
            is_lost = failure.kind is FailureKind.NOT_FOUND and row.remote_id is not None
            if is_lost and self._turn.wanted == "cancel":
                # The way out of a batch that the provider has forgotten: its bill stays unknown.
                await self._ingest(row, Remote(row.remote_id or "", "ended"))
            elif failure.kind in FATAL_FOR_BATCH:
                self._fatal = failure
                self._trouble = failure
            else:
                self._trouble = failure

    async def _advance(self, row: ProviderBatch) -> None:
        turn = self._turn
        if row.remote_id is None and not await self._settle_fate(row):
            return
        assert row.remote_id is not None
        remote = await turn.api.look(row.remote_id)
        if remote.state == "working" and turn.wanted == "cancel" and not remote.is_cancelling:
            remote = await turn.api.cancel(row.remote_id)
        if remote.state == "refused":
            await self._refused(row, remote)
        elif remote.state == "ended":
            await self._ingest(row, remote)

    async def _settle_fate(self, row: ProviderBatch) -> bool:
        """Whether the provider has a submission whose name there was never stored."""
        turn = self._turn
        found = Found(None)
        if row.submitted_at is not None:
            known = await asyncio.to_thread(known_remote_ids, turn.workspace, row.connection)
            piece = Piece(row.provider_batch_id, row.requests, row.created_at)
            found = await turn.api.find(piece, known)
        if found.remote is not None:
            await adopt(turn, row, found.remote)
            return True
        if found.is_certain and self._is_settled(row):
            await self._discard(row.provider_batch_id)
            await turn.stored(drop_provider_batch, row.provider_batch_id)
        return False

    def _is_settled(self, row: ProviderBatch) -> bool:
        if row.submitted_at is None:
            return True
        settling = timedelta(
            seconds=SETTLING_POLLS * self._turn.workspace.settings.batch_api_poll_s
        )
        # A clock that was set back says nothing: then this look decides.
        return not timedelta(0) <= utc_now() - row.submitted_at < settling

    async def _ingest(self, row: ProviderBatch, remote: Remote) -> None:
        turn = self._turn
        if row.state != "ended":
            await turn.stored(
                change_provider_batch, row.provider_batch_id,
                state="ended", ended_at=remote.ended_at or utc_now(),
            )  # fmt: skip
        owed = dict(self._owed.get(row.provider_batch_id, {}))
        learned: Ingested = await Ingestion(turn, row, owed).run(remote)
        self._fatal = self._fatal or learned.fatal
        self._was_cancelled |= learned.cancelled > 0 and turn.wanted != "cancel"

    async def _refused(self, row: ProviderBatch, remote: Remote) -> None:
        """The provider looked at no request of it: nothing was billed, nothing was tried."""
        await self._discard(row.provider_batch_id)
        words = f"{remote.code}: {remote.message}".strip(": ") or "No reason was given."
        await self._turn.stored(
            change_provider_batch, row.provider_batch_id,
            f"Provider batch {row.remote_id} was refused. {words}",
            state="failed", message=words, ended_at=remote.ended_at or utc_now(),
        )  # fmt: skip
        if remote.code != TOO_MUCH_WAITING or row.requests == 1:
            message = f"The provider refused a batch: {words}"
            self._fatal = Failure(FailureKind.BAD_REQUEST, message, charge="free")

    # What is missing

    async def _submit(self) -> Ending | None:
        turn = self._turn
        rows = await self._rows()
        refused = smallest_refused(rows, TOO_MUCH_WAITING)
        most = PIECE_REQUESTS if refused is None else max(1, refused // 2)
        left = [row for row in rows if row.state in UNFINISHED]
        if refused is not None and left:
            return self._look_again(left)  # the provider takes more when these have ended
        missing = await asyncio.to_thread(turn.missing)
        owed = await asyncio.to_thread(open_attempts, turn.workspace, turn.batch.batch_id)
        missing.leave_out(index for piece in owed.values() for index in piece)
        try:
            submitted = await Submission(turn, missing, most).run()
        except BatchApiFailed as error:
            return self._not_taken(error, await self._unfinished())
        return await self._after(submitted)

    async def _after(self, submitted: Submitted) -> Ending | None:
        turn = self._turn
        if turn.must_stop():
            return None
        left = await self._unfinished()
        if submitted.is_interrupted:
            if turn.wanted == "pause":
                return await self._paused_by_user()
            return self._look_again(left) if left else Ending("cancelled")
        if left:
            return self._look_again(left)
        if submitted.fit is Fit.NEVER:
            return Ending("paused", OUT_OF_BUDGET, "budget")
        if submitted.fit is Fit.LATER:
            message = "Other batches hold the budget's room."
            return Ending("running", message, wake_after_s=turn.workspace.settings.batch_api_poll_s)
        return Ending("completed")

    def _not_taken(self, error: BatchApiFailed, left: list[ProviderBatch]) -> Ending:
        failure = error.failure
        if error.is_refused and failure.http_status in NO_SUCH_ROUTE and not left:
            return Ending("paused", NO_BATCH_API, "provider")
        if failure.kind in RETRYABLE or not error.is_refused:
            return self._troubled(failure, left)
        return Ending("paused", failure.message, "provider")

    # Endings

    def _troubled(self, failure: Failure, left: list[ProviderBatch]) -> Ending:
        """The provider cannot be asked now: look again later."""
        again = self._look_again(left)
        wait_s = max(again.wake_after_s or 0.0, failure.retry_after_s or 0.0)
        message = f"{failure.message} Looking again later. {again.message}".strip()
        return Ending("running", message, wake_after_s=wait_s)

    def _look_again(self, left: list[ProviderBatch]) -> Ending:
        poll_s = self._turn.workspace.settings.batch_api_poll_s
        newest = max((row.created_at for row in left), default=None)
        if newest is not None and utc_now() - newest < EARLY:
            poll_s *= EARLY_SHARE
        return Ending("running", f"{_describe(left)}." if left else "", wake_after_s=poll_s)


def _describe(rows: list[ProviderBatch]) -> str:
    requests = sum(row.requests for row in rows)
    noun = "provider batch" if len(rows) == 1 else "provider batches"
    return f"{len(rows)} {noun} with {requests:,} requests under way"
