"""What a choice on the map holds, and the four things that can be done with it."""

from collections.abc import Sequence
from uuid import uuid4

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import cache, state
from app.navigation import go
from app.widgets.batches.focus import focus_text
from app.widgets.errors import show_errors
from app.widgets.formats import clip, count, duration, figure, money, plain, plural, words
from app.widgets.layout import Card, cards
from app.widgets.tables import score
from core.generation.example_drafts import MOST_EXAMPLES, add_examples_to_draft, spread_out
from core.insight.mapping.points import MapPoints
from core.jobs.aimed.similar import MOST_SHOWN, MoreLike, launch_similar
from core.review.bulk import MOST_AT_ONCE, reject_samples, undo_bulk
from core.review.decisions import REJECT_REASONS

MOST_ROWS = 100
FEW_SHOT = 3
SIMILAR = 200
OWN_REASON = "other"


def chosen_panel(points: MapPoints, stamp: str, places: NDArray[np.int64]) -> None:
    """How many, their verdicts and score, the actions, and the first of them in a table."""
    ids = [str(i) for i in points.ids[places]]
    if points.scope.kind == "source":
        st.caption(f"{plural(len(ids), 'chunk')} chosen")
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(
                f"**{count(len(ids))} chosen** · {_told(points, stamp, places)}", width="stretch"
            )
            _actions(points, places, ids)
        _undo_line()
    _table(ids)


def _told(points: MapPoints, stamp: str, places: NDArray[np.int64]) -> str:
    found = cache.map_counts(points.scope.id, stamp, places)
    parts = [f"{count(n)} {words(name).lower()}" for name, n in found.verdicts.items()]
    if found.mean_score is not None:
        parts.append(f"mean score {figure(found.mean_score, 2)}")
    if found.reviewed:
        parts.append(f"{count(found.reviewed)} reviewed by a person")
    return " · ".join(parts)


def _actions(points: MapPoints, places: NDArray[np.int64], ids: list[str]) -> None:
    if st.button("Review", key="insight.review", icon=":material/rate_review:",
                 help="Look at these one by one."):  # fmt: skip
        state.insight().sample_ids = ids
        go("review", view="chosen")
    is_too_many = len(ids) > MOST_AT_ONCE
    if st.button("Reject", key="insight.reject", icon=":material/close:", disabled=is_too_many,
                 help=f"At most {MOST_AT_ONCE:,} at once." if is_too_many
                 else "Reject all of these for one reason; it can be undone."):  # fmt: skip
        _reject_dialog(ids)
    spread = [ids[i] for i in spread_out(points.places[places], MOST_EXAMPLES)]
    if st.button("Use as examples", key="insight.examples", icon=":material/format_quote:",
                 help="Take a few of these into the template's prompt."):  # fmt: skip
        _examples_dialog(spread)
    if st.button("Generate more", key="insight.more", icon=":material/conveyor_belt:",
                 help="A batch of more samples like these."):  # fmt: skip
        state.insight().intent = uuid4().hex
        _more_dialog(ids, spread)


def _undo_line() -> None:
    bulk_id = state.insight().bulk_id
    if bulk_id:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(state.insight().bulk_text, width="content")
            if st.button("Undo", key="insight.undo", icon=":material/undo:", type="tertiary"):
                with show_errors(), st.spinner("Undoing"):
                    _undo(bulk_id)
                    st.rerun()


def _table(ids: Sequence[str]) -> None:
    rows = cache.chosen_rows(tuple(ids[:MOST_ROWS]))
    st.dataframe(
        [
            {
                "Verdict": words(row.verdict), "Score": row.quality_score,
                "Reviewed": "by a person" if row.is_reviewed else "",
                "Input": clip(row.input, 300), "Response": clip(row.response, 300),
            }
            for row in rows
        ],
        key="insight.chosen", hide_index=True, height=300, column_config={"Score": score()},
        placeholder="–",
    )  # fmt: skip
    if len(ids) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS} of {count(len(ids))}.")


