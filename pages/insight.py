"""Insight: how diverse, complete, fair and good a batch is."""

import streamlit as st

from app import cache
from app.widgets.errors import show_errors
from app.widgets.formats import ago, plain
from app.widgets.insight.bias import bias_tab
from app.widgets.insight.coverage import coverage_tab
from app.widgets.insight.diversity import diversity_tab
from app.widgets.insight.map import map_tab
from app.widgets.insight.quality import quality_tab
from app.widgets.layout import empty_state, go_button, page_header
from app.widgets.pickers import batch_picker
from core.db.tables import Batch
from core.generation.browsing import list_batches
from core.insight.report import InsightView, load_insight
from core.jobs.launching import request_insight

TABS = ("Map", "Diversity", "Coverage", "Bias", "Quality")
WAITING = ("queued", "running")
INTERVAL_S = 1.0


def compute(batch_id: str) -> None:
    """The button's callback: one core call, run by a compute worker."""
    with show_errors():
        request_insight(cache.workspace(), batch_id)


def waiting_panel(batch_id: str) -> None:
    """Polls until the report is there."""
    view = load_insight(cache.workspace(), batch_id)
    if view.state not in WAITING:
        st.rerun()
    st.progress(
        view.done / view.total if view.total else 0.0,
        f"{view.state.capitalize()}: {view.done:,} of {view.total:,} samples read",
    )


def report_view(view: InsightView, batch: Batch) -> None:
    tab = st.segmented_control(
        "Part", TABS, default=TABS[0], required=True, key="insight.tab",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if tab == "Quality":
        quality_tab(batch.batch_id)
    elif view.computed_at is None and view.state in WAITING:
        st.caption("The report appears here by itself; you can leave the page.")
    elif view.computed_at is None:
        with empty_state(
            ":material/scatter_plot:", "Not computed yet",
            "A worker embeds the texts, then measures diversity, coverage and bias.",
        ):  # fmt: skip
            st.button(
                "Compute now", key="insight.compute_empty", on_click=compute,
                args=(batch.batch_id,), disabled=not batch.generated,
            )  # fmt: skip
    else:
        {
            "Map": map_tab, "Diversity": diversity_tab,
            "Coverage": coverage_tab, "Bias": bias_tab,
        }[tab](view)  # fmt: skip


def page() -> None:
    batches = list_batches(cache.workspace(), limit=200)
    header = page_header("Insight", "How diverse, complete, fair and good a batch is.")
    if not batches:
        with empty_state(
            ":material/scatter_plot:", "Nothing to look at yet",
            "Insight describes the samples of a batch.",
        ):  # fmt: skip
            go_button("Launch a batch", "batches", key="insight.empty", view="launch")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        batch = batch_picker(batches, key="insight.batch")
        state_line = st.container(width="content")
    view = load_insight(cache.workspace(), batch.batch_id)
    with header:
        st.button(
            "Compute now" if view.computed_at is None else "Compute again",
            key="insight.compute", icon=":material/calculate:", on_click=compute,
            args=(batch.batch_id,), disabled=view.state in WAITING or not batch.generated,
            type="primary" if view.is_stale or view.computed_at is None else "secondary",
        )  # fmt: skip
    if view.computed_at is not None:
        stale = f"; the batch now has {batch.generated:,}" if view.is_stale else ""
        state_line.caption(
            f"{view.samples:,} samples{stale}, computed {ago(view.computed_at)} "
            f"with {plain(view.embedding_model)}"
        )
    if view.message:
        st.warning(plain(view.message), icon=":material/info:")
    if view.state in WAITING:
        st.fragment(waiting_panel, run_every=INTERVAL_S)(batch.batch_id)
    report_view(view, batch)


with show_errors():
    page()
