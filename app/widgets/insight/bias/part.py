"""The Bias part of the Insight page: groups, twins, associations, word lists."""

from collections.abc import Callable

import streamlit as st

from app.widgets.formats import plain
from app.widgets.insight.bias.associations import associations_view
from app.widgets.insight.bias.groups import groups_view
from app.widgets.insight.bias.lists import lists_view
from app.widgets.insight.bias.twins import twins_view
from core.insight.report import InsightView

VIEWS: dict[str, Callable[[InsightView], None]] = {
    "Groups": groups_view,
    "Twins": twins_view,
    "Associations": associations_view,
    "Word lists": lists_view,
}


def bias_tab(view: InsightView) -> None:
    """What differs between groups, and what the texts and the model lean to."""
    chosen = st.segmented_control(
        "Bias", list(VIEWS), default="Groups", required=True, key="insight.bias.view",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    if view.bias.note and chosen in ("Groups", "Associations"):
        st.caption(plain(view.bias.note))
    VIEWS[chosen](view)
