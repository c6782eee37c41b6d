"""The one writer of a running batch.

A thread drains whatever is waiting into one transaction and commits it: it never sleeps while there
is work, so a result stays in memory only as long as the commit before its own takes. Every
transaction first proves that the batch is still ours (the fence), so a worker that was asleep
cannot write over the one that took its place.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.attempts.calls import Call, Charging, NewSample, Settlement
from core.db.ids import utc_now
from core.db.tables import Attempt, Batch, Finding, Sample
from core.db.workspace import Workspace
from core.errors import Fenced
from core.spend.budgets import month_of
from core.spend.reservations import Fit, reserve, settle

logger = logging.getLogger(__name__)

FIRST_RETRY_S = 0.1
MAX_RETRY_S = 2.0
GIVE_UP_AFTER_S = 120.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The calls whose attempt rows are committed, a prefix of those asked for."""

    calls: Sequence[Call]
    fit: Fit  # why it is not all of them


@dataclass(slots=True)
class _OpenOrder:
    calls: Sequence[Call]
    done: "asyncio.Future[Opened]"


@dataclass(slots=True)
class _SettleOrder:
    settlement: Settlement | None
    sample: NewSample | None
    done: "asyncio.Future[None]"


@dataclass(slots=True)
class _DiscardOrder:
    call: Call
    done: "asyncio.Future[None]"


@dataclass(slots=True)
class _Report:
    """What the runner tells the batch row with each commit."""

    in_flight: int = 0
    rate_per_s: float = 0.0
    wanted: str = field(default="run")


_STOP = object()


class Journal:
    """Opens and settles attempts for one batch. Use from one event loop; close when done."""

    def __init__(self, workspace: Workspace, charging: Charging) -> None:
        self._workspace = workspace
        self._charging = charging
        self._loop = asyncio.get_running_loop()
        self._orders: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._report = _Report()
        self.waits_for = ""  # "disk" or "database" while commits do not go through
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    @property
    def wanted(self) -> str:
        """What the user wants of the batch, as of the last commit: run, pause or cancel."""
        return self._report.wanted

    def report(self, in_flight: int, rate_per_s: float) -> None:
        """Figures that the next commit writes beside the counts."""
        self._report.in_flight = in_flight
        self._report.rate_per_s = rate_per_s

    async def open(self, calls: Sequence[Call]) -> Opened:
        """Reserve and open as many of these calls as fit, in order. Committed on return.

        Raises Fenced when the batch belongs to another worker.
        """
        done: asyncio.Future[Opened] = self._loop.create_future()
        self._orders.put(_OpenOrder(calls, done))
        return await done

    async def settle(self, settlement: Settlement | None, sample: NewSample | None) -> None:
        """Store a result. Committed on return, so the caller's slot counts as in flight till then.

        `settlement` is None for an answer that was reused. Raises Fenced.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._orders.put(_SettleOrder(settlement, sample, done))
        await done

    async def discard(self, call: Call) -> None:
        """Undo the opening of a call that was never sent: no row, nothing reserved."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._orders.put(_DiscardOrder(call, done))
        await done

    async def beat(self) -> None:
        """Write the report and learn what the user wants, without anything to store."""
        await self.settle(None, None)

    async def close(self) -> None:
        """Commit what is waiting and end the thread."""
        self._orders.put(_STOP)
        await asyncio.to_thread(self._thread.join)

    def _write_all(self) -> None:
        is_stopping = False
        while not is_stopping:
            orders = [self._orders.get()]
            while not self._orders.empty():
                orders.append(self._orders.get())
            is_stopping = _STOP in orders
            orders = [order for order in orders if order is not _STOP]
            if orders:
                self._write(orders)

    def _write(self, orders: list[Any]) -> None:
        try:
            answers = self._commit_patiently(orders)
        except Exception as error:  # noqa: BLE001 - handed to every waiting caller
            self._call_back([(order.done, None, error) for order in orders])
            return
        self._call_back(
            [(order.done, answer, None) for order, answer in zip(orders, answers, strict=True)]
        )

    def _call_back(self, results: list[tuple[Any, Any, Exception | None]]) -> None:
        def resolve() -> None:
            for done, answer, error in results:
                if done.cancelled():
                    continue
                if error is not None:
                    done.set_exception(error)
                else:
                    done.set_result(answer)

        self._loop.call_soon_threadsafe(resolve)

    def _commit_patiently(self, orders: list[Any]) -> list[Any]:
        wait_s, started = FIRST_RETRY_S, time.monotonic()
        while True:
            try:
                with self._workspace.engine.begin() as connection:
                    answers = self._apply(connection, orders)
            except OperationalError as error:
                # Replies in hand are paid for: they are held until the database takes them.
                if time.monotonic() - started > GIVE_UP_AFTER_S:
                    raise
                self.waits_for = "disk" if "full" in str(error.orig).lower() else "database"
                logger.warning("batch %s waits: %s", self._charging.batch_id, error.orig)
                time.sleep(wait_s)
                wait_s = min(MAX_RETRY_S, wait_s * 2)
            else:
                self.waits_for = ""
                return answers

    def _apply(self, connection: Connection, orders: list[Any]) -> list[Any]:
        settling = [order for order in orders if isinstance(order, _SettleOrder)]
        self._prove_ownership(connection, [order.sample for order in settling if order.sample])
        with Session(connection, join_transaction_mode="rollback_only") as session:
            self._settle(session, [o.settlement for o in settling if o.settlement is not None])
            self._insert_samples(session, [o.sample for o in settling if o.sample is not None])
            self._discard(session, [o.call for o in orders if isinstance(o, _DiscardOrder)])
            return [
                self._open(session, order.calls) if isinstance(order, _OpenOrder) else None
                for order in orders
            ]

    def _prove_ownership(self, connection: Connection, samples: list[NewSample]) -> None:
        generated = sum(sample.is_generated for sample in samples)
        statement = (
            update(Batch)
            .where(
                Batch.batch_id == self._charging.batch_id,
                Batch.fence == self._charging.fence,
                Batch.state == "running",
            )
            .values(
                generated=Batch.generated + generated,
                failed=Batch.failed + len(samples) - generated,
                in_flight=self._report.in_flight,
                rate_per_s=self._report.rate_per_s,
            )
            .returning(Batch.wanted)
        )
        wanted = connection.execute(statement).scalar_one_or_none()
        if wanted is None:
            raise Fenced(self._charging.batch_id)
        self._report.wanted = wanted

    def _settle(self, session: Session, settlements: list[Settlement]) -> None:
        if not settlements:
            return
        now = utc_now()
        session.connection().execute(_SETTLE, [_settled_values(s, now) for s in settlements])
        spent = [(s.call, s.cost_usd or Decimal(0)) for s in settlements]
        self._release(session, spent, now)

    def _release(self, session: Session, spent: list[tuple[Call, Decimal]], now: datetime) -> None:
        by_month: dict[str, list[tuple[Call, Decimal]]] = {}
        for call, cost in spent:
            by_month.setdefault(month_of(call.opened_at or now), []).append((call, cost))
        for month, group in by_month.items():
            settle(
                session,
                self._charging.scope,
                month,
                reserved=sum((call.worst_case_usd for call, _ in group), Decimal(0)),
                cost=sum((cost for _, cost in group), Decimal(0)),
            )

    def _insert_samples(self, session: Session, samples: list[NewSample]) -> None:
        if samples:
            session.connection().execute(insert(Sample), [sample.row for sample in samples])
        findings = [finding for sample in samples for finding in sample.findings]
        if findings:
            session.connection().execute(insert(Finding), findings)

    def _discard(self, session: Session, calls: list[Call]) -> None:
        if calls:
            ids = [call.attempt_id for call in calls]
            session.execute(delete(Attempt).where(Attempt.attempt_id.in_(ids)))
            self._release(session, [(call, Decimal(0)) for call in calls], utc_now())

    def _open(self, session: Session, calls: Sequence[Call]) -> Opened:
        now = utc_now()
        month, size, fit = month_of(now), len(calls), Fit.FITS
        while size:
            worst_case = sum((call.worst_case_usd for call in calls[:size]), Decimal(0))
            verdict = reserve(session, self._charging.scope, month, worst_case)
            if verdict is Fit.FITS:
                break
            fit, size = verdict, size // 2
        opened = calls[:size]
        if opened:
            for call in opened:
                call.opened_at = now
            rows = [_opened_values(call, self._charging, now) for call in opened]
            session.connection().execute(insert(Attempt), rows)
        return Opened(opened, fit)


