"""Finding samples: filter, page, count, and one sample with everything it came from.

Reads only. Verdicts are written by generation, quality and review; texts are never changed.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, or_, select

from core.db.tables import (
    DEFAULT_PROJECT_ID,
    Attempt,
    Batch,
    Chunk,
    Finding,
    Review,
    Sample,
    Source,
    Template,
    TemplateVersion,
)
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.batches import KEPT_KINDS

SampleOrder = Literal["created_at", "quality_score", "-quality_score"]


@dataclass(frozen=True)
class SampleFilter:
    """Which samples. Empty fields do not restrict; all others must hold together."""

    batch_ids: tuple[str, ...] = ()  # empty: every batch of KEPT_KINDS
    template_id: str | None = None  # any version of this template
    verdict: str | None = None  # accepted, needs_review, rejected
    state: str | None = None  # generated, failed
    search: str = ""  # part of input or response, any case; or a whole sample id
    is_reviewed: bool | None = None  # whether a person decided the verdict
    min_score: float | None = None  # lowest quality score; drops samples without one
    project_id: str = DEFAULT_PROJECT_ID


@dataclass(frozen=True)
class Lineage:
    """One sample and all that led to it, oldest first in each list."""

    sample: Sample
    batch: Batch
    template: Template
    version: TemplateVersion
    chunk: Chunk | None
    source: Source | None
    attempts: list[Attempt]
    findings: list[Finding]
    reviews: list[Review]


def sample_conditions(filter: SampleFilter) -> list[ColumnElement[bool]]:
    """The filter as SQL conditions on `Sample`, for queries that add their own."""
    conditions: list[ColumnElement[bool]] = [Sample.project_id == filter.project_id]
    if filter.batch_ids:
        conditions.append(Sample.batch_id.in_(filter.batch_ids))
    else:
        looked_at = select(Batch.batch_id).where(Batch.kind.not_in(KEPT_KINDS))
        conditions.append(Sample.batch_id.not_in(looked_at))
    if filter.template_id is not None:
        conditions.append(Sample.batch_id.in_(_batches_of(filter.template_id)))
    if filter.verdict is not None:
        conditions.append(Sample.verdict == filter.verdict)
    if filter.state is not None:
        conditions.append(Sample.state == filter.state)
    if filter.is_reviewed is not None:
        conditions.append(Sample.is_reviewed.is_(filter.is_reviewed))
    if filter.min_score is not None:
        conditions.append(Sample.quality_score >= filter.min_score)
    if words := filter.search.strip():
        conditions.append(
            or_(
                Sample.input.icontains(words, autoescape=True),
                Sample.response.icontains(words, autoescape=True),
                Sample.sample_id == words,
            )
        )
    return conditions


def list_samples(
    workspace: Workspace,
    filter: SampleFilter,
    *,
    limit: int = 50,
    offset: int = 0,
    order: SampleOrder = "created_at",
) -> list[Sample]:
    """One page of the samples that fit, oldest first or by score; no score comes last."""
    # Only the page's own rows are read in full: a sort that carried every text would be slow.
    page = (
        select(Sample.sample_id)
        .where(*sample_conditions(filter))
        .order_by(*_ordering(order))
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        chosen = list(session.scalars(page))
        rows = session.scalars(select(Sample).where(Sample.sample_id.in_(chosen)))
        by_id = {sample.sample_id: sample for sample in rows}
    return [by_id[sample_id] for sample_id in chosen]


def count_samples(workspace: Workspace, filter: SampleFilter) -> int:
    """How many samples fit the filter."""
    with workspace.read() as session:
        query = select(func.count()).select_from(Sample).where(*sample_conditions(filter))
        return session.scalar(query) or 0


def get_sample(workspace: Workspace, sample_id: str) -> Sample:
    """The sample of that id. Raises NotFound."""
    with workspace.read() as session:
        sample = session.get(Sample, sample_id)
        if sample is None:
            raise NotFound("sample", sample_id)
        return sample


def sample_lineage(workspace: Workspace, sample_id: str) -> Lineage:
    """The sample with its batch, template version, source chunk, calls, findings and reviews.

    Raises NotFound.
    """
    with workspace.read() as session:
        query = (
            select(Sample, Batch, TemplateVersion, Template, Chunk, Source)
            .join(Batch, Batch.batch_id == Sample.batch_id)
            .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
            .join(Template, Template.template_id == TemplateVersion.template_id)
            .outerjoin(Chunk, Chunk.chunk_id == Sample.chunk_id)
            .outerjoin(Source, Source.source_id == Chunk.source_id)
            .where(Sample.sample_id == sample_id)
        )
        row = session.execute(query).one_or_none()
        if row is None:
            raise NotFound("sample", sample_id)
        sample, batch, version, template, chunk, source = row
        attempts = select(Attempt).where(
            Attempt.batch_id == sample.batch_id, Attempt.plan_index == sample.plan_index
        )
        findings = select(Finding).where(Finding.sample_id == sample_id).order_by(Finding.check)
        reviews = select(Review).where(Review.sample_id == sample_id)
        return Lineage(
            sample,
            batch,
            template,
            version,
            chunk,
            source,
            list(session.scalars(attempts.order_by(Attempt.created_at, Attempt.attempt_id))),
            list(session.scalars(findings)),
            list(session.scalars(reviews.order_by(Review.created_at, Review.review_id))),
        )


def _batches_of(template_id: str) -> Select[str]:
    return (
        select(Batch.batch_id)
        .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
        .where(TemplateVersion.template_id == template_id)
    )


def _ordering(order: SampleOrder) -> list[ColumnElement[Any]]:
    oldest: list[ColumnElement[Any]] = [
        Sample.created_at.asc(),
        Sample.plan_index.asc(),
        Sample.sample_id.asc(),
    ]
    if order == "quality_score":
        return [Sample.quality_score.asc().nulls_last(), *oldest]
    if order == "-quality_score":
        return [Sample.quality_score.desc().nulls_last(), *oldest]
    return [*oldest]
