"""Pieces of the Review page: the sample, its source beside it, the editor, the last decision."""

from collections.abc import Callable
from itertools import zip_longest

import streamlit as st

from app import cache
from app.widgets.diff import diff_view
from app.widgets.formats import duration, plain, words
from app.widgets.layout import section
from app.widgets.samples.evidence import findings_view
from app.widgets.samples.sample_view import sample_badges, text_box, variables_view
from core.db.tables import Review, Sample
from core.generation.samples import Lineage
from core.review.decisions import CORRECTION_TYPES, REJECT_REASONS, CurrentText
from core.review.picking.queue import QueueCounts
from core.text.diffs import word_diff

REASON_KEYS = "123456789"
DONE = {
    "accept": "accepted",
    "edit": "edited",
    "reject": "rejected",
    "skip": "skipped",
    "undo": "undone",
}


def counts_bar(counts: QueueCounts) -> None:
    """How far the review is."""
    done = counts.accepted + counts.edited + counts.rejected
    total = done + counts.waiting
    st.progress(
        done / total if total else 1.0,
        f"{done:,} of {total:,} decided: {counts.accepted:,} accepted, "
        f"{counts.edited:,} edited, {counts.rejected:,} rejected",
    )


def actions(
    is_whole: bool,
    on_decide: Callable[[str], None],
    on_mode: Callable[..., None],
    on_undo: Callable[[], None],
) -> None:
    """The five actions with their keys. A failed sample can only be rejected or skipped."""
    with st.container(horizontal=True):
        st.button(
            "Accept", icon=":material/check:", key="review.accept", shortcut="A", type="primary",
            on_click=on_decide, args=("accept",), disabled=not is_whole,
        )  # fmt: skip
        st.button(
            "Edit", icon=":material/edit:", key="review.edit_mode", shortcut="E",
            on_click=on_mode, kwargs={"editing": True}, disabled=not is_whole,
        )  # fmt: skip
        st.button(
            "Reject", icon=":material/close:", key="review.reject", shortcut="X",
            on_click=on_mode, kwargs={"rejecting": True},
        )  # fmt: skip
        st.button(
            "Skip", icon=":material/skip_next:", key="review.skip", shortcut="S",
            on_click=on_decide, args=("skip",),
        )  # fmt: skip
        st.button("Undo", icon=":material/undo:", key="review.undo", shortcut="U", on_click=on_undo)


def sample_panel(sample: Sample, text: CurrentText) -> None:
    """The text to judge: as corrected before, or as generated."""
    sample_badges(sample)
    if sample.state == "failed":
        st.error(plain(sample.failure), icon=":material/error:")
        st.code(sample.raw_text or "(nothing was received)", language=None, wrap_lines=True)
        return
    text_box("Input", text.input)
    text_box("Response", text.response)
    if text.review_id is not None:
        st.caption("Corrected before; what was changed:")
        diff_view(word_diff(sample.response, text.response))


def edit_form(
    text: CurrentText, on_save: Callable[[], None], on_cancel: Callable[[], None]
) -> None:
    """Input and response as fields; Ctrl+Enter saves."""
    with st.form("review.edit", border=True):
        st.text_area("Input", value=text.input, key="review.input", height=130)
        st.text_area("Response", value=text.response, key="review.response", height=300)
        st.selectbox(
            "What kind of correction",
            list(CORRECTION_TYPES),
            format_func=lambda slug: CORRECTION_TYPES[slug],
            key="review.correction_type",
            index=None,
            placeholder="optional",
        )
        with st.container(horizontal=True):
            st.form_submit_button(
                "Save correction",
                key="review.save",
                type="primary",
                on_click=on_save,
                help="Ctrl+Enter in a field saves too.",
            )
            st.form_submit_button("Cancel", key="review.cancel", on_click=on_cancel, shortcut="Esc")


def reject_panel(on_reason: Callable[[str], None], on_cancel: Callable[[], None]) -> None:
    """One button per reason, each with a digit."""
    with st.container(border=True):
        st.caption("Why is it rejected?")
        with st.container(horizontal=True):
            for slug, digit in zip_longest(REJECT_REASONS, REASON_KEYS[: len(REJECT_REASONS)]):
                st.button(
                    REJECT_REASONS[slug],
                    key=f"review.reason.{slug}",
                    shortcut=digit,
                    on_click=on_reason,
                    args=(slug,),
                )
            st.button("Back", key="review.back", shortcut="Esc", on_click=on_cancel)


def source_panel(lineage: Lineage) -> None:
    """The source chunk with its position, the plan's values, what the checks saw."""
    if lineage.sample.chunk_id:
        context = cache.chunk(lineage.sample.chunk_id)
        with st.container(gap="xxsmall"):
            st.caption(
                f"Source: {plain(context.source_name)}, characters {context.start_char:,} "
                f"to {context.end_char:,}"
            )
            with st.container(border=True):
                if context.before:
                    st.caption(plain(context.before))
                st.text(context.text)
                if context.after:
                    st.caption(plain(context.after))
    variables_view(lineage.sample, has_output=False)
    section("Findings")
    findings_view(lineage.findings, lineage.sample)


def last_decision(reviews: list[Review]) -> None:
    """What was decided last, with the diff of an edit."""
    if not reviews:
        return
    review = reviews[0]
    reason = REJECT_REASONS.get(review.reason, review.reason).rstrip(".")
    parts = [f"Last decision: {DONE[review.decision]}", plain(reason), duration(review.seconds)]
    with st.container(border=True):
        st.caption(" · ".join(part for part in parts if part))
        for name in ("input", "response"):
            before = str(review.original.get(name, ""))
            after = str((review.corrected or {}).get(name, before))
            if after != before:
                st.caption(words(name))
                diff_view(word_diff(before, after))