_SETTLE = (
    update(Attempt.__table__)  # type: ignore[arg-type]
    .where(Attempt.attempt_id == bindparam("b_attempt_id"))
    .values(
        state=bindparam("b_state"),
        finished_at=bindparam("b_finished_at"),
        latency_ms=bindparam("b_latency_ms"),
        http_status=bindparam("b_http_status"),
        failure_kind=bindparam("b_failure_kind"),
        failure_message=bindparam("b_failure_message"),
        input_tokens=bindparam("b_input_tokens"),
        cached_tokens=bindparam("b_cached_tokens"),
        output_tokens=bindparam("b_output_tokens"),
        reasoning_tokens=bindparam("b_reasoning_tokens"),
        cost_nano_usd=bindparam("b_cost_usd"),
        is_estimated=bindparam("b_is_estimated"),
        response_text=bindparam("b_response_text"),
    )
)


def _settled_values(settlement: Settlement, now: datetime) -> dict[str, Any]:
    usage = settlement.usage
    return {
        "b_attempt_id": settlement.call.attempt_id,
        "b_state": settlement.state,
        "b_finished_at": now,
        "b_latency_ms": settlement.latency_ms,
        "b_http_status": settlement.http_status,
        "b_failure_kind": settlement.failure_kind,
        "b_failure_message": settlement.failure_message,
        "b_input_tokens": usage.input_tokens if usage else None,
        "b_cached_tokens": usage.cached_tokens if usage else None,
        "b_output_tokens": usage.output_tokens if usage else None,
        "b_reasoning_tokens": usage.reasoning_tokens if usage else None,
        "b_cost_usd": settlement.cost_usd,
        "b_is_estimated": settlement.is_estimated,
        "b_response_text": settlement.response_text,
    }


def _opened_values(call: Call, charging: Charging, now: datetime) -> dict[str, Any]:
    return {
        "attempt_id": call.attempt_id,
        "batch_id": charging.batch_id,
        "plan_index": call.plan_index,
        "purpose": call.purpose,
        "number": call.number,
        "state": "open",
        "connection": call.target.connection,
        "model": call.target.model,
        "request_key": call.request_key,
        "retry_cause": call.retry_cause,
        "provider_batch_id": call.provider_batch_id,
        "worker_id": charging.worker_id,
        "reserved_nano_usd": call.worst_case_usd,
        "price_source": call.target.price_source,
        "created_at": now,
        "created_by": charging.scope.user_id,
        "project_id": charging.scope.project_id,
    }
