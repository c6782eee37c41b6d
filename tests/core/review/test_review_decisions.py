"""Decisions, conflicts and undo, on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from factories import failed_row, make_batch, make_samples, make_template

from core.db.tables import Review, Sample, User
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.generation.samples import get_sample
from core.review.decisions import (
    current_text,
    current_texts,
    list_reviews,
    submit_review,
    undo_review,
)


@pytest.fixture
def sample(any_workspace: Workspace) -> Sample:
    return make_samples(any_workspace, make_batch(any_workspace), 1, verdict="needs_review")[0]


def state(workspace: Workspace, sample: Sample) -> tuple[str, bool, int]:
    now = get_sample(workspace, sample.sample_id)
    return now.verdict, now.is_reviewed, now.revision


def test_accepting_and_rejecting_move_the_verdict(any_workspace: Workspace, sample: Sample) -> None:
    key = sample.sample_id
    review = submit_review(any_workspace, key, "accept", expected_revision=0, seconds=3.5)
    assert state(any_workspace, sample) == ("accepted", True, 1)
    assert (review.previous_verdict, review.revision, review.seconds) == ("needs_review", 1, 3.5)
    submit_review(any_workspace, key, "reject", expected_revision=1, reason="wrong")
    assert state(any_workspace, sample) == ("rejected", True, 2)
    assert [r.decision for r in list_reviews(any_workspace, key)] == ["reject", "accept"]
    assert len(list_reviews(any_workspace, key, limit=1, offset=1)) == 1


def test_an_edit_keeps_the_original_and_stores_the_correction(
    any_workspace: Workspace, sample: Sample
) -> None:
    review = submit_review(
        any_workspace,
        sample.sample_id,
        "edit",
        expected_revision=0,
        corrected={"response": "Call the bank."},
        correction_type="fact",
    )
    assert review.original["response"] == sample.response
    assert review.corrected == {
        "input": sample.input,
        "response": "Call the bank.",
        "output": {"question": sample.input, "answer": "Call the bank."},
    }
    stored = get_sample(any_workspace, sample.sample_id)
    assert (stored.response, stored.output) == (sample.response, sample.output)
    assert state(any_workspace, sample) == ("accepted", True, 1)
    text = current_text(any_workspace, stored)
    assert (text.response, text.review_id) == ("Call the bank.", review.review_id)
    again = submit_review(
        any_workspace,
        sample.sample_id,
        "edit",
        expected_revision=1,
        corrected={"response": "Visit the bank."},
    )
    assert again.original["response"] == "Call the bank."
    with any_workspace.read() as session:
        texts = current_texts(session, [sample.sample_id, "smp_unknown"])
    assert {key: text.response for key, text in texts.items()} == {
        sample.sample_id: "Visit the bank."
    }


def test_a_late_decision_is_refused_and_says_what_the_other_did(
    any_workspace: Workspace, sample: Sample
) -> None:
    with any_workspace.write() as session:
        session.add(User(user_id="usr_ada", name="Ada", role="annotator"))
    key = sample.sample_id
    submit_review(
        any_workspace, key, "reject", expected_revision=0, reason="wrong", reviewer="usr_ada"
    )
    with pytest.raises(Conflict, match=r"rejected by Ada at .* yours was not stored"):
        submit_review(
            any_workspace, key, "edit", expected_revision=0, corrected={"response": "Mine."}
        )
    assert state(any_workspace, sample) == ("rejected", True, 1)
    assert len(list_reviews(any_workspace, key)) == 1


def test_of_many_simultaneous_decisions_exactly_one_counts(
    any_workspace: Workspace, sample: Sample
) -> None:
    def decide(index: int) -> bool:
        try:
            submit_review(
                any_workspace, sample.sample_id, "accept", expected_revision=0,
                reviewer=f"usr_{index}",
            )  # fmt: skip
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(decide, range(8))) == 1
    assert state(any_workspace, sample) == ("accepted", True, 1)
    assert len(list_reviews(any_workspace, sample.sample_id)) == 1


def test_undo_walks_back_through_decisions_and_texts(
    any_workspace: Workspace, sample: Sample
) -> None:
    key = sample.sample_id
    submit_review(any_workspace, key, "reject", expected_revision=0, reason="wrong")
    submit_review(any_workspace, key, "edit", expected_revision=1, corrected={"response": "New."})
    undo = undo_review(any_workspace)
    assert undo is not None
    assert undo.decision == "undo"
    assert state(any_workspace, sample) == ("rejected", True, 3)
    assert current_text(any_workspace, sample).response == sample.response
    undo_review(any_workspace)
    assert state(any_workspace, sample) == ("needs_review", False, 4)
    assert undo_review(any_workspace) is None
    decisions = [review.decision for review in list_reviews(any_workspace, key)]
    assert decisions == ["undo", "undo", "edit", "reject"]
    submit_review(any_workspace, key, "accept", expected_revision=4)
    assert state(any_workspace, sample) == ("accepted", True, 5)


def test_undo_refuses_to_reverse_what_another_has_decided_since(
    any_workspace: Workspace, sample: Sample
) -> None:
    key = sample.sample_id
    submit_review(any_workspace, key, "accept", expected_revision=0)
    submit_review(
        any_workspace, key, "reject", expected_revision=1, reason="wrong", reviewer="usr_other"
    )
    with pytest.raises(Conflict, match="rejected by usr_other"):
        undo_review(any_workspace)
    assert state(any_workspace, sample) == ("rejected", True, 2)
    undo_review(any_workspace, "usr_other")
    undo_review(any_workspace)
    assert state(any_workspace, sample) == ("needs_review", False, 4)


def test_a_skip_changes_nothing_but_is_remembered(any_workspace: Workspace, sample: Sample) -> None:
    submit_review(any_workspace, sample.sample_id, "skip", expected_revision=0)
    assert state(any_workspace, sample) == ("needs_review", False, 0)
    assert [r.decision for r in list_reviews(any_workspace)] == ["skip"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"decision": "maybe"}, "not a decision"),
        ({"decision": "reject"}, "needs a reason"),
        ({"decision": "edit"}, "an edit needs it"),
        ({"decision": "accept", "corrected": {"response": "x"}}, "belongs to an edit"),
        ({"decision": "accept", "correction_type": "poetry"}, "not a correction type"),
        ({"decision": "accept", "seconds": -1.0}, "not a time"),
        ({"decision": "accept", "seconds": float("nan")}, "not a time"),
        ({"decision": "reject", "reason": "x" * 3_000}, "3,000 characters"),
        ({"decision": "edit", "corrected": {}}, "no corrected text"),
        ({"decision": "edit", "corrected": {"answer": "x"}}, "no field 'answer'"),
        ({"decision": "edit", "corrected": {"response": 5}}, "not text"),
        ({"decision": "edit", "corrected": {"output": "x"}}, "not an object"),
        ({"decision": "edit", "corrected": {"response": " \n"}}, "response is empty"),
        ({"decision": "edit", "corrected": {"input": ""}}, "input is empty"),
        ({"decision": "edit", "corrected": {"output": {"question": "x"}}}, "schema|mapping|answer"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_form_is_refused_with_what_to_do(
    workspace: Workspace, fields: dict[str, Any], message: str
) -> None:
    sample = make_samples(workspace, make_batch(workspace), 1)[0]
    with pytest.raises(InvalidInput, match=message) as refusal:
        submit_review(workspace, sample.sample_id, expected_revision=0, **fields)
    assert refusal.value.remedy
    assert list_reviews(workspace) == []
    assert state(workspace, sample) == ("accepted", False, 0)


def test_a_failed_sample_needs_a_whole_output(workspace: Workspace) -> None:
    row = failed_row(make_batch(workspace), 0)
    with workspace.write() as session:
        session.add(row)
    key = row.sample_id
    with pytest.raises(InvalidInput, match="no valid answer"):
        submit_review(workspace, key, "accept", expected_revision=0)
    with pytest.raises(InvalidInput, match="no output to build on"):
        submit_review(workspace, key, "edit", expected_revision=0, corrected={"response": "A"})
    body = {"output": {"question": "What is it?", "answer": "A bank."}}
    submit_review(workspace, key, "edit", expected_revision=0, corrected=body)
    text = current_text(workspace, row)
    assert (text.input, text.response) == ("What is it?", "A bank.")
    submit_review(workspace, key, "accept", expected_revision=1)


def test_an_unknown_sample_is_not_found(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        submit_review(workspace, "smp_none", "accept", expected_revision=0)


def test_text_that_the_output_cannot_follow_leaves_no_stale_output(workspace: Workspace) -> None:
    version = make_template(
        workspace,
        "joined",
        mapping={"input": "{{ output.question }}", "response": "So: {{ output.answer }}"},
    )
    sample = make_samples(
        workspace,
        make_batch(workspace, version),
        n=0,
        rows=[
            {
                "input": "Why?",
                "response": "So: because",
                "output": {"question": "Why?", "answer": "because"},
            }
        ],
    )[0]
    review = submit_review(
        workspace, sample.sample_id, "edit", expected_revision=0, corrected={"response": "No idea"}
    )
    assert review.corrected == {"input": "Why?", "response": "No idea", "output": None}
    again = submit_review(
        workspace,
        sample.sample_id,
        "edit",
        expected_revision=1,
        corrected={"output": {"question": "Why?", "answer": "of course"}},
    )
    assert again.corrected is not None
    assert again.corrected["response"] == "So: of course"


def test_an_edit_that_changes_nothing_is_refused(workspace: Workspace) -> None:
    sample = make_samples(workspace, make_batch(workspace), 1)[0]
    for same in ({"response": f" {sample.response}\n"}, {"output": sample.output}):
        with pytest.raises(InvalidInput, match="changes nothing"):
            submit_review(workspace, sample.sample_id, "edit", expected_revision=0, corrected=same)


def test_reviews_of_two_samples_undo_newest_first(workspace: Workspace) -> None:
    one, two = make_samples(workspace, make_batch(workspace), 2, verdict="needs_review")
    submit_review(workspace, one.sample_id, "accept", expected_revision=0)
    submit_review(workspace, two.sample_id, "accept", expected_revision=0)
    undone: list[Review | None] = [undo_review(workspace), undo_review(workspace)]
    assert [review and review.sample_id for review in undone] == [two.sample_id, one.sample_id]