@st.dialog("Reject the chosen samples")
def _reject_dialog(ids: list[str]) -> None:
    st.markdown(f"{plural(len(ids), 'sample')} will be rejected by you. Their texts stay.")
    reason = st.selectbox(
        "Reason", list(REJECT_REASONS), format_func=REJECT_REASONS.get, key="insight.reject.reason"
    )
    own = st.text_input("In your own words", key="insight.reject.text", max_chars=500)
    if st.button(f"Reject {plural(len(ids), 'sample')}", key="insight.reject.do", type="primary"):
        with show_errors(), st.spinner("Rejecting"):
            _reject(ids, own.strip() or reason)
            st.rerun()


def _reject(ids: list[str], reason: str) -> None:
    done = reject_samples(cache.workspace(), ids, reason)
    state.insight().bulk_id = done.bulk_id if done.decided else ""
    left = f"; {count(done.left_alone)} already were" if done.left_alone else ""
    told = f"{plural(done.decided, 'sample')} rejected{left}."
    state.insight().bulk_text = told
    state.notify(told)
    _forget()


def _undo(bulk_id: str) -> None:
    done = undo_bulk(cache.workspace(), bulk_id)
    state.insight().bulk_id = ""
    kept = f"; {count(done.left_alone)} were decided again since" if done.left_alone else ""
    st.toast(f"{plural(done.decided, 'rejection')} undone{kept}.", icon=":material/undo:")
    _forget()


def _forget() -> None:
    """Verdicts have changed: colours and counts are read again."""
    for cached in (cache.map_colors, cache.map_counts, cache.chosen_rows, cache.quality):
        cached.clear()


@st.dialog("Use as examples")
def _examples_dialog(spread: list[str]) -> None:
    st.markdown(
        "The samples go into your draft of their template, as worked examples before the task. "
        "They are chosen far apart, so that they show the range of what you drew around."
    )
    most = min(len(spread), MOST_EXAMPLES)
    taken = st.number_input(
        "Examples", 1, most, min(FEW_SHOT, most), key="insight.examples.n",
        help="Two or three do most of the work; each costs its tokens in every call.",
    )  # fmt: skip
    _previewed(spread[: int(taken)])
    if st.button("Add to the draft", key="insight.examples.do", type="primary"):
        with show_errors():
            found = add_examples_to_draft(cache.workspace(), spread[: int(taken)])
            state.forget_templates()
            state.notify(f"{plural(found.added, 'example')} added to your draft.")
            go("templates", template=found.template_id)


def _previewed(ids: Sequence[str]) -> None:
    for row in cache.chosen_rows(tuple(ids)):
        st.caption(plain(clip(f"{row.input} → {row.response}", 160)))


@st.dialog("Generate more like these", width="large")
def _more_dialog(ids: list[str], spread: list[str]) -> None:
    left, right = st.columns(2)
    n = left.number_input("Samples", 1, 100_000, SIMILAR, step=50, key="insight.more.n")
    most = min(len(spread), MOST_SHOWN)
    shown = right.number_input(
        "Examples in the prompt", 1, most, min(FEW_SHOT, most), key="insight.more.shown",
        help="Samples of your choice, far apart, shown to the model before the task.",
    )  # fmt: skip
    _previewed(spread[: int(shown)])
    wanted = MoreLike(
        tuple(ids), tuple(spread[: int(shown)]), int(n), intent=state.insight().intent
    )
    with show_errors():
        request, expected = cache.similar_estimate(wanted)
        aim = focus_text(request.focus)
        st.caption(plain(f"Aimed at {aim}." if aim else "Aimed at the whole plan of the batch."))
        cards(
            [
                Card("Expected cost", money(expected.cost_usd), f"With {request.model}."),
                Card("Expected time", duration(expected.seconds)),
                Card("Tokens in", count(expected.input_tokens)),
                Card("Tokens out", count(expected.output_tokens)),
            ]
        )
        if st.button(f"Generate {plural(int(n), 'sample')}", key="insight.more.do", type="primary"):
            batch = launch_similar(cache.workspace(), wanted)
            state.notify("The batch is launched.")
            go("batches", batch=batch.batch_id)
