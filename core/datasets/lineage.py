"""Records with their trace, from the rows of a selection and what the tables say of them.

What is read here never changes once written: texts, calls, reviews, template versions. So records
made again from the same selection are the same to the last byte.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.records import Record
from core.datasets.selection import SelectedRow
from core.db.tables import Attempt, Batch, Chunk, Review, Sample, Template, TemplateVersion
from core.generation.expansion.recipes import BY_RULE
from core.text.hashing import canonical_json

ROWS_PER_PAGE = 500  # also the most ids in one statement


class Call(NamedTuple):
    """A provider call that succeeded."""

    attempt_id: str
    purpose: str  # generate, repair
    connection: str
    model: str
    finished_at: datetime | None


@dataclass(frozen=True)
class BatchContext:
    """What all rows of a batch share."""

    batch: Batch
    version: TemplateVersion
    template: Template

    @property
    def generator_version(self) -> str:
        return f"{self.template.name}@{self.version.number}"


@dataclass(frozen=True)
class _Page:
    """What the rows of one page need beside their batch."""

    samples: dict[str, Sample]
    reviews: dict[str, Review]
    source_ids: dict[str, str]  # by chunk id
    calls: dict[int, list[Call]]  # by plan index


def batch_contexts(session: Session, batch_ids: Sequence[str]) -> dict[str, BatchContext]:
    """The batches with their template versions, by batch id."""
    query = (
        select(Batch, TemplateVersion, Template)
        .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
        .join(Template, Template.template_id == TemplateVersion.template_id)
        .where(Batch.batch_id.in_(batch_ids))
        .order_by(Batch.batch_id)
    )
    return {row[0].batch_id: BatchContext(*row) for row in session.execute(query)}


def record_pages(
    session: Session,
    contexts: dict[str, BatchContext],
    rows: Sequence[SelectedRow],
    splits: Sequence[str],
) -> Iterator[list[Record]]:
    """The records of the rows, in order, at most ROWS_PER_PAGE at a time."""
    paired = zip(rows, splits, strict=True)
    for batch_id, members in groupby(paired, key=lambda pair: pair[0].batch_id):
        calls = _calls(session, batch_id)
        mine = list(members)
        for start in range(0, len(mine), ROWS_PER_PAGE):
            part = mine[start : start + ROWS_PER_PAGE]
            page = _load(session, [row for row, _ in part], calls)
            yield [_record(row, split, page, contexts[batch_id]) for row, split in part]
            session.expunge_all()


def _calls(session: Session, batch_id: str) -> dict[int, list[Call]]:
    query = (
        select(
            Attempt.plan_index,
            Attempt.attempt_id,
            Attempt.purpose,
            Attempt.connection,
            Attempt.model,
            Attempt.finished_at,
        )
        .where(Attempt.batch_id == batch_id, Attempt.state == "succeeded")
        .order_by(Attempt.created_at, Attempt.attempt_id)
    )
    found: dict[int, list[Call]] = {}
    for row in session.execute(query):
        call = Call(row.attempt_id, row.purpose, row.connection, row.model, row.finished_at)
        found.setdefault(row.plan_index, []).append(call)
    return found


def _load(session: Session, rows: Sequence[SelectedRow], calls: dict[int, list[Call]]) -> _Page:
    sample_ids = [row.sample_id for row in rows]
    chunk_ids = {row.chunk_id for row in rows if row.chunk_id}
    samples = session.scalars(select(Sample).where(Sample.sample_id.in_(sample_ids)))
    by_id = {sample.sample_id: sample for sample in samples}
    review_ids = [review_id for row in rows for review_id in row.review_ids]
    reviews: dict[str, Review] = {}
    for start in range(0, len(review_ids), ROWS_PER_PAGE):
        part = review_ids[start : start + ROWS_PER_PAGE]
        found = session.scalars(select(Review).where(Review.review_id.in_(part)))
        reviews.update((review.review_id, review) for review in found)
    chunks = select(Chunk.chunk_id, Chunk.source_id).where(Chunk.chunk_id.in_(chunk_ids))
    sources = {row.chunk_id: row.source_id for row in session.execute(chunks)}
    return _Page(by_id, reviews, sources, calls)


def _record(row: SelectedRow, split: str, page: _Page, context: BatchContext) -> Record:
    sample = page.samples[row.sample_id]
    texts: dict[str, Any] = {
        "input": sample.input,
        "response": sample.response,
        "output": sample.output,
    }
    if row.correction_id is not None:
        texts = page.reviews[row.correction_id].corrected or texts
    output = texts["output"]
    return {
        "id": row.sample_id,
        "created_at": _naive(sample.created_at),
        "domain": row.domain,
        "input": texts["input"],
        "response": texts["response"],
        "output": None if output is None else canonical_json(output),
        "split": split,
        "metadata": {
            "generation_method": _method(row, context.batch),
            "generator_version": context.generator_version,
            "quality_score": row.quality_score,
            "review_status": review_status(row),
            "variables": canonical_json(sample.variables),
        },
        "trace": _trace(row, sample, page, context),
    }


def _method(row: SelectedRow, batch: Batch) -> str:
    if batch.kind == "import":
        return "imported"
    if row.parent_id is not None:
        is_rule = batch.origin.get("operation") in BY_RULE
        return "rule_from_sample" if is_rule else "model_from_sample"
    return "model_from_source" if row.chunk_id else "model_from_template"


def review_status(row: SelectedRow) -> str:
    """corrected, or the verdict where a person gave it, else unreviewed."""
    if row.correction_id is not None:
        return "corrected"
    return row.verdict if row.is_reviewed else "unreviewed"


def _trace(row: SelectedRow, sample: Sample, page: _Page, context: BatchContext) -> dict[str, Any]:
    batch = context.batch
    calls = page.calls.get(row.plan_index, [])
    return {
        "parent_id": row.parent_id or row.chunk_id,
        "source_id": page.source_ids.get(row.chunk_id or ""),
        "batch_id": row.batch_id,
        "plan_index": row.plan_index,
        "template_version_id": batch.template_version_id,
        "template_hash": context.version.content_hash,
        "connection": batch.connection,
        "model": batch.model,
        "parameters": canonical_json(batch.parameters),
        "attempt_ids": [call.attempt_id for call in calls],
        "review_ids": list(row.review_ids),
        "processing_steps": list(_steps(row, sample, calls, page, batch)),
    }


def _steps(
    row: SelectedRow, sample: Sample, calls: Sequence[Call], page: _Page, batch: Batch
) -> Iterator[dict[str, Any]]:
    yield _step("plan", batch.created_at, seed=batch.seed, plan_index=row.plan_index)
    for call in calls:
        yield _step(
            call.purpose,
            call.finished_at or sample.created_at,
            attempt_id=call.attempt_id,
            connection=call.connection,
            model=call.model,
        )
    yield _step("check", sample.created_at, quality_score=row.quality_score)
    for review_id in row.review_ids:
        review = page.reviews[review_id]
        yield _step(
            "review",
            review.created_at,
            review_id=review_id,
            decision=review.decision,
            correction_type=review.correction_type,
            reviewer=review.created_by,
        )


def _step(name: str, timestamp: datetime, **params: Any) -> dict[str, Any]:
    return {"name": name, "timestamp": _naive(timestamp), "params": canonical_json(params)}


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
