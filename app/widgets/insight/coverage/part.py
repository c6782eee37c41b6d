"""The Coverage part of the Insight page: a template's grid, or a reference, and their gaps."""

import streamlit as st

from app.widgets.insight.coverage.grid import grid_view_of
from app.widgets.insight.coverage.reference import reference_view_of
from core.insight.report import InsightView

GRID, REFERENCE = "Template's grid", "A reference"


def coverage_tab(view: InsightView) -> None:
    """What is there of what should be, where it is thin, and a button that fills it."""
    against = st.segmented_control(
        "Coverage of", [GRID, REFERENCE], default=GRID, required=True, key="insight.coverage",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if against == GRID:
        grid_view_of(view.scope_id)
    else:
        reference_view_of(view.scope_id)
