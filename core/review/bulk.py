"""Rejecting many samples at once, and taking that back: one call, one transaction, one name.

The decisions of one call share the first part of their ids, so that all of them can be found and
undone together. What somebody else decided in the meantime stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core.db.ids import new_id, utc_now
from core.db.tables import LOCAL_ADMIN_ID, Review, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.review.decisions import MAX_REASON_CHARS
from core.review.history import is_standing, standing_decisions, text_after
from core.text.hashing import storable

MOST_AT_ONCE: Final = 20_000
BLOCK: Final = 500  # below the most parameters that SQLite takes in a statement
PREFIX: Final = "rvm"


@dataclass(frozen=True)
class BulkDecision:
    """What one call decided."""

    bulk_id: str  # names all of its decisions
    decided: int
    left_alone: int  # samples that already were as decided


def reject_samples(
    workspace: Workspace,
    sample_ids: Sequence[str],
    reason: str,
    *,
    reviewer: str = LOCAL_ADMIN_ID,
) -> BulkDecision:
    """Reject all of these samples for one reason; all of them or none.

    A sample that a person rejected before is left alone; one that a person accepted is rejected.
    Raises NotFound naming a sample that does not exist, InvalidInput.
    """
    ids = list(dict.fromkeys(sample_ids))
    _check(ids, reason)
    bulk_id, number = new_id(PREFIX), 0
    with workspace.write() as session:
        for block in _blocks(ids):
            samples = _samples(session, block)
            open_ = [s for s in samples if not (s.is_reviewed and s.verdict == "rejected")]
            rows = list(_rejections(session, open_, bulk_id, number, reason, reviewer))
            if rows:
                session.execute(insert(Review), rows)
            _move(session, [s.sample_id for s in open_], "rejected", is_reviewed=True)
            number += len(open_)
    return BulkDecision(bulk_id, number, len(ids) - number)


def undo_bulk(
    workspace: Workspace, bulk_id: str, *, reviewer: str = LOCAL_ADMIN_ID
) -> BulkDecision:
    """Take back what one call decided, where nobody has decided on the sample since.

    Raises NotFound where no such decision stands.
    """
    undo_id, number = new_id(PREFIX), 0
    with workspace.write() as session:
        standing = _standing(session, bulk_id)
        if not standing:
            raise NotFound("decision on many samples", bulk_id)
        for block in _blocks(standing):
            decisions = standing_decisions(session, [review.sample_id for review in block])
            last = [r for r in block if decisions[r.sample_id][-1].review_id == r.review_id]
            number += _take_back(session, last, decisions, undo_id, number, reviewer)
    return BulkDecision(undo_id, number, len(standing) - number)


def _check(ids: Sequence[str], reason: str) -> None:
    if not 1 <= len(ids) <= MOST_AT_ONCE:
        raise InvalidInput(
            f"{len(ids):,} samples were chosen.", remedy=f"Choose 1 to {MOST_AT_ONCE:,} at once."
        )
    if not reason.strip():
        raise InvalidInput("A rejection needs a reason.", remedy="Choose one or write your own.")
    if len(reason) > MAX_REASON_CHARS:
        raise InvalidInput(
            f"The reason has {len(reason):,} characters.",
            remedy=f"Shorten it to {MAX_REASON_CHARS:,} at most.",
        )


def _blocks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BLOCK):
        yield items[start : start + BLOCK]


def _samples(session: Session, ids: Sequence[str]) -> list[Sample]:
    found = {s.sample_id: s for s in session.scalars(
        select(Sample).where(Sample.sample_id.in_(ids)).with_for_update()
    )}  # fmt: skip
    for sample_id in ids:
        if sample_id not in found:
            raise NotFound("sample", sample_id)
    return [found[sample_id] for sample_id in ids]


def _rejections(
    session: Session, samples: Sequence[Sample], bulk_id: str, number: int, reason: str,
    reviewer: str,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    decisions = standing_decisions(session, [s.sample_id for s in samples])
    for place, sample in enumerate(samples, number):
        seen = text_after(sample, decisions.get(sample.sample_id, []))
        yield _row(
            sample.sample_id, f"{bulk_id}.{place:06d}", "reject", sample.revision + 1,
            sample.verdict, reviewer, sample.project_id, reason=storable(reason.strip()),
            original={"input": seen.input, "response": seen.response, "output": seen.output},
        )  # fmt: skip


def _row(
    sample_id: str, review_id: str, decision: str, revision: int, previous_verdict: str,
    reviewer: str, project_id: str, **columns: Any,
) -> dict[str, Any]:  # fmt: skip
    return {
        "review_id": review_id, "sample_id": sample_id, "decision": decision,
        "correction_type": "", "reason": "", "original": {}, "corrected": None,
        "previous_verdict": previous_verdict, "seconds": 0.0, "revision": revision,
        "undoes": None, "created_at": utc_now(), "created_by": reviewer,
        "project_id": project_id, **columns,
    }  # fmt: skip


def _move(session: Session, ids: Sequence[str], verdict: str, *, is_reviewed: bool) -> None:
    session.execute(
        update(Sample)
        .where(Sample.sample_id.in_(ids))
        .values(verdict=verdict, is_reviewed=is_reviewed, revision=Sample.revision + 1)
        .execution_options(synchronize_session=False)
    )


def _standing(session: Session, bulk_id: str) -> list[Review]:
    return list(
        session.scalars(
            select(Review)
            .where(Review.review_id.startswith(f"{bulk_id}.", autoescape=True), is_standing())
            .order_by(Review.review_id)
        )
    )


def _take_back(
    session: Session, reviews: Sequence[Review], decisions: dict[str, list[Review]], undo_id: str,
    number: int, reviewer: str,
) -> int:  # fmt: skip
    samples = {s.sample_id: s for s in _samples(session, [r.sample_id for r in reviews])}
    rows = [
        _row(
            review.sample_id, f"{undo_id}.{place:06d}", "undo",
            samples[review.sample_id].revision + 1, samples[review.sample_id].verdict, reviewer,
            samples[review.sample_id].project_id, undoes=review.review_id,
        )
        for place, review in enumerate(reviews, number)
    ]  # fmt: skip
    if rows:
        session.execute(insert(Review), rows)
    # Reviewed it stays where an earlier decision still stands.
    groups: dict[tuple[str, bool], list[str]] = {}
    for review in reviews:
        earlier = len(decisions[review.sample_id]) > 1
        groups.setdefault((review.previous_verdict, earlier), []).append(review.sample_id)
    for (verdict, is_reviewed), ids in groups.items():
        _move(session, ids, verdict, is_reviewed=is_reviewed)
    return len(rows)
