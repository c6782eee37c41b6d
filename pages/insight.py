"""Insight: how diverse, complete, fair and good a batch, a version or a source is."""

from collections.abc import Callable

import streamlit as st

from app import cache
from app.widgets.alerts import alerts_list
from app.widgets.errors import show_errors
from app.widgets.formats import plain
from app.widgets.insight.bias.part import bias_tab
from app.widgets.insight.compare import compare_tab
from app.widgets.insight.coverage.part import coverage_tab
from app.widgets.insight.diversity import diversity_tab
from app.widgets.insight.map.part import map_tab
from app.widgets.insight.quality import quality_tab
from app.widgets.insight.scope_picker import scope_picker
from app.widgets.insight.stage import progress_panel, stage_line
from app.widgets.insight.thresholds import thresholds_tab
from app.widgets.insight.trend import trend_tab
from app.widgets.layout import empty_state, go_button, page_header
from core.insight.report import InsightView, load_insight
from core.jobs.launching import is_insight_underway, request_insight

PARTS: dict[str, Callable[[InsightView], None]] = {
    "Map": map_tab,
    "Diversity": diversity_tab,
    "Coverage": coverage_tab,
    "Bias": bias_tab,
    "Quality": quality_tab,
    "Thresholds": thresholds_tab,
    "Trend": trend_tab,
    "Compare": compare_tab,
}
NEED_NO_REPORT = ("Coverage", "Quality", "Thresholds", "Trend", "Compare")


def compute(scope_id: str) -> None:
    """The button's callback: one core call, run by a compute worker."""
    with show_errors():
        request_insight(cache.workspace(), scope_id)


def parts_view(view: InsightView, texts: int) -> None:
    part = st.segmented_control(
        "Part", list(PARTS), default="Map", required=True, key="insight.tab",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if view.computed_at is not None or part in NEED_NO_REPORT:
        PARTS[part](view)
    elif view.is_waiting:
        st.caption("The first figures appear here by themselves; you can leave the page.")
    else:
        with empty_state(
            ":material/scatter_plot:", "Not computed yet",
            "A worker looks at the words, then embeds the texts: first figures come in seconds and "
            "sharpen by themselves.",
        ):  # fmt: skip
            st.button(
                "Compute now", key="insight.compute_empty", on_click=compute,
                args=(view.scope_id,), disabled=not texts,
            )  # fmt: skip


def page() -> None:
    header = page_header("Insight", "How diverse, complete, fair and good the data is.")
    chosen = scope_picker(key="insight.scope")
    if chosen is None:
        with empty_state(
            ":material/scatter_plot:", "Nothing to look at yet",
            "Insight describes the samples of a batch, a version or a source.",
        ):  # fmt: skip
            go_button("Launch a batch", "batches", key="insight.empty", view="launch")
        return
    view = load_insight(cache.workspace(), chosen.scope.id)
    is_due = view.is_stale or view.computed_at is None
    # A report may say that it is in the making when whoever made it was killed at a terminal.
    is_underway = view.is_waiting and is_insight_underway(cache.workspace(), view.scope_id)
    with header:
        st.button(
            "Compute now" if view.computed_at is None else "Compute again",
            key="insight.compute", icon=":material/calculate:", on_click=compute,
            args=(view.scope_id,), disabled=is_underway or not chosen.texts,
            type="primary" if is_due else "secondary",
        )  # fmt: skip
    if line := stage_line(view):
        st.caption(line)
    if view.message:
        st.warning(plain(view.message), icon=":material/info:")
    if view.batch_id:
        alerts_list(view.batch_id)
    if view.is_waiting:
        progress_panel(view)
    parts_view(view, chosen.texts)


with show_errors():
    page()
