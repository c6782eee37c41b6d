"""Which texts of samples stand: what a person corrected is what others are derived from.

Reads reviews; who writes and undoes them is `core.review`'s part.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from core.db.tables import Review


def is_standing() -> ColumnElement[bool]:
    """The condition on `Review` that it is a decision, and not undone."""
    undo = aliased(Review)
    undone = select(undo.undoes).where(undo.undoes.is_not(None))
    return (Review.decision != "undo") & Review.review_id.not_in(undone)


def corrections(session: Session, sample_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The newest standing correction of each sample that has one: {input, response, output}."""
    query = (
        select(Review.sample_id, Review.corrected)
        .where(Review.sample_id.in_(sample_ids), Review.decision == "edit", is_standing())
        .order_by(Review.revision, Review.created_at)
    )
    return {row[0]: row[1] for row in session.execute(query) if row[1] is not None}
