"""One transaction of a batch: what it settles, stores, opens and reserves, all or nothing.

Every transaction first proves that the batch is still ours (the fence), so a worker that was asleep
cannot write over the one that took its place.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import DBAPIError

from core.attempts.calls import Call, Charging, NewSample, Settlement, Target
from core.attempts.rows import FINDINGS, OPEN, OWN, SAMPLES, SETTLE, opened_row, settled_row
from core.db.ids import new_id, utc_now
from core.db.passing import passing_cause
from core.db.reserve import DiskReserve
from core.db.sqlite import eager_connection, sync_s
from core.db.tables import Attempt, BatchLogEntry, Sample
from core.db.workspace import Workspace
from core.errors import Fenced
from core.faults import crash_here
from core.spend.budgets import month_of
from core.spend.factors import note_excess
from core.spend.reservations import Fit, reserve, settle

logger = logging.getLogger(__name__)

FIRST_RETRY_S = 0.1
MAX_RETRY_S = 2.0
SLOW_SYNC_S = 0.003  # a disk that takes longer to sync must not hold up an event loop
WORTH_LOGGING_S = 1.0  # a shorter wait for the database is no news


@dataclass(frozen=True, slots=True)
class Opened:
    """The calls whose attempt rows are committed, a prefix of those asked for."""

    calls: Sequence[Call]
    fit: Fit  # why it is not all of them


@dataclass(slots=True)
class OpenOrder:
    """Reserve and open as many of these calls as fit, in order."""

    calls: Sequence[Call]


@dataclass(slots=True)
class SettleOrder:
    """Store a result; both None only writes the report."""

    settlement: Settlement | None
    sample: NewSample | None


@dataclass(slots=True)
class DiscardOrder:
    """Undo the opening of a call that was never sent."""

    call: Call


@dataclass(slots=True)
class LogOrder:
    """Add a line to the batch's log."""

    message: str


Order = OpenOrder | SettleOrder | DiscardOrder | LogOrder


@dataclass(frozen=True, slots=True)
class Report:
    """What the runner tells the batch row with each commit."""

    in_flight: int = 0
    rate_per_s: float = 0.0
    rate_low_per_s: float = 0.0
    rate_high_per_s: float = 0.0
    concurrency_limit: int = 0
    concurrency_reason: str = ""


