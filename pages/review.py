"""Review: one sample at a time, by keyboard if wished."""

import streamlit as st

from app import cache, state
from app.widgets import review_view as views
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.layout import empty_state, go_button, page_header
from core.db.tables import Sample
from core.generation.browsing import list_batches
from core.generation.samples import SampleFilter, get_sample, sample_lineage
from core.review.decisions import current_text, list_reviews, submit_review, undo_review
from core.review.picking.queue import next_samples, queue_counts

ORDERS = {
    "uncertainty": "Most uncertain first", "disagreement": "Judges disagree first",
    "coverage": "Regions in turn", "stratified": "Groups in turn",
    "random": "At random", "oldest": "Oldest first",
}  # fmt: skip
VERDICTS = ("needs_review", "accepted", "rejected")


def decide(sample_id: str, revision: int, decision: str, **facts: object) -> None:
    """A button's callback: one decision, then on to the next sample."""
    draft = state.review()
    with show_errors():
        submit_review(
            cache.workspace(), sample_id, decision, expected_revision=revision,
            seconds=draft.seconds, **facts,
        )  # fmt: skip
        if decision == "skip":
            draft.skipped.append(sample_id)
        draft.is_editing = draft.is_rejecting = False
        state.select("sample", None)


def save_edit(sample_id: str, revision: int) -> None:
    corrected = {
        "input": state.value_of("review.input"), "response": state.value_of("review.response"),
    }  # fmt: skip
    decide(
        sample_id, revision, "edit", corrected=corrected,
        correction_type=state.value_of("review.correction_type") or "",
    )  # fmt: skip


def undo() -> None:
    with show_errors():
        undone = undo_review(cache.workspace())
        if undone is None:
            state.notify("There is nothing left to undo.")
        else:
            state.select("sample", undone.sample_id)


def mode(*, editing: bool = False, rejecting: bool = False) -> None:
    draft = state.review()
    draft.is_editing, draft.is_rejecting = editing, rejecting


def waiting(wanted: SampleFilter, order: str) -> list[Sample]:
    """The sample on screen and the one after it: from the URL, the map's choice, or the queue."""
    workspace = cache.workspace()
    if state.selected("sample"):
        return [get_sample(workspace, state.selected("sample") or "")]
    if state.selected("view") == "chosen":
        chosen = (get_sample(workspace, i) for i in state.insight().sample_ids)
        return [s for s in chosen if not s.is_reviewed][:2]
    return next_samples(workspace, wanted, order=order, skip=tuple(state.review().skipped))


def sample_view(queue: list[Sample]) -> None:
    sample, draft = queue[0], state.review()
    draft.show(sample.sample_id)
    lineage = sample_lineage(cache.workspace(), sample.sample_id)
    text = current_text(cache.workspace(), sample)
    facts = (sample.sample_id, sample.revision)
    views.actions(
        sample.state == "generated", lambda decision: decide(*facts, decision), mode, undo
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        if draft.is_rejecting:
            views.reject_panel(
                lambda reason: decide(*facts, "reject", reason=reason), mode
            )  # fmt: skip
        if draft.is_editing:
            views.edit_form(text, lambda: save_edit(*facts), mode)
        else:
            views.sample_panel(sample, text)
        views.last_decision(list_reviews(cache.workspace(), limit=1))
    with right:
        views.source_panel(lineage)
    for following in queue[1:]:
        if following.chunk_id:
            cache.chunk(following.chunk_id)


def page() -> None:
    batches = list_batches(cache.workspace(), limit=200)
    page_header("Review", "Accept, edit or reject; every decision is kept and can be undone.")
    if not batches:
        with empty_state(
            ":material/rate_review:", "Nothing to review yet",
            "Samples wait here as soon as a batch has made some.",
        ):  # fmt: skip
            go_button("Launch a batch", "batches", key="review.empty", view="launch")
        return
    ids = [b.batch_id for b in batches]
    state.offer_once("review.batch", state.selected("batch"), among=ids)
    chosen = filter_bar(
        "review",
        [
            Choice("batch", "All batches", ids, {b.batch_id: b.name for b in batches}, 175),
            Choice("verdict", "Any verdict", VERDICTS, width=140),
            Choice("order", "Most uncertain first", list(ORDERS), ORDERS, 180),
        ],
    )  # fmt: skip
    wanted = SampleFilter(
        batch_ids=(chosen["batch"],) if chosen["batch"] else (), verdict=chosen["verdict"],
        is_reviewed=False, search=chosen.search,
    )  # fmt: skip
    views.counts_bar(queue_counts(cache.workspace(), wanted))
    queue = waiting(wanted, chosen["order"] or "uncertainty")
    if queue:
        sample_view(queue)
        return
    with empty_state(
        ":material/task_alt:", "Everything here is reviewed",
        "Take a filter away, or release what was accepted.",
    ):  # fmt: skip
        go_button("Build a dataset", "datasets", key="review.done", view="build")
    st.button("Undo", icon=":material/undo:", key="review.undo", shortcut="U", on_click=undo)


with show_errors():
    page()
