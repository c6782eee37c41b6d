"""What stands of a sample's reviews once undone ones are left out.

Reviews are append-only, so "the current text" and "who decided" are questions to their history;
this module answers them and writes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Review, Sample
from core.db.workspace import Workspace
from core.generation.standing import is_standing as is_standing

IDS_PER_QUERY = 500  # SQLite and PostgreSQL both limit the parameters of one statement


@dataclass(frozen=True)
class CurrentText:
    """A sample's text as it stands: the latest correction that was not undone, else its own."""

    input: str
    response: str
    output: dict[str, Any] | None  # None: failed, or a correction that the output cannot follow
    review_id: str | None  # of the correction; None for the text as generated


def standing_decisions(session: Session, sample_ids: Iterable[str]) -> dict[str, list[Review]]:
    """Accepts, edits and rejects that were not undone, by sample id, oldest first."""
    wanted = list(sample_ids)
    found: dict[str, list[Review]] = {}
    for start in range(0, len(wanted), IDS_PER_QUERY):
        query = select(Review).where(
            Review.sample_id.in_(wanted[start : start + IDS_PER_QUERY]),
            Review.decision != "skip",
            is_standing(),
        )
        for review in session.scalars(query.order_by(Review.revision, Review.created_at)):
            found.setdefault(review.sample_id, []).append(review)
    return found


def text_after(sample: Sample, decisions: Sequence[Review]) -> CurrentText:
    """The sample's text after those standing decisions, oldest first."""
    for review in reversed(decisions):
        if review.decision == "edit" and review.corrected is not None:
            body = review.corrected
            return CurrentText(body["input"], body["response"], body["output"], review.review_id)
    return CurrentText(sample.input, sample.response, sample.output, None)


def current_texts(session: Session, sample_ids: Sequence[str]) -> dict[str, CurrentText]:
    """The text of each of those samples as it stands; unknown ids are left out."""
    decisions = standing_decisions(session, sample_ids)
    texts: dict[str, CurrentText] = {}
    for start in range(0, len(sample_ids), IDS_PER_QUERY):
        page = select(Sample).where(Sample.sample_id.in_(sample_ids[start : start + IDS_PER_QUERY]))
        for sample in session.scalars(page):
            texts[sample.sample_id] = text_after(sample, decisions.get(sample.sample_id, []))
    return texts


def current_text(workspace: Workspace, sample: Sample) -> CurrentText:
    """The text of the sample as it stands."""
    with workspace.read() as session:
        decisions = standing_decisions(session, [sample.sample_id])
    return text_after(sample, decisions.get(sample.sample_id, []))


def list_reviews(
    workspace: Workspace, sample_id: str | None = None, *, limit: int = 100, offset: int = 0
) -> list[Review]:
    """Every review row, undone ones and undos included, newest first."""
    query = select(Review).order_by(Review.created_at.desc(), Review.review_id.desc())
    if sample_id is not None:
        query = query.where(Review.sample_id == sample_id)
    with workspace.read() as session:
        return list(session.scalars(query.limit(limit).offset(offset)))
