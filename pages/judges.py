"""Judges: models that score samples by a rubric, and how far they can be trusted."""

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.judges.launch import launch_view
from app.widgets.judges.results import results_view
from app.widgets.judges.rubric_editor import editor_view
from app.widgets.judges.rubric_list import rubrics_view
from app.widgets.layout import page_header

VIEWS = {"results": "Results", "rubrics": "Rubrics"}
CAPTION = "Models that score samples by a rubric, and how far they can be trusted."


def views() -> None:
    """Results or rubrics; the choice stands in the URL."""
    state.offer("judges.view", state.selected("view") or "results")
    st.segmented_control(
        "View", list(VIEWS), key="judges.view", format_func=VIEWS.get, required=True,
        label_visibility="collapsed", on_change=choose_view,
    )  # fmt: skip


def choose_view() -> None:
    chosen = state.value_of("judges.view")
    state.select("view", None if chosen == "results" else chosen)


def page() -> None:
    with page_header("Judges", CAPTION):
        if st.button("Judge samples", type="primary", icon=":material/gavel:", key="judges.start"):
            go("judges", view="launch")
    views()
    if state.selected("view") == "rubrics":
        rubrics_view()
    else:
        results_view(cache.workspace())


with show_errors():
    if state.selected("rubric"):
        editor_view(state.selected("rubric") or "")
    elif state.selected("view") == "launch":
        launch_view()
    else:
        page()
