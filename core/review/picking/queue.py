"""What a person should look at next.

Reads only. A sample waits until a person has accepted, edited or rejected it; failed samples wait
only where the filter asks for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from core.db.tables import Review, Sample
from core.db.workspace import Workspace
from core.generation.samples import SampleFilter, sample_conditions
from core.review.history import is_standing
from core.review.picking.orders import disagreement, judges_say, shuffled, uncertainty
from core.review.picking.regions import in_turn
from core.review.picking.strata import from_each

QueueOrder = Literal["uncertainty", "disagreement", "coverage", "stratified", "random", "oldest"]


@dataclass(frozen=True)
class QueueCounts:
    """How far the review of a filter's samples is."""

    waiting: int  # nobody has decided yet
    accepted: int  # a person accepted it as it was
    rejected: int  # a person rejected it
    edited: int  # a person accepted it with a correction


def next_samples(
    workspace: Workspace,
    filter: SampleFilter,
    *,
    order: QueueOrder = "uncertainty",
    limit: int = 2,
    skip: Sequence[str] = (),
) -> list[Sample]:
    """The next samples that nobody has decided; those once skipped come after all others.

    "uncertainty" puts verdict needs_review first, then the score nearest to a threshold of its
    batch. "disagreement" puts first what judges disagree about, then what they see otherwise than
    the checks. "coverage" takes the regions of the map in turn, "stratified" the batches, domains,
    languages and categories, each where fewest were decided. "random" is a fixed shuffle, so that
    what was loaded ahead stays next. `skip` leaves sample ids out.
    """
    chosen: list[str] = []
    with workspace.read() as session:
        waiting = [*_waiting(filter), Sample.sample_id.not_in(_skipped())]
        if order == "coverage":
            chosen = in_turn(workspace, session, filter, waiting, limit=limit, skip=skip)
        elif order == "stratified":
            waiting.append(Sample.sample_id.not_in(skip))
            chosen = from_each(session, filter, waiting, limit=limit)
        if len(chosen) < limit:
            # Samples that lie on no map, and those once skipped, come last.
            left = [*skip, *chosen]
            chosen += session.scalars(_page(session, filter, order, left, limit - len(chosen)))
        rows = session.scalars(select(Sample).where(Sample.sample_id.in_(chosen)))
        by_id = {sample.sample_id: sample for sample in rows}
    return [by_id[sample_id] for sample_id in chosen]


def _skipped() -> Select[str]:
    return select(Review.sample_id).where(Review.decision == "skip", is_standing())


def _page(
    session: Session, filter: SampleFilter, order: QueueOrder, skip: Sequence[str], limit: int
) -> Select[str]:
    page = select(Sample.sample_id).where(*_waiting(filter), Sample.sample_id.not_in(skip))
    ordering: list[ColumnElement[Any]] = []
    if order in ("uncertainty", "coverage", "stratified"):
        ordering = uncertainty(session, filter)
    elif order == "disagreement":
        said = judges_say()
        page = page.outerjoin(said, said.c.sample_id == Sample.sample_id)
        ordering = [*disagreement(said), *uncertainty(session, filter)]
    elif order == "random":
        ordering = [shuffled()]
    return page.order_by(
        case((Sample.sample_id.in_(_skipped()), 1), else_=0),
        *ordering,
        Sample.created_at,
        Sample.plan_index,
        Sample.sample_id,
    ).limit(limit)


def queue_counts(workspace: Workspace, filter: SampleFilter) -> QueueCounts:
    """Counts over the filter. Its verdict restricts only `waiting`: a decision changes it."""
    decided = sample_conditions(replace(filter, verdict=None, state=None, is_reviewed=True))
    corrected = Sample.sample_id.in_(
        select(Review.sample_id).where(Review.decision == "edit", is_standing())
    )
    is_accepted = Sample.verdict == "accepted"
    counts = select(
        _count(is_accepted & ~corrected),
        _count(Sample.verdict == "rejected"),
        _count(is_accepted & corrected),
    ).where(*decided)
    with workspace.read() as session:
        waiting = session.scalar(select(func.count()).select_from(Sample).where(*_waiting(filter)))
        accepted, rejected, edited = session.execute(counts).one()
    return QueueCounts(waiting or 0, accepted or 0, rejected or 0, edited or 0)


def _waiting(filter: SampleFilter) -> list[ColumnElement[bool]]:
    return sample_conditions(replace(filter, is_reviewed=False, state=filter.state or "generated"))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
