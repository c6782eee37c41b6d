"""Sums over a batch's attempts and samples, made to be read every second.

One pass over the succeeded attempts and index ranges for all the rest. A GROUP BY over every
attempt would cost three times as much: SQLite sorts the rows for it.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Double, cast, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from core.db.tables import Attempt, Batch, Sample
from core.generation.forecast import StepSpending

NOTHING = Decimal(0)
NANO_SQUARED = 1e18
VERDICTS = ("accepted", "needs_review", "rejected")
# What an answered request may carry as its failure kind: the answer was of no use.
ANSWERED_KINDS = ("schema", "truncated", "refusal", "content_filter")


@dataclass
class Tally:
    """A batch's attempts, added up."""

    attempts: int = 0
    open_attempts: int = 0
    retries: int = 0  # requests beyond the first for a question, repairs not counted
    has_cost: bool = False  # some attempt has a known cost
    cost_usd: Decimal = NOTHING
    squares: float = 0.0  # sum of the attempts' squared costs, in USD
    paid: int = 0  # attempts that cost something
    paid_again: int = 0  # of those: repairs, and requests whose answer was lost
    estimated_usd: Decimal = NOTHING  # the part of the cost that no bill confirms
    reserved_usd: Decimal = NOTHING  # held for open attempts
    input_tokens: int = 0
    output_tokens: int = 0
    elsewhere: int = 0  # attempts that went to another model than the batch's own
    errors: dict[str, int] = field(default_factory=dict)  # failure kinds
    retry_causes: dict[str, int] = field(default_factory=dict)

    def add(self, sums: Any) -> None:
        """One group of attempts."""
        self.attempts += sums.attempts
        self.retries += sums.retries
        self.has_cost |= sums.cost is not None
        self.cost_usd += sums.cost or NOTHING
        self.squares += float(sums.squares or 0) / NANO_SQUARED
        self.paid += sums.paid
        self.paid_again += sums.repairs
        self.input_tokens += int(sums.input_tokens or 0)
        self.output_tokens += int(sums.output_tokens or 0)
        self.elsewhere += sums.elsewhere


def tally_attempts(session: Session, batch: Batch) -> Tally:
    """The sums over all attempts of the batch."""
    tally = Tally()
    own = Attempt.batch_id == batch.batch_id
    _add_unanswered(session, batch, tally)
    causes = list(tally.errors)  # a retry repeats a request that failed in this batch
    row = session.execute(
        select(
            *_sums(batch),
            *(
                func.count().filter(Attempt.failure_kind == kind).label(f"kind_{i}")
                for i, kind in enumerate(ANSWERED_KINDS)
            ),
            *(
                func.count().filter(Attempt.retry_cause == cause).label(f"cause_{i}")
                for i, cause in enumerate(causes)
            ),
        ).where(own, Attempt.state == "succeeded")
    ).one()
    tally.add(row)
    for i, kind in enumerate(ANSWERED_KINDS):
        _count(tally.errors, kind, getattr(row, f"kind_{i}"))
    for i, cause in enumerate(causes):
        _count(tally.retry_causes, cause, getattr(row, f"cause_{i}"))
    tally.estimated_usd = (
        session.scalar(select(func.sum(Attempt.cost_usd)).where(own, Attempt.is_estimated))
        or NOTHING
    )
    return tally


def tally_steps(session: Session, batch: Batch, steps: int) -> list[StepSpending]:
    """The bill of each step so far. One pass over all attempts, in groups."""
    is_answer = (Attempt.state == "succeeded") & Attempt.failure_kind.is_(None)
    cost = cast(type_coerce(Attempt.cost_usd, BigInteger), Double)
    rows: Any = session.execute(
        select(
            Attempt.step,
            func.count().filter(is_answer).label("answered"),
            func.sum(Attempt.cost_usd).label("cost"),
            func.sum(cost * cost).label("squares"),
            func.count().filter(Attempt.cost_usd > 0).label("paid"),
        )
        .where(Attempt.batch_id == batch.batch_id)
        .group_by(Attempt.step)
    )
    found = [StepSpending(0, NOTHING, 0, 0.0, 0)] * steps
    for row in rows:
        if row.step < steps:
            squares = float(row.squares or 0) / NANO_SQUARED
            again = max(row.paid - row.answered, 0)
            found[row.step] = StepSpending(
                row.answered, row.cost or NOTHING, row.paid, squares, again
            )
    return found


def _add_unanswered(session: Session, batch: Batch, tally: Tally) -> None:
    """Open, failed and unknown attempts: few, or the batch has stopped by itself."""
    kinds = (Attempt.state, Attempt.failure_kind, Attempt.retry_cause)
    rows = session.execute(
        select(*kinds, *_sums(batch), func.sum(Attempt.reserved_usd).label("reserved"))
        .where(Attempt.batch_id == batch.batch_id, Attempt.state.in_(("open", "failed", "unknown")))
        .group_by(*kinds)
    )
    for row in rows:
        tally.add(row)
        if row.state == "unknown":
            tally.paid_again += row.paid
        if row.state == "open":
            tally.open_attempts += row.attempts
            tally.reserved_usd += row.reserved
        _count(tally.errors, row.failure_kind, row.attempts)
        _count(tally.retry_causes, row.retry_cause, row.attempts)


def _sums(batch: Batch) -> list[Any]:
    cost = cast(type_coerce(Attempt.cost_usd, BigInteger), Double)
    is_elsewhere = or_(Attempt.connection != batch.connection, Attempt.model != batch.model)
    elsewhere = func.count().filter(is_elsewhere)
    return [
        func.count().label("attempts"),
        func.count().filter(Attempt.number > 1).label("retries"),
        func.sum(Attempt.cost_usd).label("cost"),
        func.sum(cost * cost).label("squares"),
        func.count().filter(Attempt.cost_usd > 0).label("paid"),
        func.count()
        .filter(Attempt.purpose == "repair", Attempt.state == "succeeded")
        .label("repairs"),
        func.sum(Attempt.input_tokens).label("input_tokens"),
        func.sum(Attempt.output_tokens).label("output_tokens"),
        (elsewhere if batch.failover_connection else literal(0)).label("elsewhere"),
    ]


def _count(counts: dict[str, int], kind: str | None, number: int) -> None:
    if kind is not None and number:
        counts[kind] = counts.get(kind, 0) + number


def count_verdicts(session: Session, batch: Batch) -> dict[str, int]:
    """Samples by verdict, zeros included."""
    rows = session.execute(
        select(Sample.verdict, func.count())
        .where(
            Sample.project_id == batch.project_id,
            Sample.verdict.in_(VERDICTS),  # the index starts with project and verdict
            Sample.batch_id == batch.batch_id,
        )
        .group_by(Sample.verdict)
    )
    return {**dict.fromkeys(VERDICTS, 0), **dict(rows.all())}
