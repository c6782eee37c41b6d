"""Which rows a query selects, frozen at one moment.

Verdicts, scores and reviews change; texts do not. So a selection keeps what can change, and the
texts are read again, page by page, when the files are written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from core.datasets.query import DatasetQuery
from core.db.tables import Review, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.review.history import is_standing

ROWS_PER_FETCH = 1_000


@dataclass(frozen=True, slots=True)
class SelectedRow:
    """One sample of a selection, without its text."""

    sample_id: str
    batch_id: str
    plan_index: int
    domain: str
    stratum: str  # "" where the split is not stratified
    chunk_id: str | None
    verdict: str
    is_reviewed: bool
    quality_score: float | None
    review_ids: tuple[str, ...]  # standing decisions, oldest first
    correction_id: str | None  # the review whose text is released
    parent_id: str | None = None  # the sample that it was made from


@dataclass(frozen=True)
class Selection:
    """Rows in release order (batch, plan index), exact duplicates left out."""

    rows: list[SelectedRow]
    texts: list[str]  # input and response of each row, for the search for near-duplicates
    exact_duplicates: int  # rows left out because an earlier one has the same text


@dataclass(frozen=True)
class SelectionPreview:
    """What a query would select now, before exact duplicates are dropped."""

    samples: int
    corrected: int
    by_batch: dict[str, int]
    by_domain: dict[str, int]


def select_rows(workspace: Workspace, query: DatasetQuery) -> Selection:
    """The rows that the query selects now. Of equal texts the reviewed, else the first, stays.

    Holds the texts once in memory. Raises InvalidInput when the stratifying variable is unknown.
    """
    found: list[tuple[SelectedRow, str]] = []
    winners: dict[bytes, int] = {}
    total = 0
    with snapshot(workspace) as session:
        decisions = _decisions(session, query)
        for sample in session.execute(_samples(query)).yield_per(ROWS_PER_FETCH):
            total += 1
            row, text = _selected(sample, decisions.get(sample.sample_id, []), query)
            digest = sha256(text.encode()).digest()
            winner = winners.setdefault(digest, len(found))
            if winner == len(found):
                found.append((row, text))
            elif row.is_reviewed and not found[winner][0].is_reviewed:
                found[winner] = (row, text)
    found.sort(key=lambda item: (item[0].batch_id, item[0].plan_index))
    selection = Selection([r for r, _ in found], [t for _, t in found], total - len(found))
    _check_strata(selection.rows, query)
    return selection


def preview_selection(workspace: Workspace, query: DatasetQuery) -> SelectionPreview:
    """Counts of what the query selects now, for the form that builds a version."""
    counts = (
        select(Sample.batch_id, Sample.domain, func.count())
        .where(*_conditions(query))
        .group_by(Sample.batch_id, Sample.domain)
    )
    corrected = select(func.count()).select_from(Sample).where(*_conditions(query), _is_corrected())
    by_batch: dict[str, int] = {}
    by_domain: dict[str, int] = {}
    with snapshot(workspace) as session:
        for batch_id, domain, count in session.execute(counts):
            by_batch[batch_id] = by_batch.get(batch_id, 0) + count
            by_domain[domain] = by_domain.get(domain, 0) + count
        edits = session.scalar(corrected) or 0 if query.include_corrections else 0
    return SelectionPreview(sum(by_batch.values()), edits, by_batch, by_domain)


@contextmanager
def snapshot(workspace: Workspace) -> Iterator[Session]:
    """A reading transaction whose statements all see the same moment, as SQLite's do anyway."""
    with workspace.read() as session:
        if workspace.engine.dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def _is_corrected() -> ColumnElement[bool]:
    edits = select(Review.sample_id).where(Review.decision == "edit", is_standing())
    return Sample.sample_id.in_(edits)


def _conditions(query: DatasetQuery) -> list[ColumnElement[bool]]:
    has_text: ColumnElement[bool] = Sample.state == "generated"
    if query.include_corrections:
        has_text = or_(has_text, _is_corrected())
    conditions = [
        Sample.batch_id.in_(query.batch_ids),
        Sample.verdict.in_(query.verdicts),
        has_text,
    ]
    if query.min_score is not None:
        conditions.append(or_(Sample.is_reviewed, Sample.quality_score >= query.min_score))
    return conditions


def _samples(query: DatasetQuery) -> Select[Any]:
    return (
        select(
            Sample.sample_id,
            Sample.batch_id,
            Sample.plan_index,
            Sample.domain,
            Sample.variables,
            Sample.chunk_id,
            Sample.parent_id,
            Sample.verdict,
            Sample.is_reviewed,
            Sample.quality_score,
            Sample.input,
            Sample.response,
        )
        .where(*_conditions(query))
        .order_by(Sample.batch_id, Sample.plan_index)
    )


def _decisions(session: Session, query: DatasetQuery) -> dict[str, list[Review]]:
    rows = session.scalars(
        select(Review)
        .join(Sample, Sample.sample_id == Review.sample_id)
        .where(and_(Sample.batch_id.in_(query.batch_ids), Review.decision != "skip", is_standing()))
        .order_by(Review.revision, Review.created_at)
    )
    found: dict[str, list[Review]] = {}
    for review in rows:
        found.setdefault(review.sample_id, []).append(review)
    return found


def _selected(
    sample: Row[Any], decisions: list[Review], query: DatasetQuery
) -> tuple[SelectedRow, str]:
    edits = [r for r in decisions if r.decision == "edit"] if query.include_corrections else []
    body = edits[-1].corrected if edits else None
    texts = (body["input"], body["response"]) if body else (sample.input, sample.response)
    row = SelectedRow(
        sample_id=sample.sample_id,
        batch_id=sample.batch_id,
        plan_index=sample.plan_index,
        domain=sample.domain,
        stratum=_stratum(sample, query.split.stratify_by),
        chunk_id=sample.chunk_id,
        verdict=sample.verdict,
        is_reviewed=sample.is_reviewed,
        quality_score=sample.quality_score,
        review_ids=tuple(review.review_id for review in decisions),
        correction_id=edits[-1].review_id if body else None,
        parent_id=sample.parent_id,
    )
    return row, "\n".join(texts)


def _stratum(sample: Row[Any], stratify_by: str | None) -> str:
    if stratify_by is None:
        return ""
    if stratify_by == "domain":
        return str(sample.domain)
    value = sample.variables.get(stratify_by)
    return "" if value is None else str(value)


def _check_strata(rows: list[SelectedRow], query: DatasetQuery) -> None:
    wanted = query.split.stratify_by
    if wanted is not None and rows and not any(row.stratum for row in rows):
        raise InvalidInput(
            f"No selected sample has a value for {wanted!r}, so it cannot be stratified by.",
            remedy="Use 'domain', one of the template's variables, or none.",
        )
