"""Rejecting many samples at once, and taking it back."""

import pytest
from factories import make_batch, make_samples
from sqlalchemy import func, select

from core.db.tables import Review, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.review.bulk import BLOCK, MOST_AT_ONCE, reject_samples, undo_bulk
from core.review.decisions import submit_review


def states(workspace: Workspace, ids: list[str]) -> list[tuple[str, bool, int]]:
    with workspace.read() as session:
        found = {s.sample_id: s for s in session.scalars(select(Sample))}
    return [(found[i].verdict, found[i].is_reviewed, found[i].revision) for i in ids]


def some_samples(workspace: Workspace, n: int) -> list[str]:
    return [s.sample_id for s in make_samples(workspace, make_batch(workspace), n)]


def test_all_are_rejected_for_one_reason_with_their_texts(any_workspace: Workspace) -> None:
    ids = some_samples(any_workspace, 3)
    done = reject_samples(any_workspace, [*ids, ids[0]], " off_topic ")
    assert (done.decided, done.left_alone) == (3, 0)
    assert states(any_workspace, ids) == [("rejected", True, 1)] * 3
    with any_workspace.read() as session:
        rows = session.scalars(select(Review).order_by(Review.review_id)).all()
        sample = session.get_one(Sample, ids[0])
    assert {row.review_id.partition(".")[0] for row in rows} == {done.bulk_id}
    assert {(row.decision, row.reason, row.revision) for row in rows} == {
        ("reject", "off_topic", 1)
    }
    assert rows[0].original == {
        "input": sample.input, "response": sample.response, "output": sample.output,
    }  # fmt: skip


def test_an_undo_brings_every_verdict_back(any_workspace: Workspace) -> None:
    ids = some_samples(any_workspace, 3)
    submit_review(any_workspace, ids[0], "accept", expected_revision=0)
    done = reject_samples(any_workspace, ids, "wrong")
    undone = undo_bulk(any_workspace, done.bulk_id)
    assert (undone.decided, undone.left_alone) == (3, 0)
    assert states(any_workspace, ids) == [
        ("accepted", True, 3), ("accepted", False, 2), ("accepted", False, 2),
    ]  # fmt: skip
    with pytest.raises(NotFound):
        undo_bulk(any_workspace, done.bulk_id)


def test_what_was_decided_since_stays(workspace: Workspace) -> None:
    ids = some_samples(workspace, 2)
    done = reject_samples(workspace, ids, "wrong")
    submit_review(workspace, ids[0], "accept", expected_revision=1)
    undone = undo_bulk(workspace, done.bulk_id)
    assert (undone.decided, undone.left_alone) == (1, 1)
    assert states(workspace, ids) == [("accepted", True, 2), ("accepted", False, 2)]


def test_a_sample_that_a_person_rejected_before_is_left_alone(workspace: Workspace) -> None:
    ids = some_samples(workspace, 2)
    submit_review(workspace, ids[0], "reject", expected_revision=0, reason="unsafe")
    done = reject_samples(workspace, ids, "wrong")
    assert (done.decided, done.left_alone) == (1, 1)
    assert states(workspace, ids)[0] == ("rejected", True, 1)


def test_more_than_one_block_is_one_decision(workspace: Workspace) -> None:
    ids = some_samples(workspace, BLOCK + 7)
    done = reject_samples(workspace, ids, "wrong")
    assert done.decided == BLOCK + 7
    assert undo_bulk(workspace, done.bulk_id).decided == BLOCK + 7
    assert set(states(workspace, ids)) == {("accepted", False, 2)}


def test_an_unknown_sample_stops_all_of_it(workspace: Workspace) -> None:
    ids = some_samples(workspace, 2)
    with pytest.raises(NotFound, match="smp_none"):
        reject_samples(workspace, [*ids, "smp_none"], "wrong")
    assert states(workspace, ids) == [("accepted", False, 0)] * 2
    with workspace.read() as session:
        assert session.scalar(select(func.count()).select_from(Review)) == 0


@pytest.mark.parametrize(
    ("count", "reason"), [(0, "wrong"), (MOST_AT_ONCE + 1, "wrong"), (1, "  "), (1, "x" * 2_001)]
)
def test_wishes_that_cannot_be_met_are_refused(
    workspace: Workspace, count: int, reason: str
) -> None:
    with pytest.raises(InvalidInput):
        reject_samples(workspace, [f"smp_{i}" for i in range(count)], reason)
