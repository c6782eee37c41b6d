"""What a person should look at next.

Reads only. A sample waits until a person has accepted, edited or rejected it; failed samples wait
only where the filter asks for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Review, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.generation.samples import SampleFilter, sample_conditions
from core.review.history import is_standing
from core.templates.definition import CheckSettings

QueueOrder = Literal["uncertainty", "random", "oldest"]
MERSENNE = 2**31 - 1


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
    template. "random" is a fixed shuffle, so that what was loaded ahead stays next. `skip` leaves
    sample ids out.
    """
    with workspace.read() as session:
        skipped = select(Review.sample_id).where(Review.decision == "skip", is_standing())
        page = (
            select(Sample.sample_id)
            .where(*_waiting(filter), Sample.sample_id.not_in(skip))
            .order_by(
                case((Sample.sample_id.in_(skipped), 1), else_=0),
                *_ordering(session, filter, order),
                Sample.created_at,
                Sample.plan_index,
                Sample.sample_id,
            )
            .limit(limit)
        )
        chosen = list(session.scalars(page))
        rows = session.scalars(select(Sample).where(Sample.sample_id.in_(chosen)))
        by_id = {sample.sample_id: sample for sample in rows}
    return [by_id[sample_id] for sample_id in chosen]


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


def _ordering(
    session: Session, filter: SampleFilter, order: QueueOrder
) -> list[ColumnElement[Any]]:
    if order == "uncertainty":
        return [
            case((Sample.verdict == "needs_review", 0), else_=1),
            _distance(session, filter).asc().nulls_last(),
        ]
    if order == "random":
        # Two rounds of modular mixing; every product stays below 2**63.
        mixed = (Sample.plan_index * 48_271 + 11) % MERSENNE
        return [((mixed * mixed + Sample.plan_index * 69_621) % MERSENNE).asc()]
    return []


def _distance(session: Session, filter: SampleFilter) -> ColumnElement[float]:
    """How far a score is from the nearer threshold of its own template version."""
    used = select(Batch.template_version_id).where(Batch.project_id == filter.project_id)
    if filter.batch_ids:
        used = used.where(Batch.batch_id.in_(filter.batch_ids))
    versions = select(TemplateVersion.template_version_id, TemplateVersion.definition).where(
        TemplateVersion.template_version_id.in_(used)
    )
    by_thresholds: dict[tuple[float, float], list[str]] = {}
    for version_id, definition in session.execute(versions):
        checks = CheckSettings.model_validate(definition.get("checks", {}))
        by_thresholds.setdefault((checks.accept_at, checks.reject_below), []).append(version_id)
    usual = CheckSettings()
    distance = _nearest(usual.accept_at, usual.reject_below)
    for thresholds, version_ids in by_thresholds.items():
        batches = select(Batch.batch_id).where(Batch.template_version_id.in_(version_ids))
        distance = case((Sample.batch_id.in_(batches), _nearest(*thresholds)), else_=distance)
    return distance


def _nearest(accept_at: float, reject_below: float) -> ColumnElement[float]:
    high = func.abs(Sample.quality_score - accept_at)
    low = func.abs(Sample.quality_score - reject_below)
    return cast(ColumnElement[float], case((high < low, high), else_=low))
