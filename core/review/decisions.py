"""Human decisions: append-only rows, written in one transaction with the sample they decide.

A decision names the revision its maker saw. Where the sample has moved on, it is refused and
nothing is written: no decision ever replaces one that its maker has not seen.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core.db.ids import new_id
from core.db.tables import LOCAL_ADMIN_ID, Review, Sample, User
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.review.corrections import check_correction
from core.review.history import (
    CurrentText,
    current_text,
    current_texts,
    is_standing,
    list_reviews,
    standing_decisions,
    text_after,
)
from core.review.rules import correction_rules
from core.text.hashing import storable

__all__ = [
    "CORRECTION_TYPES",
    "REJECT_REASONS",
    "CurrentText",
    "Decision",
    "current_text",
    "current_texts",
    "list_reviews",
    "submit_review",
    "undo_review",
]

Decision = Literal["accept", "edit", "reject", "skip"]
VERDICTS: Mapping[str, str] = {"accept": "accepted", "edit": "accepted", "reject": "rejected"}
DONE: Mapping[str, str] = {"accept": "accepted", "edit": "edited", "reject": "rejected"}

REJECT_REASONS: Mapping[str, str] = {
    "wrong": "Wrong facts",
    "off_topic": "Not what was asked",
    "incomplete": "Incomplete",
    "poor_style": "Poor style",
    "duplicate": "Duplicate",
    "unsafe": "Unsafe or private",
    "other": "Another reason",
}
CORRECTION_TYPES: Mapping[str, str] = {
    "fact": "Fact",
    "style": "Style",
    "format": "Format",
    "completeness": "Completeness",
    "language": "Language",
    "safety": "Safety",
    "other": "Other",
}
MAX_REASON_CHARS = 2_000


def submit_review(
    workspace: Workspace,
    sample_id: str,
    decision: Decision,
    *,
    expected_revision: int,
    corrected: Mapping[str, Any] | None = None,
    reason: str = "",
    correction_type: str = "",
    seconds: float = 0.0,
    reviewer: str = LOCAL_ADMIN_ID,
) -> Review:
    """Store a decision on the sample as its maker saw it.

    `corrected` holds `input`, `response` or `output`, for an edit only; an edit also accepts.
    `reason` is a slug of REJECT_REASONS or free text, and a rejection needs one. `seconds` is the
    time spent. A skip leaves the sample as it is.

    Raises NotFound; Conflict when another decision came first (it says which); InvalidInput.
    """
    _check_form(decision, corrected, reason, correction_type, seconds)
    with workspace.read() as session:
        sample = session.get(Sample, sample_id)
        if sample is None:
            raise NotFound("sample", sample_id)
        if decision != "skip" and sample.revision != expected_revision:
            raise _conflict(session, sample)
        seen = text_after(sample, standing_decisions(session, [sample_id]).get(sample_id, []))
        body = None
        if corrected is not None:
            _check_editable(sample, corrected)
            body = check_correction(seen, corrected, correction_rules(session, sample))
        elif decision == "accept" and sample.state == "failed" and seen.review_id is None:
            raise InvalidInput(
                "This sample failed: it has no valid answer to accept.",
                remedy="Edit it, or reject it.",
            )
    changes_sample = decision != "skip"
    review = Review(
        review_id=new_id("rev"),
        sample_id=sample_id,
        decision=decision,
        correction_type=correction_type,
        reason=storable(reason.strip()),
        original={"input": seen.input, "response": seen.response, "output": seen.output},
        corrected=body,
        previous_verdict=sample.verdict,
        seconds=seconds,
        revision=sample.revision + changes_sample,
        undoes=None,
        created_by=reviewer,
        project_id=sample.project_id,
    )
    with workspace.write() as session:
        if changes_sample:
            _move(session, sample, verdict=VERDICTS[decision], is_reviewed=True)
        session.add(review)
    return review


def undo_review(workspace: Workspace, reviewer: str = LOCAL_ADMIN_ID) -> Review | None:
    """Reverse the reviewer's last standing decision: verdict and text are again what they were.

    Returns the undo's own row, or None when nothing is left to undo. Raises Conflict when
    somebody has decided on the same sample since.
    """
    with workspace.write() as session:
        last = session.scalars(
            select(Review)
            .where(Review.created_by == reviewer, is_standing())
            .order_by(Review.created_at.desc(), Review.review_id.desc())
            .limit(1)
        ).one_or_none()
        if last is None:
            return None
        sample = session.get_one(Sample, last.sample_id)
        session.expunge(sample)
        changes_sample = last.decision != "skip"
        if changes_sample:
            standing = standing_decisions(session, [last.sample_id])[last.sample_id]
            if standing[-1].review_id != last.review_id:
                raise _conflict(session, sample)
            # Reviewed it stays where an earlier decision still stands.
            _move(session, sample, verdict=last.previous_verdict, is_reviewed=len(standing) > 1)
        undo = Review(
            review_id=new_id("rev"),
            sample_id=last.sample_id,
            decision="undo",
            original={},
            previous_verdict=sample.verdict,
            revision=sample.revision + changes_sample,
            undoes=last.review_id,
            created_by=reviewer,
            project_id=last.project_id,
        )
        session.add(undo)
    return undo


def _check_form(
    decision: str,
    corrected: Mapping[str, Any] | None,
    reason: str,
    correction_type: str,
    seconds: float,
) -> None:
    if decision not in (*VERDICTS, "skip"):
        raise InvalidInput(
            f"{decision!r} is not a decision.", remedy="Use accept, edit, reject or skip."
        )
    if (decision == "edit") != (corrected is not None):
        raise InvalidInput(
            "Corrected text belongs to an edit, and an edit needs it.",
            remedy="Send `corrected` with the decision 'edit' only.",
        )
    if decision == "reject" and not reason.strip():
        raise InvalidInput("A rejection needs a reason.", remedy="Choose one or write your own.")
    if len(reason) > MAX_REASON_CHARS:
        raise InvalidInput(
            f"The reason has {len(reason):,} characters.",
            remedy=f"Shorten it to {MAX_REASON_CHARS:,} at most.",
        )
    if correction_type and correction_type not in CORRECTION_TYPES:
        raise InvalidInput(
            f"{correction_type!r} is not a correction type.",
            remedy=f"Use one of {', '.join(CORRECTION_TYPES)}.",
        )
    if not (math.isfinite(seconds) and seconds >= 0):
        raise InvalidInput(f"{seconds!r} is not a time spent.", remedy="Send seconds from 0.")


def _check_editable(sample: Sample, corrected: Mapping[str, Any]) -> None:
    if sample.state == "failed" and "output" not in corrected:
        raise InvalidInput(
            "This sample failed and has no output to build on.",
            remedy="Send the whole corrected output, or reject the sample.",
        )


def _move(session: Session, sample: Sample, *, verdict: str, is_reviewed: bool) -> None:
    """Set the verdict on the revision that was read, or refuse."""
    result = session.execute(
        update(Sample)
        .where(Sample.sample_id == sample.sample_id, Sample.revision == sample.revision)
        .values(verdict=verdict, is_reviewed=is_reviewed, revision=sample.revision + 1)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise _conflict(session, sample)


def _conflict(session: Session, sample: Sample) -> Conflict:
    latest = session.scalars(
        select(Review)
        .where(Review.sample_id == sample.sample_id, Review.decision != "skip")
        .order_by(Review.revision.desc())
        .limit(1)
    ).one_or_none()
    if latest is None:
        what = "has changed"
    else:
        user = session.get(User, latest.created_by)
        name = user.name if user is not None else latest.created_by
        done = DONE.get(latest.decision, "reopened")
        what = f"was {done} by {name} at {latest.created_at:%H:%M:%S} UTC"
    return Conflict(
        f"The sample {sample.sample_id!r} {what} after you opened it; yours was not stored.",
        remedy="Load it again, compare, and decide on what it is now.",
    )
