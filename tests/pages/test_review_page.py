"""Deciding samples from the page."""

from core.db.workspace import Workspace
from core.generation.samples import get_sample
from core.review.decisions import REJECT_REASONS, list_reviews, submit_review


def test_accepting_stores_one_decision_and_shows_the_next_sample(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("review")
    first = at.session_state["review.draft"].sample_id
    at.button(key="review.accept").click().run()
    (review,) = list_reviews(workspace)
    assert (review.sample_id, review.decision) == (first, "accept")
    assert get_sample(workspace, first).is_reviewed
    assert at.session_state["review.draft"].sample_id != first


def test_an_edit_is_kept_beside_the_original_and_shown_as_a_diff(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("review", sample=seeded["sample"])
    at.button(key="review.edit_mode").click().run()
    before = at.text_area(key="review.response").value
    at.text_area(key="review.response").set_value(before + " Ask us if anything is unclear.")
    at.button(key="review.save").click().run()
    assert not at.exception
    (review,) = list_reviews(workspace, seeded["sample"])
    assert review.decision == "edit"
    assert review.corrected is not None
    assert review.corrected["response"].endswith("Ask us if anything is unclear.")
    assert get_sample(workspace, seeded["sample"]).response == before
    assert any(":green-background[" in text.value for text in at.markdown)


def test_an_unchanged_edit_is_refused_with_its_reason(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("review", sample=seeded["sample"])
    at.button(key="review.edit_mode").click().run()
    at.button(key="review.save").click().run()
    assert at.error
    assert not list_reviews(workspace)


def test_rejecting_asks_for_a_reason_first(workspace: Workspace, seeded, open_page) -> None:
    at = open_page("review", sample=seeded["sample"])
    at.button(key="review.reject").click().run()
    assert not list_reviews(workspace)
    reason = next(iter(REJECT_REASONS))
    at.button(key=f"review.reason.{reason}").click().run()
    (review,) = list_reviews(workspace, seeded["sample"])
    assert (review.decision, review.reason) == ("reject", reason)


def test_undo_reverses_the_last_decision(workspace: Workspace, seeded, open_page) -> None:
    at = open_page("review", sample=seeded["sample"])
    at.button(key="review.accept").click().run()
    at.button(key="review.undo").click().run()
    assert not get_sample(workspace, seeded["sample"]).is_reviewed


def test_a_sample_that_someone_else_decided_is_a_conflict_on_screen(
    workspace: Workspace, seeded, open_page
) -> None:
    at = open_page("review", sample=seeded["sample"])
    submit_review(workspace, seeded["sample"], "accept", expected_revision=0)
    at.button(key="review.accept").click().run()
    assert not at.exception
    assert at.error
    assert len(list_reviews(workspace)) == 1


def test_every_action_shows_its_key(seeded, open_page) -> None:
    at = open_page("review")
    shortcuts = {b.key: b.proto.shortcut for b in at.button if b.key.startswith("review.")}
    assert shortcuts["review.accept"].lower() == "a"
    assert all(shortcuts[f"review.{k}"] for k in ("edit_mode", "reject", "skip", "undo"))