class Store:
    """Commits orders for one batch. One call at a time, from any thread."""

    def __init__(self, workspace: Workspace, charging: Charging) -> None:
        self._workspace, self._charging = workspace, charging
        self._reserve = DiskReserve(workspace.home)
        is_quick = sync_s(workspace.home) < SLOW_SYNC_S
        self._eager = eager_connection(workspace.engine) if is_quick else None
        self.report = Report()  # the next commit writes it beside the counts
        self.wanted = "run"  # what the user wants, as of the last commit: run, pause or cancel
        self.waits_for = ""  # "disk" or "database" while commits do not go through
        self.factors: dict[Target, float] = {}  # reservation factors that rose in this run

    def close(self) -> None:
        """Give the connection back."""
        if self._eager is not None:
            self._eager.close()

    def commit_now(self, orders: Sequence[Order]) -> list[Opened | None] | None:
        """The answers to the orders, or None where the database would have to be waited for."""
        if self._eager is None:
            return None
        try:
            with self._eager.begin():
                answers = self._apply(self._eager, orders)
        except DBAPIError as error:
            # A commit that failed may leave the transaction open, and with it the write lock.
            self._eager.connection.rollback()
            if passing_cause(error) is None:
                raise
            return None
        _pass_points_after_commit(orders)
        return answers

    def commit(self, orders: Sequence[Order]) -> list[Opened | None]:
        """The answers to the orders.

        Replies in hand are paid for: they are held for as long as waiting can help.
        """
        wait_s, started = FIRST_RETRY_S, time.monotonic()
        answers: list[Opened | None] | None = None
        while True:
            try:
                with self._workspace.engine.begin() as connection:
                    if answers is None or not _went_through(connection, orders, answers):
                        answers = self._apply(connection, orders)
                    self._note_wait(connection, time.monotonic() - started)
            except (DBAPIError, OSError) as error:
                cause = passing_cause(error)
                if cause is None:
                    raise
                batch_id = self._charging.batch_id
                logger.warning("batch %s waits for the %s: %s", batch_id, cause, error)
                if cause == "disk":
                    self._reserve.release()
                self.waits_for = cause
                time.sleep(wait_s)
                wait_s = min(MAX_RETRY_S, wait_s * 2)
            else:
                self.waits_for = ""
                _pass_points_after_commit(orders)
                return answers

    def _note_wait(self, connection: Connection, waited_s: float) -> None:
        if self.waits_for and waited_s >= WORTH_LOGGING_S:
            what = self.waits_for
            message = f"Waited {waited_s:.0f} s for the {what}; the results in hand are stored."
            self._log(connection, message)

    def _log(self, connection: Connection, message: str) -> None:
        charging = self._charging
        connection.execute(
            insert(BatchLogEntry).values(
                entry_id=new_id("log"), batch_id=charging.batch_id, level="warning",
                message=message, created_by=charging.scope.user_id,
                project_id=charging.scope.project_id,
            )
        )  # fmt: skip

    def _apply(self, connection: Connection, orders: Sequence[Order]) -> list[Opened | None]:
        settling = [order for order in orders if isinstance(order, SettleOrder)]
        samples = [order.sample for order in settling if order.sample is not None]
        self._prove_ownership(connection, samples)
        self._settle(connection, [o.settlement for o in settling if o.settlement is not None])
        SAMPLES.execute(connection, [sample.row for sample in samples])
        FINDINGS.execute(connection, [f for sample in samples for f in sample.findings])
        self._discard(connection, [o.call for o in orders if isinstance(o, DiscardOrder)])
        for order in orders:
            if isinstance(order, LogOrder):
                self._log(connection, order.message)
        answers = [
            self._open(connection, order.calls) if isinstance(order, OpenOrder) else None
            for order in orders
        ]
        if any(order.settlement for order in settling):
            crash_here("before_settle_commit")
        return answers

    def _prove_ownership(self, connection: Connection, samples: list[NewSample]) -> None:
        generated = sum(sample.is_generated for sample in samples)
        report = self.report
        wanted = connection.execute(
            OWN,
            {
                "batch_id": self._charging.batch_id,
                "fence": self._charging.fence,
                "generated": generated,
                "failed": len(samples) - generated,
                "in_flight": report.in_flight,
                "rate": report.rate_per_s,
                "rate_low": report.rate_low_per_s,
                "rate_high": report.rate_high_per_s,
                "limit": report.concurrency_limit,
                "reason": report.concurrency_reason,
            },
        ).scalar_one_or_none()
        if wanted is None:
            raise Fenced(self._charging.batch_id)
        self.wanted = wanted

    def _settle(self, connection: Connection, settlements: list[Settlement]) -> None:
        if not settlements:
            return
        now = utc_now()
        SETTLE.execute(connection, [settled_row(s, now) for s in settlements])
        spent = [(s.call, s.cost_usd or Decimal(0)) for s in settlements]
        self._release(connection, spent, now)
        self._notice_excess(connection, [s for s in settlements if s.is_in_excess])

    def _notice_excess(self, connection: Connection, settlements: list[Settlement]) -> None:
        """A provider billed more than was reserved: reserve more from now on, and say so."""
        by_target: dict[tuple[Target, float], list[tuple[Decimal, Decimal]]] = {}
        for settlement in settlements:
            assert settlement.cost_usd is not None
            pair = (settlement.call.worst_case_usd, settlement.cost_usd)
            key = (settlement.call.target, settlement.call.reserved_with)
            by_target.setdefault(key, []).append(pair)
        for (target, reserved_with), billed in by_target.items():
            factor = note_excess(connection, target.connection, target.model, billed, reserved_with)
            self.factors[target] = factor
            excess = sum((cost - reserved for reserved, cost in billed), Decimal(0))
            self._log(
                connection,
                f"{target.model} billed ${excess:.4f} more than was reserved for {len(billed)} "
                f"calls. Reservations for it are now {factor:.2f} times as large.",
            )

    def _release(
        self, connection: Connection, spent: list[tuple[Call, Decimal]], now: datetime
    ) -> None:
        by_month: dict[str, list[tuple[Call, Decimal]]] = {}
        for call, cost in spent:
            by_month.setdefault(month_of(call.opened_at or now), []).append((call, cost))
        for month, group in sorted(by_month.items()):  # two workers lock in one order
            settle(
                connection,
                self._charging.scope,
                month,
                reserved=sum((call.worst_case_usd for call, _ in group), Decimal(0)),
                cost=sum((cost for _, cost in group), Decimal(0)),
            )

    def _discard(self, connection: Connection, calls: list[Call]) -> None:
        if calls:
            ids = [call.attempt_id for call in calls]
            connection.execute(delete(Attempt).where(Attempt.attempt_id.in_(ids)))
            self._release(connection, [(call, Decimal(0)) for call in calls], utc_now())

    def _open(self, connection: Connection, calls: Sequence[Call]) -> Opened:
        now = utc_now()
        month, size, fit = month_of(now), len(calls), Fit.FITS
        while size:
            worst_case = sum((call.worst_case_usd for call in calls[:size]), Decimal(0))
            verdict = reserve(connection, self._charging.scope, month, worst_case)
            if verdict is Fit.FITS:
                break
            fit, size = verdict, size // 2
        opened = calls[:size]
        for call in opened:
            call.opened_at = now
        OPEN.execute(connection, [opened_row(call, self._charging, now) for call in opened])
        crash_here("before_open_commit")
        return Opened(opened, fit)


def _pass_points_after_commit(orders: Sequence[Order]) -> None:
    if any(isinstance(order, OpenOrder) for order in orders):
        crash_here("after_open_commit")
    if any(isinstance(order, SettleOrder) and order.settlement for order in orders):
        crash_here("after_settle_commit")


def _went_through(
    connection: Connection, orders: Sequence[Order], answers: Sequence[Opened | None]
) -> bool:
    """Whether a commit whose answer was lost was made all the same: one row tells for them all."""
    for order, answer in zip(orders, answers, strict=True):
        if isinstance(order, SettleOrder) and order.settlement is not None:
            return _state_of(connection, order.settlement.call) not in (None, "open")
        if isinstance(order, SettleOrder) and order.sample is not None:
            known = select(Sample.sample_id).where(
                Sample.sample_id == order.sample.row["sample_id"]
            )
            return connection.scalar(known) is not None
        if isinstance(order, DiscardOrder):
            return _state_of(connection, order.call) is None
        if answer is not None and answer.calls:
            return _state_of(connection, answer.calls[0]) is not None
    return False


def _state_of(connection: Connection, call: Call) -> str | None:
    return connection.scalar(select(Attempt.state).where(Attempt.attempt_id == call.attempt_id))
